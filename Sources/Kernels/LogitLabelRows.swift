import KernelInterface

// Categorical losses of logits with class indices: l = lse - z_y, gradient softmax - [c = y].

/// Rows of any length, one after the other.
func logitLabelRows<E: Element>(_: E.Type, _ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals) {
  let endRow = first &+ count
  var sum = Float64Sum()
  // The gradients of a group should still be in the cache when they are scaled.
  let groupSize = task.classes <= 2048 ? LogitGroup.capacity : 1
  var row = first
  while row < endRow {
    let size = min(groupSize, endRow &- row)
    logitLabelGroup(E.self, task, first: row, count: size, endRow: endRow, &sum)
    row &+= size
  }
  totals.add(sum.total)
}

/// Up to eight rows.
@inline(__always)
private func logitLabelGroup<E: Element>(
  _: E.Type, _ task: LossTask, first: Int, count: Int, endRow: Int, _ sum: inout Float64Sum
) {
  let rows = LogitRows<E>(task, endRow: endRow)
  let classes = task.classes
  var group = LogitGroup()
  for lane in 0..<count {
    let row = first &+ lane
    let label = Int(task.targetType.label(task.target, row))
    group.set(lane, rows.softmax(row &* classes, pivot: label))
  }
  let losses = group.losses(headroom: E.Compute.exponentialRange.headroom)
  storeLosses(E.self, losses, task, first: first, count: count, &sum)
  if let gradient = task.gradient {
    let sums = group.sums
    let pivotGradients = group.pivotGradients(task.gradientScale)
    for lane in 0..<count {
      let row = first &+ lane
      rows.scaleGradient(row &* classes, classes, gradient, total: task.gradientScale, sum: sums[lane])
      E.storeOne(pivotGradients[lane], gradient, labelElement(task, row))
    }
  }
}

/// Adds the first `count` lanes to the sum, and stores them if each row's loss is wanted.
@inline(__always)
func storeLosses<E: Element>(
  _: E.Type, _ losses: Float64Lanes, _ task: LossTask, first: Int, count: Int, _ sum: inout Float64Sum
) {
  sum.add(Float64Lanes.keep(Float64Lanes.first(count), losses))
  if let rowLoss = task.rowLoss {
    losses.eachLane(count) { E.storeOne($1, rowLoss, first &+ $0) }
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
    var sum = Float64Sum()
    var row = first
    while row < endRow {
      let size = min(LogitGroup.capacity, endRow &- row)
      if !shortLogitLabelGroup(Exact.self, task, first: row, count: size, endRow: endRow, exponentials, &sum) {
        logitLabelGroup(E.self, task, first: row, count: size, endRow: endRow, &sum)
      }
      row &+= size
    }
    totals.add(sum.total)
  }
}

/// Up to eight rows; false, with nothing written, if one is so far below the others that its exponentials are lost,
/// or has none.
@inline(__always)
private func shortLogitLabelGroup<Exact: Element>(
  _: Exact.Type, _ task: LossTask, first: Int, count: Int, endRow: Int, _ exponentials: UnsafeMutableRawPointer,
  _ sum: inout Float64Sum
) -> Bool where Exact.Compute == Float64Lanes {
  let classes = task.classes
  let rows = LogitRows<Exact>(task, endRow: endRow)
  let range = Float64Lanes.exponentialRange
  let start = first &* classes
  let elements = count &* classes
  let scale = ExponentialScale(reference: rows.largest(start, elements), range)
  var index = 0
  while index < elements {
    let z = Exact.load(task.prediction, start &+ index, count: elements &- index, end: rows.end, fill: -.infinity)
    Float64Element.store(Float64Lanes.scaledExponential(z, scale).value, exponentials, index)
    index &+= Float64Lanes.count
  }

  var group = LogitGroup()
  for lane in 0..<count {
    let label = Int(task.targetType.label(task.target, first &+ lane))
    let pivot = lane &* classes &+ label
    let pivotLogit = Exact.loadOne(task.prediction, start &+ pivot) - scale.base
    group.set(lane, scale, pivot: Float64Element.loadOne(exponentials, pivot), pivotLogit: pivotLogit)
    Float64Element.storeOne(0, exponentials, pivot)
  }
  group.setOthers(columnSums(exponentials, classes, isCompensated: Exact.size == 8))
  // One over a sum times the smallest of scales would not be a normal number.
  if !group.sumsReach(0x1p60, count: count) || task.gradientScale < 0x1p-600 { return false }
  storeLosses(Exact.self, group.losses(headroom: range.headroom), task, first: first, count: count, &sum)
  if let gradient = task.gradient {
    let factors = Float64Lanes(task.gradientScale) / group.sums
    let pivotGradients = group.pivotGradients(task.gradientScale)
    for lane in 0..<count {
      let offset = lane &* classes
      for index in offset..<(offset &+ classes) {
        Exact.storeOne(Float64Element.loadOne(exponentials, index) * factors[lane], gradient, start &+ index)
      }
      Exact.storeOne(pivotGradients[lane], gradient, labelElement(task, first &+ lane))
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
