import KernelInterface

// The losses of contiguous memory by pointer, which the array and span forms and the C functions stand on.

/// Binary cross-entropy of `count` contiguous values; see the descriptor form for formulas and errors.
///
/// - Parameters:
///   - loss: Receives one value, or `count` values for `Reduction.none`, float64 where `elementType` is and else
///     float32; nil = not wanted.
///   - gradient: Receives `count` values; nil = not wanted. It may be `yPred`.
@discardableResult
public func binaryCrossEntropy(
  yTrue: UnsafeRawPointer?, yPred: UnsafeRawPointer?, elementType: ElementType, count: Int, options: Options,
  loss: UnsafeMutableRawPointer?, gradient: UnsafeMutableRawPointer?
) throws(XentError) -> Totals {
  var shape = Int64(count)
  return try withUnsafePointer(to: &shape) { (shape) throws(XentError) in
    func view(_ data: UnsafeMutableRawPointer?) -> ArrayView {
      ArrayView(data: data, elementType: elementType, rank: 1, shape: shape)
    }
    return try binaryCrossEntropy(
      view(UnsafeMutableRawPointer(mutating: yTrue)), view(UnsafeMutableRawPointer(mutating: yPred)),
      options: options,
      outputs: Outputs(
        loss: lossView(loss, elementType, shape, options), gradient: gradient == nil ? nil : view(gradient)))
  }
}

/// Categorical cross-entropy of `rows` x `classes` contiguous predictions; see the descriptor form for formulas
/// and errors.
///
/// - Parameters:
///   - yTrue: `rows` class indices if `targetType` is an integer type, else `rows` x `classes` values.
///   - loss: Receives one value, or `rows` values for `Reduction.none`, float64 where `elementType` is and else
///     float32; nil = not wanted.
///   - gradient: Receives `rows` x `classes` values; nil = not wanted. It may be `yPred`.
@discardableResult
public func categoricalCrossEntropy(
  yTrue: UnsafeRawPointer?, targetType: ElementType, yPred: UnsafeRawPointer?, elementType: ElementType, rows: Int,
  classes: Int, options: Options, loss: UnsafeMutableRawPointer?, gradient: UnsafeMutableRawPointer?
) throws(XentError) -> Totals {
  if options.axis == 0 || options.axis == -2 { throw .option(.axis, value: Double(options.axis), .notLastAxis) }
  var shape = (Int64(rows), Int64(classes))
  return try withUnsafeBytes(of: &shape) { (bytes) throws(XentError) in
    let shape = bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Int64.self)
    func view(_ data: UnsafeMutableRawPointer?, _ type: ElementType, rank: Int) -> ArrayView {
      ArrayView(data: data, elementType: type, rank: rank, shape: shape)
    }
    return try categoricalCrossEntropy(
      view(UnsafeMutableRawPointer(mutating: yTrue), targetType, rank: targetType.isFloatingPoint ? 2 : 1),
      view(UnsafeMutableRawPointer(mutating: yPred), elementType, rank: 2), options: options,
      outputs: Outputs(
        loss: lossView(loss, elementType, shape, options),
        gradient: gradient == nil ? nil : view(gradient, elementType, rank: 2)))
  }
}

/// One value, or as many as the first extent says.
private func lossView(
  _ loss: UnsafeMutableRawPointer?, _ elementType: ElementType, _ shape: UnsafePointer<Int64>, _ options: Options
) -> ArrayView? {
  guard let loss else { return nil }
  return ArrayView(
    data: loss, elementType: elementType == .float64 ? .float64 : .float32, rank: options.reduction == .none ? 1 : 0,
    shape: shape)
}
