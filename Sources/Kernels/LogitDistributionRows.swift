import XentKernelInterface

/// Categorical losses of logits with distributions, T = sum_c t_c, j the largest logit's class:
/// l = T (lse - z_j) + sum_c t_c (z_j - z_c), whose terms are all >= 0. Gradient T softmax_c - t_c, at a
/// pivot of probability above one half (T - t_j) - T S/(S+E), where T - t_j is summed without t_j: a one-hot target gives exactly 0.
func logitDistributionRows<E: Element>(
  _: E.Type, _ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals
) {
  let endRow = first &+ count
  let rows = LogitRows<E>(task, endRow: endRow)
  let classes = task.classes
  for row in first..<endRow {
    let largest = rows.largest(row, classes)
    let pivot = rows.firstClass(row, equalTo: largest)
    guard let targets = TargetSums(E.self, task, end: rows.end(row), row, largest: largest, pivot: pivot, &totals) else { return }

    var group = LogitGroup()
    let softmax = rows.softmax(row, pivot: pivot, reference: largest).softmax
    if largest - largest == 0 { group.set(0, softmax) } else { group.setUndefined(0, logSumExp: .nan) }
    group.setPivots(E.Compute.exponentialRange)
    let total = targets.others + task.target.value(row, pivot)
    let lossOfPivot = group.losses(headroom: E.Compute.exponentialRange.headroom)[0]
    let loss = total * lossOfPivot + targets.distance
    totals.add(CompensatedSum(high: loss))
    task.rowLoss.store(loss, row, accumulates: false)
    if task.gradient.isThere {
      let scale = task.gradientScale
      rows.scaleGradient(row, softmax.scale, total: total * scale, sum: group.sums[0], targetScale: scale)
      // Where the pivot has most of the probability; elsewhere T softmax_j itself is the more exact.
      if softmax.others <= 0.5 * group.sums[0] {
        let pivotGradient = targets.others * scale + group.pivotGradients(total * scale)[0]
        task.gradient.store(pivotGradient, row &* classes &+ pivot, accumulates: false)
      }
    }
  }
}

/// What a row's loss needs of its distribution.
private struct TargetSums {
  /// sum of t_c without the pivot's.
  let others: Double
  /// sum of t_c (z_j - z_c).
  let distance: Double

  /// Nil, with the place in the totals, if an entry is none that a distribution can have.
  @inline(__always)
  init?<E: Element>(
    _: E.Type, _ task: LossTask, end: Int, _ row: Int, largest: Double, pivot: Int, _ totals: inout LossTotals
  ) {
    typealias Value = E.Compute
    let start = row &* task.classes
    var sum = Value.Sum()
    var distances = Value.Sum()
    var offset = 0
    while offset < task.classes {
      let left = task.classes &- offset
      let t = E.load(task.target, start &+ offset, count: left, end: end, fill: 0)
      let z = E.load(task.predictionData, start &+ offset, count: left, end: end, fill: 0)
      let offending = isNotADistributionEntry(t)
      if Value.any(offending) {
        totals.stop = start
        return nil
      }
      let lane = pivot &- offset
      let others = lane >= 0 && lane < Value.count ? Value.keep(Value.not(Value.only(lane)), t) : t
      sum.add(others)
      // Where t is 0 the logit may be anything.
      let peak = Value(largest)
      distances.add(others, timesDifference: peak, Value.select(others == .zero, peak, z))
      offset &+= Value.count
    }
    self.others = sum.total.value
    distance = distances.total.value
  }
}
