// Exponential and logarithm of float32 lanes. The coefficients are made by Tests/Accuracy/coefficients.py. The
// exponential is that of Float64Math.swift. Errors are given as there.

import XentPlatform

private enum Logarithm2Short {
  /// 14 bits, so that the product with an integer below 2^10 is exact.
  static var high: Double { 0x1.62e0000000000p-1 }
  static var low: Double { 0x1.0bfbe80000000p-15 }
  static var inverse: Double { 0x1.7154760000000p+0 }
}

private enum Round32 {
  /// Added to a number below 2^22 it leaves the nearest integer in the low bits of the significand.
  static var offset: Double { 0x1.8p+23 }
}

/// An `ExponentialScale` as float32 lanes; see `LaneScale`.
struct LaneScale32 {
  let base: Float32Lanes
  let lowest: Float32Lanes
  let offset: Float32Lanes
  let exponent: Float32Lanes

  @inline(__always) init(_ scale: ExponentialScale) {
    let lowestField = scale.shift - 127
    base = Float32Lanes(scale.base)
    lowest = Float32Lanes(lowestField * (Logarithm2.high + Logarithm2.low))
    offset = Float32Lanes(Round32.offset - lowestField)
    exponent = Float32Lanes(scale.exponent)
  }

  @inline(__always) private init(base: Float32Lanes, exponent: Float32Lanes) {
    self.base = base
    self.exponent = exponent
    let lowestField = exponent - Float32Lanes(Float32Lanes.exponentialRange.headroom + 127)
    lowest = lowestField * Float32Lanes(Logarithm2.high + Logarithm2.low)
    offset = Float32Lanes(Round32.offset) - lowestField
  }

  /// The integers k with 2^k near e^reference.
  @inline(__always) private static func exponents(_ references: Float32Lanes) -> Float32Lanes {
    let round = Float32Lanes(Round32.offset)
    return Float32Lanes.multiplyAdd(references, Float32Lanes(Logarithm2Short.inverse), round) - round
  }

  /// Relative to every lane's own reference, which must be within the range's limit for references of no base.
  @inline(__always) init(nearReferences references: Float32Lanes) {
    self.init(base: .zero, exponent: Self.exponents(references))
  }

  /// Relative to every lane's own reference, which must be finite.
  @inline(__always) init(references: Float32Lanes) {
    let isInRange = Float32Lanes.absolute(references) <= Float32Lanes(Float32Lanes.exponentialRange.baseLimit)
    self.init(
      base: Float32Lanes.select(isInRange, .zero, references),
      exponent: Float32Lanes.keep(isInRange, Self.exponents(references)))
  }
}

extension Float32Lanes {
  /// Exponentials that are e^28 above the reference are below 2^73, so that one over a long row's sum of them is normal; one
  /// that is e^-104 below the largest, and so the smallest number above 0, is normal too.
  @inline(__always) static var exponentialRange: ExponentialRange {
    ExponentialRange(headroom: 32, reach: 28, baseLimit: 256, factors: 0x1p-126...0x1p126)
  }

  /// Relative error of the polynomial 2^-28.0. Largest error 1.02 at x = -0x1.9e5a9cp+6 with the reference -103.
  @inline(__always)
  static func scaledExponential(_ x: Float32Lanes, _ scale: ExponentialScale) -> Float32Lanes {
    let (power, tail) = scaledParts(x, scale, isExact: false)
    return multiplyAdd(power, tail, power)
  }

  /// As above with a scale for every lane.
  @inline(__always) static func scaledExponential(_ x: Float32Lanes, _ scale: LaneScale32) -> Float32Lanes {
    let (power, tail) = scaledParts(x, scale, isExact: false)
    return multiplyAdd(power, tail, power)
  }

  /// `e^(factor (x - scale.base)) 2^-scale.shift`, for processors with a fused multiplication: with the factor in two parts no
  /// product is rounded before n ln 2 is off it. The factor must be far inside the range of float32.
  @inline(__always)
  static func scaledExponential(_ x: Float32Lanes, times factor: Double, _ scale: ExponentialScale) -> Float32Lanes {
    let lanes = LaneScale32(scale)
    let high = Float32Lanes(factor)
    let low = Float32Lanes(factor - Double(Float(factor)))
    let distance = maximum(lanes.lowest * Float32Lanes(1 / factor), x - lanes.base)
    let shifted = multiplyAdd(distance, Float32Lanes(factor * Logarithm2.inverse), lanes.offset)
    let n = shifted - lanes.offset
    let first = multiplyAdd(distance, high, n * Float32Lanes(-Logarithm2Short.high))
    let rest = multiplyAdd(n, Float32Lanes(-Logarithm2Short.low), distance * low)
    let power = powerOfTwo(field: shifted)
    return multiplyAdd(power, exponentialTail(first + rest, nil), power)
  }

  @inline(__always) private static func scaledParts(
    _ x: Float32Lanes, _ scale: ExponentialScale, isExact: Bool
  ) -> (power: Float32Lanes, tail: Float32Lanes) {
    scaledParts(x, LaneScale32(scale), isExact: isExact)
  }

  /// 2^n, scaled, and e^r - 1.
  @inline(__always) private static func scaledParts(
    _ x: Float32Lanes, _ scale: LaneScale32, isExact: Bool
  ) -> (power: Float32Lanes, tail: Float32Lanes) {
    let reduced = maximum(scale.lowest, x - scale.base)
    let shifted = multiplyAdd(reduced, Float32Lanes(Logarithm2Short.inverse), scale.offset)
    let (r, low) = remainder(reduced, shifted - scale.offset, isExact: isExact)
    return (powerOfTwo(field: shifted), exponentialTail(r, low))
  }

  /// Computed far above the subnormal numbers and brought down by one rounded multiplication. Largest error of the sum 1.02
  /// at -0x1.75ebdp+2; of 1 - e^x 0.96 at -0x1.8eb17p-2.
  @inline(__always) static func exponentialParts(_ x: Float32Lanes) -> (power: Float32Lanes, rest: Float32Lanes) {
    let (power, rest) = raisedExponentialParts(x)
    let down = Float32Lanes(0x1p-100)
    return (power * down, rest * down)
  }

  /// As `exponentialParts`, times 2^100: e^-157 and more are normal numbers.
  @inline(__always)
  static func raisedExponentialParts(_ x: Float32Lanes) -> (power: Float32Lanes, rest: Float32Lanes) {
    let (power, tail) = scaledParts(x, ExponentialScale(shift: -100), isExact: true)
    return (power, power * tail)
  }

  /// r = x - n ln 2, and what its rounding left off if that is wanted.
  @inline(__always)
  private static func remainder(
    _ x: Float32Lanes, _ n: Float32Lanes, isExact: Bool
  ) -> (r: Float32Lanes, low: Float32Lanes?) {
    let first = multiplyAdd(n, Float32Lanes(-Logarithm2Short.high), x)
    let r = multiplyAdd(n, Float32Lanes(-Logarithm2Short.low), first)
    return (r, isExact ? multiplyAdd(n, Float32Lanes(-Logarithm2Short.low), first - r) : nil)
  }

  @inline(__always) private static func powerOfTwo(field: Float32Lanes) -> Float32Lanes {
    Float32Lanes(unsafeBitCast(f32x16_shift_left(unsafeBitCast(field.vector, to: Mask.self), 23), to: SIMD16<Float>.self))
  }

  /// e^r - 1 = r + r^2 Q(r); r + low for r.
  @inline(__always) private static func exponentialTail(_ r: Float32Lanes, _ low: Float32Lanes?) -> Float32Lanes {
    let r2 = r * r
    let q01 = multiplyAdd(r, Float32Lanes(0x1.5554920000000p-3), Float32Lanes(0x1.fffffc0000000p-2))
    let q23 = multiplyAdd(r, Float32Lanes(0x1.1239de0000000p-7), Float32Lanes(0x1.5558f20000000p-5))
    let q24 = multiplyAdd(r2, Float32Lanes(0x1.6a24880000000p-10), q23)
    let q = multiplyAdd(r2, q24, q01)
    if let low { return r + multiplyAdd(r2, q, low) }
    return multiplyAdd(r2, q, r)
  }

  /// log(1 + f) = f - f^2/2 + f^3 P(f): without a division, which would take as long as all the rest. Relative error of
  /// the polynomial 2^-28.2. Largest error 0.84 at x = 0x1.697dc8p+0; of log(1 + x) 0.86 at -0x1.2ea0bcp-2.
  @inline(__always)
  static func logarithm(_ x: Float32Lanes, relative: Float32Lanes?, isNormal: Bool) -> Float32Lanes {
    let (k, f, correction) = logarithmParts(x, relative: relative, isNormal: isNormal)
    let result = multiplyAdd(k, Float32Lanes(Logarithm2Short.high), f - correction)
    let finite = select(x < Float32Lanes(Double.infinity), result, x)
    return isNormal ? finite : select(x == zero, Float32Lanes(-Double.infinity), finite)
  }

  /// log(x (1 + relative)) for x in [0, 1] in float64, with no more of float32's rounding than that of the correction.
  @inline(__always)
  static func widenedLogarithm(_ x: Float32Lanes, relative: Float32Lanes?) -> (Float64Lanes, Float64Lanes) {
    let (k, f, correction) = logarithmParts(x, relative: relative, isNormal: false)
    let difference = f - correction
    let result = multiplyAdd(k, Float32Lanes(Logarithm2Short.high), difference)
    let rest =
      (multiplyAdd(k, Float32Lanes(Logarithm2Short.high), zero - result) + difference) + ((f - difference) - correction)
    // A NaN is in no comparison.
    let high = select(x == zero, Float32Lanes(-Double.infinity), select(zero < x, result, x)).widened
    let low = keep(zero < x, rest).widened
    return (high.0 + low.0, high.1 + low.1)
  }

  /// log x = k ln 2 high + (f - correction).
  @inline(__always)
  private static func logarithmParts(
    _ x: Float32Lanes, relative: Float32Lanes?, isNormal: Bool
  ) -> (k: Float32Lanes, f: Float32Lanes, correction: Float32Lanes) {
    let subnormal = x < Float32Lanes(0x1p-126)
    let normal = isNormal ? x : select(subnormal, x * Float32Lanes(0x1p+25), x)
    let bits = unsafeBitCast(normal.vector, to: Mask.self)
    let sqrtHalf: Int32 = 0x3f35_04f3
    let lifted = bits &+ SIMD16(repeating: 0x3f80_0000 &- sqrtHalf)
    // An integer below 2^23 in the significand of 2^23.
    let exponentField = unsafeBitCast(
      f32x16_bit_or(f32x16_shift_right(lifted, 23), Mask(repeating: 0x4b00_0000)),
      to: SIMD16<Float>.self)
    let bias = Float32Lanes(0x1p+23 + 127)
    let k = Float32Lanes(exponentField) - (isNormal ? bias : select(subnormal, Float32Lanes(0x1p+23 + 152), bias))
    let significand = f32x16_bit_and(lifted, Mask(repeating: 0x007f_ffff)) &+ SIMD16(repeating: sqrtHalf)
    let f = Float32Lanes(unsafeBitCast(significand, to: SIMD16<Float>.self)) - one

    let f2 = f * f
    let f4 = f2 * f2
    let p01 = multiplyAdd(f, Float32Lanes(-0x1.0000060000000p-2), Float32Lanes(0x1.5555480000000p-2))
    let p23 = multiplyAdd(f, Float32Lanes(-0x1.555c460000000p-3), Float32Lanes(0x1.99a4b60000000p-3))
    let p45 = multiplyAdd(f, Float32Lanes(-0x1.fc22f60000000p-4), Float32Lanes(0x1.2337540000000p-3))
    let p67 = multiplyAdd(f, Float32Lanes(-0x1.de37fc0000000p-4), Float32Lanes(0x1.e6f2c60000000p-4))
    let p47 = multiplyAdd(f2, p67, p45)
    let p48 = multiplyAdd(f4, Float32Lanes(0x1.144d780000000p-4), p47)
    let p = multiplyAdd(f4, p48, multiplyAdd(f2, p23, p01))

    var low = k * Float32Lanes(Logarithm2Short.low)
    if let relative { low = low + relative }
    return (k, f, multiplyAdd(Float32Lanes(0.5), f2, .zero - multiplyAdd(f2 * f, p, low)))
  }
}
