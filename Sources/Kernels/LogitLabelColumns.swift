import XentKernelInterface
import XentPlatform

// Categorical losses of logits with class indices where neighbours in memory are neighbouring rows, as the pixels of images with
// the channels first: a vector holds one class of sixteen rows, in float32. Otherwise as LogitLabelRows.swift.

func logitLabelColumns<E: Element>(
  _: E.Type, _ task: LossTask, first: Int, count: Int, _ totals: inout LossTotals
) where E.Compute == Float32Lanes {
  var sum = Float64Sum()
  let whole = count / Float32Lanes.count &* Float32Lanes.count
  var row = first
  if task.hasPlainColumns && whole >= 32 {
    let plain = whole / 32 &* 32
    plainLabelColumns(E.self, RowsBeside.self, task, first: first, count: plain, &totals)
    row &+= plain
  }
  while row < first &+ whole {
    logitLabelColumn(E.self, task, row, &sum)
    row &+= Float32Lanes.count
  }
  totals.add(sum.total)
  if whole < count { composedLogitRows(task, first: row, count: count &- whole, &totals) }
}

/// Sixteen rows.
@inline(never)
func logitLabelColumn<E: Element>(
  _: E.Type, _ task: LossTask, _ row: Int, _ sum: inout Float64Sum
) where E.Compute == Float32Lanes {
  typealias Value = Float32Lanes
  let classes = task.classes
  let stride = task.prediction.classStride
  let gradientStride = task.gradient.classStride
  let logits = task.predictionData + row &* E.size
  let kept = task.exponentialStore(E.self).map { $0 + row &* E.size }

  var labels = Value.zero
  let data = task.target.data.unsafelyUnwrapped
  if task.target.type == .int64 && task.target.rowStride == 1 && task.ignoreIndex == nil {
    labels.setLanes(Value.count) { Double(ElementType.int64.label(data, row &+ $0)) }
  } else {
    labels.setLanes(Value.count) { Double(task.usableLabel(row &+ $0)) }
  }

  var largest = Value(-.infinity)
  var hasNaN = Value.first(0)
  var pivotLogits = Value.zero
  for c in 0..<classes {
    // Every class has its own stream, more than the processor follows by itself.
    platform_prefetch(logits + (c &* stride &* E.size &+ 512))
    let z = E.load(logits, c &* stride)
    largest = Value.maximum(z, largest)
    hasNaN = Value.or(hasNaN, Value.not(z == z))
    pivotLogits = Value.select(labels == Value(Double(c)), z, pivotLogits)
  }
  let isDefined = largest - largest == .zero
  let scale = LaneScale32(references: Value.keep(isDefined, largest))

  var others = Value.Sum()
  @inline(__always) func exponential(_ c: Int) -> Value {
    let term = Value.scaledExponential(E.load(logits, c &* stride), scale)
    if let kept { E.store(term, kept, c &* gradientStride) }
    return Value.keep(Value.not(labels == Value(Double(c))), term)
  }
  for c in 0..<classes { others.add(exponential(c)) }

  let headroom = Value.exponentialRange.headroom
  let (lowOthers, highOthers) = others.lanes
  let (lowLogits, highLogits) = pivotLogits.widened
  let (lowExponents, highExponents) = scale.exponent.widened
  // Of a row without a softmax the largest logit is its log-sum-exp, or NaN.
  let undefined = Value.select(hasNaN, Value(.nan), largest)
  let (lowBases, highBases) = Value.select(isDefined, scale.base, undefined).widened
  let low = RowGroup(first: row, count: 8)
  let high = RowGroup(first: row &+ 8, count: 8)
  let lowGroup = columnGroup(lowOthers, lowLogits, lowBases, lowExponents, headroom)
  let highGroup = columnGroup(highOthers, highLogits, highBases, highExponents, headroom)
  let lowOutcome = LabelOutcome(task, low, lowGroup, headroom: headroom)
  let highOutcome = LabelOutcome(task, high, highGroup, headroom: headroom)
  lowOutcome.storeLosses(task, low, &sum)
  highOutcome.storeLosses(task, high, &sum)
  guard task.gradient.isThere else { return }

  let factors = Value(rounding: lowOutcome.total / lowGroup.sums, highOutcome.total / highGroup.sums)
  let isZero = Value(rounding: lowOutcome.isWithoutGradient, highOutcome.isWithoutGradient)
  let hasGradient = isZero == .zero
  let range = Value.exponentialRange.factors
  let size = Value.absolute(factors)
  let isExtreme = Value.any(
    Value.and(hasGradient, Value.or(size < Value(range.lowerBound), Value(range.upperBound) < size)))
  for c in 0..<classes {
    let e =
      kept.map { E.load($0, c &* gradientStride) }
      ?? Value.scaledExponential(E.load(logits, c &* stride), scale)
    let place = row &+ c &* gradientStride
    if isExtreme {
      e.eachLane(Value.count) { lane, value in
        let outcome = lane < 8 ? lowOutcome : highOutcome
        let group = lane < 8 ? lowGroup : highGroup
        let result =
          outcome.hasNoGradient(lane & 7)
          ? 0
          : task.usableLabel(row &+ lane) == c
            ? outcome.pivotGradient[lane & 7] : value / group.sums[lane & 7] * outcome.total[lane & 7]
        task.gradient.store(result, place &+ lane, accumulates: task.accumulatesGradient)
      }
      continue
    }
    let isPivot = labels == Value(Double(c))
    let pivots = Value(rounding: lowOutcome.pivotGradient, highOutcome.pivotGradient)
    let gradient = Value.keep(hasGradient, Value.select(isPivot, pivots, e * factors))
    E.store(
      gradient.withCanonicalNaN, task.gradient, place, count: Value.count, end: place &+ Value.count,
      accumulates: task.accumulatesGradient)
  }
}

/// Eight rows' sums.
@inline(__always)
private func columnGroup(
  _ others: Float64Lanes, _ logits: Float64Lanes, _ bases: Float64Lanes,
  _ exponents: Float64Lanes, _ headroom: Double
) -> LogitGroup {
  let isDefined = bases - bases == .zero
  let scale = LaneScale(base: Float64Lanes.keep(isDefined, bases), exponent: exponents, headroom: headroom)
  let pivot = Float64Lanes.scaledExponential(logits, low: .zero, scale)
  let undefined = Float64Lanes(.nan)
  return LogitGroup(
    others: Float64Lanes.select(isDefined, others, undefined), pivot: Float64Lanes.select(isDefined, pivot, undefined),
    pivotLogit: logits - bases, LaneScale(base: bases, exponent: exponents, headroom: headroom))
}
