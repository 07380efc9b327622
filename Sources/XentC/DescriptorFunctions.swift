import Xent
import XentHeader

@c @implementation
public func xent_options_init(_ options: UnsafeMutablePointer<xent_options>!) {
  guard let options else { return }
  let defaults = Options()
  options.pointee = xent_options(
    struct_size: MemoryLayout<xent_options>.size, input: defaults.input.rawValue, axis: Int32(defaults.axis),
    reduction: defaults.reduction.rawValue, divisor: defaults.divisor.rawValue,
    measure: defaults.measure.rawValue, accumulate_gradient: 0, num_threads: 0, has_ignore_index: 0,
    ignore_index: 0, normalizer: defaults.normalizer, probability_floor: defaults.probabilityFloor,
    label_smoothing: defaults.labelSmoothing, logit_scale: defaults.logitScale,
    logit_softcap: defaults.logitSoftcap, z_loss: defaults.zLoss, focal_gamma: defaults.focalGamma,
    focal_alpha: defaults.focalAlpha, poly_epsilon: defaults.polyEpsilon, class_weights: nil,
    sample_weights: nil, pos_weight: nil, upstream: nil)
}

@c @implementation
public func xent_outputs_init(_ outputs: UnsafeMutablePointer<xent_outputs>!) {
  guard let outputs else { return }
  outputs.pointee = xent_outputs(
    struct_size: MemoryLayout<xent_outputs>.size, loss: nil, gradient: nil, hessian: nil, log_sum_exp: nil,
    argmax: nil, loss_sum: 0, weight_sum: 0, count: 0, correct: -1, error_index: -1)
}

@c @implementation
public func xent_binary(
  _ y_true: UnsafePointer<xent_array>!, _ y_pred: UnsafePointer<xent_array>!,
  _ options: UnsafePointer<xent_options>!, _ outputs: UnsafeMutablePointer<xent_outputs>!
) -> xent_status {
  compute(y_true, y_pred, options, outputs) { (yTrue, yPred, options, outputs) throws(XentError) in
    try binaryCrossEntropy(yTrue, yPred, options: options, outputs: outputs)
  }
}

@c @implementation
public func xent_categorical(
  _ y_true: UnsafePointer<xent_array>!, _ y_pred: UnsafePointer<xent_array>!,
  _ options: UnsafePointer<xent_options>!, _ outputs: UnsafeMutablePointer<xent_outputs>!
) -> xent_status {
  compute(y_true, y_pred, options, outputs) { (yTrue, yPred, options, outputs) throws(XentError) in
    try categoricalCrossEntropy(yTrue, yPred, options: options, outputs: outputs)
  }
}

@c @implementation
public func xent_explain_binary(
  _ y_true: UnsafePointer<xent_array>!, _ y_pred: UnsafePointer<xent_array>!,
  _ options: UnsafePointer<xent_options>!, _ outputs: UnsafePointer<xent_outputs>!,
  _ message: UnsafeMutablePointer<CChar>!, _ capacity: Int
) -> Int {
  explain(y_true, y_pred, options, outputs, message, capacity, explainBinaryCrossEntropy)
}

@c @implementation
public func xent_explain_categorical(
  _ y_true: UnsafePointer<xent_array>!, _ y_pred: UnsafePointer<xent_array>!,
  _ options: UnsafePointer<xent_options>!, _ outputs: UnsafePointer<xent_outputs>!,
  _ message: UnsafeMutablePointer<CChar>!, _ capacity: Int
) -> Int {
  explain(y_true, y_pred, options, outputs, message, capacity, explainCategoricalCrossEntropy)
}

/// The four arguments of a descriptor function, converted.
private struct Arguments {
  let yTrue: ArrayView
  let yPred: ArrayView
  let options: Options
  let outputs: Outputs

  init(
    _ yTrue: UnsafePointer<xent_array>?, _ yPred: UnsafePointer<xent_array>?,
    _ options: UnsafePointer<xent_options>?, _ outputs: UnsafePointer<xent_outputs>?
  ) throws(XentError) {
    guard let outputs else { throw .null(.outputs) }
    try requireKnownSize(outputs, outputs.pointee.struct_size, .outputs)
    self.yTrue = try ArrayView(required: yTrue, .yTrue)
    self.yPred = try ArrayView(required: yPred, .yPred)
    self.options = try Options(options)
    self.outputs = try Outputs(outputs.pointee)
  }
}

@inline(__always) private func compute(
  _ yTrue: UnsafePointer<xent_array>?, _ yPred: UnsafePointer<xent_array>?,
  _ options: UnsafePointer<xent_options>?, _ outputs: UnsafeMutablePointer<xent_outputs>?,
  _ loss: (ArrayView, ArrayView, Options, Outputs) throws(XentError) -> Totals
) -> xent_status {
  do throws(XentError) {
    let arguments = try Arguments(yTrue, yPred, options, UnsafePointer(outputs))
    let totals = try loss(arguments.yTrue, arguments.yPred, arguments.options, arguments.outputs)
    outputs?.pointee.write(totals)
    return XENT_OK
  } catch {
    // In a struct of unknown size the field may not exist.
    if case .structSize(.outputs, _) = error { return error.status }
    outputs?.pointee.error_index = Int64(error.index)
    return error.status
  }
}

extension xent_outputs {
  fileprivate mutating func write(_ totals: Totals) {
    loss_sum = totals.lossSum
    weight_sum = totals.weightSum
    count = Int64(totals.count)
    correct = Int64(totals.correct)
    error_index = -1
  }
}

private func explain(
  _ yTrue: UnsafePointer<xent_array>?, _ yPred: UnsafePointer<xent_array>?,
  _ options: UnsafePointer<xent_options>?, _ outputs: UnsafePointer<xent_outputs>?,
  _ message: UnsafeMutablePointer<CChar>?, _ capacity: Int,
  _ explainLoss: (ArrayView, ArrayView, Options, Outputs, Int64, UnsafeMutableBufferPointer<UInt8>) -> Int
) -> Int {
  // The last byte is for the NUL. A capacity beyond the signed range arrives negative; no message is that long.
  let room = message == nil ? 0 : capacity < 0 ? Int.max : capacity
  let text = UnsafeMutableRawPointer(message)?.assumingMemoryBound(to: UInt8.self)
  let buffer = UnsafeMutableBufferPointer(start: text, count: max(0, room - 1))
  let length: Int
  do throws(XentError) {
    let arguments = try Arguments(yTrue, yPred, options, outputs)
    length = explainLoss(
      arguments.yTrue, arguments.yPred, arguments.options, arguments.outputs,
      outputs?.pointee.error_index ?? -1, buffer)
  } catch {
    length = error.explain(nil, nil, buffer)
  }
  if room > 0 { text?[min(length, room - 1)] = 0 }
  return length
}
