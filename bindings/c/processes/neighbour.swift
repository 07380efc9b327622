// Another library in Swift, built for each of the ways of having a runtime, that uses what a runtime is for.

private final class Counter {
  var count = 0
}

private func total<Element: FixedWidthInteger>(_ values: [Element]) -> Element { values.reduce(0, &+) }

/// 0 + 1 + ... + (count - 1), and count three times more by other means.
@_cdecl("neighbour_answer")
public func answer(_ count: Int32) -> Int32 {
  let counter = Counter()
  var numbers: [Int32] = []
  for number in 0..<count {
    numbers.append(number)
    counter.count += 1
  }
  let text = String(repeating: "x", count: Int(count))
  let lanes = SIMD4<Int32>(repeating: count) &* SIMD4(1, -1, 2, -1)
  return total(numbers) &+ Int32(counter.count) &+ Int32(text.utf8.count) &+ lanes.wrappedSum()
}
