/// An array as the kernels see it. Rows lie `rowStride` elements apart, the classes of a row `classStride`.
public struct Operand {
  /// Nil where the array is not there.
  public var data: UnsafeMutableRawPointer?
  public var type: ElementType
  public var rowStride: Int
  /// 0 for an array with one element a row.
  public var classStride: Int

  @inlinable public init(
    data: UnsafeMutableRawPointer? = nil, type: ElementType = .float64, rowStride: Int = 0, classStride: Int = 0
  ) {
    self.data = data
    self.type = type
    self.rowStride = rowStride
    self.classStride = classStride
  }

  @inlinable @inline(__always) public var isThere: Bool { data != nil }

  @inlinable @inline(__always) public func index(_ row: Int, _ column: Int) -> Int {
    row &* rowStride &+ column &* classStride
  }

  /// One value; NaN of an absent array.
  @inlinable public func value(_ row: Int, _ column: Int = 0) -> Double {
    guard let data else { return .nan }
    return type.value(data, index(row, column))
  }

  /// One label of an array of an integer type.
  @inlinable @inline(__always) public func label(_ row: Int) -> Int64 {
    guard let data else { return -1 }
    return type.label(data, row &* rowStride)
  }

  /// The operand with its rows counted from another one's place.
  @inlinable public func moved(by elements: Int) -> Operand {
    var result = self
    if let data { result.data = data + elements &* type.size }
    return result
  }
}
