import XentKernelInterface

// Categorical losses of probabilities and log-probabilities with options, in any layout and type: a row's loss is the sum of
// its class terms. Everything is computed in float64.

/// One class's prediction: its probability and what a derivative in p is multiplied by.
private struct ClassPrediction {
  let p: Float64Lanes
  let q: Float64Lanes
  /// -log p.
  let loss: Float64Lanes
  /// d log p / dx, and d2(-log p)/dx2.
  let factor: Float64Lanes
  let curvature: Float64Lanes

  @inline(__always) init(_ task: LossTask, _ x: Float64Lanes) {
    if task.input == .probabilities {
      let floor = ProbabilityFloor<Float64Lanes>(task)
      let clamped = floor.clamp(x)
      p = floor.raise(clamped)
      q = floor.raise(.one - clamped)
      loss = .zero - floor.logarithm(clamped)
      factor = .one / p
      curvature = factor / p
    } else {
      loss = .zero - x
      factor = .one
      curvature = .zero
      let needsProbability = task.terms.focalGamma > 0 || task.terms.polyEpsilon != 0
      let logarithm = Float64Lanes.minimum(.zero, x)
      p = needsProbability ? Float64Lanes.exponentialOfNegative(logarithm) : .one
      q = needsProbability ? Float64Lanes.complementOfExponential(logarithm).value : .zero
    }
  }

  @inline(__always) static func offends(_ task: LossTask, _ x: Float64Lanes) -> Bool {
    task.input == .probabilities && Float64Lanes.any(ProbabilityFloor<Float64Lanes>(task).offends(x))
  }

  @inline(__always)
  func term(_ terms: LossTerms, weight: Float64Lanes) -> ClassTerm {
    ClassTerm(terms, logWeight: weight, polyWeight: weight, loss: loss, p: p, q: q)
  }
}

// One instance for all element types.
@inline(never) func composedProbabilityRows(_ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals) {
  eachRowGroup(first: first, count: count, classes: task.classes, &totals) { rows, tiles, sum, totals in
    let targets = ClassTargets(task, rows)
    if task.argmax.isThere {
      var largest = LargestClass()
      tiles.eachClass(task, rows, isFirstPass: true) { c, x, _ in largest.add(c, x) }
      largest.store(task, rows, targets, &totals)
    }
    return task.hasSingleTarget
      ? singleTargetGroup(task, rows, tiles, targets, &sum) : distributionGroup(task, rows, tiles, targets, &sum)
  }
}

/// Only the label's prediction is read.
@inline(__always)
private func singleTargetGroup(
  _ task: LossTask, _ rows: RowGroup, _ tiles: RowTiles, _ targets: ClassTargets, _ sum: inout Float64Sum
) -> Bool {
  let x = Float64Lanes.select(
    targets.isUsed, rows.values(task.prediction) { task.usableLabel($0) }, .one)
  if ClassPrediction.offends(task, x) { return false }
  let scales = RowScales(task, rows, isUsed: targets.isUsed)
  let prediction = ClassPrediction(task, x)
  let weight = targets.labelWeights(task, rows)
  let term = prediction.term(task.terms, weight: weight)
  let loss = scales.scaledLoss(term.value)
  sum.add(Float64Lanes.keep(rows.lanes, loss))
  rows.store(loss, task.rowLoss)
  let isNaN = Float64Lanes.not(loss == loss)
  let others = Float64Lanes.keep(isNaN, Float64Lanes(.nan))
  let gradient = Float64Lanes.select(isNaN, others, scales.scaledGradient(product(term.slope, prediction.factor)))
  let hessian = Float64Lanes.select(isNaN, others, scales.scaledGradient(product(weight, prediction.curvature)))
  writeSingleTarget(task, rows, tiles.gradient, task.gradient, gradient, others, targets, task.accumulatesGradient)
  writeSingleTarget(task, rows, tiles.hessian, task.hessian, hessian, others, targets, false)
  return true
}

/// Stores a row's value at its label and another everywhere else.
@inline(__always)
private func writeSingleTarget(
  _ task: LossTask, _ rows: RowGroup, _ tile: Tile, _ operand: Operand, _ atLabel: Float64Lanes,
  _ elsewhere: Float64Lanes, _ targets: ClassTargets, _ accumulates: Bool
) {
  guard operand.isThere else { return }
  var firstClass = 0
  while firstClass < task.classes {
    let count = min(Tile.capacity, task.classes &- firstClass)
    for column in 0..<count {
      tile[column] = Float64Lanes.select(targets.isLabel(firstClass &+ column), atLabel, elsewhere)
    }
    tile.store(operand, rows, firstClass: firstClass, count: count, accumulates: accumulates)
    firstClass &+= Tile.capacity
  }
}

/// Every class has a target.
@inline(__always)
private func distributionGroup(
  _ task: LossTask, _ rows: RowGroup, _ tiles: RowTiles, _ targets: ClassTargets, _ sum: inout Float64Sum
) -> Bool {
  let scales = RowScales(task, rows, isUsed: targets.isUsed)
  var losses = Float64Sum()
  var isOffended = false
  tiles.eachClass(task, rows, isFirstPass: true) { c, x, given in
    let prediction = Float64Lanes.select(targets.isUsed, x, .one)
    if ClassPrediction.offends(task, prediction) || Float64Lanes.any(isNotADistributionEntry(given)) {
      isOffended = true
    }
    let target = targets.target(c, given)
    let weight = targets.weight(c)
    losses.add(ClassPrediction(task, prediction).term(task.terms, weight: target * weight).value)
    if task.terms.isDivergence { losses.add(product(weight, targets.negativeEntropy(c, given, classes: task.classes))) }
  }
  if isOffended { return false }
  let loss = scales.scaledLoss(losses.finiteLanes)
  sum.add(Float64Lanes.keep(rows.lanes, loss))
  rows.store(loss, task.rowLoss)
  let isNaN = Float64Lanes.not(loss == loss)
  tiles.eachResult(task, rows) { c, x, given in
    let weight = targets.target(c, given) * targets.weight(c)
    let prediction = ClassPrediction(task, x)
    let term = prediction.term(task.terms, weight: weight)
    let nan = Float64Lanes(.nan)
    return (
      Float64Lanes.select(isNaN, nan, scales.scaledGradient(product(term.slope, prediction.factor))),
      Float64Lanes.select(isNaN, nan, scales.scaledGradient(product(weight, prediction.curvature)))
    )
  }
  return true
}
