import KernelInterface
import Platform

// One row of logits: its largest value, the sum of its exponentials, and its gradient from them. With one class j set
// apart, the pivot (the label, or the largest logit), and
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

  /// With e^z_j in float64 whatever the lanes are: one more rounding would be seen in the loss.
  @inline(__always) init(scale: ExponentialScale, others: Double, pivotLogit: Double) {
    self.scale = scale
    self.others = others
    self.pivotLogit = pivotLogit
    pivot = Float64Lanes.scaledExponential(Float64Lanes(pivotLogit), scale.withoutBase).value[0]
  }
}

/// The rows of logits of a task.
struct LogitRows<E: Element> {
  typealias Value = E.Compute

  let task: LossTask
  /// The element behind the last row.
  let end: Int
  /// Whether the gradient overwrites the logits.
  let isInPlace: Bool

  @inline(__always) init(_ task: LossTask, endRow: Int) {
    self.task = task
    end = endRow &* task.classes
    isInPlace = task.gradient.map { UnsafeRawPointer($0) } == task.prediction
  }

  /// What the hot loop takes at once.
  @inline(__always) private var block: Int { 4 &* Value.count }
  /// How many logits are looked through for a reference.
  @inline(__always) private var sample: Int { 64 }

  @inline(__always) private func logits(_ index: Int, _ count: Int) -> Value {
    E.load(task.prediction, index, count: count, end: end, fill: -.infinity)
  }

  /// The largest of `count` logits; NaN counts only if there is nothing else.
  @inline(__always) func largest(_ start: Int, _ count: Int) -> Double {
    var first = Value(-.infinity)
    var second = first
    var offset = 0
    while offset &+ 2 &* Value.count <= count {
      first = Value.maximum(E.load(task.prediction, start &+ offset), first)
      second = Value.maximum(E.load(task.prediction, start &+ offset &+ Value.count), second)
      offset &+= 2 &* Value.count
    }
    while offset < count {
      first = Value.maximum(logits(start &+ offset, count &- offset), first)
      offset &+= Value.count
    }
    return Value.maximum(first, second).largest()
  }

  /// The first class whose logit is `value`; 0 if there is none, as in a row of NaN.
  @inline(__always) func firstClass(_ start: Int, equalTo value: Double) -> Int {
    var offset = 0
    while offset < task.classes {
      let left = task.classes &- offset
      // The fill behind the row may be equal too.
      let equal = Value.and(logits(start &+ offset, left) == Value(value), Value.first(left))
      if Value.any(equal) { return offset &+ firstLane(of: equal, Value.self) }
      offset &+= Value.count
    }
    return 0
  }

  /// Where to take the exponentials' reference from: the largest of the row's first logits, or of all where there may be
  /// no second pass, because the exponentials overwrite the logits.
  @inline(__always) func reference(_ start: Int) -> Double {
    let reference = largest(start, isInPlace ? task.classes : min(task.classes, sample))
    return reference > -.infinity ? reference : largest(start, task.classes)
  }

  /// The row's softmax in one pass over its logits: the reference is the largest of the first few. Only where a later
  /// one is too far above it, there is a second pass. Nil where the softmax is not defined: all logits -inf, or one
  /// +inf. NaN logits give a softmax of NaN.
  ///
  /// If a gradient is wanted, the exponentials are left in its place.
  @inline(__always) func softmax(_ start: Int, pivot: Int) -> RowSoftmax? {
    var reference = reference(start)
    var found = softmax(start, pivot: pivot, reference: reference)
    if found.largest > reference + Value.exponentialRange.reach {
      reference = found.largest
      found = softmax(start, pivot: pivot, reference: reference)
    }
    return reference - reference == 0 ? found.softmax : nil
  }

  /// The softmax relative to a reference, and the row's largest logit.
  @inline(__always) func softmax(
    _ start: Int, pivot: Int, reference: Double
  ) -> (softmax: RowSoftmax, largest: Double) {
    let scale = ExponentialScale(reference: reference, Value.exponentialRange)
    // Read before the exponentials may overwrite it.
    let pivotLogit = E.loadOne(task.prediction, start &+ pivot) - scale.base
    let sums = sums(start, task.classes, pivot: pivot, scale)
    return (RowSoftmax(scale: scale, others: sums.others.value, pivotLogit: pivotLogit), sums.largest)
  }

  /// Of `count` logits the sum of the exponentials without the pivot's, and the largest. The pivot may be outside.
  ///
  /// If a gradient is wanted, the exponentials are left in its place.
  @inline(__always) func sums(
    _ start: Int, _ count: Int, pivot: Int, _ scale: ExponentialScale
  ) -> (others: CompensatedSum, largest: Double) {
    var sum = Value.Sum()
    var largest = Value(-.infinity)

    // Whole blocks but the pivot's; then, with care, what is left: the pivot's block and the end of the row.
    let wholeEnd = count / block &* block
    let pivotStart = pivot < 0 ? 0 : min(pivot / block &* block, wholeEnd)
    let pivotEnd = pivot < 0 ? 0 : min(pivotStart &+ block, count)
    for part in 0..<2 {
      var offset = part == 0 ? 0 : pivotEnd
      let partEnd = part == 0 ? pivotStart : wholeEnd
      while offset < partEnd {
        let (e0, e1, e2, e3, high) = exponentials(start &+ offset, scale)
        sum.add(e0, e1)
        sum.add(e2, e3)
        largest = Value.maximum(high, largest)
        offset &+= block
      }
    }
    for part in 0..<2 {
      var offset = part == 0 ? pivotStart : max(wholeEnd, pivotEnd)
      let partEnd = part == 0 ? pivotEnd : count
      while offset < partEnd {
        let left = partEnd &- offset
        let z = logits(start &+ offset, left)
        let term = Value.scaledExponential(z, scale)
        if let gradient = task.gradient { E.store(term.value, gradient, start &+ offset, count: left) }
        let lane = pivot &- offset
        sum.add(lane >= 0 && lane < Value.count ? term.kept(Value.not(Value.only(lane))) : term)
        largest = Value.maximum(z, largest)
        offset &+= Value.count
      }
    }
    return (sum.total, largest.largest())
  }

  /// Asks for what is a page further on: the processor's own prefetching stops at the end of a page.
  @inline(__always) private func prefetch(_ index: Int) {
    let ahead = task.prediction + (index &* E.size &+ 4096)
    for line in 0..<(block &* E.size / 64) { platform_prefetch(ahead + line &* 64) }
  }

  /// A block's exponentials and its largest logits.
  @inline(__always) private func exponentials(_ index: Int, _ scale: ExponentialScale) -> (
    Value.Term, Value.Term, Value.Term, Value.Term, Value
  ) {
    prefetch(index)
    let z0 = E.load(task.prediction, index)
    let z1 = E.load(task.prediction, index &+ Value.count)
    let z2 = E.load(task.prediction, index &+ 2 &* Value.count)
    let z3 = E.load(task.prediction, index &+ 3 &* Value.count)
    let e0 = Value.scaledExponential(z0, scale)
    let e1 = Value.scaledExponential(z1, scale)
    let e2 = Value.scaledExponential(z2, scale)
    let e3 = Value.scaledExponential(z3, scale)
    if let gradient = task.gradient {
      E.store(e0.value, gradient, index)
      E.store(e1.value, gradient, index &+ Value.count)
      E.store(e2.value, gradient, index &+ 2 &* Value.count)
      E.store(e3.value, gradient, index &+ 3 &* Value.count)
    }
    let largest = Value.maximum(Value.maximum(z0, z1), Value.maximum(z2, z3))
    return (e0, e1, e2, e3, largest)
  }

  /// Makes the exponentials that are in the gradient's place the gradient of class indices: `total` e / `sum`.
  @inline(__always)
  func scaleGradient(_ start: Int, _ count: Int, _ gradient: UnsafeMutableRawPointer, total: Double, sum: Double) {
    let factor = total / sum
    let rowEnd = start &+ count
    if isOutOfRange(factor) {
      for index in start..<rowEnd { E.storeOne(E.loadOne(gradient, index) / sum * total, gradient, index) }
      return
    }
    let factors = Value(factor)
    var index = start
    while index < rowEnd {
      let left = rowEnd &- index
      E.store(E.load(gradient, index, count: left, end: end, fill: 0) * factors, gradient, index, count: left)
      index &+= Value.count
    }
  }

  /// As `scaleGradient`, of distributions: `total` e / `sum` - `targetScale` t.
  @inline(__always)
  func scaleGradient(
    _ start: Int, _ gradient: UnsafeMutableRawPointer, total: Double, sum: Double, targetScale: Double
  ) {
    let factor = total / sum
    let rowEnd = start &+ task.classes
    if isOutOfRange(factor) || isOutOfRange(targetScale) {
      for index in start..<rowEnd {
        let value = E.loadOne(gradient, index) / sum * total - E.loadOne(task.target, index) * targetScale
        E.storeOne(value, gradient, index)
      }
      return
    }
    let factors = Value(factor)
    let scales = Value(targetScale)
    var index = start
    while index < rowEnd {
      let left = rowEnd &- index
      let e = E.load(gradient, index, count: left, end: end, fill: 0)
      let t = E.load(task.target, index, count: left, end: end, fill: 0)
      E.store(Value.multiplyAdd(e, factors, .zero - t * scales), gradient, index, count: left)
      index &+= Value.count
    }
  }

  /// Whether the lanes' type would not hold the factor with all its digits. NaN may go on.
  @inline(__always) private func isOutOfRange(_ factor: Double) -> Bool {
    let range = Value.exponentialRange.factors
    return factor < range.lowerBound || factor > range.upperBound
  }
}
