/// The bytes that an array occupies, from the lowest address to the highest.
struct MemoryRange {
  let start: UInt
  let bytes: UInt

  /// That no byte is shared with another array.
  func requireApart(_ argument: Argument, from other: MemoryRange, _ otherArgument: Argument) throws(XentError) {
    if bytes == 0 || other.bytes == 0 { return }
    let apart = start < other.start ? other.start - start >= bytes : start - other.start >= other.bytes
    if !apart { throw .overlap(argument, otherArgument) }
  }
}

/// The memory of a call's arrays: first all inputs, then the outputs, each apart from all that stand before it.
struct OccupiedMemory {
  /// Six inputs and five outputs.
  private var ranges = InlineArray<11, MemoryRange>(repeating: MemoryRange(start: 0, bytes: 0))
  private var arguments = InlineArray<11, Argument>(repeating: .yPred)
  private var count = 0

  private mutating func add(_ range: MemoryRange, _ argument: Argument) {
    ranges[count] = range
    arguments[count] = argument
    count += 1
  }

  mutating func addInput(_ array: ArrayView, _ argument: Argument, count: Int) {
    add(array.memory(count: count), argument)
  }

  mutating func addInput(_ array: ArrayView?, _ argument: Argument) {
    guard let array else { return }
    addInput(array, argument, count: array.elementCount)
  }

  /// `inPlaceOf` names the input, if there is one, whose very view the output is.
  mutating func addOutput(
    _ array: ArrayView, _ argument: Argument, count elements: Int, inPlaceOf input: Argument? = nil
  ) throws(XentError) {
    let range = array.memory(count: elements)
    for index in 0..<count where arguments[index] != input {
      try range.requireApart(argument, from: ranges[index], arguments[index])
    }
    add(range, argument)
  }
}
