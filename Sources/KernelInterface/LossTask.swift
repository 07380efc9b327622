/// What `yPred` holds. The raw values are those of the C enumeration.
public enum InputKind: Int32, Sendable {
  case probabilities, logits, logProbabilities
}

/// How far outside [0, 1] a probability may be, and a log-probability above 0; what is further off is taken for a logit.
@inlinable public var probabilityTolerance: Double { 1e-3 }

/// One loss over validated arrays, as the planner hands it to a kernel. All arrays are in C order; in a binary
/// task every element is a row of its own.
public struct LossTask {
  public var input: InputKind
  /// Of the prediction, a floating target, the loss and the gradient.
  public var elementType: ElementType
  public var rows: Int
  public var classes: Int
  /// One label a row, or a distribution or binary target of the prediction's shape.
  public var target: UnsafeRawPointer
  /// Of `target`.
  public var targetType: ElementType
  public var prediction: UnsafeRawPointer
  /// One loss a row.
  public var rowLoss: UnsafeMutableRawPointer?
  public var gradient: UnsafeMutableRawPointer?
  /// What the gradient is multiplied by: one over the divisor of the mean.
  public var gradientScale: Double
  public var probabilityFloor: Double
  /// The most threads that the task may use.
  public var threads: Int
  public var parallelFor: ParallelFor

  public init(
    input: InputKind, elementType: ElementType, rows: Int, classes: Int, target: UnsafeRawPointer, targetType: ElementType,
    prediction: UnsafeRawPointer, rowLoss: UnsafeMutableRawPointer?, gradient: UnsafeMutableRawPointer?,
    gradientScale: Double, probabilityFloor: Double, threads: Int, parallelFor: ParallelFor
  ) {
    self.input = input
    self.elementType = elementType
    self.rows = rows
    self.classes = classes
    self.target = target
    self.targetType = targetType
    self.prediction = prediction
    self.rowLoss = rowLoss
    self.gradient = gradient
    self.gradientScale = gradientScale
    self.probabilityFloor = probabilityFloor
    self.threads = threads
    self.parallelFor = parallelFor
  }

  /// Too few rows to share out, but long ones: each row is shared out. Depends on the shape alone, not on the threads.
  @inlinable public var hasLongRows: Bool { rows < 16 && classes >= 1 << 17 }

  /// So few elements that the more exact arithmetic costs nothing, or a gradient's scale that float32 does not hold.
  @inlinable public var wantsFloat64: Bool {
    rows &* classes <= 4096 || gradientScale > 0x1p126 || gradientScale < 0x1p-126
  }
}

/// What a kernel found in the rows it was given.
public struct LossTotals {
  /// The sum of the rows' losses is `lossHigh + lossLow`.
  public var lossHigh = 0.0
  public var lossLow = 0.0
  /// Flat index of the first element that a loss cannot have, else -1. The kernel stops there.
  public var offendingElement = -1

  @inlinable public init() {}
}

/// `target <- target - learningRate * gradient` over contiguous arrays.
public struct DescentTask {
  public var elementType: ElementType
  public var theta: UnsafeMutableRawPointer
  public var gradient: UnsafeRawPointer
  public var learningRate: Double

  public init(
    elementType: ElementType, theta: UnsafeMutableRawPointer, gradient: UnsafeRawPointer, learningRate: Double
  ) {
    self.elementType = elementType
    self.theta = theta
    self.gradient = gradient
    self.learningRate = learningRate
  }
}
