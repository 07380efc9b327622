import KernelInterface

// The losses of contiguous memory by pointer, which the array and span forms and the C functions stand on.

/// Binary cross-entropy of `count` contiguous values; see the descriptor form for formulas and errors.
///
/// - Parameters:
///   - loss: Receives one value, or `count` values for `Reduction.none`; nil = not wanted.
///   - gradient: Receives `count` values; nil = not wanted. It may be `yPred`.
@discardableResult
public func binaryCrossEntropy(
  yTrue: UnsafeRawPointer?, yPred: UnsafeRawPointer?, elementType: ElementType, count: Int, options: Options,
  loss: UnsafeMutableRawPointer?, gradient: UnsafeMutableRawPointer?
) throws(XentError) -> Totals {
  var shape = Int64(count)
  return try withUnsafePointer(to: &shape) { (shape) throws(XentError) in
    func view(_ data: UnsafeMutableRawPointer?, rank: Int = 1) -> ArrayView {
      ArrayView(data: data, elementType: elementType, rank: rank, shape: shape)
    }
    return try binaryCrossEntropy(
      view(UnsafeMutableRawPointer(mutating: yTrue)), view(UnsafeMutableRawPointer(mutating: yPred)),
      options: options,
      outputs: Outputs(
        loss: loss == nil ? nil : view(loss, rank: options.reduction == .none ? 1 : 0),
        gradient: gradient == nil ? nil : view(gradient)))
  }
}

/// Categorical cross-entropy of `rows` x `classes` contiguous predictions; see the descriptor form for formulas
/// and errors.
///
/// - Parameters:
///   - yTrue: `rows` class indices if `targetType` is an integer type, else `rows` x `classes` values.
///   - loss: Receives one value, or `rows` values for `Reduction.none`; nil = not wanted.
///   - gradient: Receives `rows` x `classes` values; nil = not wanted. It may be `yPred`.
@discardableResult
public func categoricalCrossEntropy(
  yTrue: UnsafeRawPointer?, targetType: ElementType, yPred: UnsafeRawPointer?, elementType: ElementType, rows: Int,
  classes: Int, options: Options, loss: UnsafeMutableRawPointer?, gradient: UnsafeMutableRawPointer?
) throws(XentError) -> Totals {
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
        loss: loss == nil ? nil : view(loss, elementType, rank: options.reduction == .none ? 1 : 0),
        gradient: gradient == nil ? nil : view(gradient, elementType, rank: 2)))
  }
}
