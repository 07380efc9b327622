import XentKernelInterface
import XentPlatform

// The plain loss of LogitLabelColumns.swift, with ignored labels and class weights. Thirty-two rows at a time are kept in
// memory near the processor, so that their logits are read once; while their exponentials are computed the next are
// loaded.
//
// The label's logit is taken out of its row on the way. What is left is relative to its own largest, and its sum S meets
// the label's exponential E in float64, as w = 1 / E:
//
//     loss = log(1 + S w)      gradient = e^z w / (1 + S w), at the label -S w / (1 + S w)

extension LossTask {
  /// The most classes of `plainLabelColumns`, for which its memory is enough.
  @inline(__always) static var mostPlainColumnClasses: Int { 80 }

  /// Whether labels of logits, of which there is one a row, are for `plainLabelColumns`.
  @inline(__always) var hasPlainColumns: Bool {
    let isNarrow = ignoreIndex.map { Int64(Int32(truncatingIfNeeded: $0)) == $0 } ?? true
    return terms.arePlain && isNarrow && classes <= LossTask.mostPlainColumnClasses && !accumulatesGradient
      && !logSumExp.isThere && !sampleWeights.isThere && !upstream.isThere
      && (!rowLoss.isThere || rowLoss.type == .float32 && rowLoss.rowStride == 1)
  }

  /// Whether a gradient, from a row on, is stored past the caches: where it does not fit them, and only whole lines of it are
  /// written.
  @inline(__always) fileprivate func streamsGradient(_ row: Int) -> Bool {
    guard let data = gradient.data, gradient.type == .float32, rows &* classes >= 1 << 22 else { return false }
    return (Int(bitPattern: data) &+ row &* 4) & 63 == 0 && gradient.classStride & 15 == 0
  }

  /// How many rows one behind the other are for the kernel: whole blocks, of which no vector reaches behind the last row of all.
  @inline(__always) func plainShortRows(first: Int, count: Int) -> Int {
    let whole = count / 32 &* 32
    let reachesBehind = (first &+ whole) &* classes &+ RowsBehind.overhang(classes) > rows &* classes
    return reachesBehind ? max(0, whole &- 32) : whole
  }

  /// Sixteen rows' labels; -1 of the ignored.
  @inline(__always) fileprivate func columnLabels(_ row: Int) -> Float32Lanes.Mask {
    let data = targetData
    var labels = Float32Lanes.Mask()
    if target.type == .int64 && target.rowStride == 1 {
      labels = i64x16_narrow(data.loadUnaligned(fromByteOffset: row &* 8, as: SIMD16<Int64>.self))
    } else {
      withUnsafeMutableBytes(of: &labels) { lanes in
        for lane in 0..<Float32Lanes.count {
          let label = Int32(truncatingIfNeeded: target.label(row &+ lane))
          lanes.baseAddress.unsafelyUnwrapped.storeBytes(of: label, toByteOffset: lane &* 4, as: Int32.self)
        }
      }
    }
    guard let ignoreIndex else { return labels }
    let ignored = Float32Lanes.Mask(repeating: Int32(truncatingIfNeeded: ignoreIndex))
    return Float32Lanes.or(labels, f32x16_integer_equal(labels, ignored))
  }
}

/// Sixteen rows on their way in.
private struct LoadingColumn {
  let labels: Float32Lanes.Mask
  /// The largest of the other classes' logits, and the label's.
  var largest = Float32Lanes(-.infinity)
  var pivotLogit = Float32Lanes.zero

  @inline(__always) init(labels: Float32Lanes.Mask) { self.labels = labels }

  @inline(__always) func isLabel(_ c: Int) -> Float32Lanes.Mask {
    f32x16_integer_equal(labels, Float32Lanes.Mask(repeating: Int32(truncatingIfNeeded: c)))
  }

  /// Takes in a class; the logit that is left of it.
  @inline(__always) mutating func add(_ c: Int, _ z: Float32Lanes) -> Float32Lanes {
    let isLabel = isLabel(c)
    pivotLogit = Float32Lanes.select(isLabel, z, pivotLogit)
    let other = Float32Lanes.select(isLabel, Float32Lanes(-.infinity), z)
    largest = Float32Lanes.maximum(other, largest)
    return other
  }

  /// Whether the rows' scales need no base, their exponentials fit float64, and they hold no NaN; and no label is so far above
  /// the others that factors of usual size would not be float32.
  @inline(__always) func isNear(_ sum: AnchoredSum) -> Bool {
    let limit = Float32Lanes(Float32Lanes.exponentialRange.baseLimit)
    let isInRange = Float32Lanes.and(
      Float32Lanes.absolute(largest) <= limit, Float32Lanes.absolute(pivotLogit) <= limit)
    let near = Float32Lanes.and(isInRange, pivotLogit - largest <= Float32Lanes(40))
    return !Float32Lanes.any(Float32Lanes.not(Float32Lanes.and(near, sum.isDefined)))
  }

  /// 0 of the ignored rows, 1 of others, by the weights of the labels' classes.
  @inline(__always) func weights(_ task: LossTask) -> (Float64Lanes, Float64Lanes) {
    let isUsed = f32x16_integer_less(Float32Lanes.Mask(repeating: -1), labels)
    var (low, high) = Float32Lanes.keep(isUsed, .one).widened
    if task.classWeights.isThere {
      let labels = self.labels
      withUnsafeBytes(of: labels) { lanes in
        func weight(_ lane: Int) -> Double {
          let label = lanes.baseAddress.unsafelyUnwrapped.load(fromByteOffset: lane &* 4, as: Int32.self)
          return label < 0 ? 0 : task.classWeights.value(0, min(Int(label), task.classes &- 1))
        }
        low.setLanes(8) { weight($0) }
        high.setLanes(8) { weight($0 &+ 8) }
      }
    }
    return (low, high)
  }
}

/// The sums of up to 128 of sixteen rows' exponentials, of which the largest is near 2^headroom. They are added to a number so
/// large that what is left off is known exactly, and is added up beside it: as exact as in float64 and half the work.
private struct AnchoredSum {
  @inline(__always) private static var anchor: Float32Lanes { Float32Lanes(0x1p+40) }
  private var high = AnchoredSum.anchor
  private var low = Float32Lanes.zero

  @inline(__always) init() {}

  @inline(__always) mutating func add(_ value: Float32Lanes) {
    let sum = high + value
    low = low + (value - (sum - high))
    high = sum
  }

  /// The first eight rows' sums and the others'.
  @inline(__always) var lanes: (Float64Lanes, Float64Lanes) {
    let (firstHigh, secondHigh) = (high - AnchoredSum.anchor).widened
    let (firstLow, secondLow) = low.widened
    return (firstHigh + firstLow, secondHigh + secondLow)
  }

  @inline(__always) var isDefined: Float32Lanes.Mask { high == high }
}

/// What eight rows come to.
private struct ColumnOutcome {
  let loss: Float64Lanes
  /// What an exponential is multiplied by for its gradient.
  let factor: Float64Lanes
  let pivotGradient: Float64Lanes
  /// 1, of ignored rows and those of weight 0 0.
  let isUsed: Float64Lanes

  @inline(__always)
  init(
    others: Float64Lanes, pivotLogit: Float64Lanes, exponent: Float64Lanes, weights: Float64Lanes, gradientScale: Double,
    hasGradient: Bool
  ) {
    let shift = exponent - Float64Lanes(Float32Lanes.exponentialRange.headroom)
    let inverse = Float64Lanes.rowExponential(.zero - pivotLogit, shift: shift)
    let ratio = others * inverse
    let isUsed = Float64Lanes.not(weights == .zero)
    self.isUsed = Float64Lanes.keep(isUsed, .one)
    loss = Float64Lanes.keep(isUsed, Float64Lanes.rowLogarithmOnePlus(ratio) * weights)
    guard hasGradient else {
      factor = .zero
      pivotGradient = .zero
      return
    }
    let total = weights * Float64Lanes(gradientScale) / (.one + ratio)
    factor = inverse * total
    pivotGradient = Float64Lanes.keep(isUsed, .zero - ratio * total)
  }
}

/// `count` rows, a multiple of thirty-two.
func plainLabelColumns<E: Element, Order: RowOrder>(
  _: E.Type, _: Order.Type, _ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals
) where E.Compute == Float32Lanes {
  typealias Value = Float32Lanes
  var memory = InlineArray<3472, Double>(repeating: 0)
  withUnsafeMutableBytes(of: &memory) { memory in
    let rows = 2 &* Value.count
    // How many classes ahead is asked for: each has its own stream, more than the processor follows by itself.
    let distance = min(12, task.classes)
    let classes = task.classes
    let stride = task.prediction.classStride
    let gradientStride = task.gradient.classStride
    let hasGradient = task.gradient.isThere
    let gradientScale = task.gradientScale
    let range = Value.exponentialRange
    let logits = task.predictionData
    let streams = !Order.isTransposed && task.streamsGradient(first)
    let labelSize = task.target.type.size
    var current = memory.baseAddress.unsafelyUnwrapped.alignedUp(toMultipleOf: 64)
    // Half a page off a multiple of pages: a load waits for a store that is in the same place of another page.
    var next = current + (LossTask.mostPlainColumnClasses &* rows &* 4 &+ 2048)
    let way = next + LossTask.mostPlainColumnClasses &* rows &* 4

    @inline(__always)
    func load(_ c: Int, _ row: Int, _ first: inout LoadingColumn, _ second: inout LoadingColumn) {
      if Order.isTransposed {
        let low = first.add(c, Float32Element.load(next, c &* rows))
        let high = second.add(c, Float32Element.load(next, c &* rows &+ Value.count))
        Float32Element.store(low, next, c &* rows)
        Float32Element.store(high, next, c &* rows &+ Value.count)
        return
      }
      let place = row &+ c &* stride
      let ahead = c &+ distance < classes ? place &+ distance &* stride : place &+ (distance &- classes) &* stride &+ rows
      platform_prefetch(logits + ahead &* E.size)
      platform_prefetch(logits + (ahead &* E.size &+ 64))
      let low = first.add(c, E.load(logits, place))
      let high = second.add(c, E.load(logits, place &+ Value.count))
      Float32Element.store(low, next, c &* rows)
      Float32Element.store(high, next, c &* rows &+ Value.count)
    }

    var sum = Float64Sum()
    var row = first
    if Order.isTransposed { RowsBehind.load(E.self, logits, row &* classes, classes, into: next) }
    var nextFirst = LoadingColumn(labels: task.columnLabels(row))
    var nextSecond = LoadingColumn(labels: task.columnLabels(row &+ Value.count))
    for c in 0..<classes { load(c, row, &nextFirst, &nextSecond) }
    while row < first &+ count {
      swap(&current, &next)
      let low = nextFirst
      let high = nextSecond
      // Behind the last rows these are loaded again, for nothing.
      let nextRow = min(row &+ rows, first &+ count &- rows)
      platform_prefetch(task.targetData + (nextRow &+ 4 &* rows) &* task.target.rowStride &* labelSize)
      nextFirst = LoadingColumn(labels: task.columnLabels(nextRow))
      nextSecond = LoadingColumn(labels: task.columnLabels(nextRow &+ Value.count))

      if Order.isTransposed { RowsBehind.load(E.self, logits, nextRow &* classes, classes, into: next) }

      let lowScale = LaneScale32(nearReferences: low.largest)
      let highScale = LaneScale32(nearReferences: high.largest)
      var lowSum = AnchoredSum()
      var highSum = AnchoredSum()
      @inline(__always) func exponential(_ place: Int, _ scale: LaneScale32) -> Value {
        let e = Value.scaledExponential(Float32Element.load(current, place), scale)
        if hasGradient { Float32Element.store(e, current, place) }
        return e
      }
      for c in 0..<classes {
        lowSum.add(exponential(c &* rows, lowScale))
        highSum.add(exponential(c &* rows &+ Value.count, highScale))
        load(c, nextRow, &nextFirst, &nextSecond)
      }

      @inline(__always)
      func outcomes(_ column: LoadingColumn, _ sum: AnchoredSum, _ scale: LaneScale32) -> (ColumnOutcome, ColumnOutcome) {
        let (lowOthers, highOthers) = sum.lanes
        let (lowLogits, highLogits) = column.pivotLogit.widened
        let (lowExponents, highExponents) = scale.exponent.widened
        let (lowWeights, highWeights) = column.weights(task)
        return (
          ColumnOutcome(
            others: lowOthers, pivotLogit: lowLogits, exponent: lowExponents, weights: lowWeights,
            gradientScale: gradientScale, hasGradient: hasGradient),
          ColumnOutcome(
            others: highOthers, pivotLogit: highLogits, exponent: highExponents, weights: highWeights,
            gradientScale: gradientScale, hasGradient: hasGradient)
        )
      }
      let lowOutcomes = outcomes(low, lowSum, lowScale)
      let highOutcomes = outcomes(high, highSum, highScale)
      let lowFactors = Value(rounding: lowOutcomes.0.factor, lowOutcomes.1.factor)
      let highFactors = Value(rounding: highOutcomes.0.factor, highOutcomes.1.factor)
      /// Whether a factor is out of float32's range.
      @inline(__always) func areExtreme(_ factors: Value, _ outcomes: (ColumnOutcome, ColumnOutcome)) -> Bool {
        let size = Value.absolute(factors)
        let isOutside = Value.or(size < Value(range.factors.lowerBound), Value(range.factors.upperBound) < size)
        if !Value.any(isOutside) { return false }
        let isUsed = Value(rounding: outcomes.0.isUsed, outcomes.1.isUsed) == .one
        return Value.any(Value.and(isUsed, isOutside))
      }
      if !low.isNear(lowSum) || !high.isNear(highSum)
        || hasGradient && (areExtreme(lowFactors, lowOutcomes) || areExtreme(highFactors, highOutcomes))
      {
        Order.computeCarefully(E.self, task, row, &totals)
        row &+= rows
        continue
      }

      sum.add(lowOutcomes.0.loss)
      sum.add(lowOutcomes.1.loss)
      sum.add(highOutcomes.0.loss)
      sum.add(highOutcomes.1.loss)
      if let rowLoss = task.rowLoss.data {
        Float32Element.store(Value(rounding: lowOutcomes.0.loss, lowOutcomes.1.loss), rowLoss, row)
        Float32Element.store(Value(rounding: highOutcomes.0.loss, highOutcomes.1.loss), rowLoss, row &+ Value.count)
      }
      if hasGradient {
        let lowPivots = Value(rounding: lowOutcomes.0.pivotGradient, lowOutcomes.1.pivotGradient)
        let highPivots = Value(rounding: highOutcomes.0.pivotGradient, highOutcomes.1.pivotGradient)
        let gradient = task.gradient
        for c in 0..<classes {
          let place = row &+ c &* gradientStride
          let lowTerms = Float32Element.load(current, c &* rows) * lowFactors
          let highTerms = Float32Element.load(current, c &* rows &+ Value.count) * highFactors
          let lowGradient = Value.select(low.isLabel(c), lowPivots, lowTerms)
          let highGradient = Value.select(high.isLabel(c), highPivots, highTerms)
          if Order.isTransposed {
            Float32Element.store(lowGradient, current, c &* rows)
            Float32Element.store(highGradient, current, c &* rows &+ Value.count)
          } else if streams {
            let address = gradient.data.unsafelyUnwrapped + place &* 4
            f32x16_stream(address, lowGradient.vector)
            f32x16_stream(address + 64, highGradient.vector)
          } else {
            E.store(lowGradient, gradient, place, count: Value.count)
            E.store(highGradient, gradient, place &+ Value.count, count: Value.count)
          }
        }
        if Order.isTransposed { RowsBehind.store(E.self, current, classes, by: way, gradient, row &* classes) }
      }
      row &+= rows
    }
    if streams { platform_stream_fence() }
    totals.add(sum.total)
  }
}
