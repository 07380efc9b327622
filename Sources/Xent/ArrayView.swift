// Callers see the two enumerations of the kernel interface that the public functions take, and nothing else of it.
@_exported import enum XentKernelInterface.ElementType
@_exported import enum XentKernelInterface.InputKind

/// A view of an array in memory that somebody else owns: the descriptor form that the C entry points use too.
///
/// The pointers must stay valid for as long as the view is used, on whatever thread.
public struct ArrayView: @unchecked Sendable {
  /// The first element; nil only if there are no elements.
  public var data: UnsafeMutableRawPointer?
  /// The type of the elements, which each argument restricts in its own way.
  public var elementType: ElementType
  /// The number of dimensions; 0 is a single element.
  public var rank: Int
  /// `rank` extents.
  public var shape: UnsafePointer<Int64>?
  /// `rank` strides, counted in elements, of either sign; nil means C order. An input may have strides of 0.
  public var strides: UnsafePointer<Int64>?

  /// A view of memory that stays the caller's, which `data`, `shape` and `strides` point to. Nothing is read or copied
  /// here.
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

  /// The distance in elements between neighbours along an axis. Along an axis of extent 1, where nobody goes, it is
  /// that of C order whatever the strides say, so that it can be reckoned with.
  func stride(_ axis: Int) -> Int {
    if let strides, extent(axis) != 1 { return Int(truncatingIfNeeded: strides[axis]) }
    var stride = 1
    var inner = axis + 1
    while inner < rank {
      // Wraps only where there are no elements.
      stride &*= Int(truncatingIfNeeded: extent(inner))
      inner += 1
    }
    return stride
  }
}

/// The arrays that a call shall fill; nil = not wanted. They may have any strides that keep their elements apart.
///
/// No output may overlap an input or another output, except that the gradient may be the very view of the prediction.
/// "The labels' shape" is the prediction's without the class axis; of a binary loss, the prediction's.
public struct Outputs: Sendable {
  /// One value for mean and sum; one a row for none, in the labels' shape. Float64 if the prediction is, else float32.
  public var loss: ArrayView?
  /// Of the reduced loss, or for none of each row's own, in the prediction. In the prediction's shape; any floating type.
  public var gradient: ArrayView?
  /// The second derivative of the same in each element of the prediction (the diagonal of the Hessian). In the
  /// prediction's shape; any floating type. Not together with `focalGamma`, `polyEpsilon` and `logitSoftcap`.
  public var hessian: ArrayView?
  /// log sum_c exp(z_c) of the logits after scale and soft cap, in the labels' shape and the loss's type. Categorical
  /// logits only.
  public var logSumExp: ArrayView?
  /// The index of the largest prediction, the lowest of equals; of a row with a NaN, the first NaN's. Int64 in the
  /// labels' shape. Categorical losses only.
  public var argmax: ArrayView?

  /// The arrays to fill, by default none.
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
  /// The number of rows whose largest prediction is the label's; -1 unless argmax was asked for and targets are labels.
  public var correct: Int

  /// The totals of a call or, added up, of several.
  public init(lossSum: Double, weightSum: Double, count: Int, correct: Int) {
    self.lossSum = lossSum
    self.weightSum = weightSum
    self.count = count
    self.correct = correct
  }
}
