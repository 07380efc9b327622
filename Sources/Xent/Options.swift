import KernelInterface

/// What the prediction holds.
public typealias Input = InputKind

/// How the losses become one.
public enum Reduction: Int32, Sendable {
  case mean, sum
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
  case crossEntropy, klDivergence
}

/// The options of a loss, with the defaults of the C struct. An option outside its range, or without meaning for
/// the call, is `XentError.option`, never ignored. Options that this version refuses altogether are marked so.
public struct Options: Sendable {
  public var input = Input.probabilities
  /// The class axis; negative counts from the end. It must be the last in this version; binary losses have none.
  public var axis = -1
  public var reduction = Reduction.mean
  /// For the mean only.
  public var divisor = Divisor.weights
  /// Default only.
  public var measure = Measure.crossEntropy
  /// Default only.
  public var accumulateGradient = false
  /// The most threads that a call may use, the caller's among them; 1 starts none. 0 lets the library choose by the
  /// problem's size and the processors, or the environment variable XENT_NUM_THREADS. Results do not depend on it.
  public var numThreads = 0
  /// Default only.
  public var ignoreIndex: Int64?
  /// Above 0: what the mean divides by instead of its divisor. 0 = none.
  public var normalizer = 0.0
  /// p and 1-p are taken as at least this, in [0, 0.5). For probabilities only.
  public var probabilityFloor = 1e-15
  /// Default only, as are all below.
  public var labelSmoothing = 0.0
  public var logitScale = 1.0
  /// 0 = off.
  public var logitSoftcap = 0.0
  public var zLoss = 0.0
  public var focalGamma = 0.0
  /// Negative = off.
  public var focalAlpha = -1.0
  public var polyEpsilon = 0.0
  public var classWeights: ArrayView?
  public var sampleWeights: ArrayView?
  public var posWeight: ArrayView?
  public var upstream: ArrayView?

  public init(
    input: Input = .probabilities, axis: Int = -1, reduction: Reduction = .mean, divisor: Divisor = .weights,
    numThreads: Int = 0, normalizer: Double = 0, probabilityFloor: Double = 1e-15
  ) {
    self.input = input
    self.axis = axis
    self.reduction = reduction
    self.divisor = divisor
    self.numThreads = numThreads
    self.normalizer = normalizer
    self.probabilityFloor = probabilityFloor
  }
}
