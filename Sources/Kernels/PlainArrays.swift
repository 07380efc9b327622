import XentKernelInterface

extension LossTask {
  // The arrays as plain memory, for the kernels that need nothing else.
  @inline(__always) var predictionData: UnsafeRawPointer { UnsafeRawPointer(prediction.data.unsafelyUnwrapped) }
  @inline(__always) var targetData: UnsafeRawPointer { UnsafeRawPointer(target.data.unsafelyUnwrapped) }

  /// The class index of a row that is not ignored. Every label has been checked, but memory that another thread writes can have
  /// changed since, and then the index is that of some class.
  @inline(__always) func classIndex(_ row: Int) -> Int { inRow(target.label(row)) }

  /// The row's class index; 0, which every row has, of an ignored one.
  @inline(__always) func usableLabel(_ row: Int) -> Int {
    let label = target.label(row)
    return label == ignoreIndex ? 0 : inRow(label)
  }

  @inline(__always) private func inRow(_ label: Int64) -> Int {
    Int(truncatingIfNeeded: min(UInt64(bitPattern: label), UInt64(truncatingIfNeeded: classes &- 1)))
  }

  /// The gradient's memory, if it can hold exponentials until they are scaled: it has all their digits, and nothing is in it.
  @inline(__always) func exponentialStore<E: Element>(_: E.Type) -> UnsafeMutableRawPointer? {
    gradient.type == E.type && E.size >= 4 && !accumulatesGradient ? gradient.data : nil
  }
}
