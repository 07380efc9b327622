import XentKernelInterface

/// u = k tanh(a z / k), in float32, for a k in the range of exponents that need no base.
///
/// With x = a z / k and q = e^(-2 |x|): tanh |x| = 1 - 2 q / (1 + q) and 1 - tanh^2 x = 4 q / (1 + q)^2, which keeps its digits
/// towards 0. For |x| below 3/4 the difference would lose some, and rounding the quotient would be seen beside a small u:
/// tanh(x) / x = 1 + x^2 P(x^2) and 1 - tanh^2 x from that.
///
/// Largest error of u found 1.6 ulp, at x = 0.75.
struct CappedLogits: LogitMap {
  private let terms: LossTerms

  @inline(__always) static var isPlain: Bool { false }
  @inline(__always) static var keepsInfinity: Bool { false }
  @inline(__always) static var hasHessian: Bool { false }
  /// Beside a smaller cap the slope's rounding errors would be seen.
  @inline(__always) static var caps: ClosedRange<Double> { 1...200 }

  /// q is kept so many binary digits up, as one below the normal numbers counts where what it is multiplied by is large.
  @inline(__always) private static var headroom: Double { 40 }
  @inline(__always) private static var up: Double { 0x1p+40 }
  @inline(__always) private static var down: Double { 0x1p-40 }

  @inline(__always) init(_ terms: LossTerms) { self.terms = terms }

  @inline(__always) func scale(reference: Double) -> ExponentialScale {
    ExponentialScale(reference: cappedLogit(terms, reference), Float32Lanes.exponentialRange)
  }
  @inline(__always) func isDefined(_ largest: Double) -> Bool { true }
  @inline(__always) func isWithinReach(_ largest: Double, of reference: Double) -> Bool {
    let reach = Float32Lanes.exponentialRange.reach
    // The cap brings nothing further apart.
    return !(terms.logitScale * (largest - reference) > reach)
      || cappedLogit(terms, largest) <= cappedLogit(terms, reference) + reach
  }
  @inline(__always) func value(_ z: Double, base: Double) -> Double { cappedLogit(terms, z) }

  @inline(__always)
  func argument(_ z: Float32Lanes) -> (capped: Float32Lanes, slope: Float32Lanes) {
    typealias Value = Float32Lanes
    let a = terms.logitScale
    let k = terms.logitSoftcap
    let size = Value.absolute(z)
    let q = Value.scaledExponential(.zero - size, times: 2 * a / k, ExponentialScale(shift: -Self.headroom))
    let inverse = .one / Value.multiplyAdd(q, Value(Self.down), .one)
    let share = q * inverse
    let far = Value(k) + Value.multiplyAdd(share, Value(-2 * k * Self.down), Value(k - Double(Float(k))))

    let x = size * Value(a / k)
    let aLow = Value(a - Double(Float(a)))
    let tail = tangentTail(x * x)
    let near = Value.multiplyAdd(z, Value(a), Value.multiplyAdd(z * Value(a), tail, z * aLow))
    let tangent = Value.multiplyAdd(x, tail, x)
    let nearSlope = Value.multiplyAdd(tangent * Value(-Self.up / 4), tangent, Value(Self.up / 4))

    let isNear = x < Value(0.75)
    let capped = Value.select(isNear, near, Value.select(z < .zero, .zero - far, far))
    return (capped, Value.select(isNear, nearSlope, share * inverse))
  }
  @inline(__always)
  func exponential(
    _ argument: (capped: Float32Lanes, slope: Float32Lanes), _ scale: ExponentialScale
  ) -> Float32Lanes {
    Float32Lanes.scaledExponential(argument.capped, scale)
  }
  @inline(__always)
  func kept(_ exponential: Float32Lanes, _ argument: (capped: Float32Lanes, slope: Float32Lanes)) -> Float32Lanes {
    exponential * argument.slope
  }
  /// What is kept lacks 4 a, and is as far up as q.
  @inline(__always) var keptFactor: Double { 4 * terms.logitScale * Self.down }

  @inline(__always) func slopes(_ count: Int, at logit: (_ lane: Int) -> Double) -> Float64Lanes {
    var logits = Float64Lanes.zero
    logits.setLanes(count, logit)
    return LogitTransform(terms).derivative(logits)
  }

  /// tanh(x) / x - 1 of v = x^2. Relative error of the polynomial, in tanh, 2^-26.9.
  @inline(__always) private func tangentTail(_ v: Float32Lanes) -> Float32Lanes {
    typealias Value = Float32Lanes
    let v2 = v * v
    let p01 = Value.multiplyAdd(v, Value(0x1.110db80000000p-3), Value(-0x1.55554a0000000p-2))
    let p23 = Value.multiplyAdd(v, Value(0x1.5f787c0000000p-6), Value(-0x1.b97d400000000p-5))
    let p45 = Value.multiplyAdd(v, Value(0x1.c756580000000p-10), Value(-0x1.f5d4640000000p-8))
    return v * Value.multiplyAdd(v2, Value.multiplyAdd(v2, p45, p23), p01)
  }
}

/// One logit, in float64.
@inline(never) private func cappedLogit(_ terms: LossTerms, _ z: Double) -> Double {
  let (high, low) = LogitTransform(terms).apply(Float64Lanes(z))
  return (high + low)[0]
}
