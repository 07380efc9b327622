import XentKernelInterface

// From a checked problem to kernel calls: which kernel, over which rows, with which divisor.

extension Problem {
  /// Computes everything that is asked for.
  func run() throws(XentError) -> Totals {
    var found = LossTotals()
    var weights = RowWeights(count: rows, sum: Double(rows))
    var divisor = divisor(weights)
    if rows > 0, yTrue.data != nil, yPred.data != nil {
      let packed = isPacked
      let runs = packed ? Runs(rows: rows, outerAxes: 0) : self.runs
      var task = task(runs, isPacked: packed)
      weights = try RowWeights(self, runs, task)
      divisor = self.divisor(weights)
      // One over the smallest numbers is infinite, and would make NaN of a gradient of 0.
      let largest = Double.greatestFiniteMagnitude
      task.gradientScale =
        options.reduction != .mean ? 1 : divisor == 0 ? 0 : max(-largest, min(1 / divisor, largest))
      found = try Xent.run(kernel, &task, self, runs)
    }
    let lossSum = found.sum
    if options.reduction != .none, let loss = outputs.loss, let data = loss.data {
      let value = options.reduction == .sum ? lossSum : divisor == 0 ? 0 : lossSum / divisor
      loss.elementType.store(value, data, 0)
    }
    let isCorrectKnown = target == .labels && outputs.argmax != nil
    return Totals(
      lossSum: lossSum, weightSum: weights.sum, count: weights.count, correct: isCorrectKnown ? found.correct : -1)
  }

  /// Checks labels and sample weights.
  func checkRows() throws(XentError) {
    if rows == 0 || yTrue.data == nil { return }
    let runs = self.runs
    _ = try RowWeights(self, runs, task(runs, isPacked: false))
  }

  private var kernel: LossKernel {
    let kernels = InstructionSet.current.kernels
    return switch target {
    case .binary: kernels.binary
    case .labels: kernels.categoricalLabels
    case .distribution: kernels.categoricalDistribution
    }
  }

  /// What the mean divides by.
  private func divisor(_ weights: RowWeights) -> Double {
    if options.normalizer > 0 { return options.normalizer }
    return switch options.divisor {
    case .weights: weights.sum
    case .count: Double(weights.count)
    case .batch: Double(rows)
    }
  }

  /// Whether all arrays are without strides, with the classes last, so that all rows are one run.
  private var isPacked: Bool {
    if let classAxis, classAxis != yPred.rank - 1 { return false }
    var isPacked = options.sampleWeights == nil && options.posWeight == nil && options.upstream == nil
    eachArray { _, array in if array.view.strides != nil { isPacked = false } }
    return isPacked
  }

  private func task(_ runs: Runs, isPacked: Bool) -> LossTask {
    let elements = rows &* classes
    var task = LossTask(
      input: options.input, rows: rows, classes: classes, prediction: Operand(), target: Operand(),
      threads: options.threadCount(elements: elements), parallelFor: { parallelFor($0, $1, $2, $3) })
    eachArray { number, array in
      let view = array.view
      if isPacked {
        // The one array here that has no rows is that of the class weights.
        let hasClasses = array.map == .full && classAxis != nil
        task[number] = Operand(
          data: view.data, type: view.elementType, rowStride: array.map == .classes ? 0 : hasClasses ? classes : 1,
          classStride: hasClasses || array.map == .classes ? 1 : 0)
      } else {
        let classStride = classAxis.map { array.stride($0, of: self) } ?? 0
        task[number] = Operand(
          data: view.data, type: view.elementType, rowStride: rowStride(array), classStride: classStride)
      }
    }
    task.terms.probabilityFloor = options.probabilityFloor
    task.terms.labelSmoothing = options.labelSmoothing
    task.terms.logitScale = options.logitScale
    task.terms.logitSoftcap = options.logitSoftcap
    task.terms.zLoss = options.zLoss
    task.terms.focalGamma = options.focalGamma
    task.terms.focalAlpha = options.focalAlpha
    task.terms.polyEpsilon = options.polyEpsilon
    task.terms.isDivergence = options.measure == .klDivergence
    task.ignoreIndex = options.ignoreIndex
    task.accumulatesGradient = options.accumulateGradient
    task.isPlain = runs.rows == rows && task.isPlainInItself
    return task
  }
}

extension LossTask {
  /// Whether the task, if all rows are one run, is plain; see `isPlain`.
  fileprivate var isPlainInItself: Bool {
    let type = prediction.type
    func isInOrder(_ operand: Operand) -> Bool {
      (operand.rowStride == classes || rows == 1) && (operand.classStride == 1 || classes == 1)
    }
    func isRowByRow(_ operand: Operand) -> Bool { operand.rowStride == 1 || rows == 1 }
    let hasLabels = !target.type.isFloatingPoint
    // Targets that float32 does not hold need more than its arithmetic.
    let isHeld = type == .float64 ? hasOneFloatingType : hasLabels || target.type != .float64
    return terms.arePlain && ignoreIndex == nil && !accumulatesGradient && isInOrder(prediction)
      && isHeld && (hasLabels ? isRowByRow(target) : isInOrder(target))
      && (!rowLoss.isThere || isRowByRow(rowLoss))
      && (!gradient.isThere || isInOrder(gradient))
      && !hessian.isThere && !logSumExp.isThere && !argmax.isThere && !classWeights.isThere
      && !sampleWeights.isThere && !posWeight.isThere && !upstream.isThere
  }
}
