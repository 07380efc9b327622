// Exponential and logarithm of float64 lanes. The coefficients are made by Tests/Accuracy/coefficients.py; the errors, in
// units in the last place, and the inputs they occur at are the largest that Tests/Accuracy/measure.py --full finds.

import XentPlatform

extension Float64Lanes {
  /// A sum of 2^180 exponentials that are e^400 above the reference is finite; one that is e^-745 below the largest,
  /// and so the smallest number above 0, is normal.
  @inline(__always) static var exponentialRange: ExponentialRange {
    ExponentialRange(headroom: 260, reach: 400, baseLimit: 1500, factors: 0x1p-1022...0x1p1022)
  }

  /// x = n ln 2 + r, e^x = 2^n (1 + r + r^2 Q(r)), |r| <= ln 2 / 2.
  ///
  /// The integer n comes from adding 1.5 2^52 and subtracting it again; the sum's low bits, moved into the exponent
  /// field, are 2^n. Relative error of the polynomial 2^-60.3.
  /// Largest error 1.02 at x = 0x1.3dfbdd5e5f252p+9 with the reference 700.
  @inline(__always)
  static func scaledExponential(_ x: Float64Lanes, _ scale: ExponentialScale) -> Float64Lanes {
    let (power, tail) = scaledParts(x, scale)
    return (one + tail) * power
  }

  /// As above with a scale for every lane, of x + low. Where the exponential is not 0, low must be small beside 1.
  @inline(__always)
  static func scaledExponential(_ x: Float64Lanes, low: Float64Lanes, _ scale: LaneScale) -> Float64Lanes {
    let (power, tail) = scaledParts(x, low, scale)
    return (one + tail) * power
  }

  @inline(__always) private static func scaledParts(
    _ x: Float64Lanes, _ scale: ExponentialScale
  ) -> (power: Float64Lanes, tail: Float64Lanes) {
    scaledParts(x, nil, LaneScale(scale))
  }

  /// 2^n, scaled, and e^r - 1.
  @inline(__always) private static func scaledParts(
    _ x: Float64Lanes, _ xLow: Float64Lanes?, _ scale: LaneScale
  ) -> (power: Float64Lanes, tail: Float64Lanes) {
    let distance = x - scale.base
    let reduced = maximum(scale.lowest, distance)
    let shifted = multiplyAdd(reduced, Float64Lanes(Logarithm2.inverse), scale.offset)
    let n = shifted - scale.offset
    let (r, low) = remainder(reduced, n)
    let tail = exponentialTail(r, low)
    guard let xLow else { return (powerOfTwo(field: shifted), tail) }
    // Of an x below the lowest the power is 0, and xLow may be anything, even NaN: it would make a negative 0 of it, and more.
    let small = keep(scale.lowest < distance, xLow)
    // e^(r + small) = e^r (1 + small): unlike what the reduction left off, it may be half a unit of an x in the thousands.
    return (powerOfTwo(field: shifted), multiplyAdd(small, one + tail, tail))
  }

  /// Computed far above the subnormal numbers and brought down by one rounded multiplication. Largest error of the sum 1.02
  /// at -0x1.22ecbace4c596p+9; of 1 - e^x 1.14 at -0x1.6330aec2376d0p-2.
  @inline(__always) static func exponentialParts(_ x: Float64Lanes) -> (power: Float64Lanes, rest: Float64Lanes) {
    exponentialParts(x, low: nil)
  }
  /// As above, of x + low.
  @inline(__always)
  static func exponentialParts(_ x: Float64Lanes, low: Float64Lanes?) -> (power: Float64Lanes, rest: Float64Lanes) {
    let (power, tail) = scaledParts(x, low, LaneScale(ExponentialScale(shift: -1000)))
    let down = Float64Lanes(0x1p-1000)
    return (power * down, power * tail * down)
  }

  /// r = x - n ln 2, and what its rounding left off.
  @inline(__always)
  private static func remainder(_ x: Float64Lanes, _ n: Float64Lanes) -> (r: Float64Lanes, low: Float64Lanes) {
    let first = multiplyAdd(n, Float64Lanes(-Logarithm2.high), x)
    let r = multiplyAdd(n, Float64Lanes(-Logarithm2.low), first)
    return (r, multiplyAdd(n, Float64Lanes(-Logarithm2.low), first - r))
  }

  /// The low bits of the significand as the exponent field of a power of two.
  @inline(__always) static func powerOfTwo(field: Float64Lanes) -> Float64Lanes {
    Float64Lanes(unsafeBitCast(f64x8_shift_left(unsafeBitCast(field.vector, to: Mask.self), 52), to: SIMD8<Double>.self))
  }

  /// e^r - 1 = r + r^2 Q(r), the even and the odd half of Q side by side; r + low for r.
  @inline(__always) private static func exponentialTail(_ r: Float64Lanes, _ low: Float64Lanes) -> Float64Lanes {
    let r2 = r * r
    var even = Float64Lanes(0x1.1e3daffa4c54cp-29)
    even = multiplyAdd(even, r2, Float64Lanes(0x1.27e5b3eed0114p-22))
    even = multiplyAdd(even, r2, Float64Lanes(0x1.a01a0136bb04ep-16))
    even = multiplyAdd(even, r2, Float64Lanes(0x1.6c16c16c303ecp-10))
    even = multiplyAdd(even, r2, Float64Lanes(0x1.5555555555503p-5))
    even = multiplyAdd(even, r2, Float64Lanes(0.5))
    var odd = Float64Lanes(0x1.af6be5a219678p-26)
    odd = multiplyAdd(odd, r2, Float64Lanes(0x1.71ddf0223b155p-19))
    odd = multiplyAdd(odd, r2, Float64Lanes(0x1.a01a01b37d95ap-13))
    odd = multiplyAdd(odd, r2, Float64Lanes(0x1.111111110ec5fp-7))
    odd = multiplyAdd(odd, r2, Float64Lanes(0x1.555555555555bp-3))
    return r + multiplyAdd(r2, multiplyAdd(odd, r, even), low)
  }

  /// x = 2^k (1 + f) with 1 + f in [sqrt 1/2, sqrt 2), s = f / (2 + f),
  /// log x = k ln 2 + log((1 + s) / (1 - s)) = k ln 2 + 2 s + s^3 P(s^2), where 2 s = f - f^2/2 + s f^2/2 keeps f, which
  /// is exact, apart from its small corrections. Relative error of the
  /// polynomial 2^-58.9. Largest error 0.82 at x = 0x1.661d5ca0a47c5p+0; of log(1 + x) 0.82 at -0x1.2e761a4a10682p-2.
  @inline(__always)
  static func logarithm(_ x: Float64Lanes, relative: Float64Lanes?, isNormal: Bool) -> Float64Lanes {
    let (k, f, correction) = logarithmParts(x, relative: relative, isNormal: isNormal)
    let result = multiplyAdd(k, Float64Lanes(Logarithm2.high), f - correction)
    let finite = select(x < Float64Lanes(Double.infinity), result, x)
    return isNormal ? finite : select(x == zero, Float64Lanes(-Double.infinity), finite)
  }

  /// `x^exponent` for x in [0, 1] and an exponent > 0. The product exponent * log x is carried in two parts, as its rounding would
  /// be multiplied by its size.
  @inline(__always) static func power(_ x: Float64Lanes, _ exponent: Double) -> Float64Lanes {
    if exponent == 1 { return x }
    if exponent == 2 { return x * x }
    return generalPower(x, exponent)
  }

  // Called, not inlined: it is long, rarely wanted, and in many kernels more than once.
  @inline(never) private static func generalPower(_ x: Float64Lanes, _ exponent: Double) -> Float64Lanes {
    let (k, f, correction) = logarithmParts(x, relative: nil, isNormal: false)
    // From 2^70 on every power but that of 1 is 0; the product with a much larger exponent would be infinite.
    let exponents = Float64Lanes(min(exponent, 0x1p+100))
    let whole = k * Float64Lanes(Logarithm2.high)
    let product = exponents * whole
    let rest = multiplyAdd(exponents, f - correction, productError(exponents, whole, product))
    let sum = product + rest
    let (power, tail) = exponentialParts(sum, low: (product - sum) + rest)
    return select(x == zero, zero, power + tail)
  }

  /// k and f with x = 2^k (1 + f) and 1 + f in [sqrt 1/2, sqrt 2), of a normal number.
  @inline(__always) static func binaryParts(_ x: Float64Lanes) -> (k: Float64Lanes, f: Float64Lanes) {
    let bits = unsafeBitCast(x.vector, to: Mask.self)
    let sqrtHalf: Int64 = 0x3fe6_a09e_667f_3bcd
    let one64: Int64 = 0x3ff0_0000_0000_0000
    let lifted = bits &+ SIMD8(repeating: one64 &- sqrtHalf)
    // An integer below 2^52 in the significand of 2^52.
    let exponentField = unsafeBitCast(
      f64x8_bit_or(f64x8_shift_right(lifted, 52), Mask(repeating: 0x4330_0000_0000_0000)),
      to: SIMD8<Double>.self)
    let significand = f64x8_bit_and(lifted, Mask(repeating: 0x000f_ffff_ffff_ffff)) &+ SIMD8(repeating: sqrtHalf)
    return (
      Float64Lanes(exponentField) - Float64Lanes(0x1p+52 + 1023),
      Float64Lanes(unsafeBitCast(significand, to: SIMD8<Double>.self)) - one
    )
  }

  /// log x = k ln 2 high + (f - correction).
  @inline(__always)
  private static func logarithmParts(
    _ x: Float64Lanes, relative: Float64Lanes?, isNormal: Bool
  ) -> (k: Float64Lanes, f: Float64Lanes, correction: Float64Lanes) {
    let subnormal = x < Float64Lanes(0x1p-1022)
    let normal = isNormal ? x : select(subnormal, x * Float64Lanes(0x1p+54), x)
    let (field, f) = binaryParts(normal)
    let k = isNormal ? field : select(subnormal, field - Float64Lanes(54), field)

    let s = f / (Float64Lanes(2) + f)
    let z = s * s
    let z2 = z * z
    var even = Float64Lanes(0x1.2f069f3c67d3cp-3)
    even = multiplyAdd(even, z2, Float64Lanes(0x1.74663ff5d762fp-3))
    even = multiplyAdd(even, z2, Float64Lanes(0x1.24924941f67d9p-2))
    even = multiplyAdd(even, z2, Float64Lanes(0x1.5555555555592p-1))
    var odd = Float64Lanes(0x1.39a19d75ded31p-3)
    odd = multiplyAdd(odd, z2, Float64Lanes(0x1.c71c5204a1789p-3))
    odd = multiplyAdd(odd, z2, Float64Lanes(0x1.999999997fd5fp-2))
    let p = z * multiplyAdd(odd, z, even)
    let halfSquare = Float64Lanes(0.5) * f * f

    var low = k * Float64Lanes(Logarithm2.low)
    if let relative { low = low + relative }
    return (k, f, halfSquare - multiplyAdd(s, halfSquare + p, low))
  }
}
