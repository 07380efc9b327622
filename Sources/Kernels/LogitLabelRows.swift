import XentKernelInterface

// Categorical losses of logits with class indices: l = lse - z_y, gradient softmax - [c = y].

/// Rows of any length, one after the other.
func logitLabelRows<E: Element>(_: E.Type, _ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals) {
  mappedLogitLabelRows(E.self, PlainLogits<E.Compute>.self, task, first: first, count: count, &totals)
}

/// As above, of logits that are transformed.
func mappedLogitLabelRows<E: Element, Map: LogitMap>(
  _: E.Type, _: Map.Type, _ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals
) where Map.Value == E.Compute {
  let endRow = first &+ count
  var sum = Float64Sum()
  // The gradients of a group should still be in the cache when they are scaled.
  let groupSize = task.classes <= 2048 ? LogitGroup.capacity : 1
  var rows = MappedLogitRows<E, Map>(task, endRow: endRow)
  var row = first
  while row < endRow {
    let group = RowGroup(first: row, count: min(groupSize, endRow &- row))
    storeArgmax(E.self, task, group, endRow: endRow, &totals)
    rows.makeRoom(group, endRow: endRow)
    logitLabelGroup(rows, task, group, &sum)
    row &+= group.count
  }
  totals.add(sum.total)
}

/// Up to eight rows.
@inline(__always)
private func logitLabelGroup<E: Element, Map: LogitMap>(
  _ rows: MappedLogitRows<E, Map>, _ task: LossTask, _ group: RowGroup, _ sum: inout Float64Sum
) {
  var softmaxes = LogitGroup()
  var distances = Float64Lanes.zero
  // Before exponentials may overwrite the logits.
  let slopes = rows.map.slopes(group.count) { rows.logit(group.first &+ $0, task.usableLabel(group.first &+ $0)) }
  if task.terms.labelSmoothing > 0 {
    distances.setLanes(group.count) { lane in
      let row = group.first &+ lane
      if task.target.label(row) == task.ignoreIndex { return 0 }
      return rows.distances(row, from: task.prediction.value(row, task.usableLabel(row)))
    }
    distances = distances * slopes
  }
  for lane in 0..<group.count {
    let row = group.first &+ lane
    let label = task.target.label(row)
    if label == task.ignoreIndex && !task.logSumExp.isThere { continue }
    if let softmax = rows.softmax(row, pivot: task.usableLabel(row)) {
      softmaxes.set(lane, softmax)
    } else {
      softmaxes.setUndefined(lane, logSumExp: task.logSumExp.isThere ? rows.undefinedLogSumExp(row) : .nan)
    }
  }
  let range = E.Compute.exponentialRange
  softmaxes.setPivots(range)
  let outcome = LabelOutcome(task, group, softmaxes, headroom: range.headroom, distances: distances)
  outcome.storeLosses(task, group, &sum)
  if Map.hasHessian && task.hessian.isThere {
    storeHessians(rows, task, group, softmaxes, outcome, slopes)
  }
  if task.gradient.isThere {
    let sums = softmaxes.sums
    let keptFactor = rows.map.keptFactor
    for lane in 0..<group.count {
      let row = group.first &+ lane
      if !task.isPlain && outcome.hasNoGradient(lane) {
        rows.fillGradient(row, 0)
        continue
      }
      let pivot = task.classIndex(row)
      let place = rows.gradientStart(row) &+ pivot
      let slope = Map.isPlain ? 1 : slopes[lane]
      let before = task.accumulatesGradient ? task.gradient.value(row, pivot) : 0
      rows.scaleGradient(
        row, first: 0, task.classes, softmaxes.scale(lane, range), total: outcome.total[lane] * keptFactor, sum: sums[lane],
        spread: outcome.spread[lane] * slope)
      task.gradient.store(before + outcome.pivotGradient[lane] * slope, place, accumulates: false)
    }
  }
}

/// The Hessians of up to eight rows.
@inline(__always)
private func storeHessians<E: Element, Map: LogitMap>(
  _ rows: MappedLogitRows<E, Map>, _ task: LossTask, _ group: RowGroup, _ softmaxes: LogitGroup, _ outcome: LabelOutcome,
  _ slopes: Float64Lanes
) {
  let sums = softmaxes.sums
  let pivotProbabilities = softmaxes.pivotProbability
  let totals = outcome.total * slopes * slopes
  let ofPivots = totals * pivotProbabilities * softmaxes.pivotComplement
  for lane in 0..<group.count {
    let row = group.first &+ lane
    if outcome.hasNoGradient(lane) {
      for c in 0..<task.classes { task.hessian.store(0, row &* task.hessian.rowStride &+ c, accumulates: false) }
    } else {
      rows.storeHessian(
        row, task.hessian, softmaxes.scale(lane, E.Compute.exponentialRange), total: totals[lane],
        softmax: (sums[lane], pivotProbabilities[lane]), pivot: task.classIndex(row), pivotHessian: ofPivots[lane])
    }
  }
}

/// Stores the argmax of every row if it is wanted, and counts those that are the label: first of all, as exponentials may
/// overwrite the logits.
@inline(__always)
private func storeArgmax<E: Element>(
  _: E.Type, _ task: LossTask, _ group: RowGroup, endRow: Int, _ totals: inout LossTotals
) {
  guard let data = task.argmax.data else { return }
  let rows = LogitRows<E>(task, endRow: endRow)
  for row in group.first..<(group.first &+ group.count) {
    let winner = Int64(rows.argmax(row))
    data.storeBytes(of: winner, toByteOffset: task.argmax.index(row, 0) &* 8, as: Int64.self)
    let label = task.target.label(row)
    if label == winner && label != task.ignoreIndex { totals.correct &+= 1 }
  }
}

/// What eight rows of class indices come to: with options, or plainly.
struct LabelOutcome {
  let loss: Float64Lanes
  /// What the rows' softmax is multiplied by for their gradient.
  let total: Float64Lanes
  let pivotGradient: Float64Lanes
  /// What smoothing takes off every class's gradient.
  let spread: Float64Lanes
  let isWithoutGradient: Float64Lanes

  /// `distances` are the sums over all classes of what the label's logit is above theirs, for smoothing.
  @inline(__always)
  init(
    _ task: LossTask, _ rows: RowGroup, _ group: LogitGroup, headroom: Double, distances: Float64Lanes = .zero
  ) {
    if task.isPlain {
      loss = group.losses(headroom: headroom)
      total = Float64Lanes(task.gradientScale)
      pivotGradient = group.pivotGradients(task.gradientScale)
      isWithoutGradient = .zero
      spread = .zero
      return
    }
    let targets = ClassTargets(task, rows)
    let weights = targets.labelWeights(task, rows)
    var logSumExp = Float64Lanes.zero
    if task.logSumExp.isThere || task.terms.zLoss != 0 {
      logSumExp = group.logSumExp(headroom: headroom, baseFactor: task.terms.logitScale)
      rows.store(logSumExp, task.logSumExp)
    }
    let smoothing = task.terms.labelSmoothing
    let part = Float64Lanes(smoothing / Double(task.classes))
    let sums =
      smoothing == 0
      ? ClassSums(task.terms, group, headroom: headroom, weight: weights)
      : ClassSums(
        value: Float64Lanes.multiplyAdd(part, distances, group.losses(headroom: headroom)),
        slopeOfOthers: .zero - part * Float64Lanes(Double(task.classes - 1)),
        slopeOfPivot: Float64Lanes(smoothing - 1) - part)
    let outcome = LogitOutcome(
      task, rows, targets, labelWeights: weights, sums, pivotProbability: group.pivotProbability,
      pivotComplement: group.pivotComplement, logSumExp: logSumExp)
    loss = outcome.loss
    total = outcome.scaledGradient(outcome.factor)
    pivotGradient = outcome.scaledGradient(outcome.pivotDerivative)
    spread = smoothing == 0 ? .zero : outcome.scaledGradient(part)
    isWithoutGradient = Float64Lanes.keep(
      Float64Lanes.or(outcome.scales.hasNoGradient, outcome.isEmpty), .one)
  }

  /// Rows whose gradient is 0 whatever their logits are.
  @inline(__always) func hasNoGradient(_ lane: Int) -> Bool { isWithoutGradient[lane] != 0 }

  /// Adds the rows' losses to the sum, and stores them if each row's loss is wanted.
  @inline(__always) func storeLosses(_ task: LossTask, _ rows: RowGroup, _ sum: inout Float64Sum) {
    sum.add(Float64Lanes.keep(rows.lanes, loss))
    rows.store(loss, task.rowLoss)
  }
}

/// The longest row that eight of fit the run of exponentials below.
let shortRow = 32

/// Rows of at most `shortRow` classes, eight at a time: their exponentials are computed as one run of vectors in
/// float64, relative to the largest of all eight, which the range of float64 leaves room for.
///
/// `Exact` computes the element type in float64, `E` is for the groups whose rows are too far apart.
func shortLogitLabelRows<E: Element, Exact: Element>(
  _: E.Type, _: Exact.Type, _ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals
) where Exact.Compute == Float64Lanes {
  var run = InlineArray<256, Double>(repeating: 0)
  withUnsafeMutableBytes(of: &run) { run in
    let exponentials = run.baseAddress.unsafelyUnwrapped
    let endRow = first &+ count
    let exact = LogitRows<Exact>(task, endRow: endRow)
    var sum = Float64Sum()
    var row = first
    while row < endRow {
      let group = RowGroup(first: row, count: min(LogitGroup.capacity, endRow &- row))
      storeArgmax(E.self, task, group, endRow: endRow, &totals)
      if !shortLogitLabelGroup(exact, task, group, end: endRow &* task.classes, exponentials, &sum) {
        var task = task
        task.argmax = Operand()
        logitLabelRows(E.self, task, first: row, count: group.count, &totals)
      }
      row &+= LogitGroup.capacity
    }
    totals.add(sum.total)
  }
}

/// Up to eight rows that lie one behind the other; false, with nothing written, if one is so far below the others that its
/// exponentials are lost, or has none.
@inline(__always)
private func shortLogitLabelGroup<Exact: Element>(
  _ logits: LogitRows<Exact>, _ task: LossTask, _ rows: RowGroup, end: Int, _ exponentials: UnsafeMutableRawPointer,
  _ sum: inout Float64Sum
) -> Bool where Exact.Compute == Float64Lanes {
  let classes = task.classes
  let range = Float64Lanes.exponentialRange
  let start = rows.first &* classes
  let elements = rows.count &* classes
  let predictions = task.predictionData
  let scale = ExponentialScale(reference: logits.largest(rows.first, elements), range)
  var index = 0
  while index < elements {
    let z = Exact.load(predictions, start &+ index, count: elements &- index, end: end, fill: -.infinity)
    Float64Element.store(Float64Lanes.scaledExponential(z, scale), exponentials, index)
    index &+= Float64Lanes.count
  }

  var group = LogitGroup()
  for lane in 0..<rows.count {
    let pivot = lane &* classes &+ task.usableLabel(rows.first &+ lane)
    let pivotLogit = Exact.loadOne(predictions, start &+ pivot) - scale.base
    group.set(lane, scale, pivot: Float64Element.loadOne(exponentials, pivot), pivotLogit: pivotLogit)
    Float64Element.storeOne(0, exponentials, pivot)
  }
  group.setOthers(columnSums(exponentials, classes, isCompensated: Exact.size == 8))
  // One over a sum times the smallest of scales would not be a normal number.
  if !group.sumsReach(0x1p60, count: rows.count) || task.gradientScale.magnitude < 0x1p-600 { return false }
  let outcome = LabelOutcome(task, rows, group, headroom: range.headroom)
  outcome.storeLosses(task, rows, &sum)
  if let gradient = task.gradient.data {
    let isPlain = task.isPlain
    let stride = task.gradient.rowStride
    let factors = outcome.total / group.sums
    // An infinite factor, which only options make, makes NaN of a 0.
    let areFinite = isPlain || !Float64Lanes.any(Float64Lanes.not(factors - factors == .zero))
    let isSimple = task.gradient.type == Exact.type && !task.accumulatesGradient && areFinite
    for lane in 0..<rows.count {
      let row = rows.first &+ lane
      let place = row &* stride
      if !isPlain && outcome.hasNoGradient(lane) {
        logits.fillGradient(row, 0)
        continue
      }
      let factor = factors[lane]
      let offset = lane &* classes
      // What is stored at the pivot first is 0.
      let pivot = place &+ task.classIndex(row)
      if isSimple {
        for c in 0..<classes {
          Exact.storeOne(Float64Element.loadOne(exponentials, offset &+ c) * factor, gradient, place &+ c)
        }
        Exact.storeOne(outcome.pivotGradient[lane], gradient, pivot)
      } else {
        for c in 0..<classes {
          task.gradient.store(
            Float64Element.loadOne(exponentials, offset &+ c) * factor, place &+ c,
            accumulates: task.accumulatesGradient)
        }
        task.gradient.store(outcome.pivotGradient[lane], pivot, accumulates: task.accumulatesGradient)
      }
    }
  }
  return true
}

/// The sums of eight rows of exponentials that lie one behind the other, a row a lane; for float64 compensated ones.
@inline(__always)
private func columnSums(_ exponentials: UnsafeMutableRawPointer, _ classes: Int, isCompensated: Bool) -> Float64Lanes {
  var plain = Float64Lanes.zero
  var compensated = Float64Sum()
  for c in 0..<classes {
    @inline(__always) func row(_ lane: Int) -> Double { Float64Element.loadOne(exponentials, lane &* classes &+ c) }
    let column = Float64Lanes(SIMD8(row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7)))
    if isCompensated { compensated.add(column) } else { plain = plain + column }
  }
  return isCompensated ? compensated.lanes : plain
}
