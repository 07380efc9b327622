import XentKernelInterface

/// An element's two probabilities p and q = 1 - p and their logarithms, and what makes the derivatives in the input x of
/// those in p.
struct BinaryPrediction {
  let p: Float64Lanes
  let q: Float64Lanes
  /// -log p and -log(1-p).
  let lossOfPositive: Float64Lanes
  let lossOfNegative: Float64Lanes
  /// d log p / dx and -d log(1-p) / dx.
  let positiveFactor: Float64Lanes
  let negativeFactor: Float64Lanes
  /// dp / dx.
  let derivative: Float64Lanes
  /// d2(-log p)/dx2 and d2(-log(1-p))/dx2.
  let positiveCurvature: Float64Lanes
  let negativeCurvature: Float64Lanes

  @inline(__always) init(probability x: Float64Lanes, _ floor: ProbabilityFloor<Float64Lanes>) {
    let clamped = floor.clamp(x)
    p = floor.raise(clamped)
    q = floor.raise(.one - clamped)
    lossOfPositive = .zero - floor.logarithm(clamped)
    lossOfNegative = .zero - floor.logarithmOfComplement(clamped)
    positiveFactor = .one / p
    negativeFactor = .one / q
    derivative = .one
    positiveCurvature = positiveFactor / p
    negativeCurvature = negativeFactor / q
  }

  @inline(__always) init(logit z: Float64Lanes, _ transform: LogitTransform) {
    let (high, low) = transform.apply(z)
    let isNegative = high < .zero
    let magnitude = Float64Lanes.absolute(high)
    let magnitudeLow = Float64Lanes.select(isNegative, .zero - low, low)
    let (power, rest) = Float64Lanes.exponentialParts(.zero - magnitude, low: .zero - magnitudeLow)
    let e = power + rest
    let smaller = e / (.one + e)
    let larger = .one / (.one + e)
    p = Float64Lanes.select(isNegative, smaller, larger)
    q = Float64Lanes.select(isNegative, larger, smaller)
    let logarithm = Float64Lanes.logarithmOnePlusFraction(e)
    let wrong = magnitude + (magnitudeLow + logarithm)
    lossOfPositive = Float64Lanes.select(isNegative, wrong, logarithm)
    lossOfNegative = Float64Lanes.select(isNegative, logarithm, wrong)
    let slope = transform.derivative(z)
    positiveFactor = q * slope
    negativeFactor = p * slope
    derivative = p * q * slope
    positiveCurvature = derivative * slope
    negativeCurvature = positiveCurvature
  }

  @inline(__always) init(logProbability x: Float64Lanes) {
    let logarithm = Float64Lanes.minimum(.zero, x)
    let complement = Float64Lanes.complementOfExponential(logarithm)
    p = Float64Lanes.exponentialOfNegative(logarithm)
    q = complement.value
    lossOfPositive = .zero - logarithm
    let relative = Float64Lanes.keep(.zero < complement.value, complement.remainder / complement.value)
    lossOfNegative = .zero - Float64Lanes.logarithm(complement.value, relative: relative)
    positiveFactor = keepNaN(.one, x)
    negativeFactor = p / q
    derivative = p
    positiveCurvature = .zero
    negativeCurvature = negativeFactor / q
  }

  /// The second derivative of the loss.
  @inline(__always) func curvature(_ weights: BinaryWeights) -> Float64Lanes {
    product(weights.positive, positiveCurvature) + product(weights.negative, negativeCurvature)
  }

  /// Without curvatures.
  @inline(__always)
  fileprivate init(
    p: Float64Lanes, q: Float64Lanes, lossOfPositive: Float64Lanes, lossOfNegative: Float64Lanes,
    positiveFactor: Float64Lanes, negativeFactor: Float64Lanes, derivative: Float64Lanes
  ) {
    self.p = p
    self.q = q
    self.lossOfPositive = lossOfPositive
    self.lossOfNegative = lossOfNegative
    self.positiveFactor = positiveFactor
    self.negativeFactor = negativeFactor
    self.derivative = derivative
    positiveCurvature = .zero
    negativeCurvature = .zero
  }
}

/// One kind of input whose logarithms and exponentials are computed in float32, sixteen elements at once, and handed on
/// in float64: what options multiply and add is rounded once, in the end.
protocol BinaryInput {
  init(_ task: LossTask)
  /// Where the input is none that the loss can have.
  func offends(_ x: Float32Lanes) -> Float32Lanes.Mask
  /// The first eight elements and the others.
  func predictions(_ x: Float32Lanes) -> (BinaryPrediction, BinaryPrediction)
  /// The loss that has nothing but weights.
  func weighted(_ x: Float32Lanes, _ low: BinaryWeights, _ high: BinaryWeights) -> (BinaryElements, BinaryElements)
}

extension BinaryInput {
  @inline(__always)
  func weighted(_ x: Float32Lanes, _ low: BinaryWeights, _ high: BinaryWeights) -> (BinaryElements, BinaryElements) {
    let predictions = predictions(x)
    return (BinaryElements(predictions.0, low, LossTerms()), BinaryElements(predictions.1, high, LossTerms()))
  }
}

/// Of exponentials so small that no digit of them is left in 1 + e^x, the float64 values: their float32 ones may be
/// subnormal, or round once too often for a large weight.
private struct SmallExponentials {
  private let power: Float32Lanes
  private let rest: Float32Lanes
  private let areThere: Bool

  /// `value` is e^x for x <= 0.
  @inline(__always) init(_ x: Float32Lanes, value: Float32Lanes) {
    (power, rest) = Float32Lanes.raisedExponentialParts(x)
    areThere = Float32Lanes.any(value < Float32Lanes(Self.limit))
  }

  @inline(__always) private static var limit: Double { 0x1p-30 }

  /// `values`, and the exponentials where these are small.
  @inline(__always)
  func replacing(
    _ values: (Float64Lanes, Float64Lanes), where value: (Float64Lanes, Float64Lanes)
  ) -> (Float64Lanes, Float64Lanes) {
    if !areThere { return values }
    let (powers, rests) = (power.widened, rest.widened)
    let down = Float64Lanes(0x1p-100)
    let limit = Float64Lanes(Self.limit)
    return (
      Float64Lanes.select(value.0 < limit, (powers.0 + rests.0) * down, values.0),
      Float64Lanes.select(value.1 < limit, (powers.1 + rests.1) * down, values.1)
    )
  }
}

struct BinaryLogitInput: BinaryInput {
  @inline(__always) init(_ task: LossTask) {}
  @inline(__always) func offends(_ z: Float32Lanes) -> Float32Lanes.Mask { Float32Lanes.first(0) }

  @inline(__always) func predictions(_ z: Float32Lanes) -> (BinaryPrediction, BinaryPrediction) {
    let (logarithms, smaller) = parts(z, isExact: true)
    let logits = z.widened
    return (
      prediction(logits.0, logarithms.0, smaller.0), prediction(logits.1, logarithms.1, smaller.1)
    )
  }

  @inline(__always)
  func weighted(_ z: Float32Lanes, _ low: BinaryWeights, _ high: BinaryWeights) -> (BinaryElements, BinaryElements) {
    let (logarithms, smaller) = parts(z, isExact: false)
    let logits = z.widened
    return (
      weighted(logits.0, logarithms.0, smaller.0, low), weighted(logits.1, logarithms.1, smaller.1, high)
    )
  }

  /// log(1 + e^-|z|) and the smaller probability h = e^-|z| / (1 + e^-|z|).
  @inline(__always)
  private func parts(
    _ z: Float32Lanes, isExact: Bool
  ) -> (logarithm: (Float64Lanes, Float64Lanes), smaller: (Float64Lanes, Float64Lanes)) {
    let exponent = Float32Lanes.zero - Float32Lanes.absolute(z)
    let (power, rest) = Float32Lanes.exponentialParts(exponent)
    let e = power + rest
    let low = rest - (e - power)
    let sum = Float32Lanes.one + e
    let quotient = e / sum
    var smaller = quotient.widened
    if isExact {
      // What the quotient lacks, over 1 + e.
      let sumLow = (Float32Lanes.one - sum) + e
      let product = .zero - quotient
      let lacking = Float32Lanes.multiplyAdd(product, sumLow, Float32Lanes.multiplyAdd(product, sum, e) + low)
      let lows = (lacking / sum).widened
      smaller = (smaller.0 + lows.0, smaller.1 + lows.1)
    }
    let logarithm = Float32Lanes.logarithmOnePlusFraction(e, low: low).widened
    let small = SmallExponentials(exponent, value: e)
    return (small.replacing(logarithm, where: smaller), small.replacing(smaller, where: smaller))
  }

  /// With W the weight of the class that the logit is against, the loss is (A + B) log(1 + e^-|z|) + W |z|, and its
  /// derivative W - (A + B) h with the sign of z.
  @inline(__always)
  private func weighted(
    _ z: Float64Lanes, _ logarithm: Float64Lanes, _ smaller: Float64Lanes, _ weights: BinaryWeights
  ) -> BinaryElements {
    let isNegative = z < .zero
    let wrong = Float64Lanes.select(isNegative, weights.positive, weights.negative)
    let total = weights.positive + weights.negative
    // Where both weights are 0, a NaN has none either.
    let isWeighted = Float64Lanes.or(Float64Lanes.not(wrong == .zero), Float64Lanes.not(total == .zero))
    let loss = Float64Lanes.keep(isWeighted, total * logarithm) + product(wrong, Float64Lanes.absolute(z))
    let derivative = wrong - Float64Lanes.keep(isWeighted, total * smaller)
    return BinaryElements(loss: loss, derivative: Float64Lanes.select(isNegative, .zero - derivative, derivative))
  }

  @inline(__always)
  private func prediction(
    _ z: Float64Lanes, _ logarithm: Float64Lanes, _ smaller: Float64Lanes
  ) -> BinaryPrediction {
    let larger = .one - smaller
    let isNegative = z < .zero
    let p = Float64Lanes.select(isNegative, smaller, larger)
    let q = Float64Lanes.select(isNegative, larger, smaller)
    return BinaryPrediction(
      p: p, q: q, lossOfPositive: logarithm + Float64Lanes.maximum(.zero - z, .zero),
      lossOfNegative: logarithm + Float64Lanes.maximum(z, .zero), positiveFactor: q, negativeFactor: p,
      derivative: p * q)
  }
}

struct BinaryProbabilityInput: BinaryInput {
  private let floor: ProbabilityFloor<Float32Lanes>

  @inline(__always) init(_ task: LossTask) { floor = ProbabilityFloor(task) }
  @inline(__always) func offends(_ x: Float32Lanes) -> Float32Lanes.Mask { floor.offends(x) }

  @inline(__always) func predictions(_ x: Float32Lanes) -> (BinaryPrediction, BinaryPrediction) {
    let clamped = floor.clamp(x)
    let p = floor.raise(clamped)
    let (q, relative) = floor.complement(clamped)
    let (p0, p1) = p.widened
    let (q0, q1) = q.widened
    let (positive0, positive1) = (Float32Lanes.one / p).widened
    let (negative0, negative1) = (Float32Lanes.one / q).widened
    let (logarithm0, logarithm1) = Float32Lanes.widenedLogarithm(p, relative: nil)
    let (complement0, complement1) = Float32Lanes.widenedLogarithm(q, relative: relative)
    return (
      BinaryPrediction(
        p: p0, q: q0, lossOfPositive: .zero - logarithm0, lossOfNegative: .zero - complement0,
        positiveFactor: positive0, negativeFactor: negative0, derivative: .one),
      BinaryPrediction(
        p: p1, q: q1, lossOfPositive: .zero - logarithm1, lossOfNegative: .zero - complement1,
        positiveFactor: positive1, negativeFactor: negative1, derivative: .one)
    )
  }
}

struct BinaryLogProbabilityInput: BinaryInput {
  private let tolerance: Double

  @inline(__always) init(_ task: LossTask) { tolerance = probabilityTolerance(task.prediction.type) }
  @inline(__always) func offends(_ x: Float32Lanes) -> Float32Lanes.Mask { Float32Lanes(tolerance) < x }

  @inline(__always) func predictions(_ x: Float32Lanes) -> (BinaryPrediction, BinaryPrediction) {
    let logarithm = Float32Lanes.minimum(.zero, x)
    let (power, rest) = Float32Lanes.exponentialParts(logarithm)
    let exponential = power + rest
    let complement = Float32Lanes.complement(power: power, rest: rest)
    let relative = Float32Lanes.keep(.zero < complement.value, complement.remainder / complement.value)
    let complementLogarithm = Float32Lanes.widenedLogarithm(complement.value, relative: relative)
    let loss = (.zero - complementLogarithm.0, .zero - complementLogarithm.1)
    let exponentials = exponential.widened
    let complements = complement.value.widened
    // Near a probability of 1 they are above all numbers of float32.
    let odds = (exponentials.0 / complements.0, exponentials.1 / complements.1)
    let logarithms = logarithm.widened
    let small = SmallExponentials(logarithm, value: exponential)
    let p = small.replacing(exponentials, where: exponentials)
    let losses = small.replacing(loss, where: exponentials)
    let factors = small.replacing(odds, where: exponentials)
    return (
      prediction(logarithms.0, p.0, complements.0, losses.0, factors.0),
      prediction(logarithms.1, p.1, complements.1, losses.1, factors.1)
    )
  }

  @inline(__always)
  private func prediction(
    _ logarithm: Float64Lanes, _ p: Float64Lanes, _ q: Float64Lanes, _ loss: Float64Lanes, _ odds: Float64Lanes
  ) -> BinaryPrediction {
    BinaryPrediction(
      p: p, q: q, lossOfPositive: .zero - logarithm, lossOfNegative: loss, positiveFactor: keepNaN(.one, logarithm),
      negativeFactor: odds, derivative: p)
  }
}
