import XentKernelInterface

/// What the prediction holds.
public typealias Input = InputKind

/// How the losses become one.
public enum Reduction: Int32, Sendable {
  /// Their sum, divided by what `Divisor` or `Options.normalizer` says.
  case mean
  /// Their sum.
  case sum
  /// One loss a row.
  case none
}

/// What the mean divides by.
public enum Divisor: Int32, Sendable {
  /// The sum of the weights; without weights, the number of rows that are not ignored.
  case weights
  /// The number of rows that are not ignored.
  case count
  /// The number of rows.
  case batch
}

/// What is measured.
public enum Measure: Int32, Sendable {
  /// -sum_c t_c log p_c, with the options' terms.
  case crossEntropy
  /// The Kullback-Leibler divergence of the prediction from the target: the cross-entropy less the target's own entropy,
  /// 0 where they agree. With labels and without smoothing it is the cross-entropy.
  case klDivergence
}

/// The options of a loss, with the defaults of the C struct.
///
/// p is a probability, z a logit, t a target after label smoothing (binary: t = y on the log p term and 1-y on the
/// log(1-p) term), and l the loss of one row. The options combine freely unless said otherwise. One outside its range,
/// or without meaning for the call, is `XentError.option`, never ignored. The arrays may be of any floating type and have
/// any strides.
public struct Options: Sendable {
  /// What the prediction holds.
  public var input: Input
  /// The class axis; negative counts from the end. Of contiguous arrays it is the last, -1 or 1. Categorical only.
  public var axis: Int
  /// How the losses of the rows become one.
  public var reduction: Reduction
  /// What the mean divides by. For `Reduction.mean` only.
  public var divisor: Divisor
  /// KL divergence adds sum_c w_c t_c log t_c to the row, with 0 log 0 = 0. The gradient is the same.
  public var measure: Measure
  /// Whether the gradient is added to what its array holds, instead of overwriting it.
  public var accumulateGradient: Bool
  /// The most threads that a call may use, the caller's among them; 1 starts none. 0 lets the library choose by the
  /// problem's size and the processors, or the environment variable XENT_NUM_THREADS. Results do not depend on it.
  public var numThreads: Int
  /// Rows with this label add nothing, count nothing and get a gradient of 0, whatever their predictions hold. It need
  /// not be a class. For labels only.
  public var ignoreIndex: Int64?
  /// Above 0: what the mean divides by instead of its divisor. 0 = none; finite. For `Reduction.mean` only.
  public var normalizer: Double
  /// p and 1-p are each taken as at least this, in [0, 0.5). 0 = off: a loss may be infinite then. For probabilities only.
  public var probabilityFloor: Double
  /// e in [0, 1]: t <- (1-e) t + e/C over C classes; binary: y <- (1-e) y + e/2.
  public var labelSmoothing: Double
  /// a > 0, finite: z <- a z, before the soft cap. For logits only.
  public var logitScale: Double
  /// k > 0, finite: z <- k tanh(z/k). 0 = off. For logits only.
  public var logitSoftcap: Double
  /// b >= 0, finite: adds b lse(z)^2 to the row; with labels it is multiplied by the label's class weight. For
  /// categorical logits only.
  public var zLoss: Double
  /// g >= 0, finite: each class's log term is multiplied by (1-p_c)^g; binary: by (1-p)^g the log p term, by p^g the other.
  public var focalGamma: Double
  /// In [0, 1]: the weight of the log p term, and 1 minus it of the other. Negative = off. Binary only.
  public var focalAlpha: Double
  /// e, finite: adds e sum_c t_c (1-p_c) to the row (poly-1).
  public var polyEpsilon: Double
  /// w, one finite value a class: multiplies every term that t_c multiplies, l = sum_c w_c t_c (-log p_c). Categorical only.
  public var classWeights: ArrayView?
  /// One finite value a row, in the labels' shape: multiplies the row's loss and gradient. Binary: of a shape that is
  /// broadcast to the prediction's by NumPy's rules.
  public var sampleWeights: ArrayView?
  /// One finite value, or one a position of the last axis: multiplies the log p term. Binary only.
  public var posWeight: ArrayView?
  /// Multiplies the gradient: one value, or for `Reduction.none` one a row in the labels' shape.
  public var upstream: ArrayView?

  /// Options that differ from the defaults where arguments are given.
  public init(
    input: Input = .probabilities, axis: Int = -1, reduction: Reduction = .mean, divisor: Divisor = .weights,
    measure: Measure = .crossEntropy, accumulateGradient: Bool = false, numThreads: Int = 0,
    ignoreIndex: Int64? = nil, normalizer: Double = 0, probabilityFloor: Double = 1e-15, labelSmoothing: Double = 0,
    logitScale: Double = 1, logitSoftcap: Double = 0, zLoss: Double = 0, focalGamma: Double = 0,
    focalAlpha: Double = -1, polyEpsilon: Double = 0, classWeights: ArrayView? = nil, sampleWeights: ArrayView? = nil,
    posWeight: ArrayView? = nil, upstream: ArrayView? = nil
  ) {
    self.input = input
    self.axis = axis
    self.reduction = reduction
    self.divisor = divisor
    self.measure = measure
    self.accumulateGradient = accumulateGradient
    self.numThreads = numThreads
    self.ignoreIndex = ignoreIndex
    self.normalizer = normalizer
    self.probabilityFloor = probabilityFloor
    self.labelSmoothing = labelSmoothing
    self.logitScale = logitScale
    self.logitSoftcap = logitSoftcap
    self.zLoss = zLoss
    self.focalGamma = focalGamma
    self.focalAlpha = focalAlpha
    self.polyEpsilon = polyEpsilon
    self.classWeights = classWeights
    self.sampleWeights = sampleWeights
    self.posWeight = posWeight
    self.upstream = upstream
  }
}
