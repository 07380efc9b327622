/// What `yPred` holds. The raw values are those of the C enumeration.
public enum InputKind: Int32, Sendable {
  /// p in [0, 1].
  case probabilities
  /// z, the argument of sigmoid or softmax.
  case logits
  /// q = log p, the natural logarithm.
  case logProbabilities
}

/// How far outside [0, 1] a probability of this type may be, and a log-probability above 0; what is further off is taken for
/// a logit.
@inlinable public func probabilityTolerance(_ type: ElementType) -> Double { type.size == 2 ? 1e-2 : 1e-3 }

/// The options that are part of a loss's formula, with the values that leave it as it is.
public struct LossTerms {
  public var probabilityFloor = 1e-15
  public var labelSmoothing = 0.0
  public var logitScale = 1.0
  public var logitSoftcap = 0.0
  public var zLoss = 0.0
  public var focalGamma = 0.0
  public var focalAlpha = -1.0
  public var polyEpsilon = 0.0
  /// Whether the target's entropy is taken off, which makes the loss a Kullback-Leibler divergence.
  public var isDivergence = false

  @inlinable public init() {}

  /// Whether nothing but the floor differs from the plain loss.
  @inlinable public var arePlain: Bool {
    labelSmoothing == 0 && logitScale == 1 && logitSoftcap == 0 && zLoss == 0 && focalGamma == 0 && focalAlpha < 0
      && polyEpsilon == 0 && !isDivergence
  }
}

/// One loss over validated arrays, as the planner hands it to a kernel. In a binary task every element is a row of its own.
/// All rows of a task lie at constant distances; arrays that do not are several tasks.
public struct LossTask {
  public var input: InputKind
  public var rows: Int
  public var classes: Int
  public var prediction: Operand
  /// One label a row, or a distribution or binary target of the prediction's shape.
  public var target: Operand
  /// One loss a row.
  public var rowLoss = Operand()
  public var gradient = Operand()
  public var hessian = Operand()
  public var logSumExp = Operand()
  public var argmax = Operand()
  /// One value a class.
  public var classWeights = Operand()
  /// One value a row, as the next two.
  public var sampleWeights = Operand()
  public var posWeight = Operand()
  public var upstream = Operand()
  public var terms = LossTerms()
  /// Rows with this label are left out.
  public var ignoreIndex: Int64?
  public var accumulatesGradient = false
  /// What the gradient is multiplied by: one over the divisor of the mean.
  public var gradientScale = 1.0
  /// Whether the arrays lie in C order and nothing but loss and gradient of the plain formula is asked for.
  public var isPlain = false
  /// The most threads that the task may use.
  public var threads: Int
  public var parallelFor: ParallelFor

  @inlinable public init(
    input: InputKind, rows: Int, classes: Int, prediction: Operand, target: Operand, threads: Int,
    parallelFor: ParallelFor
  ) {
    self.input = input
    self.rows = rows
    self.classes = classes
    self.prediction = prediction
    self.target = target
    self.threads = threads
    self.parallelFor = parallelFor
  }

  /// Whether labels of logits need nothing of the other classes but their exponentials.
  @inlinable public var hasSimpleLabels: Bool {
    input == .logits && hasSingleTarget && terms.logitScale == 1 && terms.logitSoftcap == 0 && !hessian.isThere
  }

  /// Whether labels of logits are smoothed and need no more of the other classes than the sum of their logits. With a larger
  /// part of the target spread out, the sum would take digits from the loss.
  @inlinable public var hasSimplySmoothedLabels: Bool {
    input == .logits && !target.type.isFloatingPoint && terms.labelSmoothing > 0 && terms.labelSmoothing <= 0.5
      && terms.logitScale == 1 && terms.logitSoftcap == 0 && terms.focalGamma == 0 && terms.polyEpsilon == 0
      && !terms.isDivergence && !classWeights.isThere && !hessian.isThere
  }

  /// Whether the classes of a row are neighbours in memory, for kernels that go along the rows. Beside float64 predictions
  /// these have no other types.
  @inlinable public var hasClassesInOrder: Bool {
    if prediction.type == .float64 && !hasOneFloatingType { return false }
    return classes == 1 || prediction.classStride == 1 && (!gradient.isThere || gradient.classStride == 1)
  }

  /// Whether targets, losses and gradient are of the prediction's type, those that there are and that are not labels.
  @inlinable public var hasOneFloatingType: Bool {
    let type = prediction.type
    return (!target.type.isFloatingPoint || target.type == type) && (!gradient.isThere || gradient.type == type)
      && (!rowLoss.isThere || rowLoss.type == type)
  }

  /// Whether rows are neighbours in memory, as the pixels of images with the channels first.
  @inlinable public var hasRowsInOrder: Bool {
    prediction.rowStride == 1 && (!gradient.isThere || gradient.rowStride == 1)
  }

  /// Whether every class's target counts: without smoothing, a label's other classes do not.
  @inlinable public var hasSingleTarget: Bool { !target.type.isFloatingPoint && terms.labelSmoothing == 0 }

  /// Too few rows to share out, but long ones: each row is shared out. Depends on the shape alone, not on the threads.
  @inlinable public var hasLongRows: Bool { rows < 16 && classes >= 1 << 17 }

  /// Whether the kernel shares out each row itself.
  @inlinable public var splitsRows: Bool {
    hasLongRows && isPlain && input == .logits && !target.type.isFloatingPoint
  }

  /// A gradient's scale so large that exponentials which float32 takes for 0 come back.
  @inlinable public var hasLargeScale: Bool { gradientScale > 0x1p10 }

  /// So few elements that the more exact arithmetic costs nothing, or a gradient's scale too large for float32, or so small that
  /// it does not hold it.
  @inlinable public var wantsFloat64: Bool {
    rows &* classes <= 4096 || hasLargeScale || gradientScale < 0x1p-126
  }
}

/// What a kernel found in the rows it was given.
public struct LossTotals {
  /// The sum of the rows' losses is `lossHigh + lossLow`.
  public var lossHigh = 0.0
  public var lossLow = 0.0
  /// The rows whose argmax is their label, if it is asked for.
  public var correct = 0
  /// Where the kernel stopped because of an element that a loss cannot have, as `row * classes + class`: all before it is in
  /// order, and neither it nor anything behind it has been written, also where the gradient overwrites the prediction.
  public var stop = Int.max

  @inlinable public init() {}

  /// Whether there is an element that a loss cannot have.
  @inlinable public var hasOffender: Bool { stop != .max }
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
