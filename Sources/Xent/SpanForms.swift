import XentKernelInterface

// The losses of spans of `Float` or `Double` in C order. They allocate nothing: what is wanted is written to the
// caller's spans. For other types, strides and class axes, and for the other outputs, there is the descriptor form.

/// A loss and the totals beside it.
public struct ReducedLoss<Element: Scalar>: Sendable {
  /// The mean or the sum; for `Reduction.none` the sum.
  public var loss: Element
  /// What was added up. `correct` is -1.
  public var totals: Totals
}

/// Binary cross-entropy; see the descriptor form for the formulas.
///
/// - Parameters:
///   - yTrue: Targets in [0, 1].
///   - yPred: As many predictions.
///   - options: See `Options`; for its arrays the shape of `yPred` is [count]. `axis` must be -1.
///   - losses: Receives one loss an element; for `Reduction.none` only.
///   - gradient: Receives as many values as `yPred` has; with `accumulateGradient` they are added to it.
/// - Throws: `XentError`, as the descriptor form; `.shape` where the counts do not belong together. `losses` and
///   `gradient` may be partly written on `.probability` and `.target`, and are untouched on any other error.
@discardableResult
public func binaryCrossEntropy<Element: Scalar>(
  _ yTrue: Span<Element>, _ yPred: Span<Element>, options: Options = Options(),
  losses: consuming MutableSpan<Element>? = nil, gradient: consuming MutableSpan<Element>? = nil
) throws(XentError) -> ReducedLoss<Element> {
  let count = yPred.count
  try require(yTrue.count, count, .yTrue)
  let outputs = try OutputPointers(losses, gradient, rows: count, elements: count, options)
  return try outputs.reduce { (loss) throws(XentError) in
    try binaryCrossEntropy(
      yTrue: address(yTrue), yPred: address(yPred), elementType: Element.elementType, count: count,
      options: options, loss: loss, gradient: outputs.gradient)
  }
}

/// Categorical cross-entropy with class indices as targets; see the descriptor form for the formulas.
///
/// - Parameters:
///   - labels: One class index a row, in [0, classes) or equal to `options.ignoreIndex`.
///   - yPred: Predictions, `classes` a row.
///   - classes: The number of classes, at least 1.
///   - options: See `Options`; for its arrays the shape of `yPred` is [rows, classes]. `axis` must be -1 or 1.
///   - losses: Receives one loss a row; for `Reduction.none` only.
///   - gradient: Receives as many values as `yPred` has; with `accumulateGradient` they are added to it.
/// - Throws: `XentError`, as the descriptor form; `.shape` where the counts do not belong together. `losses` and
///   `gradient` may be partly written on `.probability` and `.target`, and are untouched on any other error.
@discardableResult
public func categoricalCrossEntropy<Element: Scalar>(
  _ labels: Span<Int64>, _ yPred: Span<Element>, classes: Int, options: Options = Options(),
  losses: consuming MutableSpan<Element>? = nil, gradient: consuming MutableSpan<Element>? = nil
) throws(XentError) -> ReducedLoss<Element> {
  let rows = try rowCount(yPred.count, classes: classes)
  try require(labels.count, rows, .labels)
  let outputs = try OutputPointers(losses, gradient, rows: rows, elements: yPred.count, options)
  return try outputs.reduce { (loss) throws(XentError) in
    try categoricalCrossEntropy(
      yTrue: address(labels), targetType: .int64, yPred: address(yPred), elementType: Element.elementType,
      rows: rows, classes: classes, options: options, loss: loss, gradient: outputs.gradient)
  }
}

/// Categorical cross-entropy with a distribution a row as target; see the descriptor form for the formulas.
///
/// - Parameters:
///   - distribution: Targets >= 0, as many as `yPred` has; those of a row need not sum to 1.
///   - yPred: Predictions, `classes` a row.
///   - classes: The number of classes, at least 1.
///   - options: See `Options`; for its arrays the shape of `yPred` is [rows, classes]. `axis` must be -1 or 1.
///   - losses: Receives one loss a row; for `Reduction.none` only.
///   - gradient: Receives as many values as `yPred` has; with `accumulateGradient` they are added to it.
/// - Throws: `XentError`, as the descriptor form; `.shape` where the counts do not belong together. `losses` and
///   `gradient` may be partly written on `.probability` and `.target`, and are untouched on any other error.
@discardableResult
public func categoricalCrossEntropy<Element: Scalar>(
  _ distribution: Span<Element>, _ yPred: Span<Element>, classes: Int, options: Options = Options(),
  losses: consuming MutableSpan<Element>? = nil, gradient: consuming MutableSpan<Element>? = nil
) throws(XentError) -> ReducedLoss<Element> {
  let rows = try rowCount(yPred.count, classes: classes)
  try require(distribution.count, yPred.count, .yTrue)
  let outputs = try OutputPointers(losses, gradient, rows: rows, elements: yPred.count, options)
  return try outputs.reduce { (loss) throws(XentError) in
    try categoricalCrossEntropy(
      yTrue: address(distribution), targetType: Element.elementType, yPred: address(yPred),
      elementType: Element.elementType, rows: rows, classes: classes, options: options, loss: loss,
      gradient: outputs.gradient)
  }
}

/// Where a span form writes to.
private struct OutputPointers<Element: Scalar> {
  let losses: UnsafeMutableRawPointer?
  let gradient: UnsafeMutableRawPointer?
  let wantsRows: Bool

  init(
    _ losses: consuming MutableSpan<Element>?, _ gradient: consuming MutableSpan<Element>?, rows: Int,
    elements: Int, _ options: Options
  ) throws(XentError) {
    wantsRows = options.reduction == .none
    // The spans' memory outlives the call that was given them, so that their addresses can be kept for it.
    if var losses {
      try require(losses.count, wantsRows ? rows : 0, .loss)
      self.losses = losses.withUnsafeMutableBufferPointer { UnsafeMutableRawPointer($0.baseAddress) }
    } else {
      self.losses = nil
    }
    if var gradient {
      try require(gradient.count, elements, .gradient)
      self.gradient = gradient.withUnsafeMutableBufferPointer { UnsafeMutableRawPointer($0.baseAddress) }
    } else {
      self.gradient = nil
    }
  }

  /// Calls with the address for the loss: the caller's span, or a single value that is returned.
  func reduce(
    _ compute: (UnsafeMutableRawPointer?) throws(XentError) -> Totals
  ) throws(XentError) -> ReducedLoss<Element> {
    if wantsRows {
      let totals = try compute(losses)
      return ReducedLoss(loss: Element(totals.lossSum), totals: totals)
    }
    var loss: Element = 0
    let totals = try withUnsafeMutablePointer(to: &loss) { (pointer) throws(XentError) in
      try compute(UnsafeMutableRawPointer(pointer))
    }
    return ReducedLoss(loss: loss, totals: totals)
  }
}

/// The address of a span's memory, for the call that was given the span.
func address<Element>(_ span: Span<Element>) -> UnsafeRawPointer? {
  span.withUnsafeBufferPointer { UnsafeRawPointer($0.baseAddress) }
}

func require(_ count: Int, _ expected: Int, _ argument: Argument) throws(XentError) {
  if count != expected { throw .shape(argument, .elementCount(count, expected: expected)) }
}

func rowCount(_ elements: Int, classes: Int) throws(XentError) -> Int {
  if classes <= 0 { throw .shape(.yPred, .zeroClasses) }
  if elements % classes != 0 {
    throw .shape(.yPred, .elementCount(elements, expected: elements / classes * classes))
  }
  return elements / classes
}
