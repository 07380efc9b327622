import XentKernelInterface

/// Sums over the classes of eight rows of logits.
struct ClassSums {
  /// Of the class terms.
  var value = Float64Lanes.zero
  /// Of p df/dp without the pivot's, and the pivot's.
  var slopeOfOthers = Float64Lanes.zero
  var slopeOfPivot = Float64Lanes.zero

  @inline(__always) init(value: Float64Lanes, slopeOfOthers: Float64Lanes, slopeOfPivot: Float64Lanes) {
    self.value = value
    self.slopeOfOthers = slopeOfOthers
    self.slopeOfPivot = slopeOfPivot
  }

  /// A class index without smoothing: one term, the pivot's.
  @inline(__always) init(_ terms: LossTerms, _ group: LogitGroup, headroom: Double, weight: Float64Lanes) {
    let term = ClassTerm(
      terms, logWeight: weight, polyWeight: weight, loss: group.losses(headroom: headroom), p: group.pivotProbability,
      q: group.pivotComplement)
    value = term.value
    slopeOfPivot = term.slope
  }
}

/// From the sums of eight rows of logits to their losses, and to what makes their gradients: z-loss, weights and the rows that
/// are left out.
struct LogitOutcome {
  let scales: RowScales
  /// The rows' losses, weighted.
  let loss: Float64Lanes
  /// A gradient is this times the probability, less the class's own slope. Neither it nor the next is scaled yet.
  let factor: Float64Lanes
  let pivotDerivative: Float64Lanes
  /// b w of z-loss.
  let zWeight: Float64Lanes
  /// The rows that a label of weight 0 makes nothing of, whatever their logits are.
  let isEmpty: Float64Lanes.Mask

  @inline(__always)
  init(
    _ task: LossTask, _ rows: RowGroup, _ targets: ClassTargets, labelWeights: Float64Lanes, _ sums: ClassSums,
    pivotProbability: Float64Lanes, pivotComplement: Float64Lanes, logSumExp: Float64Lanes
  ) {
    let terms = task.terms
    scales = RowScales(task, rows, isUsed: targets.isUsed)
    isEmpty = task.hasSingleTarget ? labelWeights == .zero : Float64Lanes.first(0)
    zWeight = labelWeights * Float64Lanes(terms.zLoss)
    var value = sums.value
    var zFactor = Float64Lanes.zero
    if terms.zLoss != 0 {
      value = value + product(zWeight, logSumExp * logSumExp)
      zFactor = product(zWeight, Float64Lanes(2) * logSumExp)
    }
    loss = scales.scaledLoss(Float64Lanes.select(isEmpty, .zero, value))
    factor = zFactor - (sums.slopeOfOthers + sums.slopeOfPivot)
    // p_j (factor) + slope_j, with 1 - p_j taken exactly.
    pivotDerivative = sums.slopeOfPivot * pivotComplement + (zFactor - sums.slopeOfOthers) * pivotProbability
  }

  @inline(__always) func scaledGradient(_ derivative: Float64Lanes) -> Float64Lanes {
    scales.scaledGradient(Float64Lanes.select(isEmpty, .zero, derivative))
  }
}
