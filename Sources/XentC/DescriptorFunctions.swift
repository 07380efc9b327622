import Xent
import XentHeader

@c @implementation
public func xent_options_init(_ options: UnsafeMutablePointer<xent_options>!) {
  guard let options else { return }
  let defaults = Options()
  xent_options.update(options, size: xent_options.firstSize) { value in
    // Whatever is not named is off, which is zero.
    value = xent_options()
    value.struct_size = xent_options.firstSize
    value.axis = Int32(defaults.axis)
    value.probability_floor = defaults.probabilityFloor
    value.logit_scale = defaults.logitScale
    value.focal_alpha = defaults.focalAlpha
  }
}

@c @implementation
public func xent_outputs_init(_ outputs: UnsafeMutablePointer<xent_outputs>!) {
  guard let outputs else { return }
  xent_outputs.update(outputs, size: xent_outputs.firstSize) { value in
    value = xent_outputs()
    value.struct_size = xent_outputs.firstSize
    value.correct = -1
    value.error_index = -1
  }
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
  /// The size of the caller's outputs.
  let outputsSize: Int

  init(
    _ yTrue: UnsafePointer<xent_array>?, _ yPred: UnsafePointer<xent_array>?,
    _ options: UnsafePointer<xent_options>?, _ outputs: UnsafePointer<xent_outputs>?
  ) throws(XentError) {
    guard let outputs else { throw .null(.outputs) }
    let wanted = try xent_outputs(outputs, .outputs)
    outputsSize = wanted.struct_size
    self.yTrue = try ArrayView(required: yTrue, .yTrue)
    self.yPred = try ArrayView(required: yPred, .yPred)
    self.options = try Options(options)
    self.outputs = try Outputs(wanted)
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
    if let outputs { xent_outputs.update(outputs, size: arguments.outputsSize) { $0.write(totals) } }
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
