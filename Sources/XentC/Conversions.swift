import Xent
import XentHeader

// From the C structs to the Swift types. What no Swift value stands for (an enumerator out of range) is refused here;
// everything else is for the validation behind.

extension ArrayView {
  init(_ array: xent_array, _ argument: Argument) throws(XentError) {
    let rawType = Int32(truncatingIfNeeded: array.type.rawValue)
    guard let type = ElementType(rawValue: rawType) else { throw .elementType(argument, rawType: rawType) }
    self.init(
      data: array.data, elementType: type, rank: Int(array.ndim), shape: array.shape, strides: array.strides)
  }

  /// An argument that must be there.
  init(required array: UnsafePointer<xent_array>?, _ argument: Argument) throws(XentError) {
    guard let array else { throw .null(argument) }
    try self.init(array.pointee, argument)
  }

  /// Nil for NULL.
  init?(optional array: UnsafePointer<xent_array>?, _ argument: Argument) throws(XentError) {
    guard let array else { return nil }
    try self.init(array.pointee, argument)
  }
}

extension Options {
  init(_ pointer: UnsafePointer<xent_options>?) throws(XentError) {
    self.init()
    guard let pointer else { return }
    let c = try xent_options(pointer, .options)
    input = try enumerator(c.input, .input)
    axis = Int(c.axis)
    reduction = try enumerator(c.reduction, .reduction)
    divisor = try enumerator(c.divisor, .divisor)
    measure = try enumerator(c.measure, .measure)
    accumulateGradient = try flag(c.accumulate_gradient, .accumulateGradient)
    numThreads = Int(c.num_threads)
    ignoreIndex = try flag(c.has_ignore_index, .hasIgnoreIndex) ? c.ignore_index : nil
    normalizer = c.normalizer
    probabilityFloor = c.probability_floor
    labelSmoothing = c.label_smoothing
    logitScale = c.logit_scale
    logitSoftcap = c.logit_softcap
    zLoss = c.z_loss
    focalGamma = c.focal_gamma
    focalAlpha = c.focal_alpha
    polyEpsilon = c.poly_epsilon
    classWeights = try ArrayView(optional: c.class_weights, .classWeights)
    sampleWeights = try ArrayView(optional: c.sample_weights, .sampleWeights)
    posWeight = try ArrayView(optional: c.pos_weight, .posWeight)
    upstream = try ArrayView(optional: c.upstream, .upstream)
  }
}

extension Outputs {
  init(_ c: xent_outputs) throws(XentError) {
    self.init(
      loss: try ArrayView(optional: c.loss, .loss), gradient: try ArrayView(optional: c.gradient, .gradient),
      hessian: try ArrayView(optional: c.hessian, .hessian),
      logSumExp: try ArrayView(optional: c.log_sum_exp, .logSumExp),
      argmax: try ArrayView(optional: c.argmax, .argmax))
  }
}

private func enumerator<Enumeration: RawRepresentable>(
  _ value: Int32, _ option: OptionName
) throws(XentError) -> Enumeration where Enumeration.RawValue == Int32 {
  guard let result = Enumeration(rawValue: value) else {
    throw .option(option, value: Double(value), .range)
  }
  return result
}

private func flag(_ value: Int32, _ option: OptionName) throws(XentError) -> Bool {
  if value != 0 && value != 1 { throw .option(option, value: Double(value), .range) }
  return value == 1
}
