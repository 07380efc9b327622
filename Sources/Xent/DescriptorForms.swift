import KernelInterface

// The losses of described arrays, on which all other forms stand.

/// Binary cross-entropy of described arrays.
///
/// Every element is a problem of its own with a target y in [0, 1]:
///
///     probabilities      l = -[ y log p + (1-y) log(1-p) ]        dl/dp = -y/p + (1-y)/(1-p)
///     logits             l = y softplus(-z) + (1-y) softplus(z)   dl/dz = sigmoid(z) - y
///     log-probabilities  l = -[ y q + (1-y) log(1-e^q) ]          dl/dq = -y + (1-y) e^q/(1-e^q)
///
/// - Parameters:
///   - yTrue: Targets of `yPred`'s shape and of any floating type.
///   - yPred: Predictions of any floating type. 16-bit types are computed with as float32.
///   - options: What changes these formulas; see `Options`.
///   - outputs: The arrays to fill.
/// - Returns: The totals over all elements.
/// - Throws: `XentError`. Nothing has been written then, except on `.probability` and `.target`, which are found
///   while the outputs are being written.
@discardableResult
public func binaryCrossEntropy(
  _ yTrue: ArrayView, _ yPred: ArrayView, options: Options = Options(), outputs: Outputs
) throws(XentError) -> Totals {
  try Problem.binary(yTrue, yPred, options, outputs).run()
}

/// Categorical cross-entropy of described arrays, with class indices or distributions t as targets:
///
///     probabilities      l = -sum_c t_c log p_c            dl/dp_c = -t_c / p_c
///     logits             l = sum_c t_c (lse(z) - z_c)      dl/dz_c = T softmax(z)_c - t_c,  T = sum_c t_c
///     log-probabilities  l = -sum_c t_c q_c                dl/dq_c = -t_c
///
/// - Parameters:
///   - yTrue: Class indices of an integer type in `yPred`'s shape without the class axis, or distributions of
///     `yPred`'s shape and of any floating type.
///   - yPred: Predictions of any floating type, with the classes along `options.axis`. 16-bit types are computed with
///     as float32.
///   - options: What changes these formulas; see `Options`.
///   - outputs: The arrays to fill.
/// - Returns: The totals over all rows.
/// - Throws: `XentError`. Nothing has been written then, except on `.probability` and `.target`, which are found
///   while the outputs are being written.
@discardableResult
public func categoricalCrossEntropy(
  _ yTrue: ArrayView, _ yPred: ArrayView, options: Options = Options(), outputs: Outputs
) throws(XentError) -> Totals {
  try Problem.categorical(yTrue, yPred, options, outputs).run()
}

/// Writes why a loss refuses these arguments, as one sentence without an end mark; the length of the whole sentence
/// comes back, 0 if there is nothing to refuse. `errorIndex` is the index of the error that the call threw, -1 for none.
public func explainBinaryCrossEntropy(
  _ yTrue: ArrayView, _ yPred: ArrayView, options: Options, outputs: Outputs, errorIndex: Int64,
  into buffer: UnsafeMutableBufferPointer<UInt8>
) -> Int {
  do throws(XentError) {
    return try Problem.binary(yTrue, yPred, options, outputs).explainData(errorIndex, buffer)
  } catch {
    return error.explain(yTrue, yPred, buffer)
  }
}

/// As `explainBinaryCrossEntropy`, for the categorical loss.
public func explainCategoricalCrossEntropy(
  _ yTrue: ArrayView, _ yPred: ArrayView, options: Options, outputs: Outputs, errorIndex: Int64,
  into buffer: UnsafeMutableBufferPointer<UInt8>
) -> Int {
  do throws(XentError) {
    return try Problem.categorical(yTrue, yPred, options, outputs).explainData(errorIndex, buffer)
  } catch {
    return error.explain(yTrue, yPred, buffer)
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
    var message = MessageWriter(buffer)
    write(to: &message, yTrue: yTrue, yPred: yPred)
    return message.length
  }
}
