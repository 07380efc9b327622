import XentKernelInterface

// The losses of arrays of `Float` or `Double` in C order: the span forms, with the outputs allocated.

/// A loss with what was asked for beside it.
public struct LossResult<Element: Scalar>: Sendable {
  /// The mean or the sum; for `Reduction.none` the sum.
  public var loss: Element
  /// One loss a row; for `Reduction.none` only.
  public var losses: [Element]?
  /// Of the loss in the predictions, if it was asked for; for `Reduction.none` of each row's own loss, times upstream.
  public var gradient: [Element]?
  /// What was added up. `correct` is -1.
  public var totals: Totals
}

/// Binary cross-entropy; see the descriptor form for the formulas.
///
///     let result = try binaryCrossEntropy([1, 0, 1, 0], [0.9, 0.1, 0.8, 0.2], gradient: true)
///     result.loss  // 0.164252033486018
///
/// - Parameters:
///   - yTrue: Targets in [0, 1].
///   - yPred: As many predictions.
///   - options: See `Options`; for its arrays the shape of `yPred` is [count]. `axis` must be -1.
///   - gradient: Whether the gradient is wanted.
/// - Throws: `XentError`, as the descriptor form; `.shape` where the counts do not belong together.
public func binaryCrossEntropy<Element: Scalar>(
  _ yTrue: [Element], _ yPred: [Element], options: Options = Options(), gradient: Bool = false
) throws(XentError) -> LossResult<Element> {
  var losses: [Element]? = options.reduction == .none ? zeros(yPred.count) : nil
  var derivative: [Element]? = gradient ? zeros(yPred.count) : nil
  let reduced = try binaryCrossEntropy(
    yTrue.span, yPred.span, options: options, losses: losses?.mutableSpan,
    gradient: derivative?.mutableSpan)
  return LossResult(loss: reduced.loss, losses: losses, gradient: derivative, totals: reduced.totals)
}

/// Categorical cross-entropy with class indices as targets; see the descriptor form for the formulas.
///
///     let result = try categoricalCrossEntropy([2, 0], logits, classes: 10, options: Options(input: .logits))
///
/// - Parameters:
///   - labels: One class index a row, in [0, classes) or equal to `options.ignoreIndex`.
///   - yPred: Predictions, `classes` a row.
///   - classes: The number of classes, at least 1.
///   - options: See `Options`; for its arrays the shape of `yPred` is [rows, classes]. `axis` must be -1 or 1.
///   - gradient: Whether the gradient is wanted.
/// - Throws: `XentError`, as the descriptor form; `.shape` where the counts do not belong together.
public func categoricalCrossEntropy<Element: Scalar>(
  _ labels: [Int64], _ yPred: [Element], classes: Int, options: Options = Options(), gradient: Bool = false
) throws(XentError) -> LossResult<Element> {
  var losses: [Element]? = options.reduction == .none ? zeros(labels.count) : nil
  var derivative: [Element]? = gradient ? zeros(yPred.count) : nil
  let reduced = try categoricalCrossEntropy(
    labels.span, yPred.span, classes: classes, options: options, losses: losses?.mutableSpan,
    gradient: derivative?.mutableSpan)
  return LossResult(loss: reduced.loss, losses: losses, gradient: derivative, totals: reduced.totals)
}

/// Categorical cross-entropy with a distribution a row as target; see the descriptor form for the formulas.
///
/// - Parameters:
///   - distribution: Targets >= 0, as many as `yPred` has; those of a row need not sum to 1.
///   - yPred: Predictions, `classes` a row.
///   - classes: The number of classes, at least 1.
///   - options: See `Options`; for its arrays the shape of `yPred` is [rows, classes]. `axis` must be -1 or 1.
///   - gradient: Whether the gradient is wanted.
/// - Throws: `XentError`, as the descriptor form; `.shape` where the counts do not belong together.
@_disfavoredOverload  // integer literals are labels
public func categoricalCrossEntropy<Element: Scalar>(
  _ distribution: [Element], _ yPred: [Element], classes: Int, options: Options = Options(),
  gradient: Bool = false
) throws(XentError) -> LossResult<Element> {
  let rows = try rowCount(yPred.count, classes: classes)
  var losses: [Element]? = options.reduction == .none ? zeros(rows) : nil
  var derivative: [Element]? = gradient ? zeros(yPred.count) : nil
  let reduced = try categoricalCrossEntropy(
    distribution.span, yPred.span, classes: classes, options: options, losses: losses?.mutableSpan,
    gradient: derivative?.mutableSpan)
  return LossResult(loss: reduced.loss, losses: losses, gradient: derivative, totals: reduced.totals)
}

private func zeros<Element: Scalar>(_ count: Int) -> [Element] { [Element](repeating: 0, count: count) }
