/// The range in which a type's exponentials are kept.
struct ExponentialRange {
  /// The exponential at the reference becomes about 2^headroom: high enough that what matters below it stays normal,
  /// low enough that much larger ones, and long sums of them, stay finite.
  let headroom: Double
  /// How far above the reference an x may be.
  let reach: Double
  /// Up to this size the reference is taken off as a power of two; see `ExponentialScale`. Above it, everything within
  /// reach, and everything below that is not negligible, is within a factor of two of the reference.
  let baseLimit: Double
  /// The normal numbers of the type, less a little: what a factor may be.
  let factors: ClosedRange<Double>
}

/// What is taken off the exponent: `e^(x - base) 2^-shift`, or of exponents that have a factor `e^(factor (x - base)) 2^-shift`.
///
/// Around a reference near the largest x a power of two is taken off, which rounds nothing. Beyond the limit of the
/// range the reference itself is subtracted: that is exact for every x within a factor of two of it, and all others
/// are so far below the largest that their exponential is 0.
struct ExponentialScale {
  let base: Double
  /// The integer k with 2^k near e^(reference - base), with the factor.
  let exponent: Double
  /// `exponent - headroom`.
  let shift: Double

  @inline(__always) init(reference: Double, factor: Double = 1, _ range: ExponentialRange) {
    let scaled = reference * factor
    let inRange = scaled <= range.baseLimit && scaled >= -range.baseLimit
    base = inRange ? 0 : reference
    exponent = inRange ? (scaled * Logarithm2.inverse + Round64.offset) - Round64.offset : 0
    shift = exponent - range.headroom
  }

  @inline(__always) init(base: Double, exponent: Double, _ range: ExponentialRange) {
    self.base = base
    self.exponent = exponent
    shift = exponent - range.headroom
  }

  @inline(__always) init(shift: Double) {
    base = 0
    exponent = shift
    self.shift = shift
  }
}

/// An `ExponentialScale` as float64 lanes: the same one in all, or one of its own in each.
struct LaneScale {
  let base: Float64Lanes
  /// The lowest exponent: there the exponent field is 0, which makes the power of two an exact 0.
  let lowest: Float64Lanes
  /// What leaves the exponent field in the low bits of the significand.
  let offset: Float64Lanes
  /// As in `ExponentialScale`.
  let exponent: Float64Lanes

  @inline(__always) init(_ scale: ExponentialScale) {
    let lowestField = scale.shift - 1023
    base = Float64Lanes(scale.base)
    lowest = Float64Lanes(lowestField * (Logarithm2.high + Logarithm2.low))
    offset = Float64Lanes(Round64.offset - lowestField)
    exponent = Float64Lanes(scale.exponent)
  }

  /// Of exponents and bases that other lanes have chosen.
  @inline(__always) init(base: Float64Lanes, exponent: Float64Lanes, headroom: Double) {
    self.base = base
    self.exponent = exponent
    let lowestField = exponent - Float64Lanes(headroom + 1023)
    lowest = lowestField * Float64Lanes(Logarithm2.high + Logarithm2.low)
    offset = Float64Lanes(Round64.offset) - lowestField
  }

  /// Relative to every lane's own reference, which must be finite.
  @inline(__always) init(references: Float64Lanes) {
    let range = Float64Lanes.exponentialRange
    let isInRange = Float64Lanes.absolute(references) <= Float64Lanes(range.baseLimit)
    let base = Float64Lanes.select(isInRange, .zero, references)
    let rounded =
      Float64Lanes.multiplyAdd(references, Float64Lanes(Logarithm2.inverse), Float64Lanes(Round64.offset))
      - Float64Lanes(Round64.offset)
    self.init(base: base, exponent: Float64Lanes.keep(isInRange, rounded), headroom: range.headroom)
  }
}

/// ln 2 in two parts; the high one has 40 bits, so that its product with an integer below 2^13 is exact.
enum Logarithm2 {
  static var high: Double { 0x1.62e42fefa2000p-1 }
  static var low: Double { 0x1.9ef35793c7673p-41 }
  static var inverse: Double { 0x1.71547652b82fep+0 }
}

enum Round64 {
  /// Added to a number below 2^51 it leaves the nearest integer in the low bits of the significand.
  static var offset: Double { 0x1.8p+52 }
}
