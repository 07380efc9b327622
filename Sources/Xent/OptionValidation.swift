extension Options {
  static var defaultProbabilityFloor: Double { 1e-15 }

  /// Whether any array of weights is given.
  @inline(__always)
  var hasWeights: Bool { classWeights != nil || sampleWeights != nil || posWeight != nil || upstream != nil }

  /// Every option is in its range and has a meaning for the call. The arrays are looked at later.
  func validate(for target: TargetKind) throws(XentError) {
    try validateRanges()
    try validateMeaning(for: target)
  }

  // NaN is in no range: each comparison is one that it fails.
  private func validateRanges() throws(XentError) {
    try require(numThreads >= 0, .numThreads, Double(numThreads), .range)
    try require(normalizer >= 0 && normalizer < .infinity, .normalizer, normalizer, .range)
    try require(probabilityFloor >= 0 && probabilityFloor < 0.5, .probabilityFloor, probabilityFloor, .range)
    try require(labelSmoothing >= 0 && labelSmoothing <= 1, .labelSmoothing, labelSmoothing, .range)
    try require(logitScale > 0 && logitScale < .infinity, .logitScale, logitScale, .range)
    try require(logitSoftcap >= 0 && logitSoftcap < .infinity, .logitSoftcap, logitSoftcap, .range)
    try require(zLoss >= 0 && zLoss < .infinity, .zLoss, zLoss, .range)
    try require(focalGamma >= 0 && focalGamma < .infinity, .focalGamma, focalGamma, .range)
    try require(focalAlpha <= 1, .focalAlpha, focalAlpha, .range)
    try require(polyEpsilon.isFinite, .polyEpsilon, polyEpsilon, .range)
  }

  private func validateMeaning(for target: TargetKind) throws(XentError) {
    if reduction != .mean {
      try require(divisor == .weights, .divisor, Double(divisor.rawValue), .meaningless)
      try require(normalizer == 0, .normalizer, normalizer, .meaningless)
    }
    if input != .probabilities {
      let isDefault = probabilityFloor == Self.defaultProbabilityFloor
      try require(isDefault, .probabilityFloor, probabilityFloor, .meaningless)
    }
    if input != .logits {
      try require(logitScale == 1, .logitScale, logitScale, .meaningless)
      try require(logitSoftcap == 0, .logitSoftcap, logitSoftcap, .meaningless)
      try require(zLoss == 0, .zLoss, zLoss, .meaningless)
    }
    if target == .binary {
      try require(axis == -1, .axis, Double(axis), .meaningless)
      try require(classWeights == nil, .classWeights, 1, .meaningless)
      try require(zLoss == 0, .zLoss, zLoss, .meaningless)
    } else {
      try require(posWeight == nil, .posWeight, 1, .meaningless)
      try require(focalAlpha < 0, .focalAlpha, focalAlpha, .meaningless)
    }
    if target != .labels { try require(ignoreIndex == nil, .ignoreIndex, 1, .meaningless) }
  }

  @inline(__always)
  private func require(
    _ isSound: Bool, _ option: OptionName, _ value: Double, _ fault: OptionFault
  ) throws(XentError) {
    if !isSound { throw .option(option, value: value, fault) }
  }

  /// The class axis counted from 0.
  func classAxis(rank: Int) throws(XentError) -> Int {
    if rank == 0 { throw .shape(.yPred, .noClassAxis) }
    if axis < -rank || axis >= rank { throw .option(.axis, value: Double(axis), .range) }
    return axis < 0 ? axis + rank : axis
  }
}
