import KernelInterface

// Categorical losses of logits. With one class j set apart, the pivot (the label, or the largest logit), with
//
//     E = e^z_j 2^-s,   S = sum over the other classes of e^z_c 2^-s,
//
// log-sum-exp - z_j = log(1 + S/E), which keeps its relative accuracy however confident the row is. The gradient
// at the pivot is made from S in the same way: softmax_j - 1 = -S / (S + E).

/// A row's softmax, less the pivot's part.
struct RowSoftmax {
  let scale: ExponentialScale
  /// S and E above.
  let others: Double
  let pivot: Double
  /// z_j - base.
  let pivotLogit: Double

  /// S + E.
  @inline(__always) var sum: Double { others + pivot }

  /// lse - z_j. Where e^z_j is lost against the sum, log(S+E) = log-sum-exp - K ln 2 with the sum brought to its
  /// natural size, and K ln 2 in two parts, whose high one meets z_j first.
  @inline(__always) var lossOfPivot: Double {
    let ratio = others / pivot
    if !(ratio > 0x1p60) { return Float64Lanes.logarithmOnePlus(Float64Lanes(ratio))[0] }
    let logarithm = Float64Lanes.logarithm(Float64Lanes(sum * 0x1p-900))[0]
    let apart = scale.exponent * Logarithm2.high - pivotLogit
    return apart + (logarithm + scale.exponent * Logarithm2.low)
  }
}

/// The rows of one task: loads, the two passes over a row, and the gradient.
struct LogitRows<E: Element> {
  typealias Value = E.Compute

  let task: LossTask
  let end: Int

  @inline(__always) init(_ task: LossTask, endRow: Int) {
    self.task = task
    end = endRow &* task.classes
  }

  @inline(__always) private func logits(_ index: Int, _ count: Int) -> Value {
    E.load(task.prediction, index, count: count, end: end, fill: -.infinity)
  }

  /// The largest logit of a row; NaN counts only if there is nothing else.
  @inline(__always) func largest(_ start: Int) -> Double {
    var largest = Value(-.infinity)
    var offset = 0
    while offset < task.classes {
      largest = Value.maximum(logits(start &+ offset, task.classes &- offset), largest)
      offset &+= Value.count
    }
    return largest.largest()
  }

  /// The first class whose logit is `value`, which must be there.
  @inline(__always) func firstClass(_ start: Int, equalTo value: Double) -> Int {
    var offset = 0
    while offset < task.classes {
      let equal = logits(start &+ offset, task.classes &- offset) == Value(value)
      if Value.any(equal) { return offset &+ firstLane(of: equal, Value.self) }
      offset &+= Value.count
    }
    return 0
  }

  /// Nil where the softmax is not defined: all logits -inf, or one +inf. NaN logits give a softmax of NaN.
  @inline(__always) func softmax(_ start: Int, largest: Double, pivot: Int) -> RowSoftmax? {
    guard largest - largest == 0 else { return nil }
    let scale = ExponentialScale(largest: largest)
    var sum = LaneSum<Value>()
    let pivotVector = pivot / Value.count &* Value.count
    var offset = 0
    while offset < task.classes {
      var e = Value.scaledExponential(logits(start &+ offset, task.classes &- offset), scale)
      if offset == pivotVector { e = Value.keep(Value.not(Value.only(pivot &- offset)), e) }
      sum.add(e)
      offset &+= Value.count
    }
    let logit = E.loadOne(task.prediction, start &+ pivot)
    let exponential = Float64Lanes.scaledExponential(Float64Lanes(logit), scale)[0]
    return RowSoftmax(
      scale: scale, others: sum.total.value, pivot: exponential, pivotLogit: logit - scale.base)
  }

  /// Gradient of a row that has no softmax.
  @inline(__always) func storeUndefinedGradient(_ start: Int) {
    if let gradient = task.gradient { fill(E.self, gradient, start, task.classes, .nan) }
  }
}

/// Class indices as targets: l = lse - z_y, gradient softmax - [c = y].
func logitLabelRows<E: Element>(_: E.Type, _ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals) {
  let rows = LogitRows<E>(task, endRow: first &+ count)
  let classes = task.classes
  var sum = CompensatedSum()
  for row in first..<(first &+ count) {
    let start = row &* classes
    let label = Int(task.targetType.label(task.target, row))
    var loss = Double.nan
    if let softmax = rows.softmax(start, largest: rows.largest(start), pivot: label) {
      loss = softmax.lossOfPivot
      if let gradient = task.gradient {
        let factor = task.gradientScale / softmax.sum
        var offset = 0
        while offset < classes {
          let left = classes &- offset
          let z = E.load(task.prediction, start &+ offset, count: left, end: rows.end, fill: -.infinity)
          let e = E.Compute.scaledExponential(z, softmax.scale)
          E.store(e * E.Compute(factor), gradient, start &+ offset, count: left)
          offset &+= E.Compute.count
        }
        E.storeOne(0 - softmax.others * factor, gradient, start &+ label)
      }
    } else {
      rows.storeUndefinedGradient(start)
    }
    sum.add(loss)
    if let rowLoss = task.rowLoss { E.storeOne(loss, rowLoss, row) }
  }
  totals.add(sum)
}

/// Distributions as targets, T = sum_c t_c, j the largest logit's class:
/// l = T (lse - z_j) + sum_c t_c (z_j - z_c), whose terms are all >= 0. Gradient T softmax_c - t_c, at the pivot
/// (T - t_j) - T S/(S+E), where T - t_j is summed without t_j: a one-hot target gives exactly 0.
func logitDistributionRows<E: Element>(
  _: E.Type, _ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals
) {
  typealias Value = E.Compute
  let endRow = first &+ count
  let rows = LogitRows<E>(task, endRow: endRow)
  let classes = task.classes
  var lossSum = CompensatedSum()
  for row in first..<endRow {
    let start = row &* classes
    let largest = rows.largest(start)
    let pivot = rows.firstClass(start, equalTo: largest)
    let pivotVector = pivot / Value.count &* Value.count

    var otherTargets = LaneSum<Value>()
    var distances = LaneSum<Value>()
    var offset = 0
    while offset < classes {
      let left = classes &- offset
      let t = E.load(task.target, start &+ offset, count: left, end: rows.end, fill: 0)
      let z = E.load(task.prediction, start &+ offset, count: left, end: rows.end, fill: 0)
      let offending = isNotADistributionEntry(t)
      if Value.any(offending) {
        totals.offendingElement = start &+ offset &+ firstLane(of: offending, Value.self)
        return
      }
      var others = Value.not(t == .zero)
      if offset == pivotVector { others = Value.and(others, Value.not(Value.only(pivot &- offset))) }
      otherTargets.add(Value.keep(others, t))
      distances.add(Value.keep(others, t * (Value(largest) - z)))
      offset &+= Value.count
    }

    var loss = Double.nan
    if let softmax = rows.softmax(start, largest: largest, pivot: pivot) {
      let others = otherTargets.total.value
      let total = others + E.loadOne(task.target, start &+ pivot)
      loss = total * softmax.lossOfPivot + distances.total.value
      if let gradient = task.gradient {
        let scale = task.gradientScale
        let factor = total * scale / softmax.sum
        let pivotGradient = others * scale - softmax.others * factor
        offset = 0
        while offset < classes {
          let left = classes &- offset
          let t = E.load(task.target, start &+ offset, count: left, end: rows.end, fill: 0)
          let z = E.load(task.prediction, start &+ offset, count: left, end: rows.end, fill: 0)
          let e = Value.scaledExponential(z, softmax.scale)
          let value = Value.multiplyAdd(e, Value(factor), .zero - t * Value(scale))
          E.store(value, gradient, start &+ offset, count: left)
          offset &+= Value.count
        }
        E.storeOne(pivotGradient, gradient, start &+ pivot)
      }
    } else {
      rows.storeUndefinedGradient(start)
    }
    lossSum.add(loss)
    if let rowLoss = task.rowLoss { E.storeOne(loss, rowLoss, row) }
  }
  totals.add(lossSum)
}
