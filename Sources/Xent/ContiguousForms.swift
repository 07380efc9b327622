import XentKernelInterface

// The losses of contiguous memory by pointer, which the array and span forms and the C functions stand on.

/// Binary cross-entropy of `count` contiguous values; see the descriptor form for the formulas.
///
/// - Parameters:
///   - yTrue: `count` targets in [0, 1].
///   - yPred: `count` predictions.
///   - elementType: The floating type of `yTrue`, `yPred` and `gradient`.
///   - count: At least 0. With 0 the pointers may be nil.
///   - options: See `Options`; for its arrays the shape of `yPred` is [count]. `axis` must be -1.
///   - loss: Receives one value, or `count` values for `Reduction.none`, float64 where `elementType` is and else
///     float32; nil = not wanted.
///   - gradient: Receives `count` values; nil = not wanted. It may be `yPred`.
/// - Returns: The totals over all elements.
/// - Throws: `XentError`, as the descriptor form. `loss` and `gradient` may be partly written on `.probability` and
///   `.target`, and are untouched on any other error.
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
    return try withUsualArithmetic { () throws(XentError) in
      try Problem.binary(
        view(UnsafeMutableRawPointer(mutating: yTrue)), view(UnsafeMutableRawPointer(mutating: yPred)), options,
        Outputs(loss: lossView(loss, elementType, shape, options), gradient: gradient == nil ? nil : view(gradient))
      ).run()
    }
  }
}

/// Categorical cross-entropy of `rows` x `classes` contiguous predictions; see the descriptor form for the formulas.
///
/// - Parameters:
///   - yTrue: `rows` class indices if `targetType` is an integer type, else `rows` x `classes` targets >= 0.
///   - targetType: Any integer or floating type.
///   - yPred: `rows` x `classes` predictions, the classes of a row side by side.
///   - elementType: The floating type of `yPred` and `gradient`.
///   - rows: At least 0. With 0 the pointers may be nil.
///   - classes: At least 1.
///   - options: See `Options`; for its arrays the shape of `yPred` is [rows, classes]. `axis` must be -1 or 1.
///   - loss: Receives one value, or `rows` values for `Reduction.none`, float64 where `elementType` is and else
///     float32; nil = not wanted.
///   - gradient: Receives `rows` x `classes` values; nil = not wanted. It may be `yPred`.
/// - Returns: The totals over all rows.
/// - Throws: `XentError`, as the descriptor form. `loss` and `gradient` may be partly written on `.probability` and
///   `.target`, and are untouched on any other error.
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
    return try withUsualArithmetic { () throws(XentError) in
      try Problem.categorical(
        view(UnsafeMutableRawPointer(mutating: yTrue), targetType, rank: targetType.isFloatingPoint ? 2 : 1),
        view(UnsafeMutableRawPointer(mutating: yPred), elementType, rank: 2), options,
        Outputs(
          loss: lossView(loss, elementType, shape, options),
          gradient: gradient == nil ? nil : view(gradient, elementType, rank: 2))
      ).run()
    }
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
