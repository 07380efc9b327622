import XentKernelInterface

// What the composed categorical kernels share: targets, weights and the way out for results.

/// The targets of eight rows: labels or distributions, smoothed and weighted.
struct ClassTargets {
  /// The labels; 0 where there is none to use.
  let labels: Float64Lanes
  /// The rows that are not ignored.
  let isUsed: Float64Lanes.Mask
  let hasLabels: Bool
  private let kept: Float64Lanes
  private let spread: Float64Lanes
  private let weights: Operand

  @inline(__always) init(_ task: LossTask, _ rows: RowGroup) {
    hasLabels = !task.target.type.isFloatingPoint
    kept = Float64Lanes(1 - task.terms.labelSmoothing)
    spread = Float64Lanes(task.terms.labelSmoothing / Double(task.classes))
    weights = task.classWeights
    guard hasLabels else {
      labels = .zero
      isUsed = Float64Lanes.first(8)
      return
    }
    var found = Float64Lanes.zero
    var used = Float64Lanes.zero
    found.setLanes(8) { lane in
      let label = task.target.label(rows.first &+ min(lane, rows.count &- 1))
      return label == task.ignoreIndex ? 0 : Double(label)
    }
    used.setLanes(8) { lane in
      task.target.label(rows.first &+ min(lane, rows.count &- 1)) == task.ignoreIndex ? 0 : 1
    }
    labels = found
    isUsed = Float64Lanes.not(used == .zero)
  }

  /// The smoothed target of a class; `given` is what a distribution has there.
  @inline(__always) func target(_ classIndex: Int, _ given: Float64Lanes) -> Float64Lanes {
    let t = hasLabels ? Float64Lanes.keep(isLabel(classIndex), .one) : given
    return Float64Lanes.multiplyAdd(kept, t, spread)
  }

  /// t log t of the smoothed target, with 1 - t = (1-e)(1-given) + e (C-1)/C.
  @inline(__always) func negativeEntropy(_ classIndex: Int, _ given: Float64Lanes, classes: Int) -> Float64Lanes {
    let t = hasLabels ? Float64Lanes.keep(isLabel(classIndex), .one) : given
    let complement = Float64Lanes.multiplyAdd(kept, .one - t, spread * Float64Lanes(Double(classes - 1)))
    return entropyTerm(target(classIndex, given), complement: complement)
  }

  @inline(__always) func isLabel(_ classIndex: Int) -> Float64Lanes.Mask { labels == Float64Lanes(Double(classIndex)) }

  @inline(__always) func weight(_ classIndex: Int) -> Float64Lanes {
    weights.isThere ? Float64Lanes(weights.value(0, classIndex)) : .one
  }

  /// The weights of the labels' classes.
  @inline(__always) func labelWeights(_ task: LossTask, _ rows: RowGroup) -> Float64Lanes {
    guard hasLabels && weights.isThere else { return .one }
    // The weights have no rows: their distance between rows is 0.
    return rows.values(weights) { task.usableLabel($0) }
  }
}

/// What a row's loss and gradient are multiplied by.
struct RowScales {
  let weight: Float64Lanes
  /// Of gradient and Hessian.
  let gradient: Float64Lanes
  /// The rows that add nothing, and have no gradient.
  let isLeftOut: Float64Lanes.Mask
  /// The rows whose gradient is 0.
  let hasNoGradient: Float64Lanes.Mask

  @inline(__always) init(_ task: LossTask, _ rows: RowGroup, isUsed: Float64Lanes.Mask) {
    weight = task.sampleWeights.isThere ? rows.values(task.sampleWeights) : .one
    var scale = weight * Float64Lanes(task.gradientScale)
    if task.upstream.isThere { scale = scale * rows.values(task.upstream) }
    gradient = scale
    isLeftOut = Float64Lanes.or(Float64Lanes.not(isUsed), weight == .zero)
    hasNoGradient = task.gradientScale == 0 ? Float64Lanes.first(8) : isLeftOut
  }

  @inline(__always) func scaledLoss(_ loss: Float64Lanes) -> Float64Lanes {
    Float64Lanes.select(isLeftOut, .zero, loss * weight)
  }
  @inline(__always) func scaledGradient(_ derivative: Float64Lanes) -> Float64Lanes {
    Float64Lanes.select(hasNoGradient, .zero, derivative * gradient)
  }
}

/// The tiles of a group of rows, on their way in and out.
struct RowTiles {
  let prediction: Tile
  let target: Tile
  let gradient: Tile
  let hessian: Tile

  @inline(__always) init(_ memory: UnsafeMutableRawPointer) {
    func tile(_ number: Int) -> Tile { Tile(memory: memory + number &* Tile.bytes) }
    prediction = tile(0)
    target = tile(1)
    gradient = tile(2)
    hessian = tile(3)
  }

  /// Calls the body for every class, with the prediction and, of a distribution, the target. Rows that fit a tile are
  /// loaded by the first of several passes only.
  @inline(__always)
  func eachClass(
    _ task: LossTask, _ rows: RowGroup, isFirstPass: Bool,
    _ body: (_ classIndex: Int, _ prediction: Float64Lanes, _ target: Float64Lanes) -> Void
  ) {
    let hasDistribution = task.target.type.isFloatingPoint
    eachTile(task) { firstClass, count in
      if isFirstPass || task.classes > Tile.capacity {
        prediction.load(task.prediction, rows, firstClass: firstClass, count: count)
        if hasDistribution { target.load(task.target, rows, firstClass: firstClass, count: count) }
      }
      for column in 0..<count {
        body(firstClass &+ column, prediction[column], hasDistribution ? target[column] : .zero)
      }
    }
  }

  /// As `eachClass`, for the pass that makes gradient and Hessian of every class.
  @inline(__always)
  func eachResult(
    _ task: LossTask, _ rows: RowGroup,
    _ body: (_ classIndex: Int, _ prediction: Float64Lanes, _ target: Float64Lanes) -> (
      gradient: Float64Lanes, hessian: Float64Lanes
    )
  ) {
    if !task.gradient.isThere && !task.hessian.isThere { return }
    let hasDistribution = task.target.type.isFloatingPoint
    eachTile(task) { firstClass, count in
      if task.classes > Tile.capacity {
        prediction.load(task.prediction, rows, firstClass: firstClass, count: count)
        if hasDistribution { target.load(task.target, rows, firstClass: firstClass, count: count) }
      }
      for column in 0..<count {
        let result = body(firstClass &+ column, prediction[column], hasDistribution ? target[column] : .zero)
        gradient[column] = result.gradient
        hessian[column] = result.hessian
      }
      gradient.store(
        task.gradient, rows, firstClass: firstClass, count: count, accumulates: task.accumulatesGradient)
      hessian.store(task.hessian, rows, firstClass: firstClass, count: count, accumulates: false)
    }
  }

  @inline(__always) private func eachTile(_ task: LossTask, _ body: (_ firstClass: Int, _ count: Int) -> Void) {
    var firstClass = 0
    while firstClass < task.classes {
      body(firstClass, min(Tile.capacity, task.classes &- firstClass))
      firstClass &+= Tile.capacity
    }
  }
}

/// Runs the body for every eight rows, with tiles to work in. It returns false at an element
/// that the loss cannot have, and has written nothing then.
@inline(__always)
func eachRowGroup(
  first: Int, count: Int, classes: Int, _ totals: inout LossTotals,
  _ body: (_ rows: RowGroup, _ tiles: RowTiles, _ sum: inout Float64Sum, _ totals: inout LossTotals) -> Bool
) {
  var memory = InlineArray<2048, Double>(repeating: 0)
  withUnsafeMutableBytes(of: &memory) { memory in
    let tiles = RowTiles(memory.baseAddress.unsafelyUnwrapped)
    var sum = Float64Sum()
    var row = first
    while row < first &+ count {
      let rows = RowGroup(first: row, count: min(RowGroup.capacity, first &+ count &- row))
      if !body(rows, tiles, &sum, &totals) {
        totals.stop = row &* classes
        return
      }
      row &+= RowGroup.capacity
    }
    totals.add(sum.total)
  }
}

/// The largest prediction of every row and where it is.
struct LargestClass {
  private(set) var value = Float64Lanes(-.infinity)
  private(set) var index = Float64Lanes.zero
  /// The first NaN's class, -1 if there is none.
  private(set) var firstNaN = Float64Lanes(-1)

  @inline(__always) mutating func add(_ classIndex: Int, _ x: Float64Lanes) {
    let number = Float64Lanes(Double(classIndex))
    let isLarger = value < x
    value = Float64Lanes.select(isLarger, x, value)
    index = Float64Lanes.select(isLarger, number, index)
    let isNaN = Float64Lanes.not(x == x)
    firstNaN = Float64Lanes.select(Float64Lanes.and(isNaN, firstNaN < .zero), number, firstNaN)
  }

  @inline(__always) func isIndex(_ classIndex: Int) -> Float64Lanes.Mask { index == Float64Lanes(Double(classIndex)) }

  @inline(__always) var hasNaN: Float64Lanes.Mask { .zero <= firstNaN }

  /// Stores the argmax, and counts the used rows where it is the label.
  @inline(__always)
  func store(_ task: LossTask, _ rows: RowGroup, _ targets: ClassTargets, _ totals: inout LossTotals) {
    guard let data = task.argmax.data else { return }
    let winner = Float64Lanes.select(hasNaN, firstNaN, index)
    winner.eachLane(rows.count) { lane, value in
      let place = task.argmax.index(rows.first &+ lane, 0)
      data.storeBytes(of: Int64(value), toByteOffset: place &* 8, as: Int64.self)
    }
    if targets.hasLabels {
      let isRight = Float64Lanes.and(Float64Lanes.and(winner == targets.labels, targets.isUsed), rows.lanes)
      Float64Lanes.keep(isRight, .one).eachLane(8) { if $1 != 0 { totals.correct &+= 1 } }
    }
  }
}
