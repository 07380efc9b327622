import XentKernelInterface

/// Why a call was refused. Indices are flat, in C order.
public enum XentError: Error, Equatable, Sendable {
  /// A pointer that is needed is nil.
  case null(Argument)
  /// A shape that does not belong to the other arguments'.
  case shape(Argument, ShapeFault)
  /// An element type that the argument cannot have; the raw value may be none of `ElementType`.
  case elementType(Argument, rawType: Int32)
  /// An option that is out of its range, or has no meaning for the call; `value` is what was given.
  case option(OptionName, value: Double, OptionFault)
  /// A struct size that this library does not know.
  case structSize(Argument, size: Int)
  /// A class index outside [0, classes).
  case label(index: Int, value: Int64, classes: Int)
  /// A weight that is not finite.
  case weight(OptionName, index: Int, value: Double)
  /// A probability outside [0, 1], or a binary log-probability above 0, by more than the tolerance.
  case probability(index: Int, value: Double, Input)
  /// A binary target outside [0, 1], or an entry of a distribution that is negative, infinite or NaN.
  case target(index: Int, value: Double)
  /// The first argument's memory overlaps the second's; if both are the same, elements of it share memory.
  case overlap(Argument, Argument)
  /// There is not enough memory.
  case memory

  /// The flat index of the offending element, -1 where there is none.
  public var index: Int {
    switch self {
    case .label(let index, _, _), .weight(_, let index, _), .probability(let index, _, _), .target(let index, _):
      index
    default: -1
    }
  }
}

/// The arguments that an error can name.
public enum Argument: Int32, Sendable {
  /// The targets.
  case yTrue
  /// The targets, where they are class indices.
  case labels
  /// The predictions.
  case yPred
  /// The struct of options, as C has it.
  case options
  /// The struct of outputs, as C has it.
  case outputs
  /// `Options.classWeights`.
  case classWeights
  /// `Options.sampleWeights`.
  case sampleWeights
  /// `Options.posWeight`.
  case posWeight
  /// `Options.upstream`.
  case upstream
  /// `Outputs.loss`.
  case loss
  /// `Outputs.gradient`; in gradient descent, the gradient to descend.
  case gradient
  /// `Outputs.hessian`.
  case hessian
  /// `Outputs.logSumExp`.
  case logSumExp
  /// `Outputs.argmax`.
  case argmax
  /// The parameters of gradient descent.
  case theta
  /// The learning rate of gradient descent.
  case learningRate
}

/// The options that an error can name.
public enum OptionName: Int32, Sendable {
  /// `Options.input`.
  case input
  /// `Options.axis`.
  case axis
  /// `Options.reduction`.
  case reduction
  /// `Options.divisor`.
  case divisor
  /// `Options.measure`.
  case measure
  /// `Options.accumulateGradient`.
  case accumulateGradient
  /// `Options.numThreads`.
  case numThreads
  /// Whether there is an `Options.ignoreIndex`, as C has it.
  case hasIgnoreIndex
  /// `Options.ignoreIndex`.
  case ignoreIndex
  /// `Options.normalizer`.
  case normalizer
  /// `Options.probabilityFloor`.
  case probabilityFloor
  /// `Options.labelSmoothing`.
  case labelSmoothing
  /// `Options.logitScale`.
  case logitScale
  /// `Options.logitSoftcap`.
  case logitSoftcap
  /// `Options.zLoss`.
  case zLoss
  /// `Options.focalGamma`.
  case focalGamma
  /// `Options.focalAlpha`.
  case focalAlpha
  /// `Options.polyEpsilon`.
  case polyEpsilon
  /// `Options.classWeights`.
  case classWeights
  /// `Options.sampleWeights`.
  case sampleWeights
  /// `Options.posWeight`.
  case posWeight
  /// `Options.upstream`.
  case upstream
  /// `Outputs.hessian`, which is asked for like an option.
  case hessian
  /// `Outputs.logSumExp`, which is asked for like an option.
  case logSumExp
  /// `Outputs.argmax`, which is asked for like an option.
  case argmax
  /// The learning rate of gradient descent.
  case learningRate
}

/// What is wrong with an option.
public enum OptionFault: Equatable, Sendable {
  /// The value is outside the option's range.
  case range
  /// The option has no meaning for the call.
  case meaningless
  /// The option cannot be combined with another one that is given.
  case excluded(by: OptionName)
  /// The class axis of contiguous arrays, which is the last, is not another one.
  case notLastAxis
}

/// What is wrong with a shape.
public enum ShapeFault: Equatable, Sendable {
  /// Another number of dimensions than expected.
  case rank(Int, expected: Int)
  /// More dimensions than the array to which this one is broadcast.
  case rankAbove(Int, limit: Int)
  /// A number of dimensions below 0.
  case negativeRank(Int)
  /// A floating array of labels' shape.
  case floatingLabels
  /// A length below 0.
  case negativeExtent(axis: Int, Int64)
  /// Another length of an axis than expected.
  case extent(axis: Int, Int64, expected: Int64)
  /// An extent that is neither 1 nor that of the array to which this one is broadcast.
  case broadcastExtent(axis: Int, Int64, expected: Int64)
  /// Shape and strides reach beyond what an address can say.
  case tooLarge
  /// A class axis of length 0.
  case zeroClasses
  /// The prediction has no axis for the classes.
  case noClassAxis
  /// Another number of elements than expected.
  case elementCount(Int, expected: Int)
}
