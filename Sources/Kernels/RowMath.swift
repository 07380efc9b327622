import XentPlatform

// Exponential and logarithm of float64 lanes for what rows of float32 elements come to: 34 bits, a thousandth of a unit in the
// last place there, at half the work of those in Float64Math.swift. The coefficients are made by Tests/Accuracy/coefficients.py.

extension Float64Lanes {
  /// `e^x 2^shift` of x in [-256, 256] and integers in [-450, 450]: as in Float64Math.swift, with ln 2 in one part, whose
  /// rounding is lost against 34 bits. Relative error of the polynomial 2^-34.2.
  @inline(__always) static func rowExponential(_ x: Float64Lanes, shift: Float64Lanes) -> Float64Lanes {
    let offset = Float64Lanes(Round64.offset + 1023) + shift
    let shifted = multiplyAdd(x, Float64Lanes(Logarithm2.inverse), offset)
    let power = powerOfTwo(field: shifted)
    let r = multiplyAdd(shifted - offset, Float64Lanes(-(Logarithm2.high + Logarithm2.low)), x)
    let r2 = r * r
    let q01 = multiplyAdd(r, Float64Lanes(0x1.555554433f492p-3), Float64Lanes(0x1.0000003a201d8p-1))
    let q23 = multiplyAdd(r, Float64Lanes(0x1.111270bbbf8c4p-7), Float64Lanes(0x1.55548dc44ed6cp-5))
    let q45 = multiplyAdd(r, Float64Lanes(0x1.9f088034c9f37p-13), Float64Lanes(0x1.6d8d07ef131f9p-10))
    let q = multiplyAdd(r2, multiplyAdd(r2, q45, q23), q01)
    return multiplyAdd(power, multiplyAdd(r2, q, r), power)
  }

  /// `log(1 + x)` of finite x >= 0, as in Float64Math.swift; where 1 + x has too few of the digits of x, two terms of the
  /// series have enough. Relative error of the polynomial 2^-37.6.
  @inline(__always) static func rowLogarithmOnePlus(_ x: Float64Lanes) -> Float64Lanes {
    let (k, f) = binaryParts(one + x)
    let s = f / (Float64Lanes(2) + f)
    let z = s * s
    let p01 = multiplyAdd(z, Float64Lanes(0x1.999a7aa259ad5p-2), Float64Lanes(0x1.555554fd900a0p-1))
    let p23 = multiplyAdd(z, Float64Lanes(0x1.e2f766c0a50e1p-3), Float64Lanes(0x1.2438d14d90b00p-2))
    let p = multiplyAdd(z, multiplyAdd(z * z, p23, p01), Float64Lanes(2))
    let far = multiplyAdd(k, Float64Lanes(Logarithm2.high + Logarithm2.low), s * p)
    let near = multiplyAdd(x * x, Float64Lanes(-0.5), x)
    return select(x < Float64Lanes(0x1p-16), near, far)
  }
}
