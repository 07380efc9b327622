/// Up to eight rows of logits on their way from the sums of their exponentials to losses and gradient factors, a row a
/// lane: the logarithm is computed for all of them at once.
struct LogitGroup {
  // In memory, as rows are set one by one; a vector would go there and back for each.
  private typealias Column = InlineArray<8, Double>
  private var othersColumn = Column(repeating: 0)
  private var pivotColumn = Column(repeating: 1)
  private var pivotLogitColumn = Column(repeating: 0)
  private var exponentColumn = Column(repeating: 0)
  private var baseColumn = Column(repeating: 0)

  @inline(__always) private var others: Float64Lanes { lanes(othersColumn) }
  @inline(__always) private var pivot: Float64Lanes { lanes(pivotColumn) }
  @inline(__always) private var pivotLogit: Float64Lanes { lanes(pivotLogitColumn) }
  @inline(__always) private var exponent: Float64Lanes { lanes(exponentColumn) }
  @inline(__always) private var base: Float64Lanes { lanes(baseColumn) }
  @inline(__always) private func lanes(_ column: Column) -> Float64Lanes {
    Float64Lanes(unsafeBitCast(column, to: SIMD8<Double>.self))
  }

  @inline(__always) static var capacity: Int { Float64Lanes.count }

  @inline(__always) init() {}

  /// Eight rows at once.
  @inline(__always)
  init(others: Float64Lanes, pivot: Float64Lanes, pivotLogit: Float64Lanes, _ scale: LaneScale) {
    othersColumn = unsafeBitCast(others.vector, to: Column.self)
    pivotColumn = unsafeBitCast(pivot.vector, to: Column.self)
    pivotLogitColumn = unsafeBitCast(pivotLogit.vector, to: Column.self)
    exponentColumn = unsafeBitCast(scale.exponent.vector, to: Column.self)
    baseColumn = unsafeBitCast(scale.base.vector, to: Column.self)
  }

  /// A row but for the pivot's exponential.
  @inline(__always) mutating func set(_ lane: Int, _ softmax: RowSoftmax) {
    othersColumn[lane] = softmax.others
    pivotLogitColumn[lane] = softmax.pivotLogit
    exponentColumn[lane] = softmax.scale.exponent
    baseColumn[lane] = softmax.scale.base
  }

  /// A row without a softmax: everything about it is NaN but its log-sum-exp, which may be infinite.
  @inline(__always) mutating func setUndefined(_ lane: Int, logSumExp: Double) {
    othersColumn[lane] = .nan
    pivotLogitColumn[lane] = .nan
    exponentColumn[lane] = 0
    baseColumn[lane] = logSumExp
  }

  /// The scale that a row's exponentials were computed with.
  @inline(__always) func scale(_ lane: Int, _ range: ExponentialRange) -> ExponentialScale {
    ExponentialScale(base: baseColumn[lane], exponent: exponentColumn[lane], range)
  }

  /// A row but for the sum of its other exponentials.
  @inline(__always)
  mutating func set(_ lane: Int, _ scale: ExponentialScale, pivot: Double, pivotLogit: Double) {
    pivotColumn[lane] = pivot
    pivotLogitColumn[lane] = pivotLogit
    exponentColumn[lane] = scale.exponent
    baseColumn[lane] = scale.base
  }

  /// All rows' pivots from their logits: in float64 whatever the lanes are, as one more rounding would be seen in the loss.
  @inline(__always) mutating func setPivots(_ range: ExponentialRange) {
    let scale = LaneScale(base: .zero, exponent: exponent, headroom: range.headroom)
    pivotColumn = unsafeBitCast(Float64Lanes.scaledExponential(pivotLogit, low: .zero, scale).vector, to: Column.self)
  }

  /// The sums of all rows' other exponentials.
  @inline(__always) mutating func setOthers(_ others: Float64Lanes) {
    othersColumn = unsafeBitCast(others.vector, to: Column.self)
  }

  /// lse - z_j = log(1 + S/E). Where e^z_j is lost against the sum it is log(S+E) - z_j, with the sum brought near 1 and
  /// the exponent K back as K ln 2 in two parts, whose high one meets z_j first.
  @inline(__always) func losses(headroom: Double) -> Float64Lanes {
    let ratio = others / pivot
    let near = Float64Lanes.logarithmOnePlus(ratio)
    let isFar = Float64Lanes(0x1p60) < ratio
    if !Float64Lanes.any(isFar) { return near }
    let logarithm = Float64Lanes.logarithm(sums * Float64Lanes(powerOfTwo(-headroom)))
    let apart = exponent * Float64Lanes(Logarithm2.high) - pivotLogit
    let far = apart + (logarithm + exponent * Float64Lanes(Logarithm2.low))
    return Float64Lanes.select(isFar, far, near)
  }

  /// lse, from the sums alone: from the pivot it would have the digits of the pivot's logit. `baseFactor` is the factor of the
  /// logits that the bases are without.
  @inline(__always) func logSumExp(headroom: Double, baseFactor: Double = 1) -> Float64Lanes {
    let base = base * Float64Lanes(baseFactor)
    let logarithm = Float64Lanes.logarithm(sums * Float64Lanes(powerOfTwo(-headroom)))
    let fraction = logarithm + exponent * Float64Lanes(Logarithm2.low)
    let result = (base + exponent * Float64Lanes(Logarithm2.high)) + fraction
    return Float64Lanes.select(base - base == .zero, result, base)
  }

  /// softmax_j and 1 - softmax_j.
  @inline(__always) var pivotProbability: Float64Lanes { pivot / sums }
  @inline(__always) var pivotComplement: Float64Lanes { others / sums }

  /// S + E of every row.
  @inline(__always) var sums: Float64Lanes { others + pivot }

  /// The gradient at the pivots: softmax_j - 1, times `total`.
  @inline(__always) func pivotGradients(_ total: Double) -> Float64Lanes {
    .zero - others / sums * Float64Lanes(total)
  }

  /// Whether every one of the first `count` rows' sums is at least `smallest`; NaN is not.
  @inline(__always) func sumsReach(_ smallest: Double, count: Int) -> Bool {
    let reaches = Float64Lanes(smallest) <= sums
    return !Float64Lanes.any(Float64Lanes.and(Float64Lanes.not(reaches), Float64Lanes.first(count)))
  }

  private func powerOfTwo(_ exponent: Double) -> Double {
    Double(bitPattern: UInt64(bitPattern: Int64(exponent) &+ 1023) &<< 52)
  }
}
