import XentKernelInterface

/// The inner loop of all pointwise losses: `count` elements from `first`, whose derivatives go to the gradient and
/// whose losses are added up, and stored too if they are wanted one by one. Nil if an element is none that the
/// loss can have; its index is then in the totals, and nothing from its vector on has been written.
@inline(__always)
func pointwiseRun<E: Element, F: Formula>(
  _: E.Type, _ formula: F, _ task: LossTask, first: Int, count: Int, end: Int,
  elementLoss: Operand?, _ totals: inout LossTotals
) -> CompensatedSum? where F.Value == E.Compute {
  let scale = E.Compute(task.gradientScale)
  // Apart from the task, which the stores might change for all the compiler knows.
  let targets = task.target
  let predictions = task.predictionData
  let gradient = task.gradient
  var sum = E.Compute.Sum()
  var index = first
  let runEnd = first &+ count
  while index < runEnd {
    // The fill is a right answer of probability 1: it offends nobody and is masked out of the sum.
    let left = runEnd &- index
    let target = E.load(targets, index, count: left, end: end, fill: 1)
    let prediction = E.load(predictions, index, count: left, end: end, fill: 1)
    let offending = formula.offends(target, prediction)
    if E.Compute.any(E.Compute.and(offending, E.Compute.first(left))) {
      totals.stop = index
      return nil
    }
    let loss = formula.loss(target, prediction)
    sum.add(left >= E.Compute.count ? loss : E.Compute.keep(E.Compute.first(left), loss))
    if let elementLoss { E.store(loss, elementLoss, index, count: left) }
    if gradient.isThere {
      E.store(formula.derivative(target, prediction, scale: scale), gradient, index, count: left)
    }
    index &+= E.Compute.count
  }
  let total = sum.total
  // Where a derivative is NaN, the loss is, too.
  if total.high.isNaN {
    if let elementLoss { E.settleResults(elementLoss, first: first, count: count) }
    E.settleResults(gradient, first: first, count: count)
  }
  return total
}

/// The first lane that the mask holds for.
@inline(__always) func firstLane<Value: Lanes>(of mask: Value.Mask, _: Value.Type) -> Int {
  let marks = Value.keep(mask, .one)
  for lane in 0..<Value.count where marks[lane] != 0 { return lane }
  return Value.count
}

/// Binary losses: every element is a row.
func binaryRows<E: Element, F: Formula>(
  _: E.Type, _: F.Type, _ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals
) where F.Value == E.Compute {
  let sum = pointwiseRun(
    E.self, F(task), task, first: first, count: count, end: first &+ count, elementLoss: task.rowLoss.isThere ? task.rowLoss : nil, &totals)
  if let sum { totals.add(sum) }
}

/// Categorical losses of probabilities or log-probabilities with a distribution as target.
func distributionRows<E: Element, F: Formula>(
  _: E.Type, _: F.Type, _ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals
) where F.Value == E.Compute {
  let formula = F(task)
  let classes = task.classes
  let end = (first &+ count) &* classes
  for row in first..<(first &+ count) {
    let start = row &* classes
    guard
      let sum = pointwiseRun(
        E.self, formula, task, first: start, count: classes, end: end, elementLoss: nil, &totals)
    else { return }
    let loss = sum.value
    totals.add(sum)
    task.rowLoss.store(loss, row, accumulates: false)
    if task.gradient.isThere, loss.isNaN { fill(E.self, task.gradient, start, classes, .nan) }
  }
}

/// Categorical losses of probabilities or log-probabilities with a class index as target: of every row one element
/// is read, so a vector holds as many rows as it has lanes.
func labelRows<E: Element, F: Formula>(
  _: E.Type, _: F.Type, _ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals
) where F.Value == E.Compute {
  let formula = F(task)
  let classes = task.classes
  let scale = E.Compute(task.gradientScale)
  var sum = E.Compute.Sum()
  var row = first
  let end = first &+ count
  while row < end {
    let group = min(E.Compute.count, end &- row)
    var prediction = E.Compute.one
    prediction.setLanes(group) { E.loadOne(task.predictionData, labelElement(task, row &+ $0)) }
    let offending = formula.offends(.one, prediction)
    if E.Compute.any(offending) {
      totals.stop = row &* classes
      return
    }
    let loss = formula.loss(.one, prediction)
    sum.add(E.Compute.keep(E.Compute.first(group), loss))
    if task.rowLoss.isThere { E.storeResult(loss, task.rowLoss, row, count: group) }
    if task.gradient.isThere {
      let derivative = formula.derivative(.one, prediction) * scale
      for lane in 0..<group {
        let isNaN = loss[lane].isNaN
        fill(E.self, task.gradient, (row &+ lane) &* classes, classes, isNaN ? .nan : 0)
        if !isNaN {
          task.gradient.type.store(
            derivative[lane], task.gradient.data.unsafelyUnwrapped, labelElement(task, row &+ lane))
        }
      }
    }
    row &+= E.Compute.count
  }
  totals.add(sum.total)
}

/// The flat index of the row's label's element.
@inline(__always) func labelElement(_ task: LossTask, _ row: Int) -> Int {
  row &* task.classes &+ task.classIndex(row)
}

@inline(__always)
func fill<E: Element>(_: E.Type, _ array: Operand, _ first: Int, _ count: Int, _ value: Double) {
  let values = E.Compute(value)
  let end = first &+ count
  var index = first
  while index < end {
    E.store(values, array, index, count: end &- index)
    index &+= E.Compute.count
  }
}

extension LossTotals {
  @inline(__always) mutating func add(_ sum: CompensatedSum) {
    let total = CompensatedSum(high: lossHigh, low: lossLow) + sum
    lossHigh = total.high
    lossLow = total.low
  }
}
