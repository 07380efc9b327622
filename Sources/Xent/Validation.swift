import XentKernelInterface

/// What the target is to the loss.
enum TargetKind {
  /// Every element its own problem, a target in [0, 1] each.
  case binary
  /// A class index a row.
  case labels
  /// A distribution over the classes a row.
  case distribution
}

/// A call whose arguments have been checked. What can still be wrong is data: labels, sample weights, and the values of
/// targets and predictions.
struct Problem {
  let target: TargetKind
  /// Rows of `classes` elements; a binary problem has one element a row.
  let rows: Int
  let classes: Int
  /// Counted from 0; nil for a binary problem.
  let classAxis: Int?
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
    try yPred.requireFloating(.yPred)
    try yTrue.requireShape(of: yPred, without: nil, .yTrue)
    try yTrue.requireFloating(.yTrue)
    try options.validate(for: .binary)
    let problem = Problem(
      target: .binary, rows: count, classes: 1, classAxis: nil, yTrue: yTrue, yPred: yPred, options: options,
      outputs: outputs)
    if options.hasWeights { try problem.validateWeights() }
    try problem.validateOutputs()
    return problem
  }

  static func categorical(
    _ yTrue: ArrayView, _ yPred: ArrayView, _ options: Options, _ outputs: Outputs
  ) throws(XentError) -> Problem {
    let count = try yPred.validatedCount(.yPred)
    try yPred.requireFloating(.yPred)
    let axis = try options.classAxis(rank: yPred.rank)
    guard let classes = Int(exactly: yPred.extent(axis)), classes > 0 else { throw .shape(.yPred, .zeroClasses) }
    let hasLabels = !yTrue.elementType.isFloatingPoint
    if !hasLabels && yTrue.rank == yPred.rank - 1 { throw .shape(.yTrue, .floatingLabels) }
    try yTrue.requireShape(of: yPred, without: hasLabels ? axis : nil, hasLabels ? .labels : .yTrue)
    let target = hasLabels ? TargetKind.labels : .distribution
    try options.validate(for: target)
    let problem = Problem(
      target: target, rows: count / classes, classes: classes, classAxis: axis, yTrue: yTrue, yPred: yPred,
      options: options, outputs: outputs)
    if options.hasWeights { try problem.validateWeights() }
    try problem.validateOutputs()
    return problem
  }
}

// MARK: - Weights

extension Problem {
  private func validateWeights() throws(XentError) {
    if let weights = options.classWeights {
      try weights.requireFloating(.classWeights)
      try weights.requireVector(classes, .classWeights)
      try weights.requireFinite(.classWeights)
    }
    if let weights = options.sampleWeights {
      try weights.requireFloating(.sampleWeights)
      if target == .binary {
        try weights.requireBroadcastable(to: yPred, .sampleWeights)
      } else {
        try weights.requireShape(of: yPred, without: classAxis, .sampleWeights)
      }
    }
    if let weights = options.posWeight {
      try weights.requireFloating(.posWeight)
      if try weights.validatedCount(.posWeight) != 1 {
        if yPred.rank == 0 { try weights.requireSingle(.posWeight) }
        try weights.requireVector(Int(yPred.extent(yPred.rank - 1)), .posWeight)
      }
      try weights.requireFinite(.posWeight)
    }
    if let upstream = options.upstream {
      try upstream.requireFloating(.upstream)
      if options.reduction != .none {
        try upstream.requireSingle(.upstream)
      } else if try upstream.validatedCount(.upstream) != 1 {
        try upstream.requireShape(of: yPred, without: classAxis, .upstream)
      }
    }
  }
}

extension ArrayView {
  /// One dimension of `count` elements.
  fileprivate func requireVector(_ count: Int, _ argument: Argument) throws(XentError) {
    try validatedCount(argument)
    if rank != 1 { throw .shape(argument, .rank(rank, expected: 1)) }
    if extent(0) != Int64(count) { throw .shape(argument, .extent(axis: 0, extent(0), expected: Int64(count))) }
  }

  fileprivate func requireFinite(_ option: OptionName) throws(XentError) {
    for index in 0..<elementCount {
      let value = floatingElement(index)
      if !value.isFinite { throw .weight(option, index: index, value: value) }
    }
  }
}

// MARK: - Outputs

extension Problem {
  private func validateOutputs() throws(XentError) {
    let hasSideOutput = outputs.hessian != nil || outputs.logSumExp != nil || outputs.argmax != nil
    if hasSideOutput { try validateSideOutputs() }
    if hasSideOutput || options.hasWeights { try validateAllOutputs() } else { try validatePlainOutputs() }
  }

  // Not inlined: its frame is large, and most calls have nothing for it.
  @inline(never)
  private func validateAllOutputs() throws(XentError) {
    var occupied = OccupiedMemory()
    let elements = rows &* classes
    occupied.addInput(yPred, .yPred, count: elements)
    occupied.addInput(yTrue, .yTrue, count: target == .labels ? rows : elements)
    if options.hasWeights {
      occupied.addInput(options.classWeights, .classWeights)
      occupied.addInput(options.sampleWeights, .sampleWeights)
      occupied.addInput(options.posWeight, .posWeight)
      occupied.addInput(options.upstream, .upstream)
    }
    if let loss = outputs.loss {
      try occupied.addOutput(loss, .loss, count: try validateLoss(loss))
    }
    if let gradient = outputs.gradient {
      try validateGradient(gradient)
      try occupied.addOutput(
        gradient, .gradient, count: elements, inPlaceOf: gradient.isSameView(as: yPred) ? .yPred : nil)
    }
    if let hessian = outputs.hessian {
      try hessian.requireFloating(.hessian)
      try hessian.requireShape(of: yPred, without: nil, .hessian)
      try hessian.requireDistinctElements(.hessian, count: elements)
      try occupied.addOutput(hessian, .hessian, count: elements)
    }
    if let logSumExp = outputs.logSumExp {
      try logSumExp.requireType(scalarType, .logSumExp)
      try logSumExp.requireShape(of: yPred, without: classAxis, .logSumExp)
      try logSumExp.requireDistinctElements(.logSumExp, count: rows)
      try occupied.addOutput(logSumExp, .logSumExp, count: rows)
    }
    if let argmax = outputs.argmax {
      try argmax.requireType(.int64, .argmax)
      try argmax.requireShape(of: yPred, without: classAxis, .argmax)
      try argmax.requireDistinctElements(.argmax, count: rows)
      try occupied.addOutput(argmax, .argmax, count: rows)
    }
  }

  /// Loss and gradient where there is little to compare them with: what the general way finds, in a small part of a
  /// small call's time.
  private func validatePlainOutputs() throws(XentError) {
    let elements = rows &* classes
    let prediction = yPred.memory(count: elements)
    let target = yTrue.memory(count: self.target == .labels ? rows : elements)
    var lossMemory = MemoryRange(start: 0, bytes: 0)
    if let loss = outputs.loss {
      lossMemory = loss.memory(count: try validateLoss(loss))
      try lossMemory.requireApart(.loss, from: prediction, .yPred)
      try lossMemory.requireApart(.loss, from: target, .yTrue)
    }
    if let gradient = outputs.gradient {
      try validateGradient(gradient)
      let memory = gradient.memory(count: elements)
      if !gradient.isSameView(as: yPred) { try memory.requireApart(.gradient, from: prediction, .yPred) }
      try memory.requireApart(.gradient, from: target, .yTrue)
      try memory.requireApart(.gradient, from: lossMemory, .loss)
    }
  }

  /// The number of elements.
  private func validateLoss(_ loss: ArrayView) throws(XentError) -> Int {
    try loss.requireType(scalarType, .loss)
    if options.reduction == .none {
      try loss.requireShape(of: yPred, without: classAxis, .loss)
    } else {
      try loss.requireSingle(.loss)
    }
    let count = options.reduction == .none ? rows : 1
    try loss.requireDistinctElements(.loss, count: count)
    return count
  }

  private func validateGradient(_ gradient: ArrayView) throws(XentError) {
    try gradient.requireFloating(.gradient)
    try gradient.requireShape(of: yPred, without: nil, .gradient)
    try gradient.requireDistinctElements(.gradient, count: rows &* classes)
  }

  /// That the side outputs asked for have a meaning for the call.
  private func validateSideOutputs() throws(XentError) {
    if outputs.hessian != nil {
      if options.focalGamma > 0 { throw .option(.hessian, value: 1, .excluded(by: .focalGamma)) }
      if options.polyEpsilon != 0 { throw .option(.hessian, value: 1, .excluded(by: .polyEpsilon)) }
      if options.logitSoftcap > 0 { throw .option(.hessian, value: 1, .excluded(by: .logitSoftcap)) }
    }
    if outputs.logSumExp != nil && (target == .binary || options.input != .logits) {
      throw .option(.logSumExp, value: 1, .meaningless)
    }
    if outputs.argmax != nil && target == .binary { throw .option(.argmax, value: 1, .meaningless) }
  }

  /// The type of the loss and of log-sum-exp.
  private var scalarType: ElementType { yPred.elementType == .float64 ? .float64 : .float32 }
}
