/// Does one piece of parallel work.
public typealias ParallelBody = @convention(c) (_ context: UnsafeMutableRawPointer, _ index: Int) -> Void

/// Calls the body for every index in 0..<count, on up to `threads` threads, and returns when all calls have.
public typealias ParallelFor = @convention(c) (
  _ threads: Int, _ count: Int, _ context: UnsafeMutableRawPointer, _ body: ParallelBody
) -> Void

/// Works on `count` rows from `first` of a task, and adds what it found to the totals.
///
/// The C calling convention keeps a call free of reference counting; the pointers are to a `LossTask` and a
/// `LossTotals`.
public typealias LossKernel = @convention(c) (
  _ task: UnsafeRawPointer, _ first: Int, _ count: Int, _ totals: UnsafeMutableRawPointer
) -> Void

/// Works on `count` elements from `first`; the pointer is to a `DescentTask`.
public typealias DescentKernel = @convention(c) (_ task: UnsafeRawPointer, _ first: Int, _ count: Int) -> Void

/// The entry points that every instruction set's kernels have.
public struct KernelTable {
  public let binary: LossKernel
  /// Class indices as targets.
  public let categoricalLabels: LossKernel
  /// Distributions as targets.
  public let categoricalDistribution: LossKernel
  public let gradientDescent: DescentKernel

  public init(
    binary: LossKernel, categoricalLabels: LossKernel, categoricalDistribution: LossKernel,
    gradientDescent: DescentKernel
  ) {
    self.binary = binary
    self.categoricalLabels = categoricalLabels
    self.categoricalDistribution = categoricalDistribution
    self.gradientDescent = gradientDescent
  }
}
