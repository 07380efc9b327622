import XentKernelInterface
import XentPlatform

/// The compensated sum of `count` weights side by side; nil for those whose type or place is another. Not finite if one of
/// them is not.
func contiguousSum(_ weights: Operand, count: Int) -> Double? {
  guard let data = weights.data, weights.rowStride == 1 else { return nil }
  var sum = CompensatedTotal()
  var index: Int
  switch weights.type {
  case .float32:
    // In a float64 sum of a few float32 values there is nothing to compensate unless their sizes are far apart.
    addVectors(count, group: 16, &sum) {
      f64x8_widen(data.loadUnaligned(fromByteOffset: $0 &* 4, as: SIMD8<Float>.self))
    }
    index = count & ~127
  case .float64:
    addVectors(count, group: 1, &sum) { data.loadUnaligned(fromByteOffset: $0 &* 8, as: SIMD8<Double>.self) }
    index = count & ~7
  default: return nil
  }
  while index < count {
    sum.add(weights.value(index))
    index &+= 1
  }
  return sum.high + sum.low
}

/// Adds all whole groups of vectors: a group plainly, the groups with what their additions round off (Knuth's TwoSum).
@inline(__always)
private func addVectors(
  _ count: Int, group: Int, _ total: inout CompensatedTotal, _ vector: (_ index: Int) -> SIMD8<Double>
) {
  var high = SIMD8<Double>(repeating: 0)
  var low = high
  var index = 0
  while index &+ 8 &* group <= count {
    var value = vector(index)
    for number in 1..<group { value = f64x8_add(value, vector(index &+ 8 &* number)) }
    let sum = f64x8_add(high, value)
    let part = f64x8_subtract(sum, high)
    let error = f64x8_add(f64x8_subtract(high, f64x8_subtract(sum, part)), f64x8_subtract(value, part))
    low = f64x8_add(low, error)
    high = sum
    index &+= 8 &* group
  }
  for lane in 0..<8 {
    total.add(high[lane])
    total.add(low[lane])
  }
}
