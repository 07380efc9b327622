import KernelInterface

// Binary losses with options, in any layout and type. With y the smoothed target, the two classes add
//
//     f(p; A, y) + f(1-p; B, 1-y),   A = y pos_weight alpha,   B = (1-y) (1-alpha),
//
// f as in ClassTerm.swift. Everything is computed in float64.

/// An element's two probabilities and their logarithms, and what makes the derivatives in the input of those in p.
private struct BinaryPrediction {
  /// p and 1 - p.
  let p: Float64Lanes
  let q: Float64Lanes
  /// -log p and -log(1-p).
  let lossOfPositive: Float64Lanes
  let lossOfNegative: Float64Lanes
  /// d log p / dx and -d log(1-p) / dx.
  let positiveFactor: Float64Lanes
  let negativeFactor: Float64Lanes
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
    let derivative = transform.derivative(z)
    positiveFactor = q * derivative
    negativeFactor = p * derivative
    positiveCurvature = p * q * derivative * derivative
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
    positiveFactor = .one
    negativeFactor = p / q
    positiveCurvature = .zero
    negativeCurvature = negativeFactor / q
  }
}

private struct BinaryTiles {
  let target: Tile
  let prediction: Tile
  let sampleWeights: Tile
  let posWeight: Tile
  let upstream: Tile
  let loss: Tile
  let gradient: Tile
  let hessian: Tile

  init(_ memory: UnsafeMutableRawPointer) {
    func tile(_ number: Int) -> Tile { Tile(memory: memory + number &* Tile.bytes) }
    target = tile(0)
    prediction = tile(1)
    sampleWeights = tile(2)
    posWeight = tile(3)
    upstream = tile(4)
    loss = tile(5)
    gradient = tile(6)
    hessian = tile(7)
  }
}

// One instance for all element types.
@inline(never) func composedBinaryRows(_ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals) {
  var memory = InlineArray<4096, Double>(repeating: 0)
  withUnsafeMutableBytes(of: &memory) { memory in
    let tiles = BinaryTiles(memory.baseAddress.unsafelyUnwrapped)
    var sum = Float64Sum()
    let size = Tile.capacity &* 8
    var row = first
    while row < first &+ count {
      let left = min(size, first &+ count &- row)
      tiles.target.loadRun(task.target, firstRow: row, count: left)
      tiles.prediction.loadRun(task.prediction, firstRow: row, count: left)
      tiles.sampleWeights.loadRun(task.sampleWeights, firstRow: row, count: left)
      tiles.posWeight.loadRun(task.posWeight, firstRow: row, count: left)
      tiles.upstream.loadRun(task.upstream, firstRow: row, count: left)
      for column in 0..<((left &+ 7) / 8) {
        if !binaryVector(task, tiles, column, left: left &- column &* 8, &sum) {
          totals.hasOffender = true
          return
        }
      }
      tiles.loss.storeRun(task.rowLoss, firstRow: row, count: left, accumulates: false)
      tiles.gradient.storeRun(task.gradient, firstRow: row, count: left, accumulates: task.accumulatesGradient)
      tiles.hessian.storeRun(task.hessian, firstRow: row, count: left, accumulates: false)
      row &+= size
    }
    totals.add(sum.total)
  }
}

/// Eight elements; false if one of them is none that the loss can have.
@inline(__always)
private func binaryVector(
  _ task: LossTask, _ tiles: BinaryTiles, _ column: Int, left: Int, _ sum: inout Float64Sum
) -> Bool {
  typealias Value = Float64Lanes
  let terms = task.terms
  let y = tiles.target[column]
  let x = tiles.prediction[column]
  var offending = isNotInUnitInterval(y)
  let prediction: BinaryPrediction
  switch task.input {
  case .probabilities:
    let floor = ProbabilityFloor<Value>(task)
    offending = Value.or(offending, floor.offends(x))
    prediction = BinaryPrediction(probability: x, floor)
  case .logits:
    prediction = BinaryPrediction(logit: x, LogitTransform(terms))
  case .logProbabilities:
    offending = Value.or(offending, Value(probabilityTolerance(task.prediction.type)) < x)
    prediction = BinaryPrediction(logProbability: x)
  }
  if Value.any(offending) { return false }

  let kept = Value(1 - terms.labelSmoothing)
  let spread = Value(terms.labelSmoothing * 0.5)
  let target = Value.multiplyAdd(kept, y, spread)
  let complement = Value.multiplyAdd(kept, .one - y, spread)
  var positiveWeight = target
  var negativeWeight = complement
  if task.posWeight.isThere { positiveWeight = positiveWeight * tiles.posWeight[column] }
  if terms.focalAlpha >= 0 {
    positiveWeight = positiveWeight * Value(terms.focalAlpha)
    negativeWeight = negativeWeight * Value(1 - terms.focalAlpha)
  }
  let positive = ClassTerm(
    terms, logWeight: positiveWeight, polyWeight: target, loss: prediction.lossOfPositive, p: prediction.p,
    q: prediction.q)
  let negative = ClassTerm(
    terms, logWeight: negativeWeight, polyWeight: complement, loss: prediction.lossOfNegative, p: prediction.q,
    q: prediction.p)
  var loss = positive.value + negative.value
  if terms.isDivergence {
    let entropies =
      entropyTerm(target, complement: complement) + entropyTerm(complement, complement: target)
    loss = loss + entropies
  }

  var weight = Value.one
  if task.sampleWeights.isThere {
    weight = tiles.sampleWeights[column]
    loss = Value.select(weight == .zero, .zero, loss * weight)
  }
  sum.add(Value.keep(Value.first(left), loss))
  if task.rowLoss.isThere { tiles.loss[column] = loss }
  if !task.gradient.isThere && !task.hessian.isThere { return true }

  var scale = weight * Value(task.gradientScale)
  if task.upstream.isThere { scale = scale * tiles.upstream[column] }
  let isLeftOut = Value.or(weight == .zero, Value(task.gradientScale) == .zero)
  if task.gradient.isThere {
    let derivative =
      product(positive.slope, prediction.positiveFactor) - product(negative.slope, prediction.negativeFactor)
    tiles.gradient[column] = Value.select(isLeftOut, .zero, derivative * scale)
  }
  if task.hessian.isThere {
    let curvature =
      product(positiveWeight, prediction.positiveCurvature) + product(negativeWeight, prediction.negativeCurvature)
    tiles.hessian[column] = Value.select(isLeftOut, .zero, curvature * scale)
  }
  return true
}
