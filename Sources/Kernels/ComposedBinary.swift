import XentKernelInterface

// Binary losses with options, in any layout and type, block by block: what is read becomes float64 tiles.

extension LossTask {
  /// Whether logarithms and exponentials of float32 are enough. The rest is an exact float64 kernel's; it depends on nothing
  /// that a 16-bit type changes.
  var fitsFloat32Binary: Bool {
    prediction.type != .float64 && !wantsFloat64 && terms.logitScale == 1 && terms.logitSoftcap == 0
      && !hessian.isThere && (input != .probabilities || terms.probabilityFloor >= 0x1p-126)
  }
}

/// Everything computed in float64. One instance for all element types.
@inline(never) func composedBinaryRows(_ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals) {
  let options = BinaryOptions(task)
  var sum = Float64Sum()
  let stop = eachBlock(task, first: first, count: count) { tiles, row, left in
    tiles.target.loadRun(task.target, firstRow: row, count: left)
    tiles.prediction.loadRun(task.prediction, firstRow: row, count: left)
    for column in 0..<((left &+ 7) / 8) {
      let y = tiles.target[column]
      let x = tiles.prediction[column]
      var offending = isNotInUnitInterval(y)
      let prediction: BinaryPrediction
      switch task.input {
      case .probabilities:
        let floor = ProbabilityFloor<Float64Lanes>(task)
        offending = Float64Lanes.or(offending, floor.offends(x))
        prediction = BinaryPrediction(probability: x, floor)
      case .logits:
        prediction = BinaryPrediction(logit: x, LogitTransform(task.terms))
      case .logProbabilities:
        offending = Float64Lanes.or(offending, Float64Lanes(probabilityTolerance(task.prediction.type)) < x)
        prediction = BinaryPrediction(logProbability: x)
      }
      // Nothing of a block is stored before all of it is in order.
      if Float64Lanes.any(offending) { return row }
      let weights = options.weights(y, tiles, column)
      let elements = BinaryElements(prediction, weights, task.terms)
      let loss = options.loss(elements.loss, tiles, column)
      sum.add(Float64Lanes.keep(Float64Lanes.first(left &- column &* 8), loss))
      if task.rowLoss.isThere { tiles.loss[column] = loss }
      if task.gradient.isThere {
        let derivative = options.scaled(elements.derivative, tiles, column)
        tiles.gradient[column] = task.gradientScale == 0 ? .zero : derivative
      }
      if task.hessian.isThere {
        let curvature = options.scaled(prediction.curvature(weights), tiles, column)
        tiles.hessian[column] = task.gradientScale == 0 ? .zero : curvature
      }
    }
    tiles.gradient.storeRun(task.gradient, firstRow: row, count: left, accumulates: task.accumulatesGradient)
    tiles.hessian.storeRun(task.hessian, firstRow: row, count: left, accumulates: false)
    return nil
  }
  if let stop { totals.stop = stop } else { totals.add(sum.total) }
}

/// Logarithms and exponentials in float32, for tasks that these are enough for. There are instances for options that are
/// weights of the two classes, and for all.
@inline(never) func binaryRowsWithOptions(_ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals) {
  @inline(__always) func run<Input: BinaryInput>(_: Input.Type) {
    if task.terms.focalGamma == 0 && task.terms.polyEpsilon == 0 && !task.terms.isDivergence {
      rows(WeightedBinary<Input>.self, task, first: first, count: count, &totals)
    } else {
      rows(AnyBinary<Input>.self, task, first: first, count: count, &totals)
    }
  }
  switch task.input {
  case .probabilities: run(BinaryProbabilityInput.self)
  case .logits: run(BinaryLogitInput.self)
  case .logProbabilities: run(BinaryLogProbabilityInput.self)
  }
}

/// The loss of sixteen elements.
private protocol BinaryLoss {
  associatedtype Input: BinaryInput
  init(_ task: LossTask)
  var input: Input { get }
  func elements(_ x: Float32Lanes, _ low: BinaryWeights, _ high: BinaryWeights) -> (BinaryElements, BinaryElements)
}

private struct WeightedBinary<Input: BinaryInput>: BinaryLoss {
  let input: Input

  @inline(__always) init(_ task: LossTask) { input = Input(task) }
  @inline(__always)
  func elements(_ x: Float32Lanes, _ low: BinaryWeights, _ high: BinaryWeights) -> (BinaryElements, BinaryElements) {
    input.weighted(x, low, high)
  }
}

private struct AnyBinary<Input: BinaryInput>: BinaryLoss {
  let input: Input
  private let terms: LossTerms

  @inline(__always) init(_ task: LossTask) {
    input = Input(task)
    terms = task.terms
  }
  @inline(__always)
  func elements(_ x: Float32Lanes, _ low: BinaryWeights, _ high: BinaryWeights) -> (BinaryElements, BinaryElements) {
    let predictions = input.predictions(x)
    return (BinaryElements(predictions.0, low, terms), BinaryElements(predictions.1, high, terms))
  }
}

private func rows<Loss: BinaryLoss>(
  _: Loss.Type, _ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals
) {
  // Apart from the task, which the stores might change for all the compiler knows.
  let loss = Loss(task)
  let options = BinaryOptions(task)
  let (predictions, targets, gradients) = (FloatRun(task.prediction), FloatRun(task.target), FloatRun(task.gradient))
  let accumulates = task.accumulatesGradient
  let hasRowLoss = task.rowLoss.isThere
  let hasGradient = task.gradient.isThere
  var sum = Float32Sum()
  let stop = eachBlock(task, first: first, count: count) { tiles, row, left in
    let isWhole = left == BinaryTiles.capacity
    let source = isWhole ? predictions.place(row) : nil
    let target = isWhole ? targets.place(row) : nil
    let destination = isWhole ? gradients.place(row) : nil
    if source == nil { tiles.prediction.loadRun(task.prediction, firstRow: row, count: left) }
    if target == nil { tiles.target.loadRun(task.target, firstRow: row, count: left) }
    var column = 0
    // 0, and NaN if a stored derivative is infinite or NaN.
    var check = Float32Lanes.zero
    while column &* 8 < left {
      let (low, high) = (column, column &+ 1)
      let x: Float32Lanes
      if let source {
        x = Float32Element.load(source, column &* 8)
      } else {
        x = Float32Lanes(rounding: tiles.prediction[low], tiles.prediction[high])
      }
      let y: (Float64Lanes, Float64Lanes)
      if let target {
        y = Float32Element.load(target, column &* 8).widened
      } else {
        y = (tiles.target[low], tiles.target[high])
      }
      let isNoTarget = Float64Lanes.or(isNotInUnitInterval(y.0), isNotInUnitInterval(y.1))
      if Float32Lanes.any(loss.input.offends(x)) || Float64Lanes.any(isNoTarget) { return row &+ column &* 8 }
      let elements = loss.elements(x, options.weights(y.0, tiles, low), options.weights(y.1, tiles, high))
      let losses = (options.loss(elements.0.loss, tiles, low), options.loss(elements.1.loss, tiles, high))
      if isWhole {
        sum.add(losses.0, losses.1)
      } else {
        let rest = left &- column &* 8
        sum.add(
          Float64Lanes.keep(Float64Lanes.first(rest), losses.0),
          Float64Lanes.keep(Float64Lanes.first(max(0, rest &- 8)), losses.1))
      }
      if hasRowLoss {
        tiles.loss[low] = losses.0
        tiles.loss[high] = losses.1
      }
      if hasGradient {
        var gradient = (
          options.scaled(elements.0.derivative, tiles, low), options.scaled(elements.1.derivative, tiles, high)
        )
        if let destination {
          if accumulates {
            let before = Float32Element.load(destination, column &* 8).widened
            gradient = (before.0 + gradient.0, before.1 + gradient.1)
          }
          let derivatives = Float32Lanes(rounding: gradient.0, gradient.1)
          check = Float32Lanes.multiplyAdd(derivatives, .zero, check)
          Float32Element.store(derivatives, destination, column &* 8)
        } else {
          tiles.gradient[low] = gradient.0
          tiles.gradient[high] = gradient.1
        }
      }
      column &+= 2
    }
    if destination == nil {
      tiles.gradient.storeRun(task.gradient, firstRow: row, count: left, accumulates: accumulates)
    } else if Float32Lanes.any(Float32Lanes.not(check == check)) {
      Float32Element.settleResults(task.gradient, first: row, count: left)
    }
    return nil
  }
  if let stop { totals.stop = stop } else { totals.add(sum.total) }
}

/// An array of float32 side by side, which needs no tile.
private struct FloatRun {
  private let data: UnsafeMutableRawPointer?

  @inline(__always) init(_ operand: Operand) {
    data = operand.type == .float32 && operand.rowStride == 1 ? operand.data : nil
  }
  @inline(__always) func place(_ row: Int) -> UnsafeMutableRawPointer? { data.map { $0 + row &* 4 } }
}

/// Runs the body for every block, with its weights in tiles, and stores its losses, until the body returns
/// where it stopped: at an element that is none that the loss can have, or at one before it from which on it wrote nothing.
@inline(__always)
private func eachBlock(
  _ task: LossTask, first: Int, count: Int, _ body: (_ tiles: BinaryTiles, _ row: Int, _ left: Int) -> Int?
) -> Int? {
  // On the stack: a call that fits one thread allocates nothing.
  var memory = InlineArray<2120, Double>(repeating: 0)
  return withUnsafeMutableBytes(of: &memory) { memory in
    let tiles = BinaryTiles(memory.baseAddress.unsafelyUnwrapped.alignedUp(toMultipleOf: 64))
    var row = first
    while row < first &+ count {
      let left = min(BinaryTiles.capacity, first &+ count &- row)
      tiles.loadWeights(task, firstRow: row, count: left)
      if let stop = body(tiles, row, left) { return stop }
      tiles.loss.storeRun(task.rowLoss, firstRow: row, count: left, accumulates: false)
      row &+= BinaryTiles.capacity
    }
    return nil
  }
}
