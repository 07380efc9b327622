import XentPlatform

/// Sixteen float32 values: one register, two or four, as wide as the processor has them.
struct Float32Lanes: Lanes {
  /// All bits of a lane set or none.
  typealias Mask = SIMD16<Int32>
  typealias Sum = Float32Sum

  var vector: SIMD16<Float>

  @inline(__always) init(_ vector: SIMD16<Float>) { self.vector = vector }
  @inline(__always) init(_ value: Double) { vector = SIMD16(repeating: Float(value)) }

  @inline(__always) static var count: Int { 16 }

  @inline(__always) static func + (a: Self, b: Self) -> Self { Self(f32x16_add(a.vector, b.vector)) }
  @inline(__always) static func - (a: Self, b: Self) -> Self { Self(f32x16_subtract(a.vector, b.vector)) }
  @inline(__always) static func * (a: Self, b: Self) -> Self { Self(f32x16_multiply(a.vector, b.vector)) }
  @inline(__always) static func / (a: Self, b: Self) -> Self { Self(f32x16_divide(a.vector, b.vector)) }

  @inline(__always) static func multiplyAdd(_ a: Self, _ b: Self, _ c: Self) -> Self {
    Self(f32x16_multiply_add(a.vector, b.vector, c.vector))
  }
  @inline(__always) static func maximum(_ a: Self, _ b: Self) -> Self { Self(f32x16_maximum(a.vector, b.vector)) }
  @inline(__always) static func minimum(_ a: Self, _ b: Self) -> Self { Self(f32x16_minimum(a.vector, b.vector)) }

  @inline(__always) static func < (a: Self, b: Self) -> Mask { f32x16_less(a.vector, b.vector) }
  @inline(__always) static func <= (a: Self, b: Self) -> Mask { f32x16_less_equal(a.vector, b.vector) }
  @inline(__always) static func == (a: Self, b: Self) -> Mask { f32x16_equal(a.vector, b.vector) }
  @inline(__always) static func select(_ mask: Mask, _ a: Self, _ b: Self) -> Self {
    Self(f32x16_select(mask, a.vector, b.vector))
  }
  @inline(__always) static func and(_ a: Mask, _ b: Mask) -> Mask { f32x16_bit_and(a, b) }
  @inline(__always) static func or(_ a: Mask, _ b: Mask) -> Mask { f32x16_bit_or(a, b) }
  @inline(__always) static func not(_ a: Mask) -> Mask { f32x16_bit_not(a) }
  @inline(__always) static func any(_ mask: Mask) -> Bool { f32x16_any(mask) != 0 }

  @inline(__always) private static var laneNumbers: Mask { Mask(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) }
  @inline(__always) static func first(_ count: Int) -> Mask {
    f32x16_integer_less(laneNumbers, Mask(repeating: Int32(truncatingIfNeeded: min(count, 16))))
  }
  @inline(__always) static func only(_ lane: Int) -> Mask {
    f32x16_integer_equal(laneNumbers, Mask(repeating: Int32(truncatingIfNeeded: lane)))
  }

  @inline(__always) subscript(lane: Int) -> Double {
    get { Double(vector[lane]) }
    set { vector[lane] = Float(newValue) }
  }

  @inline(__always) mutating func setLanes(_ count: Int, _ value: (Int) -> Double) {
    withUnsafeMutableBytes(of: &vector) { lanes in
      for lane in 0..<count {
        lanes.baseAddress.unsafelyUnwrapped.storeBytes(of: Float(value(lane)), toByteOffset: lane &* 4, as: Float.self)
      }
    }
  }
  @inline(__always) func eachLane(_ count: Int, _ body: (Int, Double) -> Void) {
    withUnsafeBytes(of: vector) { lanes in
      for lane in 0..<count {
        body(lane, Double(lanes.baseAddress.unsafelyUnwrapped.load(fromByteOffset: lane &* 4, as: Float.self)))
      }
    }
  }

  /// The first eight lanes and the others, widened.
  @inline(__always) var widened: (Float64Lanes, Float64Lanes) {
    (Float64Lanes(f64x8_widen(vector.lowHalf)), Float64Lanes(f64x8_widen(vector.highHalf)))
  }

  /// Two vectors' lanes, rounded.
  @inline(__always) init(rounding low: Float64Lanes, _ high: Float64Lanes) {
    vector = SIMD16(lowHalf: f32x8_narrow(low.vector), highHalf: f32x8_narrow(high.vector))
  }

  @inline(__always) func largest() -> Double {
    // By halves: max() on a vector is a loop that leaves a shared symbol behind.
    let eight = vector.lowHalf.replacing(with: vector.highHalf, where: vector.highHalf .> vector.lowHalf)
    let four = eight.lowHalf.replacing(with: eight.highHalf, where: eight.highHalf .> eight.lowHalf)
    let two = four.lowHalf.replacing(with: four.highHalf, where: four.highHalf .> four.lowHalf)
    return Double(two.x > two.y ? two.x : two.y)
  }
}

/// A float64 sum of every lane's low and high half. Nothing is added in float32 before: of two terms, one of a little less than
/// 2^-24 of the other would be lost, which is more than half a unit of a small significand.
struct Float32Sum: LaneSum {
  private var low = SIMD8<Double>(repeating: 0)
  private var high = SIMD8<Double>(repeating: 0)

  @inline(__always) init() {}

  @inline(__always) mutating func add(_ value: Float32Lanes) {
    low += SIMD8<Double>(value.vector.lowHalf)
    high += SIMD8<Double>(value.vector.highHalf)
  }
  /// Sixteen values that are float64 already.
  @inline(__always) mutating func add(_ first: Float64Lanes, _ second: Float64Lanes) {
    low = f64x8_add(low, (first + second).vector)
  }
  @inline(__always)
  mutating func add(_ a: Float32Lanes, timesDifference b: Float32Lanes, _ c: Float32Lanes) {
    low += SIMD8<Double>(a.vector.lowHalf) * (SIMD8<Double>(b.vector.lowHalf) - SIMD8<Double>(c.vector.lowHalf))
    high += SIMD8<Double>(a.vector.highHalf) * (SIMD8<Double>(b.vector.highHalf) - SIMD8<Double>(c.vector.highHalf))
  }

  /// Every lane's own sum: the first eight and the others.
  @inline(__always) var lanes: (Float64Lanes, Float64Lanes) { (Float64Lanes(low), Float64Lanes(high)) }

  @inline(__always) var total: CompensatedSum {
    let eight = low + high
    let four = eight.lowHalf + eight.highHalf
    let two = four.lowHalf + four.highHalf
    return CompensatedSum(high: two.x + two.y, low: 0)
  }
}
