import KernelInterface

/// What the target is to the loss.
enum TargetKind {
  /// Every element its own problem, a target in [0, 1] each.
  case binary
  /// A class index a row.
  case labels
  /// A distribution over the classes a row.
  case distribution
}

/// A call whose arguments have been checked: nothing in it but the data of floating arrays can still be wrong.
struct Problem {
  let target: TargetKind
  /// Rows of `classes` elements; a binary problem has one element a row.
  let rows: Int
  let classes: Int
  let yTrue: ArrayView
  let yPred: ArrayView
  let options: Options
  let outputs: Outputs
}

extension Problem {
  static func binary(
    _ yTrue: ArrayView, _ yPred: ArrayView, _ options: Options, _ outputs: Outputs
  ) throws(XentError) -> Problem {
    let count = try yPred.validatedCount(.yPred)
    try yPred.requireComputable(.yPred)
    try yTrue.requireShape(of: yPred, without: nil, .yTrue)
    try yTrue.requireType(yPred.elementType, .yTrue)
    try options.validate(for: .binary)
    let problem = Problem(
      target: .binary, rows: count, classes: 1, yTrue: yTrue, yPred: yPred, options: options, outputs: outputs)
    try problem.validateOutputs(classAxis: nil)
    return problem
  }

  static func categorical(
    _ yTrue: ArrayView, _ yPred: ArrayView, _ options: Options, _ outputs: Outputs
  ) throws(XentError) -> Problem {
    let count = try yPred.validatedCount(.yPred)
    try yPred.requireComputable(.yPred)
    let axis = try options.classAxis(rank: yPred.rank)
    guard let classes = Int(exactly: yPred.extent(axis)), classes > 0 else { throw .shape(.yPred, .zeroClasses) }
    let hasLabels = !yTrue.elementType.isFloatingPoint
    if !hasLabels && yTrue.rank == yPred.rank - 1 { throw .shape(.yTrue, .floatingLabels) }
    try yTrue.requireShape(of: yPred, without: hasLabels ? axis : nil, hasLabels ? .labels : .yTrue)
    if !hasLabels { try yTrue.requireType(yPred.elementType, .yTrue) }
    let target = hasLabels ? TargetKind.labels : .distribution
    try options.validate(for: target)
    let problem = Problem(
      target: target, rows: count / classes, classes: classes, yTrue: yTrue,
      yPred: yPred, options: options, outputs: outputs)
    try problem.validateOutputs(classAxis: axis)
    if hasLabels { try problem.validateLabels() }
    return problem
  }

  private func validateOutputs(classAxis: Int?) throws(XentError) {
    if outputs.hessian != nil { throw .option(.hessian, value: 1, .defaultOnly) }
    if outputs.logSumExp != nil { throw .option(.logSumExp, value: 1, .defaultOnly) }
    if outputs.argmax != nil { throw .option(.argmax, value: 1, .defaultOnly) }
    if outputs.loss == nil && outputs.gradient == nil { return }
    let elements = rows &* classes
    let prediction = yPred.memory(count: elements)
    let target = yTrue.memory(count: self.target == .labels ? rows : elements)
    var lossMemory = MemoryRange(start: 0, bytes: 0)
    if let loss = outputs.loss {
      try loss.requireType(yPred.elementType, .loss)
      lossMemory = loss.memory(count: try validatedLossCount(loss, classAxis))
      try lossMemory.requireApart(.loss, from: prediction, .yPred)
      try lossMemory.requireApart(.loss, from: target, .yTrue)
    }
    if let gradient = outputs.gradient {
      try gradient.requireShape(of: yPred, without: nil, .gradient)
      try gradient.requireType(yPred.elementType, .gradient)
      let memory = gradient.memory(count: elements)
      // The shapes, types and orders are the same, so the same start makes it the very view.
      if memory.start != prediction.start { try memory.requireApart(.gradient, from: prediction, .yPred) }
      try memory.requireApart(.gradient, from: target, .yTrue)
      try memory.requireApart(.gradient, from: lossMemory, .loss)
    }
  }

  /// One value, or one a row.
  private func validatedLossCount(_ loss: ArrayView, _ classAxis: Int?) throws(XentError) -> Int {
    if options.reduction == .none { return try loss.requireShape(of: yPred, without: classAxis, .loss) }
    let count = try loss.validatedCount(.loss)
    if count != 1 { throw .shape(.loss, .elementCount(count, expected: 1)) }
    return count
  }

  private func validateLabels() throws(XentError) {
    guard rows > 0, let labels = yTrue.data else { return }
    let type = yTrue.elementType
    for row in 0..<rows {
      let label = type.label(labels, row)
      if label < 0 || label >= Int64(classes) { throw .label(index: row, value: label, classes: classes) }
    }
  }
}
