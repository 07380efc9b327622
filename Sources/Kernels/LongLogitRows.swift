import KernelInterface

// Rows of logits that are so long that each is shared out over the threads. The parts are cut by the number of classes
// alone, and their sums added in order.

/// A row in parts, as parallel work.
private struct LongRow {
  let task: LossTask
  let start: Int
  let pivot: Int
  let partSize: Int
  var scale: ExponentialScale
  var sum = 0.0
  var others = InlineArray<256, Double>(repeating: 0)
  var largest = InlineArray<256, Double>(repeating: 0)

  init(_ task: LossTask, row: Int) {
    self.task = task
    start = row &* task.classes
    pivot = Int(task.targetType.label(task.target, row))
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
  let rows = LogitRows<E>(task, endRow: first &+ count)
  var sum = Float64Sum()
  for row in first..<(first &+ count) {
    var long = LongRow(task, row: row)
    let pivotLogit = E.loadOne(task.prediction, long.start &+ long.pivot)
    var reference = rows.reference(long.start)
    var sums = sumParts(E.self, &long, reference: reference)
    if sums.largest > reference + E.Compute.exponentialRange.reach {
      reference = sums.largest
      sums = sumParts(E.self, &long, reference: reference)
    }
    var group = LogitGroup()
    if reference - reference == 0 {
      group.set(
        0, RowSoftmax(scale: long.scale, others: sums.others, pivotLogit: pivotLogit - long.scale.base))
    } else {
      group.set(0, nil)
    }
    let losses = group.losses(headroom: E.Compute.exponentialRange.headroom)
    storeLosses(E.self, losses, task, first: row, count: 1, &sum)
    if let gradient = task.gradient {
      long.sum = group.sums[0]
      task.parallelFor(task.threads, long.partCount, &long) { scalePart($0, $1) }
      E.storeOne(group.pivotGradients(task.gradientScale)[0], gradient, long.start &+ long.pivot)
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
    others = others + CompensatedSum(high: long.others[part])
    if long.largest[part] > largest { largest = long.largest[part] }
  }
  return (others.value, largest)
}

// A C function has no generic parameters: the element type is looked up for each part.

private func sumPart(_ context: UnsafeMutableRawPointer, _ part: Int) {
  let long = context.assumingMemoryBound(to: LongRow.self)
  switch long.pointee.task.elementType {
  case .float32: sumPart(Float32Element.self, long, part)
  default: sumPart(Float64Element.self, long, part)
  }
}

private func sumPart<E: Element>(_: E.Type, _ long: UnsafeMutablePointer<LongRow>, _ part: Int) {
  let rows = LogitRows<E>(long.pointee.task, endRow: long.pointee.task.rows)
  let first = long.pointee.first(part)
  let count = long.pointee.count(part)
  let pivot = long.pointee.pivot &- first
  let sums = rows.sums(
    long.pointee.start &+ first, count, pivot: pivot < count ? pivot : -1, long.pointee.scale)
  long.pointee.others[part] = sums.others.value
  long.pointee.largest[part] = sums.largest
}

private func scalePart(_ context: UnsafeMutableRawPointer, _ part: Int) {
  let long = context.assumingMemoryBound(to: LongRow.self)
  switch long.pointee.task.elementType {
  case .float32: scalePart(Float32Element.self, long, part)
  default: scalePart(Float64Element.self, long, part)
  }
}

private func scalePart<E: Element>(_: E.Type, _ long: UnsafeMutablePointer<LongRow>, _ part: Int) {
  guard let gradient = long.pointee.task.gradient else { return }
  let rows = LogitRows<E>(long.pointee.task, endRow: long.pointee.task.rows)
  rows.scaleGradient(
    long.pointee.start &+ long.pointee.first(part), long.pointee.count(part), gradient,
    total: rows.task.gradientScale, sum: long.pointee.sum)
}
