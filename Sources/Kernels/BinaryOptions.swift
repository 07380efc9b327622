import XentKernelInterface

// What options make of a binary prediction. With y the smoothed target, the two classes add
//
//     f(p; A, y) + f(1-p; B, 1-y),   A = y pos_weight alpha,   B = (1-y) (1-alpha),
//
// f as in ClassTerm.swift. All of it is computed in float64.

/// The arrays of a block of elements, as float64 values.
struct BinaryTiles {
  let target: Tile
  let prediction: Tile
  let sampleWeights: Tile
  let posWeight: Tile
  let upstream: Tile
  let loss: Tile
  let gradient: Tile
  let hessian: Tile

  /// The elements of a block: few, so that all tiles stay in the nearest cache.
  @inline(__always) static var capacity: Int { 256 }
  // A cache line more than the elements take: equal distances to powers of two would share a place in the cache.
  @inline(__always) private static var distance: Int { capacity &* 8 &+ 64 }

  @inline(__always) init(_ memory: UnsafeMutableRawPointer) {
    func tile(_ number: Int) -> Tile { Tile(memory: memory + number &* Self.distance) }
    target = tile(0)
    prediction = tile(1)
    sampleWeights = tile(2)
    posWeight = tile(3)
    upstream = tile(4)
    loss = tile(5)
    gradient = tile(6)
    hessian = tile(7)
  }

  /// The weights of `count` elements.
  @inline(__always) func loadWeights(_ task: LossTask, firstRow row: Int, count: Int) {
    sampleWeights.loadRun(task.sampleWeights, firstRow: row, count: count)
    if task.posWeight.rowStride != 0 { posWeight.loadRun(task.posWeight, firstRow: row, count: count) }
    if task.upstream.rowStride != 0 { upstream.loadRun(task.upstream, firstRow: row, count: count) }
  }
}

/// What the two classes of eight elements are multiplied by.
struct BinaryWeights {
  /// The smoothed target y and 1 - y.
  let target: Float64Lanes
  let complement: Float64Lanes
  /// A and B.
  let positive: Float64Lanes
  let negative: Float64Lanes
}

/// Loss and derivative of eight elements.
struct BinaryElements {
  let loss: Float64Lanes
  let derivative: Float64Lanes

  @inline(__always) init(loss: Float64Lanes, derivative: Float64Lanes) {
    self.loss = loss
    self.derivative = derivative
  }

  @inline(__always) init(_ prediction: BinaryPrediction, _ weights: BinaryWeights, _ terms: LossTerms) {
    let positive = ClassTerm(
      terms, logWeight: weights.positive, polyWeight: weights.target, loss: prediction.lossOfPositive, q: prediction.q,
      ofLogarithm: prediction.positiveFactor, ofProbability: prediction.derivative
    ) { finiteProduct(prediction.lossOfPositive, prediction.negativeFactor) }
    let negative = ClassTerm(
      terms, logWeight: weights.negative, polyWeight: weights.complement, loss: prediction.lossOfNegative,
      q: prediction.p, ofLogarithm: prediction.negativeFactor, ofProbability: prediction.derivative
    ) { finiteProduct(prediction.lossOfNegative, prediction.positiveFactor) }
    var loss = positive.value + negative.value
    if terms.isDivergence {
      let entropies =
        entropyTerm(weights.target, complement: weights.complement)
        + entropyTerm(weights.complement, complement: weights.target)
      loss = loss + entropies
    }
    self.loss = loss
    derivative = positive.slope - negative.slope
  }
}

/// The product of a loss and a derivative, of which one may be infinite where the other is 0, and 0 their product.
@inline(__always) private func finiteProduct(_ a: Float64Lanes, _ b: Float64Lanes) -> Float64Lanes {
  Float64Lanes.keep(Float64Lanes.not(b == .zero), product(a, b))
}

/// Everything about the options but the terms themselves.
struct BinaryOptions {
  /// Of the smoothing.
  private let kept: Float64Lanes
  private let spread: Float64Lanes
  /// A = y positiveKept + positiveSpread for the target y as it is given, and B likewise of 1 - y.
  private let positiveKept: Float64Lanes
  private let positiveSpread: Float64Lanes
  private let negativeKept: Float64Lanes
  private let negativeSpread: Float64Lanes
  private let scale: Float64Lanes
  private let hasSampleWeights: Bool
  private let hasPosWeights: Bool
  private let hasUpstreams: Bool

  @inline(__always) init(_ task: LossTask) {
    let smoothing = task.terms.labelSmoothing
    let alpha = task.terms.focalAlpha
    let posWeight = task.posWeight.isThere && task.posWeight.rowStride == 0 ? task.posWeight.value(0) : 1
    let positive = posWeight * (alpha >= 0 ? alpha : 1)
    let negative = alpha >= 0 ? 1 - alpha : 1
    kept = Float64Lanes(1 - smoothing)
    spread = Float64Lanes(smoothing * 0.5)
    positiveKept = Float64Lanes(positive * (1 - smoothing))
    positiveSpread = Float64Lanes(positive * (smoothing * 0.5))
    negativeKept = Float64Lanes(negative * (1 - smoothing))
    negativeSpread = Float64Lanes(negative * (smoothing * 0.5))
    let upstream = task.upstream.isThere && task.upstream.rowStride == 0 ? task.upstream.value(0) : 1
    scale = Float64Lanes(task.gradientScale * upstream)
    hasSampleWeights = task.sampleWeights.isThere
    hasPosWeights = task.posWeight.isThere && task.posWeight.rowStride != 0
    hasUpstreams = task.upstream.isThere && task.upstream.rowStride != 0
  }

  /// Of the targets `y` of the eight elements of a column of the tiles.
  @inline(__always) func weights(_ y: Float64Lanes, _ tiles: BinaryTiles, _ column: Int) -> BinaryWeights {
    let complement = .one - y
    let positive = Float64Lanes.multiplyAdd(positiveKept, y, positiveSpread)
    return BinaryWeights(
      target: Float64Lanes.multiplyAdd(kept, y, spread),
      complement: Float64Lanes.multiplyAdd(kept, complement, spread),
      positive: hasPosWeights ? positive * tiles.posWeight[column] : positive,
      negative: Float64Lanes.multiplyAdd(negativeKept, complement, negativeSpread))
  }

  @inline(__always) func loss(_ loss: Float64Lanes, _ tiles: BinaryTiles, _ column: Int) -> Float64Lanes {
    hasSampleWeights ? product(tiles.sampleWeights[column], loss) : loss
  }

  /// A derivative, weighted and scaled.
  @inline(__always) func scaled(_ derivative: Float64Lanes, _ tiles: BinaryTiles, _ column: Int) -> Float64Lanes {
    let factor = hasUpstreams ? scale * tiles.upstream[column] : scale
    if !hasSampleWeights { return derivative * factor }
    let weight = tiles.sampleWeights[column]
    return Float64Lanes.keep(Float64Lanes.not(weight == .zero), derivative * (factor * weight))
  }
}
