import KernelInterface

// From a checked problem to kernel calls: which kernel, over which rows, with which divisor.

extension Problem {
  /// Computes everything that is asked for.
  func run() throws(XentError) -> Totals {
    let divisor = self.divisor
    var found = LossTotals()
    if rows > 0, let target = yTrue.data, let prediction = yPred.data {
      let task = LossTask(
        input: options.input, elementType: yPred.elementType, rows: rows, classes: classes, target: target,
        targetType: yTrue.elementType, prediction: prediction,
        rowLoss: options.reduction == .none ? outputs.loss?.data : nil, gradient: outputs.gradient?.data,
        // One over the smallest numbers is infinite, and would make NaN of a gradient of 0.
        gradientScale: options.reduction == .mean ? min(1 / divisor, .greatestFiniteMagnitude) : 1,
        probabilityFloor: options.probabilityFloor,
        threads: options.threadCount(elements: rows &* classes), parallelFor: { parallelFor($0, $1, $2, $3) })
      found = Xent.run(kernel, task)
    }
    if found.offendingElement >= 0, let error = dataError(at: found.offendingElement) { throw error }
    let lossSum = CompensatedTotal(found).value
    switch options.reduction {
    case .mean: outputs.loss?.storeSingle(divisor > 0 ? lossSum / divisor : 0)
    case .sum: outputs.loss?.storeSingle(lossSum)
    case .none: break
    }
    return Totals(lossSum: lossSum, weightSum: Double(rows), count: rows, correct: -1)
  }

  private var kernel: LossKernel {
    let kernels = InstructionSet.current.kernels
    return switch target {
    case .binary: kernels.binary
    case .labels: kernels.categoricalLabels
    case .distribution: kernels.categoricalDistribution
    }
  }

  /// What the mean divides by. Without weights and ignored rows the three divisors are the same.
  private var divisor: Double {
    options.normalizer > 0 ? options.normalizer : Double(rows)
  }

  /// Why an element is refused: its target, or else its prediction. Nil if both are in order.
  func dataError(at index: Int) -> XentError? {
    if target != .labels {
      let value = yTrue.floatingElement(index)
      let largest = target == .binary ? 1 : Double.greatestFiniteMagnitude
      if !(value >= 0 && value <= largest) { return .target(index: index, value: value) }
    }
    let value = yPred.floatingElement(index)
    let isRefused =
      switch options.input {
      case .probabilities: value < -probabilityTolerance || value > 1 + probabilityTolerance
      case .logits: false
      case .logProbabilities: target == .binary && value > probabilityTolerance
      }
    return isRefused ? .probability(index: index, value: value, options.input) : nil
  }
}

/// A kernel's compensated sum as one number. An infinite or NaN sum has no meaningful rounding errors.
private struct CompensatedTotal {
  let value: Double

  init(_ totals: LossTotals) {
    value = totals.lossHigh.isFinite ? totals.lossHigh + totals.lossLow : totals.lossHigh
  }
}
