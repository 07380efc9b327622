extension Options {
  /// Every option is in its range, has a meaning for the call, and is one that this version computes.
  func validate(for target: TargetKind) throws(XentError) {
    try validateRanges()
    try validateMeaning(for: target)
    try validateDefaultOnly()
  }

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
      let isDefault = probabilityFloor == Options().probabilityFloor
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

  /// The options that this version has in its interface, but not in its kernels.
  private func validateDefaultOnly() throws(XentError) {
    try require(measure == .crossEntropy, .measure, Double(measure.rawValue), .defaultOnly)
    try require(!accumulateGradient, .accumulateGradient, 1, .defaultOnly)
    try require(ignoreIndex == nil, .ignoreIndex, 1, .defaultOnly)
    try require(labelSmoothing == 0, .labelSmoothing, labelSmoothing, .defaultOnly)
    try require(logitScale == 1, .logitScale, logitScale, .defaultOnly)
    try require(logitSoftcap == 0, .logitSoftcap, logitSoftcap, .defaultOnly)
    try require(zLoss == 0, .zLoss, zLoss, .defaultOnly)
    try require(focalGamma == 0, .focalGamma, focalGamma, .defaultOnly)
    try require(focalAlpha < 0, .focalAlpha, focalAlpha, .defaultOnly)
    try require(polyEpsilon == 0, .polyEpsilon, polyEpsilon, .defaultOnly)
    try require(classWeights == nil, .classWeights, 1, .defaultOnly)
    try require(sampleWeights == nil, .sampleWeights, 1, .defaultOnly)
    try require(posWeight == nil, .posWeight, 1, .defaultOnly)
    try require(upstream == nil, .upstream, 1, .defaultOnly)
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
    if axis != -1 && axis != rank - 1 { throw .option(.axis, value: Double(axis), .defaultOnly) }
    return rank - 1
  }
}
