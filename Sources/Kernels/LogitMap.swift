import XentKernelInterface

/// What a row of logits does to each of them on its way into the exponential: nothing, or the options' transform u(z), which
/// `LogitTransform` is in float64.
protocol LogitMap {
  associatedtype Value: Lanes
  associatedtype Argument

  /// Whether u is z.
  static var isPlain: Bool { get }
  /// Whether a logit of -inf stays a class of probability 0.
  static var keepsInfinity: Bool { get }

  /// Whether kernels with this map make Hessians.
  static var hasHessian: Bool { get }

  init(_ terms: LossTerms)
  /// The scale for exponentials of transformed logits relative to that of the reference.
  func scale(reference: Double) -> ExponentialScale
  /// Whether a row with this largest logit has a softmax, if no logit is NaN.
  func isDefined(_ largest: Double) -> Bool
  /// Whether the transformed logits are no further apart than exponentials reach.
  func isWithinReach(_ largest: Double, of reference: Double) -> Bool
  /// The transformed logit less what a scale's base becomes.
  func value(_ z: Double, base: Double) -> Double
  /// What an exponential takes of a logit. Apart from it, as a long chain of operations is best begun for several vectors
  /// before one of them is ended.
  func argument(_ z: Value) -> Argument
  /// e^u, scaled.
  func exponential(_ argument: Argument, _ scale: ExponentialScale) -> Value
  /// What of e^u makes the gradient: e^u du/dz, but for a constant factor.
  func kept(_ exponential: Value, _ argument: Argument) -> Value
  /// That factor.
  var keptFactor: Double { get }
  /// du/dz at up to eight logits.
  func slopes(_ count: Int, at logit: (_ lane: Int) -> Double) -> Float64Lanes
}

/// u = z.
struct PlainLogits<Value: Lanes>: LogitMap {
  @inline(__always) static var keepsInfinity: Bool { true }
  @inline(__always) static var isPlain: Bool { true }
  @inline(__always) static var hasHessian: Bool { false }
  @inline(__always) init(_ terms: LossTerms) {}
  @inline(__always) func scale(reference: Double) -> ExponentialScale {
    ExponentialScale(reference: reference, Value.exponentialRange)
  }
  @inline(__always) func isDefined(_ largest: Double) -> Bool { largest - largest == 0 }
  @inline(__always) func isWithinReach(_ largest: Double, of reference: Double) -> Bool {
    !(largest > reference + Value.exponentialRange.reach)
  }
  @inline(__always) func value(_ z: Double, base: Double) -> Double { z - base }
  @inline(__always) func argument(_ z: Value) -> Value { z }
  @inline(__always) func exponential(_ z: Value, _ scale: ExponentialScale) -> Value {
    Value.scaledExponential(z, scale)
  }
  @inline(__always) func kept(_ exponential: Value, _ z: Value) -> Value { exponential }
  @inline(__always) var keptFactor: Double { 1 }
  @inline(__always) func slopes(_ count: Int, at logit: (_ lane: Int) -> Double) -> Float64Lanes { .one }
}

/// u = a z, in float32. A base is that of the logits as they are, as differences of these are exact.
struct ScaledLogits: LogitMap {
  private let factor: Double

  @inline(__always) static var keepsInfinity: Bool { true }
  @inline(__always) static var isPlain: Bool { false }
  @inline(__always) static var hasHessian: Bool { true }
  @inline(__always) init(_ terms: LossTerms) { factor = terms.logitScale }
  @inline(__always) func scale(reference: Double) -> ExponentialScale {
    ExponentialScale(reference: reference, factor: factor, Float32Lanes.exponentialRange)
  }
  @inline(__always) func isDefined(_ largest: Double) -> Bool { largest - largest == 0 }
  @inline(__always) func isWithinReach(_ largest: Double, of reference: Double) -> Bool {
    !(factor * largest > factor * reference + Float32Lanes.exponentialRange.reach)
  }
  @inline(__always) func value(_ z: Double, base: Double) -> Double { factor * (z - base) }
  @inline(__always) func argument(_ z: Float32Lanes) -> Float32Lanes { z }
  @inline(__always) func exponential(_ z: Float32Lanes, _ scale: ExponentialScale) -> Float32Lanes {
    Float32Lanes.scaledExponential(z, times: factor, scale)
  }
  @inline(__always) func kept(_ exponential: Float32Lanes, _ z: Float32Lanes) -> Float32Lanes { exponential }
  @inline(__always) var keptFactor: Double { factor }
  @inline(__always) func slopes(_ count: Int, at logit: (_ lane: Int) -> Double) -> Float64Lanes { Float64Lanes(factor) }
}
