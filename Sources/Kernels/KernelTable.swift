import XentKernelInterface
import XentPlatform

// The module's exports. One attribute matters: @export(interface) keeps importing modules, which are compiled for
// another processor, from compiling the kernels again.

@export(interface) public func kernelTable() -> KernelTable {
  KernelTable(
    binary: { runLoss(BinaryDispatch.self, $0, $1, $2, $3) },
    categoricalLabels: {
      if runLabelColumns($0, $1, $2, $3) || runMappedLabelRows($0, $1, $2, $3) { return }
      let done = runPlainShortRows($0, $1, $2, $3)
      if done < $2 { runLoss(LabelDispatch.self, $0, $1 &+ done, $2 &- done, $3) }
    },
    categoricalDistribution: { runLoss(DistributionDispatch.self, $0, $1, $2, $3) },
    gradientDescent: { task, first, count in
      let task = task.load(as: DescentTask.self)
      switch task.elementType {
      case .float32: descentRun(Float32AsFloat64Element.self, task, first: first, count: count)
      default: descentRun(Float64Element.self, task, first: first, count: count)
      }
    })
}

/// One kind of target; the kernel for each kind of input.
///
/// `E` computes in the element type, `Exact` in float64: for what is too little to be worth anything else.
private protocol LossDispatch {
  static var isFastIn16Bits: Bool { get }
  static func run<E: Element, Exact: Element>(
    _: E.Type, _: Exact.Type, _ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals
  ) where Exact.Compute == Float64Lanes
}

@inline(__always) private func runLoss<Dispatch: LossDispatch>(
  _: Dispatch.Type, _ task: UnsafeRawPointer, _ first: Int, _ count: Int, _ totals: UnsafeMutableRawPointer
) {
  let task = task.load(as: LossTask.self)
  let totals = totals.assumingMemoryBound(to: LossTotals.self)
  @inline(__always) func run<E: Element, Exact: Element>(_: E.Type, _: Exact.Type) where Exact.Compute == Float64Lanes {
    // Beside float64 there are no other types; the 16-bit types have the version for one type only where it pays, for size:
    // not on the oldest processors.
    let isFastIn16Bits = Dispatch.isFastIn16Bits && PLATFORM_HAS_FUSED_MULTIPLY_ADD != 0
    if E.size == 8 || task.hasOneFloatingType && (E.size == 4 || isFastIn16Bits) {
      Dispatch.run(E.self, Exact.self, task, first: first, count: count, &totals.pointee)
    } else {
      Dispatch.run(Mixed<E>.self, Mixed<Exact>.self, task, first: first, count: count, &totals.pointee)
    }
  }
  switch task.prediction.type {
  case .float32: run(Float32Element.self, Float32AsFloat64Element.self)
  case .float16: run(Float16Element.self, Float16AsFloat64Element.self)
  case .bfloat16: run(BFloat16Element.self, BFloat16AsFloat64Element.self)
  default: run(Float64Element.self, Float64Element.self)
  }
}

/// Runs the kernel of rows side by side in float32, if it is for the task.
private func runLabelColumns(
  _ task: UnsafeRawPointer, _ first: Int, _ count: Int, _ totals: UnsafeMutableRawPointer
) -> Bool {
  let task = task.assumingMemoryBound(to: LossTask.self)
  if !task.pointee.hasSimpleLabels || task.pointee.argmax.isThere || !task.pointee.hasRowsInOrder || task.pointee.hasClassesInOrder
    || task.pointee.wantsFloat64
  {
    return false
  }
  let totals = totals.assumingMemoryBound(to: LossTotals.self)
  return withFloat32Element(
    task.pointee, Columns(task: task, first: first, count: count, totals: totals))
}

/// Runs the same kernel over short rows one behind the other, if it is for the task; how many of them it has computed.
private func runPlainShortRows(
  _ task: UnsafeRawPointer, _ first: Int, _ count: Int, _ totals: UnsafeMutableRawPointer
) -> Int {
  let task = task.assumingMemoryBound(to: LossTask.self)
  if !task.pointee.hasSimpleLabels || !task.pointee.hasPlainShortRows { return 0 }
  let rows = task.pointee.plainShortRows(first: first, count: count)
  let totals = totals.assumingMemoryBound(to: LossTotals.self)
  let work = ShortRows(task: task, first: first, count: rows, totals: totals)
  return rows > 0 && withFloat32Element(task.pointee, work) ? rows : 0
}

private protocol Float32Work {
  func run<E: Element>(_: E.Type) where E.Compute == Float32Lanes
}

private struct Columns: Float32Work {
  let task: UnsafePointer<LossTask>
  let first, count: Int
  let totals: UnsafeMutablePointer<LossTotals>

  @inline(__always) func run<E: Element>(_: E.Type) where E.Compute == Float32Lanes {
    logitLabelColumns(E.self, task.pointee, first: first, count: count, &totals.pointee)
  }
}

private struct ShortRows: Float32Work {
  let task: UnsafePointer<LossTask>
  let first, count: Int
  let totals: UnsafeMutablePointer<LossTotals>

  @inline(__always) func run<E: Element>(_: E.Type) where E.Compute == Float32Lanes {
    plainLabelColumns(E.self, RowsBehind.self, task.pointee, first: first, count: count, &totals.pointee)
  }
}

/// Runs the work for the prediction's type if that is computed in float32.
@inline(__always) private func withFloat32Element<Work: Float32Work>(_ task: LossTask, _ work: Work) -> Bool {
  switch task.prediction.type {
  case .float32 where task.hasOneFloatingType: work.run(Float32Element.self)
  case .float32: work.run(Mixed<Float32Element>.self)
  case .float16: work.run(Mixed<Float16Element>.self)
  case .bfloat16: work.run(Mixed<BFloat16Element>.self)
  default: return false
  }
  return true
}

/// Runs the kernels that transform long rows of logits in float32, if one is for the task.
private func runMappedLabelRows(
  _ task: UnsafeRawPointer, _ first: Int, _ count: Int, _ totals: UnsafeMutableRawPointer
) -> Bool {
  let task = task.assumingMemoryBound(to: LossTask.self)
  if PLATFORM_HAS_FUSED_MULTIPLY_ADD == 0 || !task.pointee.hasMappedLabels { return false }
  let totals = totals.assumingMemoryBound(to: LossTotals.self)
  @inline(__always) func run<E: Element>(_: E.Type) where E.Compute == Float32Lanes {
    if task.pointee.terms.logitSoftcap > 0 {
      mappedLogitLabelRows(E.self, CappedLogits.self, task.pointee, first: first, count: count, &totals.pointee)
    } else {
      mappedLogitLabelRows(E.self, ScaledLogits.self, task.pointee, first: first, count: count, &totals.pointee)
    }
  }
  switch task.pointee.prediction.type {
  case .float32: run(Float32Element.self)
  case .float16: run(Mixed<Float16Element>.self)
  default: run(Mixed<BFloat16Element>.self)
  }
  return true
}

extension LossTask {
  /// Whether labels of rows that are not short are those of a plain kernel but for what a `LogitMap` of float32 does.
  fileprivate var hasMappedLabels: Bool {
    let isCapped = terms.logitSoftcap > 0
    if hasLargeScale || terms.logitScale == 1 && !isCapped && !hessian.isThere || prediction.type == .float64 || classes <= shortRow
      || !hasClassesInOrder || hessian.isThere && (hessian.classStride != 1 || terms.zLoss != 0)
    {
      return false
    }
    if prediction.type == .float32 && !(hasOneFloatingType && (!hessian.isThere || hessian.type == .float32)) { return false }
    // As the two parts of a factor and what they are multiplied by must be normal numbers.
    if !(0x1p-60...0x1p60 ~= terms.logitScale) { return false }
    if isCapped && !(CappedLogits.caps ~= terms.logitSoftcap) { return false }
    var plain = self
    plain.terms.logitScale = 1
    plain.terms.logitSoftcap = 0
    plain.hessian = Operand()
    return plain.hasSimpleLabels || !isCapped && plain.hasSimplySmoothedLabels
  }
}

private enum BinaryDispatch: LossDispatch {
  @inline(__always) static var isFastIn16Bits: Bool { false }

  @inline(__always)
  static func run<E: Element, Exact: Element>(
    _: E.Type, _: Exact.Type, _ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals
  ) where Exact.Compute == Float64Lanes {
    if !task.isPlain && task.fitsFloat32Binary {
      binaryRowsWithOptions(task, first: first, count: count, &totals)
    } else if !task.isPlain {
      composedBinaryRows(task, first: first, count: count, &totals)
    } else if task.wantsFloat64 {
      run(Exact.self, task, first: first, count: count, &totals)
    } else {
      run(E.self, task, first: first, count: count, &totals)
    }
  }

  @inline(__always)
  private static func run<E: Element>(
    _: E.Type, _ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals
  ) {
    switch task.input {
    case .probabilities:
      binaryRows(E.self, BinaryProbabilities<E.Compute>.self, task, first: first, count: count, &totals)
    case .logits:
      binaryRows(E.self, BinaryLogits<E.Compute>.self, task, first: first, count: count, &totals)
    case .logProbabilities:
      binaryRows(E.self, BinaryLogProbabilities<E.Compute>.self, task, first: first, count: count, &totals)
    }
  }
}

private enum LabelDispatch: LossDispatch {
  @inline(__always) static var isFastIn16Bits: Bool { true }

  @inline(__always)
  static func run<E: Element, Exact: Element>(
    _: E.Type, _: Exact.Type, _ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals
  ) where Exact.Compute == Float64Lanes {
    switch task.input {
    case .logits where task.hasLargeScale && E.size < 8 && task.classes > shortRow:
      composedLogitRows(task, first: first, count: count, &totals)
    case .logits where task.hasSimplySmoothedLabels && task.hasClassesInOrder && task.classes > shortRow:
      logitLabelRows(E.self, task, first: first, count: count, &totals)
    case .logits where !(task.hasSimpleLabels && task.hasClassesInOrder):
      composedLogitRows(task, first: first, count: count, &totals)
    case .probabilities where !task.isPlain, .logProbabilities where !task.isPlain:
      composedProbabilityRows(task, first: first, count: count, &totals)
    case .probabilities:
      labelRows(Exact.self, CategoricalProbabilities<Float64Lanes>.self, task, first: first, count: count, &totals)
    case .logits where task.classes <= shortRow && task.prediction.rowStride == task.classes:
      shortLogitLabelRows(E.self, Exact.self, task, first: first, count: count, &totals)
    case .logits where task.splitsRows:
      longLogitLabelRows(E.self, task, first: first, count: count, &totals)
    case .logits:
      logitLabelRows(E.self, task, first: first, count: count, &totals)
    case .logProbabilities:
      labelRows(Exact.self, CategoricalLogProbabilities<Float64Lanes>.self, task, first: first, count: count, &totals)
    }
  }
}

private enum DistributionDispatch: LossDispatch {
  @inline(__always) static var isFastIn16Bits: Bool { false }

  @inline(__always)
  static func run<E: Element, Exact: Element>(
    _: E.Type, _: Exact.Type, _ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals
  ) where Exact.Compute == Float64Lanes {
    switch task.input {
    case .logits where !task.isPlain || task.hasLargeScale && E.size < 8:
      composedLogitRows(task, first: first, count: count, &totals)
    case .probabilities where !task.isPlain, .logProbabilities where !task.isPlain:
      composedProbabilityRows(task, first: first, count: count, &totals)
    case .probabilities where task.wantsFloat64:
      distributionRows(
        Exact.self, CategoricalProbabilities<Float64Lanes>.self, task, first: first, count: count, &totals)
    case .probabilities:
      distributionRows(E.self, CategoricalProbabilities<E.Compute>.self, task, first: first, count: count, &totals)
    case .logits:
      logitDistributionRows(E.self, task, first: first, count: count, &totals)
    case .logProbabilities:
      distributionRows(
        Exact.self, CategoricalLogProbabilities<Float64Lanes>.self, task, first: first, count: count, &totals)
    }
  }
}
