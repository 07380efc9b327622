/// Up to eight rows of logits on their way from the sums of their exponentials to losses and gradient factors, a row a
/// lane: the logarithm is computed for all of them at once.
struct LogitGroup {
  // In memory, as rows are set one by one; a vector would go there and back for each.
  private typealias Column = InlineArray<8, Double>
  private var othersColumn = Column(repeating: 0)
  private var pivotColumn = Column(repeating: 1)
  private var pivotLogitColumn = Column(repeating: 0)
  private var exponentColumn = Column(repeating: 0)

  @inline(__always) private var others: Float64Lanes { lanes(othersColumn) }
  @inline(__always) private var pivot: Float64Lanes { lanes(pivotColumn) }
  @inline(__always) private var pivotLogit: Float64Lanes { lanes(pivotLogitColumn) }
  @inline(__always) private var exponent: Float64Lanes { lanes(exponentColumn) }
  @inline(__always) private func lanes(_ column: Column) -> Float64Lanes {
    Float64Lanes(unsafeBitCast(column, to: SIMD8<Double>.self))
  }

  @inline(__always) static var capacity: Int { Float64Lanes.count }

  @inline(__always) init() {}

  /// Nil for a row without a softmax: everything about it is NaN.
  @inline(__always) mutating func set(_ lane: Int, _ softmax: RowSoftmax?) {
    othersColumn[lane] = softmax?.others ?? .nan
    pivotColumn[lane] = softmax?.pivot ?? .nan
    pivotLogitColumn[lane] = softmax?.pivotLogit ?? .nan
    exponentColumn[lane] = softmax?.scale.exponent ?? .nan
  }

  /// A row but for the sum of its other exponentials.
  @inline(__always)
  mutating func set(_ lane: Int, _ scale: ExponentialScale, pivot: Double, pivotLogit: Double) {
    pivotColumn[lane] = pivot
    pivotLogitColumn[lane] = pivotLogit
    exponentColumn[lane] = scale.exponent
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
