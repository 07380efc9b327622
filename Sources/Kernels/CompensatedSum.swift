/// A sum of float64 values with the rounding errors of its additions beside it (Knuth's TwoSum).
struct CompensatedSum {
  var high = 0.0
  var low = 0.0

  @inline(__always) init(high: Double = 0, low: Double = 0) {
    self.high = high
    self.low = low
  }

  @inline(__always) mutating func add(_ value: Double) {
    let sum = high + value
    let part = sum - high
    low += (high - (sum - part)) + (value - part)
    high = sum
  }

  /// The sum; an infinity or NaN makes the errors meaningless, but not the sum.
  @inline(__always) var value: Double {
    let sum = high + low
    return high - high == 0 ? sum : high
  }
}
