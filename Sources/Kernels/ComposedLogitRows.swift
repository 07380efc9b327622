import XentKernelInterface

// Categorical losses of logits with options, in any layout and type. With p = softmax of the transformed logits u,
// tau_c = w_c t_c and f of ClassTerm.swift
//
//     l = sum_c tau_c f(p_c) + b w lse^2,   dl/du_k = tau_k g(p_k) - p_k sum_c tau_c g(p_c) + 2 b w lse p_k,   g = p df/dp.
//
// Of the plain logarithm that is T (lse - u_j) + sum_c tau_c (u_j - u_c), T = sum_c tau_c, around a pivot j: the label if it is the
// only target, else the largest logit. The pivot's exponential stays out of the sum of the others (see LogitRow.swift), and
// every term keeps its relative accuracy. Everything is computed in float64, a row a lane.

// One instance for all element types.
@inline(never) func composedLogitRows(_ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals) {
  eachRowGroup(first: first, count: count, classes: task.classes, &totals) { rows, tiles, sum, totals in
    composedLogitGroup(task, rows, tiles, &sum, &totals)
  }
}

/// The softmax of eight rows, a pivot apart.
private struct GroupSoftmax {
  let transform: LogitTransform
  let scale: LaneScale
  /// What the transform rounded off the scale's base.
  private let baseLow: Float64Lanes
  /// The scale for logits that are less the base already, in rows so large that they have one.
  private let scaleWithoutBase: LaneScale
  private let hasBase: Bool
  /// The pivot's class and transformed logit.
  let pivot: Float64Lanes
  let pivotHigh: Float64Lanes
  let pivotLow: Float64Lanes
  /// The sum of the other exponentials, and the pivot's.
  private(set) var others = Float64Lanes.zero
  private(set) var pivotTerm = Float64Lanes.zero
  /// lse - u_j, and the pivot's p and 1 - p.
  private(set) var lossOfPivot = Float64Lanes.zero
  private(set) var pivotP = Float64Lanes.zero
  private(set) var pivotQ = Float64Lanes.zero

  @inline(__always) init(_ task: LossTask, largest: Float64Lanes, pivot: Float64Lanes, pivotLogit: Float64Lanes) {
    transform = LogitTransform(task.terms)
    self.pivot = pivot
    (pivotHigh, pivotLow) = transform.apply(pivotLogit)
    let (reference, referenceLow) = transform.apply(largest)
    scale = LaneScale(references: Float64Lanes.select(reference - reference == .zero, reference, .zero))
    let isBase = Float64Lanes.not(scale.base == .zero)
    hasBase = Float64Lanes.any(isBase)
    baseLow = Float64Lanes.keep(isBase, referenceLow)
    scaleWithoutBase = LaneScale(
      base: .zero, exponent: scale.exponent, headroom: Float64Lanes.exponentialRange.headroom)
    pivotTerm = exponential(high: pivotHigh, low: pivotLow)
  }

  @inline(__always) func exponential(_ z: Float64Lanes) -> Float64Lanes {
    let (high, low) = transform.apply(z)
    return exponential(high: high, low: low)
  }

  /// The low part must be small beside 1 near the largest logit, and that of a large one is only less that of its base.
  @inline(__always) private func exponential(high: Float64Lanes, low: Float64Lanes) -> Float64Lanes {
    if !hasBase { return Float64Lanes.scaledExponential(high, low: low, scale) }
    let distance = high - scale.base
    let lowDistance = low - baseLow
    let sum = distance + lowDistance
    let part = sum - distance
    let rest = (distance - (sum - part)) + (lowDistance - part)
    return Float64Lanes.scaledExponential(sum, low: rest, scaleWithoutBase)
  }

  @inline(__always) func isPivot(_ classIndex: Int) -> Float64Lanes.Mask { pivot == Float64Lanes(Double(classIndex)) }

  @inline(__always) mutating func setOthers(_ sum: Float64Lanes) {
    others = sum
    lossOfPivot = group.losses(headroom: Float64Lanes.exponentialRange.headroom)
    pivotP = group.pivotProbability
    pivotQ = group.pivotComplement
  }

  /// u_j - u_c.
  @inline(__always) func distance(_ z: Float64Lanes) -> Float64Lanes {
    let (high, low) = transform.apply(z)
    return (pivotHigh - high) + (pivotLow - low)
  }

  @inline(__always) var sum: Float64Lanes { others + pivotTerm }

  @inline(__always) var logSumExp: Float64Lanes { group.logSumExp(headroom: Float64Lanes.exponentialRange.headroom) }

  @inline(__always) var group: LogitGroup {
    LogitGroup(others: others, pivot: pivotTerm, pivotLogit: (pivotHigh - scale.base) + (pivotLow - baseLow), scale)
  }
}

@inline(__always)
private func composedLogitGroup(
  _ task: LossTask, _ rows: RowGroup, _ tiles: RowTiles, _ sum: inout Float64Sum, _ totals: inout LossTotals
) -> Bool {
  typealias Value = Float64Lanes
  let terms = task.terms
  let targets = ClassTargets(task, rows)
  let isSingle = task.hasSingleTarget

  var largest = LargestClass()
  var offending = Value.first(0)
  tiles.eachClass(task, rows, isFirstPass: true) { c, z, given in
    largest.add(c, z)
    offending = Value.or(offending, isNotADistributionEntry(given))
  }
  if Value.any(offending) { return false }
  largest.store(task, rows, targets, &totals)

  let pivotLogit = isSingle ? rows.values(task.prediction) { task.usableLabel($0) } : largest.value
  var softmax = GroupSoftmax(
    task, largest: largest.value, pivot: isSingle ? targets.labels : largest.index, pivotLogit: pivotLogit)
  var others = Float64Sum()
  var othersOfLargest = Float64Sum()
  tiles.eachClass(task, rows, isFirstPass: false) { c, z, _ in
    let e = softmax.exponential(z)
    others.add(Value.keep(Value.not(softmax.isPivot(c)), e))
    if task.hessian.isThere { othersOfLargest.add(Value.keep(Value.not(largest.isIndex(c)), e)) }
  }
  softmax.setOthers(others.lanes)

  // No softmax: all logits -inf, one +inf, or a NaN.
  let peak = softmax.transform.apply(largest.value).high
  let isUndefined = Value.or(Value.not(peak - peak == .zero), largest.hasNaN)
  var logSumExp = Value.zero
  if task.logSumExp.isThere || terms.zLoss != 0 {
    logSumExp = Value.select(
      largest.hasNaN, Value(.nan), Value.select(peak - peak == .zero, softmax.logSumExp, peak))
    rows.store(logSumExp, task.logSumExp)
  }

  let labelWeights = targets.labelWeights(task, rows)
  let sums =
    isSingle
    ? ClassSums(
      terms, softmax.group, headroom: Float64Lanes.exponentialRange.headroom, weight: labelWeights)
    : distributionSums(task, rows, tiles, targets, softmax)
  @inline(__always) func defined(_ value: Value) -> Value { Value.select(isUndefined, Value(.nan), value) }
  let inverse = .one / softmax.sum
  let outcome = LogitOutcome(
    task, rows, targets, labelWeights: labelWeights,
    ClassSums(
      value: defined(sums.value), slopeOfOthers: sums.slopeOfOthers, slopeOfPivot: sums.slopeOfPivot),
    pivotProbability: softmax.pivotP, pivotComplement: softmax.pivotQ, logSumExp: logSumExp)
  sum.add(Value.keep(rows.lanes, outcome.loss))
  rows.store(outcome.loss, task.rowLoss)

  let largestQ = othersOfLargest.lanes * inverse
  let isPlainSlope = terms.focalGamma == 0 && terms.polyEpsilon == 0
  tiles.eachResult(task, rows) { c, z, given in
    let isPivot = softmax.isPivot(c)
    let p = softmax.exponential(z) * inverse
    var derivative = p * outcome.factor
    if !isSingle {
      let weight = targets.target(c, given) * targets.weight(c)
      if isPlainSlope {
        derivative = derivative - weight
      } else {
        derivative =
          derivative + classTerm(terms, softmax, z, p: p, weight: weight, isPivot: isPivot).slope
      }
    }
    derivative = Value.select(isPivot, outcome.pivotDerivative, derivative)
    let slope = softmax.transform.derivative(z)
    let gradient = product(slope, derivative)
    var hessian = Value.zero
    if task.hessian.isThere {
      let ownP = Value.select(isPivot, softmax.pivotP, p)
      // Of the largest class 1 - p would lose its digits.
      let ownQ = Value.select(largest.isIndex(c), largestQ, .one - ownP)
      let spread = ownP * ownQ
      hessian = spread * outcome.factor
      if terms.zLoss != 0 { hessian = hessian + product(outcome.zWeight, Value(2) * ownP * ownP) }
      hessian = hessian * slope * slope
    }
    return (outcome.scaledGradient(defined(gradient)), outcome.scaledGradient(defined(hessian)))
  }
  return true
}

@inline(__always)
private func distributionSums(
  _ task: LossTask, _ rows: RowGroup, _ tiles: RowTiles, _ targets: ClassTargets, _ softmax: GroupSoftmax
) -> ClassSums {
  typealias Value = Float64Lanes
  let terms = task.terms
  let isPlain = terms.focalGamma == 0 && terms.polyEpsilon == 0
  let inverse = .one / softmax.sum
  var values = Float64Sum()
  var slopes = Float64Sum()
  var pivotSlope = Value.zero
  tiles.eachClass(task, rows, isFirstPass: false) { c, z, given in
    let isPivot = softmax.isPivot(c)
    let target = targets.target(c, given)
    let classWeight = targets.weight(c)
    let weight = target * classWeight
    if isPlain {
      values.add(Value.select(weight == .zero, .zero, weight * softmax.distance(z)))
      slopes.add(Value.select(isPivot, .zero, .zero - weight))
      pivotSlope = Value.select(isPivot, .zero - weight, pivotSlope)
    } else {
      let term = classTerm(
        terms, softmax, z, p: softmax.exponential(z) * inverse, weight: weight, isPivot: isPivot)
      values.add(term.value)
      slopes.add(Value.select(isPivot, .zero, term.slope))
      pivotSlope = Value.select(isPivot, term.slope, pivotSlope)
    }
    if terms.isDivergence { values.add(product(classWeight, targets.negativeEntropy(c, given, classes: task.classes))) }
  }
  let slopeOfOthers = slopes.lanes
  var value = values.finiteLanes
  if isPlain { value = value - product(slopeOfOthers + pivotSlope, softmax.lossOfPivot) }
  return ClassSums(value: value, slopeOfOthers: slopeOfOthers, slopeOfPivot: pivotSlope)
}

/// The term of any class: -log p_c = (lse - u_j) + (u_j - u_c).
@inline(__always)
private func classTerm(
  _ terms: LossTerms, _ softmax: GroupSoftmax, _ z: Float64Lanes, p: Float64Lanes,
  weight: Float64Lanes, isPivot: Float64Lanes.Mask
) -> ClassTerm {
  return ClassTerm(
    terms, logWeight: weight, polyWeight: weight,
    loss: softmax.lossOfPivot + Float64Lanes.select(isPivot, .zero, softmax.distance(z)),
    p: Float64Lanes.select(isPivot, softmax.pivotP, p),
    q: Float64Lanes.select(isPivot, softmax.pivotQ, .one - p))
}
