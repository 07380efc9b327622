import XentKernelInterface

/// How the elements of one type become lanes and lanes become elements. Everything between is computed in
/// `Compute`, and a result is rounded to the element type when it is stored.
protocol Element {
  associatedtype Compute: Lanes
  /// The element that an exponential is kept in until it is scaled.
  associatedtype Kept: Element = Self where Kept.Compute == Compute
  static var type: ElementType { get }

  /// `Compute.count` elements from `index`.
  static func load(_ array: UnsafeRawPointer, _ index: Int) -> Compute
  static func store(_ lanes: Compute, _ array: UnsafeMutableRawPointer, _ index: Int)
  static func loadOne(_ array: UnsafeRawPointer, _ index: Int) -> Double
  static func storeOne(_ value: Double, _ array: UnsafeMutableRawPointer, _ index: Int)

  /// `count` elements, or a whole vector of more, of an array beside the prediction.
  static func load(_ operand: Operand, _ index: Int, count: Int, end: Int, fill: Double) -> Compute
  static func store(_ lanes: Compute, _ operand: Operand, _ index: Int, count: Int)
}

enum Float64Element: Element {
  typealias Compute = Float64Lanes
  @inline(__always) static var type: ElementType { .float64 }

  @inline(__always) static func load(_ array: UnsafeRawPointer, _ index: Int) -> Float64Lanes {
    Float64Lanes(array.loadUnaligned(fromByteOffset: index &* 8, as: SIMD8<Double>.self))
  }
  @inline(__always) static func store(_ lanes: Float64Lanes, _ array: UnsafeMutableRawPointer, _ index: Int) {
    array.storeBytes(of: lanes.vector, toByteOffset: index &* 8, as: SIMD8<Double>.self)
  }
  @inline(__always) static func loadOne(_ array: UnsafeRawPointer, _ index: Int) -> Double {
    array.loadUnaligned(fromByteOffset: index &* 8, as: Double.self)
  }
  @inline(__always) static func storeOne(_ value: Double, _ array: UnsafeMutableRawPointer, _ index: Int) {
    array.storeBytes(of: value, toByteOffset: index &* 8, as: Double.self)
  }
}

enum Float32Element: Element {
  typealias Compute = Float32Lanes
  @inline(__always) static var type: ElementType { .float32 }

  @inline(__always) static func load(_ array: UnsafeRawPointer, _ index: Int) -> Float32Lanes {
    Float32Lanes(array.loadUnaligned(fromByteOffset: index &* 4, as: SIMD16<Float>.self))
  }
  @inline(__always) static func store(_ lanes: Float32Lanes, _ array: UnsafeMutableRawPointer, _ index: Int) {
    array.storeBytes(of: lanes.vector, toByteOffset: index &* 4, as: SIMD16<Float>.self)
  }
  @inline(__always) static func loadOne(_ array: UnsafeRawPointer, _ index: Int) -> Double {
    Double(array.loadUnaligned(fromByteOffset: index &* 4, as: Float.self))
  }
  @inline(__always) static func storeOne(_ value: Double, _ array: UnsafeMutableRawPointer, _ index: Int) {
    array.storeBytes(of: Float(value), toByteOffset: index &* 4, as: Float.self)
  }
}

/// Float32 in memory, computed in float64: where there are so few elements that accuracy is free.
enum Float32AsFloat64Element: Element {
  typealias Compute = Float64Lanes
  @inline(__always) static var type: ElementType { .float32 }

  @inline(__always) static func load(_ array: UnsafeRawPointer, _ index: Int) -> Float64Lanes {
    Float64Lanes(SIMD8<Double>(array.loadUnaligned(fromByteOffset: index &* 4, as: SIMD8<Float>.self)))
  }
  @inline(__always) static func store(_ lanes: Float64Lanes, _ array: UnsafeMutableRawPointer, _ index: Int) {
    array.storeBytes(of: SIMD8<Float>(lanes.vector), toByteOffset: index &* 4, as: SIMD8<Float>.self)
  }
  @inline(__always) static func loadOne(_ array: UnsafeRawPointer, _ index: Int) -> Double {
    Double(array.loadUnaligned(fromByteOffset: index &* 4, as: Float.self))
  }
  @inline(__always) static func storeOne(_ value: Double, _ array: UnsafeMutableRawPointer, _ index: Int) {
    array.storeBytes(of: Float(value), toByteOffset: index &* 4, as: Float.self)
  }
}

extension Element {
  @inline(__always) static var size: Int { type.size }

  /// The `count` elements from `index`, fewer than a vector, with `fill` in the lanes behind them. `end` is the
  /// end of the array: memory before it may be read.
  @inline(__always)
  static func loadTail(_ array: UnsafeRawPointer, _ index: Int, count: Int, end: Int, fill: Double) -> Compute {
    if index &+ Compute.count <= end {
      return Compute.select(Compute.first(count), load(array, index), Compute(fill))
    }
    var lanes = Compute(fill)
    lanes.setLanes(count) { loadOne(array, index &+ $0) }
    return lanes
  }

  @inline(__always)
  static func storeTail(_ lanes: Compute, _ array: UnsafeMutableRawPointer, _ index: Int, count: Int) {
    lanes.eachLane(count) { storeOne($1, array, index &+ $0) }
  }

  /// A whole vector or, with fewer than a vector's elements left, a tail.
  @inline(__always)
  static func load(_ array: UnsafeRawPointer, _ index: Int, count: Int, end: Int, fill: Double) -> Compute {
    count >= Compute.count
      ? load(array, index) : loadTail(array, index, count: count, end: end, fill: fill)
  }
  @inline(__always)
  static func store(_ lanes: Compute, _ array: UnsafeMutableRawPointer, _ index: Int, count: Int) {
    count >= Compute.count ? store(lanes, array, index) : storeTail(lanes, array, index, count: count)
  }
}
