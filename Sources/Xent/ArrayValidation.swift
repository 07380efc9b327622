import KernelInterface

// Checks of one array's description. They read shapes and strides, never the data.

extension ArrayView {
  /// The number of elements, once rank, extents, strides and the data pointer are found sound.
  @discardableResult
  func validatedCount(_ argument: Argument) throws(XentError) -> Int {
    if rank < 0 { throw .shape(argument, .negativeExtent(axis: 0, Int64(rank))) }
    if rank > 0 && shape == nil { throw .null(argument) }
    var isEmpty = false
    for axis in 0..<rank {
      if extent(axis) < 0 { throw .shape(argument, .negativeExtent(axis: axis, extent(axis))) }
      if extent(axis) == 0 { isEmpty = true }
    }
    if isEmpty { return 0 }
    var count: Int64 = 1
    for axis in 0..<rank {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent(axis))
      if overflow { throw .shape(argument, .tooLarge) }
      count = product
    }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: Int64(elementType.size))
    if overflow || Int(exactly: bytes) == nil { throw .shape(argument, .tooLarge) }
    try requireCOrder(argument)
    if data == nil { throw .null(argument) }
    return Int(count)
  }

  private func requireCOrder(_ argument: Argument) throws(XentError) {
    guard let strides else { return }
    var expected: Int64 = 1
    for axis in stride(from: rank - 1, through: 0, by: -1) where extent(axis) > 1 {
      if strides[axis] != expected { throw .shape(argument, .strides) }
      expected *= extent(axis)
    }
  }

  /// That the shape is `other`'s without one of its axes, and the array sound. `other` must be. The number of elements.
  @discardableResult
  func requireShape(of other: ArrayView, without axis: Int?, _ argument: Argument) throws(XentError) -> Int {
    let expectedRank = axis == nil ? other.rank : other.rank - 1
    if rank != expectedRank { throw .shape(argument, .rank(rank, expected: expectedRank)) }
    if rank > 0 && shape == nil { throw .null(argument) }
    for own in 0..<rank {
      let others = own >= (axis ?? rank) ? own + 1 : own
      if extent(own) != other.extent(others) {
        throw .shape(argument, .extent(axis: own, extent(own), expected: other.extent(others)))
      }
    }
    return try validatedCount(argument)
  }

  func requireType(_ type: ElementType, _ argument: Argument) throws(XentError) {
    if elementType != type { throw .elementType(argument, rawType: elementType.rawValue) }
  }

  /// A type that losses can be computed from.
  func requireComputable(_ argument: Argument) throws(XentError) {
    if elementType != .float32 && elementType != .float64 {
      throw .elementType(argument, rawType: elementType.rawValue)
    }
  }

  /// The memory of a sound array of `count` elements.
  func memory(count: Int) -> MemoryRange {
    MemoryRange(start: UInt(bitPattern: data), bytes: UInt(bitPattern: count &* elementType.size))
  }

  /// Element `index` of a C-order floating array.
  func floatingElement(_ index: Int) -> Double {
    guard let data else { return .nan }
    return elementType == .float32
      ? Double(data.load(fromByteOffset: index * 4, as: Float.self))
      : data.load(fromByteOffset: index * 8, as: Double.self)
  }

  /// Stores the single element of a one-element floating array.
  func storeSingle(_ value: Double) {
    guard let data else { return }
    if elementType == .float32 {
      data.storeBytes(of: Float(value), as: Float.self)
    } else {
      data.storeBytes(of: value, as: Double.self)
    }
  }
}

/// The bytes that an array occupies.
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
