import XentKernelInterface
import XentPlatform

// The kernels of logits with class indices that compute in float32 alone, each for some tasks.

/// Runs the kernel that is for the task, if one is; how many of the rows it has computed.
func runFloat32Labels(
  _ task: UnsafeRawPointer, _ first: Int, _ count: Int, _ totals: UnsafeMutableRawPointer
) -> Int {
  let task = task.assumingMemoryBound(to: LossTask.self)
  let totals = totals.assumingMemoryBound(to: LossTotals.self)
  if task.pointee.hasFloat32Columns {
    return run(ColumnKernel.self, task.pointee, first, count, &totals.pointee)
  }
  if task.pointee.hasPlainShortRows {
    return run(ShortRowKernel.self, task.pointee, first, task.pointee.plainShortRows(first: first, count: count), &totals.pointee)
  }
  if !task.pointee.hasMappedLabels { return 0 }
  if task.pointee.terms.logitSoftcap > 0 {
    return run(MappedKernel<CappedLogits>.self, task.pointee, first, count, &totals.pointee)
  }
  return run(MappedKernel<ScaledLogits>.self, task.pointee, first, count, &totals.pointee)
}

private protocol Float32Kernel {
  /// Whether beside float32 predictions there may be arrays of other types.
  static var takesOtherTypes: Bool { get }
  static func run<E: Element>(_: E.Type, _ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals)
  where E.Compute == Float32Lanes
}

private enum ColumnKernel: Float32Kernel {
  @inline(__always) static var takesOtherTypes: Bool { true }
  @inline(__always)
  static func run<E: Element>(_: E.Type, _ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals)
  where E.Compute == Float32Lanes {
    logitLabelColumns(E.self, task, first: first, count: count, &totals)
  }
}

private enum ShortRowKernel: Float32Kernel {
  @inline(__always) static var takesOtherTypes: Bool { true }
  @inline(__always)
  static func run<E: Element>(_: E.Type, _ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals)
  where E.Compute == Float32Lanes {
    plainLabelColumns(E.self, RowsBehind.self, task, first: first, count: count, &totals)
  }
}

private enum MappedKernel<Map: LogitMap>: Float32Kernel where Map.Value == Float32Lanes {
  @inline(__always) static var takesOtherTypes: Bool { false }
  @inline(__always)
  static func run<E: Element>(_: E.Type, _ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals)
  where E.Compute == Float32Lanes {
    mappedLogitLabelRows(E.self, Map.self, task, first: first, count: count, &totals)
  }
}

@inline(__always)
private func run<Kernel: Float32Kernel>(
  _: Kernel.Type, _ task: LossTask, _ first: Int, _ count: Int, _ totals: inout LossTotals
) -> Int {
  if count == 0 { return 0 }
  switch task.prediction.type {
  case .float32 where !Kernel.takesOtherTypes || task.hasOneFloatingType:
    Kernel.run(Float32Element.self, task, first: first, count: count, &totals)
  case .float32: Kernel.run(Mixed<Float32Element>.self, task, first: first, count: count, &totals)
  case .float16: Kernel.run(Mixed<Float16Element>.self, task, first: first, count: count, &totals)
  case .bfloat16: Kernel.run(Mixed<BFloat16Element>.self, task, first: first, count: count, &totals)
  default: return 0
  }
  return count
}

extension LossTask {
  /// Whether neighbours in memory are neighbouring rows, in a task for LogitLabelColumns.swift.
  fileprivate var hasFloat32Columns: Bool {
    prediction.type != .float64 && hasSimpleLabels && !argmax.isThere && hasRowsInOrder && !hasClassesInOrder && !wantsFloat64
  }

  /// Whether the task is for PlainLabelColumns.swift, with rows one behind the other.
  fileprivate var hasPlainShortRows: Bool {
    prediction.type != .float64 && hasSimpleLabels && hasPlainColumns && classes > 1 && !argmax.isThere
      && prediction.rowStride == classes && hasClassesInOrder && (!gradient.isThere || gradient.rowStride == classes)
      && !wantsFloat64
  }

  /// Whether labels of rows that are not short are those of a plain kernel but for what a `LogitMap` of float32 does. Without a
  /// fused multiplication there is none.
  fileprivate var hasMappedLabels: Bool {
    let isCapped = terms.logitSoftcap > 0
    let isMapped = terms.logitScale != 1 || isCapped || hessian.isThere
    let isLong = classes > shortRow && hasClassesInOrder
    if PLATFORM_HAS_FUSED_MULTIPLY_ADD == 0 || prediction.type == .float64 || !isMapped || !isLong || hasLargeScale { return false }
    if hessian.isThere && (hessian.classStride != 1 || terms.zLoss != 0) { return false }
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
