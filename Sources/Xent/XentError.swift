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
  /// A probability outside [0, 1], or a binary log-probability above 0, by more than the tolerance.
  case probability(index: Int, value: Double, Input)
  /// A binary target outside [0, 1], or an entry of a distribution that is negative, infinite or NaN.
  case target(index: Int, value: Double)
  /// The first argument's memory overlaps the second's.
  case overlap(Argument, Argument)
  case memory

  /// The flat index of the offending element, -1 where there is none.
  public var index: Int {
    switch self {
    case .label(let index, _, _), .probability(let index, _, _), .target(let index, _): index
    default: -1
    }
  }
}

/// The arguments that an error can name.
public enum Argument: Int32, Sendable {
  case yTrue, labels, yPred, options, outputs
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
  /// The option must keep its default in this version.
  case defaultOnly
}

public enum ShapeFault: Equatable, Sendable {
  case rank(Int, expected: Int)
  /// A floating array of labels' shape.
  case floatingLabels
  case negativeExtent(axis: Int, Int64)
  case extent(axis: Int, Int64, expected: Int64)
  /// The number of bytes does not fit an address.
  case tooLarge
  case zeroClasses
  /// The prediction has no axis for the classes.
  case noClassAxis
  case elementCount(Int, expected: Int)
  /// The strides are not those of C order.
  case strides
}
