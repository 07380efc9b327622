// Exponential and logarithm of float64 lanes. The coefficients are made by Tests/Accuracy/coefficients.py.

/// What `scaledExponential` takes off the exponent: `e^(x - base) 2^-shift`.
///
/// A power of two is taken off instead of the row's largest value because it rounds nothing. Beyond `baseLimit`
/// the largest value itself is subtracted: that is exact for every x within a factor of two of it, and all others
/// are so far below that their exponential is 0.
struct ExponentialScale {
  let base: Double
  /// The integer k of 2^k <= e^(largest - base), rounded.
  let exponent: Double
  let shift: Double

  /// The largest exponential becomes about 2^headroom, so that small ones stay normal and long sums finite.
  static var headroom: Double { 900 }
  static var baseLimit: Double { 1500 }

  @inline(__always) init(largest: Double) {
    let inRange = largest <= Self.baseLimit && largest >= -Self.baseLimit
    base = inRange ? 0 : largest
    exponent = inRange ? (largest * Logarithm2.inverse + Round.offset) - Round.offset : 0
    shift = exponent - Self.headroom
  }

  @inline(__always) init(shift: Double) {
    base = 0
    exponent = shift
    self.shift = shift
  }
}

/// ln 2 in two parts; the high one has 40 bits, so that its product with an integer below 2^13 is exact.
enum Logarithm2 {
  static var high: Double { 0x1.62e42fefa2000p-1 }
  static var low: Double { 0x1.9ef35793c7673p-41 }
  static var inverse: Double { 0x1.71547652b82fep+0 }
}

enum Round {
  /// Added to a number below 2^51 it leaves the nearest integer in the low bits of the significand.
  static var offset: Double { 0x1.8p+52 }
}

extension Float64Lanes {
  /// x = n ln 2 + r, e^x = 2^n (1 + r + r^2 Q(r)), |r| <= ln 2 / 2.
  ///
  /// The integer n comes from adding 1.5 2^52 and subtracting it again; the sum's low bits, moved into the exponent
  /// field, are 2^n. Relative error of the polynomial 2^-61.4.
  @inline(__always)
  static func scaledExponential(_ x: Float64Lanes, _ scale: ExponentialScale) -> Float64Lanes {
    // At the lowest x the exponent field is 0, which makes the power of two an exact 0.
    let lowestField = scale.shift - 1023
    let lowest = Float64Lanes(lowestField * (Logarithm2.high + Logarithm2.low))
    let reduced = maximum(lowest, x - Float64Lanes(scale.base))
    let offset = Float64Lanes(Round.offset - lowestField)
    let shifted = multiplyAdd(reduced, Float64Lanes(Logarithm2.inverse), offset)
    let n = shifted - offset
    let r = remainder(reduced, n)
    return (one + exponentialTail(r)) * powerOfTwo(field: shifted)
  }

  @inline(__always) static func exponentialOfNegative(_ x: Float64Lanes) -> Float64Lanes {
    // Computed far above the subnormal numbers and brought down by one rounded multiplication.
    scaledExponential(x, ExponentialScale(shift: -1000)) * Float64Lanes(0x1p-1000)
  }

  /// 2^n (r + r^2 Q(r)) + (2^n - 1): for n = 0 the reduction and the second term are exact, and below it neither
  /// term is large against the result.
  @inline(__always) static func exponentialMinusOne(_ x: Float64Lanes) -> Float64Lanes {
    let reduced = maximum(Float64Lanes(-700), x)
    let offset = Float64Lanes(Round.offset + 1023)
    let shifted = multiplyAdd(reduced, Float64Lanes(Logarithm2.inverse), offset)
    let power = powerOfTwo(field: shifted)
    let tail = exponentialTail(remainder(reduced, shifted - offset))
    return multiplyAdd(power, tail, power - one)
  }

  /// x - n ln 2.
  @inline(__always) private static func remainder(_ x: Float64Lanes, _ n: Float64Lanes) -> Float64Lanes {
    multiplyAdd(n, Float64Lanes(-Logarithm2.low), multiplyAdd(n, Float64Lanes(-Logarithm2.high), x))
  }

  /// The low bits of the significand as the exponent field of a power of two.
  @inline(__always) private static func powerOfTwo(field: Float64Lanes) -> Float64Lanes {
    Float64Lanes(unsafeBitCast(unsafeBitCast(field.vector, to: SIMD8<Int64>.self) &<< 52, to: SIMD8<Double>.self))
  }

  /// e^r - 1 = r + r^2 Q(r), the even and the odd half of Q side by side.
  @inline(__always) private static func exponentialTail(_ r: Float64Lanes) -> Float64Lanes {
    let r2 = r * r
    var even = Float64Lanes(0x1.1f730349868cep-29)
    even = multiplyAdd(even, r2, Float64Lanes(0x1.27e4db646b17ep-22))
    even = multiplyAdd(even, r2, Float64Lanes(0x1.a01a01a6d889cp-16))
    even = multiplyAdd(even, r2, Float64Lanes(0x1.6c16c16c162d4p-10))
    even = multiplyAdd(even, r2, Float64Lanes(0x1.5555555555556p-5))
    even = multiplyAdd(even, r2, Float64Lanes(0.5))
    var odd = Float64Lanes(0x1.af4de97ca4194p-26)
    odd = multiplyAdd(odd, r2, Float64Lanes(0x1.71de0231960ebp-19))
    odd = multiplyAdd(odd, r2, Float64Lanes(0x1.a01a01abe7fe1p-13))
    odd = multiplyAdd(odd, r2, Float64Lanes(0x1.11111111100dcp-7))
    odd = multiplyAdd(odd, r2, Float64Lanes(0x1.5555555555557p-3))
    return multiplyAdd(r2, multiplyAdd(odd, r, even), r)
  }

  /// x = 2^k (1 + f) with 1 + f in [sqrt 1/2, sqrt 2), s = f / (2 + f),
  /// log x = k ln 2 + log((1 + s) / (1 - s)) = k ln 2 + 2 s + s^3 P(s^2), where 2 s = f - f^2/2 + s f^2/2 keeps f, which
  /// is exact, apart from its small corrections. The remainder adds its ratio to x. Relative error of the
  /// polynomial 2^-57.6.
  @inline(__always)
  static func logarithm(_ x: Float64Lanes, remainder: Float64Lanes?) -> Float64Lanes {
    let subnormal = x < Float64Lanes(0x1p-1022)
    let normal = select(subnormal, x * Float64Lanes(0x1p+54), x)
    let bits = unsafeBitCast(normal.vector, to: SIMD8<Int64>.self)
    let sqrtHalf: Int64 = 0x3fe6_a09e_667f_3bcd
    let one64: Int64 = 0x3ff0_0000_0000_0000
    let lifted = bits &+ SIMD8(repeating: one64 &- sqrtHalf)
    // An integer below 2^52 in the significand of 2^52.
    let exponentField = unsafeBitCast(
      (unsafeBitCast(lifted, to: SIMD8<UInt64>.self) &>> 52) | SIMD8(repeating: 0x4330_0000_0000_0000),
      to: SIMD8<Double>.self)
    let k = Float64Lanes(exponentField) - select(subnormal, Float64Lanes(0x1p+52 + 1077), Float64Lanes(0x1p+52 + 1023))
    let significand = (lifted & SIMD8(repeating: 0x000f_ffff_ffff_ffff)) &+ SIMD8(repeating: sqrtHalf)
    let f = Float64Lanes(unsafeBitCast(significand, to: SIMD8<Double>.self)) - one

    let s = f / (Float64Lanes(2) + f)
    let z = s * s
    let z2 = z * z
    var even = Float64Lanes(0x1.2b59b713616c9p-3)
    even = multiplyAdd(even, z2, Float64Lanes(0x1.7462b58e46ebep-3))
    even = multiplyAdd(even, z2, Float64Lanes(0x1.2492492df3ba9p-2))
    even = multiplyAdd(even, z2, Float64Lanes(0x1.5555555555558p-1))
    var odd = Float64Lanes(0x1.39fe42e9740a7p-3)
    odd = multiplyAdd(odd, z2, Float64Lanes(0x1.c71c62e26208bp-3))
    odd = multiplyAdd(odd, z2, Float64Lanes(0x1.99999999952ccp-2))
    let p = z * multiplyAdd(odd, z, even)
    let halfSquare = Float64Lanes(0.5) * f * f

    var low = k * Float64Lanes(Logarithm2.low)
    if let remainder { low = low + remainder / x }
    let correction = halfSquare - multiplyAdd(s, halfSquare + p, low)
    let result = multiplyAdd(k, Float64Lanes(Logarithm2.high), f - correction)
    let finite = select(x < Float64Lanes(Double.infinity), result, x)
    return select(x == zero, Float64Lanes(-Double.infinity), finite)
  }
}
