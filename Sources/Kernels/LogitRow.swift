import XentKernelInterface
import XentPlatform

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
  /// S above.
  let others: Double
  /// z_j - base, of transformed logits.
  let pivotLogit: Double
}

/// The rows of logits as they are.
typealias LogitRows<E: Element> = MappedLogitRows<E, PlainLogits<E.Compute>>

/// The rows of logits of a task, whose classes lie one behind the other. What is said of logits below holds of what the map
/// makes of them; `reference`, `largest` and `distances` are those of the logits as they are.
struct MappedLogitRows<E: Element, Map: LogitMap> where Map.Value == E.Compute {
  typealias Value = E.Compute

  let map: Map

  // What the loops need of the task, apart from it: the gradient's stores might change the rest, for all the compiler knows.
  private let predictionData: UnsafeRawPointer
  private let rowStride: Int
  let target: Operand
  let gradient: Operand
  let classes: Int
  let accumulates: Bool
  /// The element behind the last row, of rows that lie one behind the other.
  let packedEnd: Int
  private let isPacked: Bool
  /// Whether the gradient overwrites the logits.
  let isInPlace: Bool
  /// Where the exponentials are kept until they are scaled: in the gradient's place, if it can hold them. If not, they are
  /// computed again. Those of 16-bit rows take the places of the rows behind them, too, which are computed later.
  private var kept: UnsafeMutableRawPointer?
  private var firstKept = 0
  private let hasRoomBehind: Bool

  @inline(__always) init(_ task: LossTask, endRow: Int) {
    map = Map(task.terms)
    predictionData = task.predictionData
    rowStride = task.prediction.rowStride
    target = task.target
    gradient = task.gradient
    classes = task.classes
    accumulates = task.accumulatesGradient
    packedEnd = endRow &* task.classes
    isPacked = task.prediction.rowStride == task.classes
    isInPlace = task.gradient.data == task.prediction.data
    kept = task.exponentialStore(E.self)
    hasRoomBehind =
      E.size < E.Kept.size && task.gradient.type == E.type && !task.accumulatesGradient && !isInPlace
      && task.gradient.rowStride == task.classes
  }

  @inline(__always) private static var isKeptWider: Bool { E.size < E.Kept.size }

  /// Finds room for the exponentials of rows that are computed together.
  @inline(__always) mutating func makeRoom(_ group: RowGroup, endRow: Int) {
    if !Self.isKeptWider { return }
    kept = hasRoomBehind && group.first &+ 2 &* group.count <= endRow ? gradient.data : nil
    firstKept = group.first
  }

  /// A row's kept exponentials, and how many elements may be read there.
  @inline(__always) func keptRow(_ row: Int) -> (data: UnsafeMutableRawPointer, end: Int)? {
    guard let kept else { return nil }
    if !Self.isKeptWider { return (kept + gradientStart(row) &* E.size, gradientEnd(row) &- gradientStart(row)) }
    return (kept + (2 &* row &- firstKept) &* classes &* E.size, classes)
  }

  /// What the hot loop takes at once.
  @inline(__always) private var block: Int { 4 &* Value.count }
  /// How many logits are looked through for a reference.
  @inline(__always) private var sample: Int { 64 }

  /// The row's first logit, and the place of its gradient.
  @inline(__always) func start(_ row: Int) -> Int { row &* rowStride }
  @inline(__always) func gradientStart(_ row: Int) -> Int { row &* gradient.rowStride }
  /// The end of the memory that may be read from the row on.
  @inline(__always) func end(_ row: Int) -> Int { isPacked ? packedEnd : start(row) &+ classes }
  @inline(__always) func gradientEnd(_ row: Int) -> Int {
    gradient.rowStride == classes ? packedEnd : gradientStart(row) &+ classes
  }

  @inline(__always) func logit(_ row: Int, _ classIndex: Int) -> Double {
    E.loadOne(predictionData, start(row) &+ classIndex)
  }

  /// `count` logits from a class on.
  @inline(__always) func logits(_ row: Int, _ classIndex: Int, _ count: Int) -> Value {
    E.load(predictionData, start(row) &+ classIndex, count: count, end: end(row), fill: -.infinity)
  }

  /// The largest of `count` logits; NaN counts only if there is nothing else.
  @inline(__always) func largest(_ row: Int, _ count: Int) -> Double {
    let start = start(row)
    var first = Value(-.infinity)
    var second = first
    var offset = 0
    while offset &+ 2 &* Value.count <= count {
      first = Value.maximum(E.load(predictionData, start &+ offset), first)
      second = Value.maximum(E.load(predictionData, start &+ offset &+ Value.count), second)
      offset &+= 2 &* Value.count
    }
    while offset < count {
      first = Value.maximum(logits(row, offset, count &- offset), first)
      offset &+= Value.count
    }
    return Value.maximum(first, second).largest()
  }

  /// The first class whose logit is `value`; 0 if there is none, as in a row of NaN.
  @inline(__always) func firstClass(_ row: Int, equalTo value: Double) -> Int {
    var offset = 0
    while offset < classes {
      let left = classes &- offset
      // The fill behind the row may be equal too.
      let equal = Value.and(logits(row, offset, left) == Value(value), Value.first(left))
      if Value.any(equal) { return offset &+ firstLane(of: equal, Value.self) }
      offset &+= Value.count
    }
    return 0
  }

  /// The class of the row's largest logit, or of its first NaN.
  func argmax(_ row: Int) -> Int {
    var classIndex = 0
    while classIndex < classes {
      let z = logits(row, classIndex, classes &- classIndex)
      let isNaN = Value.not(z == z)
      if Value.any(isNaN) { return classIndex &+ firstLane(of: isNaN, Value.self) }
      classIndex &+= Value.count
    }
    return firstClass(row, equalTo: largest(row, classes))
  }

  /// The sum of what the logits are below another one.
  func distances(_ row: Int, from logit: Double) -> Double {
    // Counted from a logit of the row, whose differences from the others are small, and all exact in the sum.
    let reference = reference(row)
    if !(reference - reference == 0) { return .nan }
    var sum = Value.Sum()
    var classIndex = 0
    while classIndex < classes {
      let left = classes &- classIndex
      let z = E.load(predictionData, start(row) &+ classIndex, count: left, end: end(row), fill: reference)
      sum.add(.one, timesDifference: Value(reference), z)
      classIndex &+= Value.count
    }
    // A target of probability 0 makes an infinite loss by itself.
    return logit == -.infinity ? 0 : Double(classes) * (logit - reference) + sum.total.value
  }

  /// Where to take the exponentials' reference from: the largest of the row's first logits, or of all where there may be
  /// no second pass, because the exponentials overwrite the logits.
  @inline(__always) func reference(_ row: Int) -> Double {
    let reference = largest(row, isInPlace ? classes : min(classes, sample))
    return reference > -.infinity ? reference : largest(row, classes)
  }

  /// The row's softmax in one pass over its logits: the reference is the largest of the first few. Only where a later
  /// one is too far above it, there is a second pass. Nil where the softmax is not defined: all logits -inf, or one
  /// +inf. NaN logits give a softmax of NaN.
  @inline(__always) func softmax(_ row: Int, pivot: Int) -> RowSoftmax? {
    var reference = reference(row)
    // Before exponentials may overwrite what the row's log-sum-exp is made of.
    if !map.isDefined(reference) { return nil }
    var found = softmax(row, pivot: pivot, reference: reference)
    if !map.isWithinReach(found.largest, of: reference) {
      reference = found.largest
      found = softmax(row, pivot: pivot, reference: reference)
    }
    return map.isDefined(reference) ? found.softmax : nil
  }

  /// The softmax relative to a reference, and the row's largest logit.
  @inline(__always) func softmax(
    _ row: Int, pivot: Int, reference: Double
  ) -> (softmax: RowSoftmax, largest: Double) {
    let scale = map.scale(reference: reference)
    // Read before the exponentials may overwrite it.
    let pivotLogit = map.value(logit(row, pivot), base: scale.base)
    let sums = sums(row, first: 0, classes, pivot: pivot, scale)
    return (RowSoftmax(scale: scale, others: sums.others.value, pivotLogit: pivotLogit), sums.largest)
  }

  /// The log-sum-exp of a row without a softmax: NaN if a logit is, else the largest, which is infinite.
  func undefinedLogSumExp(_ row: Int) -> Double {
    for c in 0..<classes where E.loadOne(predictionData, start(row) &+ c).isNaN { return .nan }
    return largest(row, classes)
  }

  /// Of `count` logits from a class on the sum of the exponentials without the pivot's, and the largest. The pivot, counted
  /// from the first, may be outside.
  ///
  /// The exponentials are left in the gradient's place if it can hold them.
  @inline(__always) func sums(
    _ row: Int, first: Int, _ count: Int, pivot: Int, _ scale: ExponentialScale
  ) -> (others: CompensatedSum, largest: Double) {
    let start = start(row) &+ first
    let kept = keptRow(row).map { $0.data + first &* E.Kept.size }
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
        let (e0, e1, e2, e3, high) = exponentials(start &+ offset, scale, kept.map { $0 + offset &* E.Kept.size })
        sum.add(e0)
        sum.add(e1)
        sum.add(e2)
        sum.add(e3)
        largest = Value.maximum(high, largest)
        offset &+= block
      }
    }
    for part in 0..<2 {
      var offset = part == 0 ? pivotStart : max(wholeEnd, pivotEnd)
      let partEnd = part == 0 ? pivotEnd : count
      while offset < partEnd {
        let left = partEnd &- offset
        let z = logits(row, first &+ offset, left)
        let argument = map.argument(z)
        var term = map.exponential(argument, scale)
        if let kept { E.Kept.store(map.kept(term, argument), kept, offset, count: left) }
        let lane = pivot &- offset
        if !Map.keepsInfinity { term = Value.keep(Value.first(left), term) }
        sum.add(lane >= 0 && lane < Value.count ? Value.keep(Value.not(Value.only(lane)), term) : term)
        largest = Value.maximum(z, largest)
        offset &+= Value.count
      }
    }
    return (sum.total, largest.largest())
  }

  /// Asks for what is a page further on: the processor's own prefetching stops at the end of a page.
  @inline(__always) private func prefetch(_ index: Int) {
    let ahead = predictionData + (index &* E.size &+ 4096)
    for line in 0..<(block &* E.size / 64) { platform_prefetch(ahead + line &* 64) }
  }

  /// A block's exponentials and its largest logits.
  @inline(__always)
  private func exponentials(_ index: Int, _ scale: ExponentialScale, _ kept: UnsafeMutableRawPointer?) -> (
    Value, Value, Value, Value, Value
  ) {
    prefetch(index)
    let z0 = E.load(predictionData, index)
    let z1 = E.load(predictionData, index &+ Value.count)
    let z2 = E.load(predictionData, index &+ 2 &* Value.count)
    let z3 = E.load(predictionData, index &+ 3 &* Value.count)
    let (x0, x1, x2, x3) = (map.argument(z0), map.argument(z1), map.argument(z2), map.argument(z3))
    let e0 = map.exponential(x0, scale)
    let e1 = map.exponential(x1, scale)
    let e2 = map.exponential(x2, scale)
    let e3 = map.exponential(x3, scale)
    if let kept {
      E.Kept.store(map.kept(e0, x0), kept, 0)
      E.Kept.store(map.kept(e1, x1), kept, Value.count)
      E.Kept.store(map.kept(e2, x2), kept, 2 &* Value.count)
      E.Kept.store(map.kept(e3, x3), kept, 3 &* Value.count)
    }
    let largest = Value.maximum(Value.maximum(z0, z1), Value.maximum(z2, z3))
    return (e0, e1, e2, e3, largest)
  }
}
