import XentKernelInterface
import XentPlatform

// The module's exports. One attribute matters: @export(interface) keeps importing modules, which are compiled for
// another processor, from compiling the kernels again.

@export(interface) public func kernelTable() -> KernelTable {
  KernelTable(
    binary: { runLoss(BinaryDispatch.self, $0, $1, $2, $3) },
    categoricalLabels: {
      let done = runFloat32Labels($0, $1, $2, $3)
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
