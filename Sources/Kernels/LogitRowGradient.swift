import XentKernelInterface

// The gradient of a row of logits, from its exponentials.

extension MappedLogitRows {
  /// What was kept of a row's exponentials once more, for its gradient: from the gradient's place, or from the logits.
  @inline(__always)
  func exponentials(_ row: Int, _ classIndex: Int, _ left: Int, _ scale: ExponentialScale) -> Value {
    if let kept = keptRow(row) { return E.Kept.load(kept.data, classIndex, count: left, end: kept.end, fill: 0) }
    let argument = map.argument(logits(row, classIndex, left))
    return map.kept(map.exponential(argument, scale), argument)
  }

  /// The row's gradient, of rows that have kept their exponentials.
  @inline(__always) private func gradientRow(_ row: Int) -> UnsafeMutableRawPointer {
    gradient.data.unsafelyUnwrapped + gradientStart(row) &* E.size
  }

  @inline(__always) private func storeGradient(_ value: Value, _ row: Int, _ classIndex: Int, _ left: Int) {
    E.store(
      value, gradient, gradientStart(row) &+ classIndex, count: left, end: gradientEnd(row),
      accumulates: accumulates)
  }

  /// Makes the gradient of class indices from the exponentials: `total` e / `sum` - `spread`.
  @inline(__always)
  func scaleGradient(
    _ row: Int, first: Int, _ count: Int, _ scale: ExponentialScale, total: Double, sum: Double, spread: Double
  ) {
    let factor = total / sum
    if factor.isNaN { return fillGradient(row, .nan, first: first, count) }
    // Beyond here no difference of infinities makes a NaN.
    let isExtreme = isOutOfRange(factor) || (factor == 0 && total != 0) || isOutOfRange(total) || isOutOfRange(spread)
    let factors = Value(factor)
    if let kept = keptRow(row), !isExtreme && spread == 0 {
      let result = gradientRow(row)
      var classIndex = first
      let end = first &+ count
      // The tail apart: the calls it makes would cost the loop its registers.
      while classIndex &+ Value.count <= end {
        E.store(E.Kept.load(kept.data, classIndex) * factors, result, classIndex)
        classIndex &+= Value.count
      }
      if classIndex < end {
        let left = end &- classIndex
        let e = E.Kept.loadTail(kept.data, classIndex, count: left, end: kept.end, fill: 0)
        E.store(e * factors, result, classIndex, count: left)
      }
      return
    }
    var classIndex = first
    while classIndex < first &+ count {
      let left = first &+ count &- classIndex
      let e = exponentials(row, classIndex, left, scale)
      if isExtreme {
        e.eachLane(min(left, Value.count)) {
          gradient.store(
            $1 / sum * total - spread, gradientStart(row) &+ classIndex &+ $0, accumulates: accumulates)
        }
      } else {
        storeGradient(spread == 0 ? e * factors : Value.multiplyAdd(e, factors, Value(-spread)), row, classIndex, left)
      }
      classIndex &+= Value.count
    }
  }

  /// As `scaleGradient`, of distributions: `total` e / `sum` - `targetScale` t.
  @inline(__always)
  func scaleGradient(_ row: Int, _ scale: ExponentialScale, total: Double, sum: Double, targetScale: Double) {
    let factor = total / sum
    if factor.isNaN { return fillGradient(row, .nan) }
    let isExtreme =
      isOutOfRange(factor) || (factor == 0 && total != 0) || isOutOfRange(total) || isOutOfRange(targetScale)
    let factors = Value(factor)
    let scales = Value(targetScale)
    if let kept = keptRow(row), !isExtreme {
      let result = gradientRow(row)
      let start = row &* classes
      var classIndex = 0
      while classIndex < classes {
        let left = classes &- classIndex
        let e = E.Kept.load(kept.data, classIndex, count: left, end: kept.end, fill: 0)
        let t = E.load(target, start &+ classIndex, count: left, end: packedEnd, fill: 0)
        E.store(Value.multiplyAdd(e, factors, .zero - t * scales), result, classIndex, count: left)
        classIndex &+= Value.count
      }
      return
    }
    var classIndex = 0
    while classIndex < classes {
      let left = classes &- classIndex
      let e = exponentials(row, classIndex, left, scale)
      let index = row &* classes &+ classIndex
      if isExtreme {
        e.eachLane(min(left, Value.count)) {
          let value = $1 / sum * total - target.value(row, classIndex &+ $0) * targetScale
          gradient.store(value, index &+ $0, accumulates: false)
        }
      } else {
        let t = E.load(target, index, count: left, end: packedEnd, fill: 0)
        storeGradient(Value.multiplyAdd(e, factors, .zero - t * scales), row, classIndex, left)
      }
      classIndex &+= Value.count
    }
  }

  /// Makes the row's gradient `value`.
  func fillGradient(_ row: Int, _ value: Double) { fillGradient(row, value, first: 0, classes) }

  /// Makes `count` classes' gradient `value`.
  @inline(never) func fillGradient(_ row: Int, _ value: Double, first: Int, _ count: Int) {
    if accumulates && value == 0 { return }
    let end = first &+ count
    var classIndex = first
    while classIndex < end {
      storeGradient(Value(value), row, classIndex, end &- classIndex)
      classIndex &+= Value.count
    }
  }

  /// Whether the lanes' type would not hold the factor with all its digits. 0 and NaN may go on.
  @inline(__always) func isOutOfRange(_ factor: Double) -> Bool {
    let range = Value.exponentialRange.factors
    let size = factor.magnitude
    return size != 0 && (size < range.lowerBound || size > range.upperBound)
  }
}
