/// What the row kernels need of a processor's vectors: the arithmetic of one register-sized group of values in
/// the type that a kernel computes in. Vector math builds on it; nothing above it names a vector type.
///
/// Operators of the concrete SIMD types compile to single instructions; generic ones would be loops.
protocol Lanes {
  associatedtype Mask

  /// The number of values.
  static var count: Int { get }

  init(_ value: Double)
  static func + (a: Self, b: Self) -> Self
  static func - (a: Self, b: Self) -> Self
  static func * (a: Self, b: Self) -> Self
  static func / (a: Self, b: Self) -> Self
  /// `a * b + c`, rounded once where the processor has the instruction, else twice.
  static func multiplyAdd(_ a: Self, _ b: Self, _ c: Self) -> Self
  /// `a > b ? a : b`, so `b` where either is NaN.
  static func maximum(_ a: Self, _ b: Self) -> Self
  /// `a < b ? a : b`, so `b` where either is NaN.
  static func minimum(_ a: Self, _ b: Self) -> Self

  static func < (a: Self, b: Self) -> Mask
  static func <= (a: Self, b: Self) -> Mask
  static func == (a: Self, b: Self) -> Mask
  static func select(_ mask: Mask, _ a: Self, _ b: Self) -> Self
  static func and(_ a: Mask, _ b: Mask) -> Mask
  static func or(_ a: Mask, _ b: Mask) -> Mask
  static func not(_ a: Mask) -> Mask
  static func any(_ mask: Mask) -> Bool
  /// The mask of the first `count` lanes.
  static func first(_ count: Int) -> Mask
  /// The mask of one lane; none if `lane` is outside the vector.
  static func only(_ lane: Int) -> Mask

  subscript(lane: Int) -> Double { get set }

  /// The largest value; a NaN counts only if all are NaN.
  func largest() -> Double

  // Vector math, in the type's own file.

  /// `e^(x - base) 2^-shift`, with 0 for everything below 2^-1022. `x - base` may be anything up to the point
  /// where the result overflows; NaN gives NaN, -inf exactly 0.
  static func scaledExponential(_ x: Self, _ scale: ExponentialScale) -> Self
  /// `e^x` for x <= 0, with gradual underflow.
  static func exponentialOfNegative(_ x: Self) -> Self
  /// `e^x - 1` for x <= 0.
  static func exponentialMinusOne(_ x: Self) -> Self
  /// `log(x + remainder)` for x >= 0, where the remainder is at most half a unit in the last place of x.
  static func logarithm(_ x: Self, remainder: Self?) -> Self
}

extension Lanes {
  @inline(__always) static var zero: Self { Self(0) }
  @inline(__always) static var one: Self { Self(1) }

  @inline(__always) static func logarithm(_ x: Self) -> Self { logarithm(x, remainder: nil) }

  /// `log(1 + x)` for x >= -1: the sum's rounding error goes along as the remainder.
  @inline(__always) static func logarithmOnePlus(_ x: Self) -> Self {
    let sum = one + x
    let xPart = sum - one
    let remainder = (one - (sum - xPart)) + (x - xPart)
    let finite = sum < Self(Double.infinity)
    return logarithm(sum, remainder: select(finite, remainder, zero))
  }

  /// `a` where the mask holds and 0 elsewhere, also where `a` is infinite or NaN.
  @inline(__always) static func keep(_ mask: Mask, _ a: Self) -> Self { select(mask, a, zero) }

  @inline(__always) static func absolute(_ a: Self) -> Self { maximum(a, zero - a) }
}
