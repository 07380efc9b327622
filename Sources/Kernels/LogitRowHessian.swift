import XentKernelInterface

// The diagonal of the Hessian of a row of logits with class indices: T p (1 - p), times the square of the logits' factor.

extension MappedLogitRows {
  /// Makes the row's Hessian from the exponentials, of a map whose derivative is a constant; `total` is what p (1 - p) is
  /// multiplied by, and `pivotHessian` is stored at the pivot. Before the gradient, as that may overwrite the exponentials.
  @inline(never)
  func storeHessian(
    _ row: Int, _ hessian: Operand, _ scale: ExponentialScale, total: Double, softmax: (sum: Double, pivotProbability: Double),
    pivot: Int, pivotHessian: Double
  ) {
    let start = row &* hessian.rowStride
    let sum = softmax.sum
    let factor = total / sum
    let isExtreme = isOutOfRange(factor) || (factor == 0 && total != 0)
    let factors = Value(factor)
    let minusInverse = Value(-1 / sum)
    var largest = Value.zero
    var classIndex = 0
    while classIndex < classes {
      let left = classes &- classIndex
      let e = exponentials(row, classIndex, left, scale)
      // (e factor) (1 - p), whose roundings are those of the two factors alone.
      if isExtreme {
        e.eachLane(min(left, Value.count)) {
          let p = $1 / sum
          hessian.store(p * (1 - p) * total, start &+ classIndex &+ $0, accumulates: false)
        }
      } else {
        let result = (e * factors) * Value.multiplyAdd(e, minusInverse, .one)
        E.storeResult(result, hessian, start &+ classIndex, count: left)
      }
      largest = Value.maximum(e, largest)
      classIndex &+= Value.count
    }
    // Of a class that has most of the probability 1 - p lost its digits; it is the sum of the others.
    let most = 0.6 * sum
    if largest.largest() > most && softmax.pivotProbability < 0.5 {
      let (others, place) = others(row, scale, limit: most)
      hessian.store((1 - others / sum) * (others / sum) * total, start &+ place, accumulates: false)
    }
    hessian.store(pivotHessian, start &+ pivot, accumulates: false)
  }

  /// The sum of the row's exponentials but for the one above the limit, and the class of that.
  private func others(_ row: Int, _ scale: ExponentialScale, limit: Double) -> (sum: Double, place: Int) {
    var sum = Value.Sum()
    var place = 0
    var classIndex = 0
    while classIndex < classes {
      let left = classes &- classIndex
      let e = exponentials(row, classIndex, left, scale)
      let isAbove = Value(limit) < e
      if Value.any(isAbove) { place = classIndex &+ firstLane(of: isAbove, Value.self) }
      sum.add(Value.keep(Value.not(isAbove), e))
      classIndex &+= Value.count
    }
    return (sum.total.value, place)
  }
}
