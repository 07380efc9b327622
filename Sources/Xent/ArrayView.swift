// Callers see the two enumerations of the kernel interface that the public functions take, and nothing else of it.
@_exported import enum KernelInterface.ElementType
@_exported import enum KernelInterface.InputKind

/// A view of an array in memory that somebody else owns: the descriptor form that the C entry points use too.
///
/// The pointers must stay valid for as long as the view is used, on whatever thread.
public struct ArrayView: @unchecked Sendable {
  /// The first element; nil only if there are no elements.
  public var data: UnsafeMutableRawPointer?
  public var elementType: ElementType
  /// The number of dimensions; 0 is a single element.
  public var rank: Int
  /// `rank` extents.
  public var shape: UnsafePointer<Int64>?
  /// `rank` strides, counted in elements; nil means C order. In this version strides must describe C order.
  public var strides: UnsafePointer<Int64>?

  public init(
    data: UnsafeMutableRawPointer?, elementType: ElementType, rank: Int, shape: UnsafePointer<Int64>?,
    strides: UnsafePointer<Int64>? = nil
  ) {
    self.data = data
    self.elementType = elementType
    self.rank = rank
    self.shape = shape
    self.strides = strides
  }

  func extent(_ axis: Int) -> Int64 { shape.unsafelyUnwrapped[axis] }
}

/// The arrays that a call shall fill; nil = not wanted.
public struct Outputs: Sendable {
  /// One value for mean and sum; one a row for none, in the prediction's shape without the class axis.
  public var loss: ArrayView?
  /// In the prediction's shape and type. It may be the very view of the prediction.
  public var gradient: ArrayView?
  /// The three must be nil in this version.
  public var hessian: ArrayView?
  public var logSumExp: ArrayView?
  public var argmax: ArrayView?

  public init(
    loss: ArrayView? = nil, gradient: ArrayView? = nil, hessian: ArrayView? = nil, logSumExp: ArrayView? = nil,
    argmax: ArrayView? = nil
  ) {
    self.loss = loss
    self.gradient = gradient
    self.hessian = hessian
    self.logSumExp = logSumExp
    self.argmax = argmax
  }
}

/// What a call adds up beside its arrays. The totals of two batches added are those of the joined batch.
public struct Totals: Equatable, Sendable {
  /// The sum of all losses, whatever the reduction.
  public var lossSum: Double
  /// The divisor that `Divisor.weights` gives.
  public var weightSum: Double
  /// The number of rows (binary: elements) that are not ignored.
  public var count: Int
  /// The number of rows whose largest prediction is the label's; -1 where it was not counted.
  public var correct: Int

  public init(lossSum: Double, weightSum: Double, count: Int, correct: Int) {
    self.lossSum = lossSum
    self.weightSum = weightSum
    self.count = count
    self.correct = correct
  }
}
