/// A sum of float64 values with the rounding errors of its additions beside it (Knuth's TwoSum).
struct CompensatedSum {
  var high = 0.0
  var low = 0.0

  @inline(__always) init(high: Double = 0, low: Double = 0) {
    self.high = high
    self.low = low
  }

  @inline(__always) static func + (a: Self, b: Self) -> Self {
    let sum = a.high + b.high
    let part = sum - a.high
    let error = (a.high - (sum - part)) + (b.high - part)
    return Self(high: sum, low: error + (a.low + b.low))
  }

  /// The sum; an infinity or NaN makes the errors meaningless, but not the sum.
  @inline(__always) var value: Double {
    let sum = high + low
    return high - high == 0 ? sum : high
  }
}
