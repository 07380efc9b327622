import XentKernelInterface

// Checks of one array's description. They read shapes and strides, never the data.

extension ArrayView {
  /// The number of elements, once rank, extents, strides and the data pointer are found sound.
  @discardableResult
  func validatedCount(_ argument: Argument) throws(XentError) -> Int {
    if rank < 0 { throw .shape(argument, .negativeRank(rank)) }
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
    guard let count = Int(exactly: count), let reach = reach(count: count) else {
      throw .shape(argument, .tooLarge)
    }
    guard let data else { throw .null(argument) }
    let address = UInt(bitPattern: data)
    if reach.below > address || reach.above > UInt.max - address { throw .shape(argument, .tooLarge) }
    return count
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

  /// That NumPy's rules stretch the array to `other`'s shape, which must be sound: axes are counted from the last, and
  /// each has the same extent or 1.
  func requireBroadcastable(to other: ArrayView, _ argument: Argument) throws(XentError) {
    try validatedCount(argument)
    if rank > other.rank { throw .shape(argument, .rankAbove(rank, limit: other.rank)) }
    for axis in 0..<rank {
      let expected = other.extent(other.rank - rank + axis)
      if extent(axis) != 1 && extent(axis) != expected {
        throw .shape(argument, .broadcastExtent(axis: axis, extent(axis), expected: expected))
      }
    }
  }

  func requireSingle(_ argument: Argument) throws(XentError) {
    let count = try validatedCount(argument)
    if count != 1 { throw .shape(argument, .elementCount(count, expected: 1)) }
  }

  func requireType(_ type: ElementType, _ argument: Argument) throws(XentError) {
    if elementType != type { throw .elementType(argument, rawType: elementType.rawValue) }
  }

  func requireFloating(_ argument: Argument) throws(XentError) {
    if !elementType.isFloatingPoint { throw .elementType(argument, rawType: elementType.rawValue) }
  }

  /// A type that gradient descent works on.
  func requireComputable(_ argument: Argument) throws(XentError) {
    if elementType != .float32 && elementType != .float64 {
      throw .elementType(argument, rawType: elementType.rawValue)
    }
  }

  /// That no two elements of a sound array of `count` elements share memory.
  ///
  /// Along the axes by growing stride, each step must lead beyond everything that the smaller ones reach. That
  /// refuses some interleaved arrays without a shared element too, which nobody makes on purpose.
  @inline(__always)
  func requireDistinctElements(_ argument: Argument, count: Int) throws(XentError) {
    // C order keeps them apart.
    if strides != nil && count > 1 { try requireDistinctSteps(argument) }
  }

  private func requireDistinctSteps(_ argument: Argument) throws(XentError) {
    var reached: UInt = 0
    var last: UInt = 0
    while true {
      // The next larger stride; an array that is sound has no product here that overflows.
      var next = UInt.max
      var span: UInt = 0
      for axis in 0..<rank where extent(axis) > 1 {
        let magnitude = stride(axis).magnitude
        if magnitude == 0 { throw .overlap(argument, argument) }
        if magnitude <= last || magnitude > next { continue }
        if magnitude == next { throw .overlap(argument, argument) }
        next = magnitude
        span = UInt(extent(axis) - 1) &* magnitude
      }
      if next == UInt.max { return }
      if next <= reached { throw .overlap(argument, argument) }
      reached &+= span
      last = next
    }
  }

  /// Whether both are one view: the shapes are known to be the same.
  func isSameView(as other: ArrayView) -> Bool {
    if data != other.data || elementType != other.elementType { return false }
    if strides == nil && other.strides == nil { return true }
    for axis in 0..<rank where extent(axis) > 1 && stride(axis) != other.stride(axis) { return false }
    return true
  }

  /// The memory of a sound array of `count` elements.
  func memory(count: Int) -> MemoryRange {
    guard count > 0, let reach = reach(count: count) else { return MemoryRange(start: 0, bytes: 0) }
    return MemoryRange(start: UInt(bitPattern: data) &- reach.below, bytes: reach.below &+ reach.above)
  }

  /// How many bytes of an array of `count` > 0 elements lie below the first element's address, and how many from there
  /// on. Nil if the numbers overflow.
  @inline(__always)
  private func reach(count: Int) -> (below: UInt, above: UInt)? {
    // Bounded whatever the strides are, so that counts of bytes never overflow either.
    let (bytes, overflow) = count.multipliedReportingOverflow(by: elementType.size)
    if overflow { return nil }
    return strides == nil ? (0, UInt(bitPattern: bytes)) : stridedReach
  }

  /// Apart, so that the reach of an array in C order costs next to nothing.
  private var stridedReach: (below: UInt, above: UInt)? {
    var lowest = 0
    var highest = 0
    for axis in 0..<rank where extent(axis) > 1 {
      let (offset, overflow) = stride(axis).multipliedReportingOverflow(by: Int(extent(axis) - 1))
      if overflow { return nil }
      let (sum, sumOverflow) = (offset < 0 ? lowest : highest).addingReportingOverflow(offset)
      if sumOverflow { return nil }
      if offset < 0 { lowest = sum } else { highest = sum }
    }
    let (end, endOverflow) = highest.addingReportingOverflow(1)
    let (below, belowOverflow) = lowest.multipliedReportingOverflow(by: elementType.size)
    let (above, aboveOverflow) = end.multipliedReportingOverflow(by: elementType.size)
    if endOverflow || belowOverflow || aboveOverflow { return nil }
    return (below.magnitude, above.magnitude)
  }
}

extension ArrayView {
  /// Of a sound array.
  var elementCount: Int {
    var count = 1
    for axis in 0..<rank { count &*= Int(truncatingIfNeeded: extent(axis)) }
    return count
  }

  /// Where element `index` in C order lies, in elements from the first.
  func offset(_ index: Int) -> Int {
    if strides == nil { return index }
    var rest = index
    var offset = 0
    for axis in Swift.stride(from: rank - 1, through: 0, by: -1) where extent(axis) > 1 {
      let extent = Int(extent(axis))
      offset &+= rest % extent &* stride(axis)
      rest /= extent
    }
    return offset
  }

  /// Element `index`, in C order, of a floating array.
  func floatingElement(_ index: Int) -> Double {
    guard let data else { return .nan }
    return elementType.value(data, offset(index))
  }
}
