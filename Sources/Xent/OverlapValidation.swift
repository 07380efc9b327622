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

extension Problem {
  /// That no output lies over a shape or strides, which are read while outputs are written.
  func requireDescriptorsApart() throws(XentError) {
    if let loss = outputs.loss { try requireDescriptorsApart(loss, .loss) }
    if let gradient = outputs.gradient { try requireDescriptorsApart(gradient, .gradient) }
    if let hessian = outputs.hessian { try requireDescriptorsApart(hessian, .hessian) }
    if let logSumExp = outputs.logSumExp { try requireDescriptorsApart(logSumExp, .logSumExp) }
    if let argmax = outputs.argmax { try requireDescriptorsApart(argmax, .argmax) }
  }

  private func requireDescriptorsApart(_ output: ArrayView, _ argument: Argument) throws(XentError) {
    let range = output.memory(count: output.elementCount)
    if range.bytes == 0 { return }
    if range.meets(yPred) { throw .overlap(argument, .yPred) }
    if range.meets(yTrue) { throw .overlap(argument, target == .labels ? .labels : .yTrue) }
    if let loss = outputs.loss, range.meets(loss) { throw .overlap(argument, .loss) }
    if let gradient = outputs.gradient, range.meets(gradient) { throw .overlap(argument, .gradient) }
    if let hessian = outputs.hessian, range.meets(hessian) { throw .overlap(argument, .hessian) }
    if let logSumExp = outputs.logSumExp, range.meets(logSumExp) { throw .overlap(argument, .logSumExp) }
    if let argmax = outputs.argmax, range.meets(argmax) { throw .overlap(argument, .argmax) }
    if !options.hasWeights { return }
    if let weights = options.classWeights, range.meets(weights) { throw .overlap(argument, .classWeights) }
    if let weights = options.sampleWeights, range.meets(weights) { throw .overlap(argument, .sampleWeights) }
    if let weight = options.posWeight, range.meets(weight) { throw .overlap(argument, .posWeight) }
    if let upstream = options.upstream, range.meets(upstream) { throw .overlap(argument, .upstream) }
  }
}

extension MemoryRange {
  /// Whether it shares a byte with the shape or the strides of an array.
  @inline(__always) fileprivate func meets(_ array: ArrayView) -> Bool {
    let size = UInt(bitPattern: array.rank &* MemoryLayout<Int64>.size)
    /// Starts less than `size` before the range, or in it.
    func meets(_ numbers: UnsafePointer<Int64>?) -> Bool {
      UInt(bitPattern: numbers) &- start &+ size &- 1 < bytes &+ size &- 1
    }
    return size > 0 && (meets(array.shape) || array.strides != nil && meets(array.strides))
  }
}
