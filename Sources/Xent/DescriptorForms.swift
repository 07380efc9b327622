import XentKernelInterface

// The losses of described arrays, on which all other forms stand.

/// Binary cross-entropy of described arrays.
///
/// Every element is a problem of its own with a target y in [0, 1]:
///
///     probabilities      l = -[ y log p + (1-y) log(1-p) ]        dl/dp = -y/p + (1-y)/(1-p)
///     logits             l = y softplus(-z) + (1-y) softplus(z)   dl/dz = sigmoid(z) - y
///     log-probabilities  l = -[ y q + (1-y) log(1-e^q) ]          dl/dq = -y + (1-y) e^q/(1-e^q)
///
/// The arrays may have any rank and strides, and each its own floating type; nothing is copied. A prediction of float64
/// is computed in float64, any other in float32: 16-bit elements are widened, and 16-bit outputs are the float32
/// result rounded once.
///
/// - Parameters:
///   - yTrue: Targets of `yPred`'s shape; they do not broadcast.
///   - yPred: Predictions.
///   - options: What changes these formulas; see `Options`. `axis`, `ignoreIndex`, `classWeights` and `zLoss` have no
///     meaning here and are refused.
///   - outputs: The arrays to fill, not `logSumExp` and `argmax`; see `Outputs` for their shapes and types. Without
///     any, the totals are computed.
/// - Returns: The totals over all elements.
/// - Throws: `XentError`. Before anything is written:
///   - `.null`, `.shape` and `.elementType`: an array has no memory, or not the shape or type that belongs to `yPred`;
///   - `.option`: an option or output is out of its range or without meaning for the call;
///   - `.weight`: a weight is not finite;
///   - `.overlap`: an output's memory overlaps another array's, or itself.
///
///   While the outputs are being written, so that they may be partly written, in place `yPred` too:
///   - `.probability`: a probability is outside [0, 1], or a log-probability above 0, by more than 1e-3, or 1e-2 if
///     `yPred` is of a 16-bit type;
///   - `.target`: a target is outside [0, 1] or NaN.
@discardableResult
public func binaryCrossEntropy(
  _ yTrue: ArrayView, _ yPred: ArrayView, options: Options = Options(), outputs: Outputs
) throws(XentError) -> Totals {
  try withUsualArithmetic { () throws(XentError) in
    let problem = try Problem.binary(yTrue, yPred, options, outputs)
    try problem.requireDescriptorsApart()
    return try problem.run()
  }
}

/// Categorical cross-entropy of described arrays, with class indices or distributions t as targets:
///
///     probabilities      l = -sum_c t_c log p_c            dl/dp_c = -t_c / p_c
///     logits             l = sum_c t_c (lse(z) - z_c)      dl/dz_c = T softmax(z)_c - t_c,  T = sum_c t_c
///     log-probabilities  l = -sum_c t_c q_c                dl/dq_c = -t_c
///
/// The arrays may have any rank and strides; nothing is copied. A prediction of float64 is computed in float64, any
/// other in float32: 16-bit elements are widened, and 16-bit outputs are the float32 result rounded once.
///
/// - Parameters:
///   - yTrue: Class indices of any integer type in `yPred`'s shape without the class axis, or distributions of
///     `yPred`'s shape and any floating type. Neither broadcasts.
///   - yPred: Predictions of any floating type and of rank 1 or more, with the classes along `options.axis`, the last
///     by default. With class indices and no label smoothing, of probabilities and log-probabilities only the label's
///     entry is read and checked.
///   - options: What changes these formulas; see `Options`. `posWeight` and `focalAlpha` have no meaning here and are
///     refused, and so is `ignoreIndex` with distributions.
///   - outputs: The arrays to fill; see `Outputs` for their shapes and types. Without any, the totals are computed.
/// - Returns: The totals over all rows.
/// - Throws: `XentError`. Before anything is written:
///   - `.null`, `.shape` and `.elementType`: an array has no memory, or not the shape or type that belongs to `yPred`,
///     or there are no classes;
///   - `.option`: an option or output is out of its range or without meaning for the call;
///   - `.label`: a class index outside [0, classes) is not the ignored one;
///   - `.weight`: a weight is not finite;
///   - `.overlap`: an output's memory overlaps another array's, or itself.
///
///   While the outputs are being written, so that they may be partly written, in place `yPred` too:
///   - `.probability`: a probability is outside [0, 1] by more than 1e-3, or 1e-2 if `yPred` is of a 16-bit type;
///   - `.target`: an entry of a distribution is negative, infinite or NaN.
@discardableResult
public func categoricalCrossEntropy(
  _ yTrue: ArrayView, _ yPred: ArrayView, options: Options = Options(), outputs: Outputs
) throws(XentError) -> Totals {
  try withUsualArithmetic { () throws(XentError) in
    let problem = try Problem.categorical(yTrue, yPred, options, outputs)
    try problem.requireDescriptorsApart()
    return try problem.run()
  }
}

/// Writes why a loss refuses these arguments, as one sentence without an end mark; the length of the whole sentence
/// comes back, 0 if there is nothing to refuse. `errorIndex` is the index of the error that the call threw, -1 for none.
public func explainBinaryCrossEntropy(
  _ yTrue: ArrayView, _ yPred: ArrayView, options: Options, outputs: Outputs, errorIndex: Int64,
  into buffer: UnsafeMutableBufferPointer<UInt8>
) -> Int {
  withUsualArithmetic {
    do throws(XentError) {
      let problem = try Problem.binary(yTrue, yPred, options, outputs)
      try problem.requireDescriptorsApart()
      return try problem.explainData(errorIndex, buffer)
    } catch {
      return error.explain(yTrue, yPred, buffer)
    }
  }
}

/// As `explainBinaryCrossEntropy`, for the categorical loss.
public func explainCategoricalCrossEntropy(
  _ yTrue: ArrayView, _ yPred: ArrayView, options: Options, outputs: Outputs, errorIndex: Int64,
  into buffer: UnsafeMutableBufferPointer<UInt8>
) -> Int {
  withUsualArithmetic {
    do throws(XentError) {
      let problem = try Problem.categorical(yTrue, yPred, options, outputs)
      try problem.requireDescriptorsApart()
      return try problem.explainData(errorIndex, buffer)
    } catch {
      return error.explain(yTrue, yPred, buffer)
    }
  }
}

extension Problem {
  fileprivate func explainData(
    _ errorIndex: Int64, _ buffer: UnsafeMutableBufferPointer<UInt8>
  ) throws(XentError) -> Int {
    try checkRows()
    guard errorIndex >= 0, errorIndex < Int64(rows * classes) else { return 0 }
    return dataError(at: Int(errorIndex))?.explain(yTrue, yPred, buffer) ?? 0
  }
}

extension XentError {
  /// Writes the message into the buffer; see `explainBinaryCrossEntropy`.
  public func explain(
    _ yTrue: ArrayView? = nil, _ yPred: ArrayView? = nil, _ buffer: UnsafeMutableBufferPointer<UInt8>
  ) -> Int {
    withUsualArithmetic {
      var message = MessageWriter(buffer)
      write(to: &message, yTrue: yTrue, yPred: yPred)
      return message.length
    }
  }
}
