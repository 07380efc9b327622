import KernelInterface

/// Why a call was refused. Indices are flat, in C order.
public enum XentError: Error, Equatable, Sendable {
  /// A pointer that is needed is nil.
  case null(Argument)
  case shape(Argument, ShapeFault)
  /// An element type that the argument cannot have; the raw value may be none of `ElementType`.
  case elementType(Argument, rawType: Int32)
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
  case yTrue, labels, yPred, options, outputs
  case classWeights, sampleWeights, posWeight, upstream
  case loss, gradient, hessian, logSumExp, argmax
  case theta, learningRate
}

/// The options that an error can name.
public enum OptionName: Int32, Sendable {
  case input, axis, reduction, divisor, measure, accumulateGradient, numThreads, hasIgnoreIndex
  case ignoreIndex, normalizer
  case probabilityFloor, labelSmoothing, logitScale, logitSoftcap, zLoss, focalGamma, focalAlpha, polyEpsilon
  case classWeights, sampleWeights, posWeight, upstream
  case hessian, logSumExp, argmax, learningRate
}

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

public enum ShapeFault: Equatable, Sendable {
  case rank(Int, expected: Int)
  /// More dimensions than the array to which this one is broadcast.
  case rankAbove(Int, limit: Int)
  case negativeRank(Int)
  /// A floating array of labels' shape.
  case floatingLabels
  case negativeExtent(axis: Int, Int64)
  case extent(axis: Int, Int64, expected: Int64)
  /// An extent that is neither 1 nor that of the array to which this one is broadcast.
  case broadcastExtent(axis: Int, Int64, expected: Int64)
  /// Shape and strides reach beyond what an address can say.
  case tooLarge
  case zeroClasses
  /// The prediction has no axis for the classes.
  case noClassAxis
  case elementCount(Int, expected: Int)
}
