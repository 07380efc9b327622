import XentKernelInterface

/// What one class adds to a loss: with p the class's probability, q = 1 - p, t its target and w its weight
///
///     f = w q^gamma (-log p) + w' epsilon q
///
/// where gamma is that of the focal loss (Lin et al. 2017), epsilon that of poly-1 (Leng et al. 2022), and each weight holds the
/// target. Its derivative is one in log p, p df/dp, which every kind of input makes its own from, or in a v of the caller's.
struct ClassTerm {
  let value: Float64Lanes
  /// df/dv = -w q^gamma ((log p)' + gamma (-log p) (-log q)') - w' epsilon p', primes for derivatives in v.
  let slope: Float64Lanes

  /// With log p for v: `logWeight` and `polyWeight` are w and w', `loss` is -log p.
  @inline(__always)
  init(
    _ terms: LossTerms, logWeight: Float64Lanes, polyWeight: Float64Lanes, loss: Float64Lanes, p: Float64Lanes,
    q: Float64Lanes
  ) {
    self.init(
      terms, logWeight: logWeight, polyWeight: polyWeight, loss: loss, q: q, ofLogarithm: .one, ofProbability: p
    ) {
      // Towards p = 1, -log p is q; towards p = 0 the product with p is 0.
      let ratio = Float64Lanes.select(q == .zero, .one, loss / q)
      return Float64Lanes.select(p == .zero, .zero, p * ratio)
    }
  }

  /// `ofLogarithm` is (log p)', `ofProbability` p', and `ofModulation` gives (-log p) (-log q)'.
  @inline(__always)
  init(
    _ terms: LossTerms, logWeight: Float64Lanes, polyWeight: Float64Lanes, loss: Float64Lanes, q: Float64Lanes,
    ofLogarithm: Float64Lanes, ofProbability: Float64Lanes, ofModulation: () -> Float64Lanes
  ) {
    var value = logWeight * loss
    var slope = .zero - logWeight * ofLogarithm
    if terms.focalGamma > 0 {
      let modulation = Float64Lanes.power(q, terms.focalGamma)
      let modulated = Float64Lanes.multiplyAdd(Float64Lanes(terms.focalGamma), ofModulation(), ofLogarithm)
      value = modulation * value
      slope = .zero - logWeight * (modulation * modulated)
    }
    // A class of weight 0 adds nothing, whatever its loss is.
    value = Float64Lanes.select(logWeight == .zero, .zero, value)
    slope = Float64Lanes.select(logWeight == .zero, .zero, slope)
    if terms.polyEpsilon != 0 {
      let weight = polyWeight * Float64Lanes(terms.polyEpsilon)
      value = value + Float64Lanes.select(weight == .zero, .zero, weight * q)
      slope = slope - Float64Lanes.select(weight == .zero, .zero, weight * ofProbability)
    }
    self.value = value
    self.slope = slope
  }
}

/// `t log t`, 0 for t = 0. `complement` is 1 - t: near t = 1 the logarithm is made from it. Called, not inlined, for the
/// kernels' size.
@inline(never) func entropyTerm(_ t: Float64Lanes, complement: Float64Lanes) -> Float64Lanes {
  let isNearOne = Float64Lanes.absolute(complement) <= Float64Lanes(0.5)
  let near = Float64Lanes.logarithmOnePlus(Float64Lanes.keep(isNearOne, .zero - complement))
  let logarithm = Float64Lanes.select(isNearOne, near, Float64Lanes.logarithm(t))
  return Float64Lanes.select(t == .zero, .zero, t * logarithm)
}
