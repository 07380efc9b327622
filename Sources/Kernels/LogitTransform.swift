import XentKernelInterface

/// What is done to a logit before anything else: z <- a z, then z <- k tanh(z / k).
struct LogitTransform {
  let scale: Double
  let softcap: Double

  @inline(__always) init(_ terms: LossTerms) {
    scale = terms.logitScale
    softcap = terms.logitSoftcap
  }

  /// The logit in two parts: rounded to one it would change its exponential by its own size.
  @inline(__always) func apply(_ z: Float64Lanes) -> (high: Float64Lanes, low: Float64Lanes) {
    var high = z
    var low = Float64Lanes.zero
    if scale != 1 {
      high = z * Float64Lanes(scale)
      low = finite(Float64Lanes.productError(z, Float64Lanes(scale), high))
    }
    if softcap == 0 { return (high, low) }
    let k = Float64Lanes(softcap)
    let x = high / k
    let xLow = (low - Float64Lanes.productError(x, k, x * k) + (high - x * k)) / k
    // tanh |x| = v / (2 - v) with v = 1 - e^(-2|x|); what every step rounds off goes along to first order.
    let (v, vLow) = Float64Lanes.complementOfExponential(Float64Lanes(-2) * Float64Lanes.absolute(x))
    let denominator = Float64Lanes(2) - v
    let denominatorLow = ((Float64Lanes(2) - denominator) - v) - vLow
    let t = v / denominator
    let tLow =
      (.zero - Float64Lanes.productError(t, denominator, t * denominator) + (v - t * denominator) + vLow
        - t * denominatorLow) / denominator
    let tail = Float64Lanes.absolute(x) < Float64Lanes(20)
    let sign = Float64Lanes.select(x < .zero, Float64Lanes(-1), .one)
    let capped = k * t
    let cappedLow =
      Float64Lanes.productError(k, t, capped)
      + k * (tLow + Float64Lanes.keep(tail, xLow * sign * (.one - t * t)))
    return (sign * capped, finite(sign * cappedLow))
  }

  /// The derivative of `apply`: a (1 - tanh^2 (a z / k)), in the form that keeps its digits towards 0.
  @inline(__always) func derivative(_ z: Float64Lanes) -> Float64Lanes {
    let a = Float64Lanes(scale)
    if softcap == 0 { return a }
    let x = Float64Lanes.absolute(z * a / Float64Lanes(softcap))
    let e = Float64Lanes.exponentialOfNegative(Float64Lanes(-2) * x)
    let sum = .one + e
    return a * (Float64Lanes(4) * e / (sum * sum))
  }

  /// 0 where the correction of an infinite value is not defined.
  @inline(__always) private func finite(_ low: Float64Lanes) -> Float64Lanes {
    Float64Lanes.keep(low - low == .zero, low)
  }
}
