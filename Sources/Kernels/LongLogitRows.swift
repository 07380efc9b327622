import XentKernelInterface

// Rows of logits that are so long that each is shared out over the threads. The parts are cut by the number of classes
// alone, and their sums added in order.

/// What a part's thread finds out: the sum of the exponentials but the label's, and the largest logit.
private struct PartSum {
  var others = 0.0
  var largest = 0.0
}

/// A row in parts, as parallel work.
private struct LongRow {
  let task: LossTask
  let row: Int
  let pivot: Int
  let partSize: Int
  var scale: ExponentialScale
  var sum = 0.0
  /// One for every part. By pointer, as each is written by another thread.
  let partSums: UnsafeMutablePointer<PartSum>

  init(_ task: LossTask, row: Int, _ partSums: UnsafeMutablePointer<PartSum>) {
    self.task = task
    self.row = row
    self.partSums = partSums
    pivot = task.usableLabel(row)
    let size = max(1 << 15, (task.classes &+ 255) / 256)
    // Whole vectors in every part but the last.
    partSize = (size &+ 63) / 64 &* 64
    scale = ExponentialScale(shift: 0)
  }

  var partCount: Int { (task.classes &+ partSize &- 1) / partSize }
  func first(_ part: Int) -> Int { part &* partSize }
  func count(_ part: Int) -> Int { min(partSize, task.classes &- first(part)) }
}

/// Class indices as targets, long rows.
func longLogitLabelRows<E: Element>(_: E.Type, _ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals) {
  var partSums = InlineArray<256, PartSum>(repeating: PartSum())
  withUnsafeMutableBytes(of: &partSums) { partSums in
    longLogitLabelRows(
      E.self, task, first: first, count: count,
      partSums.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: PartSum.self), &totals)
  }
}

private func longLogitLabelRows<E: Element>(
  _: E.Type, _ task: LossTask, first: Int, count: Int, _ partSums: UnsafeMutablePointer<PartSum>,
  _ totals: inout LossTotals
) {
  let rows = LogitRows<E>(task, endRow: first &+ count)
  let range = E.Compute.exponentialRange
  var sum = Float64Sum()
  for row in first..<(first &+ count) {
    var long = LongRow(task, row: row, partSums)
    let pivotPlace = rows.start(row) &+ long.pivot
    let pivotLogit = E.loadOne(task.predictionData, pivotPlace)
    var reference = rows.reference(row)
    var sums = sumParts(E.self, &long, reference: reference)
    if sums.largest > reference + range.reach {
      reference = sums.largest
      sums = sumParts(E.self, &long, reference: reference)
    }
    var group = LogitGroup()
    if reference - reference == 0 {
      group.set(
        0, RowSoftmax(scale: long.scale, others: sums.others, pivotLogit: pivotLogit - long.scale.base))
    } else {
      group.setUndefined(0, logSumExp: .nan)
    }
    group.setPivots(range)
    let one = RowGroup(first: row, count: 1)
    let outcome = LabelOutcome(task, one, group, headroom: range.headroom)
    outcome.storeLosses(task, one, &sum)
    if task.gradient.isThere {
      long.sum = group.sums[0]
      task.parallelFor(task.threads, long.partCount, &long) { scalePart($0, $1) }
      task.gradient.store(
        outcome.pivotGradient[0], rows.gradientStart(row) &+ long.pivot, accumulates: false)
    }
  }
  totals.add(sum.total)
}

/// The sums of all parts relative to the reference.
private func sumParts<E: Element>(
  _: E.Type, _ long: inout LongRow, reference: Double
) -> (others: Double, largest: Double) {
  long.scale = ExponentialScale(reference: reference, E.Compute.exponentialRange)
  long.task.parallelFor(long.task.threads, long.partCount, &long) { sumPart($0, $1) }
  var others = CompensatedSum()
  var largest = -Double.infinity
  for part in 0..<long.partCount {
    others = others + CompensatedSum(high: long.partSums[part].others)
    if long.partSums[part].largest > largest { largest = long.partSums[part].largest }
  }
  return (others.value, largest)
}

// A C function has no generic parameters: the element type is looked up for each part.

private func sumPart(_ context: UnsafeMutableRawPointer, _ part: Int) {
  eachType(context, part, Summation.self)
}
private func scalePart(_ context: UnsafeMutableRawPointer, _ part: Int) {
  eachType(context, part, Scaling.self)
}

private protocol PartWork {
  static func run<E: Element>(_: E.Type, _ long: UnsafeMutablePointer<LongRow>, _ part: Int)
}

private func eachType<Work: PartWork>(_ context: UnsafeMutableRawPointer, _ part: Int, _: Work.Type) {
  let long = context.assumingMemoryBound(to: LongRow.self)
  switch long.pointee.task.prediction.type {
  case .float32: Work.run(Float32Element.self, long, part)
  case .float16: Work.run(Float16Element.self, long, part)
  case .bfloat16: Work.run(BFloat16Element.self, long, part)
  default: Work.run(Float64Element.self, long, part)
  }
}

private enum Summation: PartWork {
  static func run<E: Element>(_: E.Type, _ long: UnsafeMutablePointer<LongRow>, _ part: Int) {
    let rows = LogitRows<E>(long.pointee.task, endRow: long.pointee.task.rows)
    let first = long.pointee.first(part)
    let count = long.pointee.count(part)
    let pivot = long.pointee.pivot &- first
    let sums = rows.sums(
      long.pointee.row, first: first, count, pivot: pivot < count ? pivot : -1, long.pointee.scale)
    long.pointee.partSums[part] = PartSum(others: sums.others.value, largest: sums.largest)
  }
}

private enum Scaling: PartWork {
  static func run<E: Element>(_: E.Type, _ long: UnsafeMutablePointer<LongRow>, _ part: Int) {
    let rows = LogitRows<E>(long.pointee.task, endRow: long.pointee.task.rows)
    rows.scaleGradient(
      long.pointee.row, first: long.pointee.first(part), long.pointee.count(part), long.pointee.scale,
      total: long.pointee.task.gradientScale, sum: long.pointee.sum, spread: 0)
  }
}
