import XentPlatform

/// Eight float64 values: one register, two or four, as wide as the processor has them.
struct Float64Lanes: Lanes {
  /// All bits of a lane set or none.
  typealias Mask = SIMD8<Int64>
  typealias Sum = Float64Sum

  var vector: SIMD8<Double>

  @inline(__always) init(_ vector: SIMD8<Double>) { self.vector = vector }
  @inline(__always) init(_ value: Double) { vector = SIMD8(repeating: value) }

  @inline(__always) static var count: Int { 8 }

  @inline(__always) static func + (a: Self, b: Self) -> Self { Self(f64x8_add(a.vector, b.vector)) }
  @inline(__always) static func - (a: Self, b: Self) -> Self { Self(f64x8_subtract(a.vector, b.vector)) }
  @inline(__always) static func * (a: Self, b: Self) -> Self { Self(f64x8_multiply(a.vector, b.vector)) }
  @inline(__always) static func / (a: Self, b: Self) -> Self { Self(f64x8_divide(a.vector, b.vector)) }

  @inline(__always) static func multiplyAdd(_ a: Self, _ b: Self, _ c: Self) -> Self {
    Self(f64x8_multiply_add(a.vector, b.vector, c.vector))
  }
  /// What the rounding of `product` = a b left off.
  @inline(__always) static func productError(_ a: Self, _ b: Self, _ product: Self) -> Self {
    Self(f64x8_product_error(a.vector, b.vector, product.vector))
  }
  @inline(__always) static func maximum(_ a: Self, _ b: Self) -> Self { Self(f64x8_maximum(a.vector, b.vector)) }
  @inline(__always) static func minimum(_ a: Self, _ b: Self) -> Self { Self(f64x8_minimum(a.vector, b.vector)) }

  @inline(__always) static func < (a: Self, b: Self) -> Mask { f64x8_less(a.vector, b.vector) }
  @inline(__always) static func <= (a: Self, b: Self) -> Mask { f64x8_less_equal(a.vector, b.vector) }
  @inline(__always) static func == (a: Self, b: Self) -> Mask { f64x8_equal(a.vector, b.vector) }
  @inline(__always) static func select(_ mask: Mask, _ a: Self, _ b: Self) -> Self {
    Self(f64x8_select(mask, a.vector, b.vector))
  }
  @inline(__always) static func and(_ a: Mask, _ b: Mask) -> Mask { f64x8_bit_and(a, b) }
  @inline(__always) static func or(_ a: Mask, _ b: Mask) -> Mask { f64x8_bit_or(a, b) }
  @inline(__always) static func not(_ a: Mask) -> Mask { f64x8_bit_not(a) }
  @inline(__always) static func any(_ mask: Mask) -> Bool { f64x8_any(mask) != 0 }

  @inline(__always) private static var laneNumbers: Mask { Mask(0, 1, 2, 3, 4, 5, 6, 7) }
  @inline(__always) static func first(_ count: Int) -> Mask {
    f64x8_integer_less(laneNumbers, Mask(repeating: Int64(truncatingIfNeeded: min(count, 8))))
  }
  @inline(__always) static func only(_ lane: Int) -> Mask {
    f64x8_integer_equal(laneNumbers, Mask(repeating: Int64(truncatingIfNeeded: lane)))
  }

  @inline(__always) subscript(lane: Int) -> Double {
    get { vector[lane] }
    set { vector[lane] = newValue }
  }

  @inline(__always) mutating func setLanes(_ count: Int, _ value: (Int) -> Double) {
    withUnsafeMutableBytes(of: &vector) { lanes in
      for lane in 0..<count {
        lanes.baseAddress.unsafelyUnwrapped.storeBytes(of: value(lane), toByteOffset: lane &* 8, as: Double.self)
      }
    }
  }
  @inline(__always) func eachLane(_ count: Int, _ body: (Int, Double) -> Void) {
    withUnsafeBytes(of: vector) { lanes in
      for lane in 0..<count {
        body(lane, lanes.baseAddress.unsafelyUnwrapped.load(fromByteOffset: lane &* 8, as: Double.self))
      }
    }
  }

  @inline(__always) func largest() -> Double {
    // By halves: max() on a vector is a loop that leaves a shared symbol behind.
    let four = Self.larger(vector.lowHalf, vector.highHalf)
    let two = four.lowHalf.replacing(with: four.highHalf, where: four.highHalf .> four.lowHalf)
    return two.x > two.y ? two.x : two.y
  }
  @inline(__always) private static func larger(_ a: SIMD4<Double>, _ b: SIMD4<Double>) -> SIMD4<Double> {
    b.replacing(with: a, where: a .> b)
  }
}

/// A compensated sum in every lane (Knuth's TwoSum).
struct Float64Sum: LaneSum {
  private var high = Float64Lanes.zero
  private var low = Float64Lanes.zero

  @inline(__always) init() {}

  @inline(__always) mutating func add(_ value: Float64Lanes) {
    let sum = high + value
    let part = sum - high
    low = low + ((high - (sum - part)) + (value - part))
    high = sum
  }
  @inline(__always)
  mutating func add(_ a: Float64Lanes, timesDifference b: Float64Lanes, _ c: Float64Lanes) { add(a * (b - c)) }

  @inline(__always) var total: CompensatedSum {
    // A tree, whose additions can overlap.
    let even = (lane(0) + lane(4)) + (lane(2) + lane(6))
    let odd = (lane(1) + lane(5)) + (lane(3) + lane(7))
    return even + odd
  }

  /// Every lane's own sum.
  @inline(__always) var lanes: Float64Lanes { high + low }

  /// As `lanes`; an infinity makes the errors meaningless, but not the sum.
  @inline(__always) var finiteLanes: Float64Lanes {
    Float64Lanes.select(high - high == .zero, high + low, high)
  }

  @inline(__always) private func lane(_ lane: Int) -> CompensatedSum {
    CompensatedSum(high: high[lane], low: low[lane])
  }
}
