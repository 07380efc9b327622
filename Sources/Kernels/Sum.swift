/// A sum of float64 values with the rounding errors of its additions beside it (Knuth's TwoSum).
struct CompensatedSum {
  var high = 0.0
  var low = 0.0

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

/// A compensated sum in every lane.
struct LaneSum<Value: Lanes> {
  private var high = Value.zero
  private var low = Value.zero

  @inline(__always) mutating func add(_ value: Value) {
    let sum = high + value
    let part = sum - high
    low = low + ((high - (sum - part)) + (value - part))
    high = sum
  }

  /// The sum over all lanes, added up in the lanes' order.
  @inline(__always) var total: CompensatedSum {
    var sum = CompensatedSum()
    for lane in 0..<Value.count { sum.add(high[lane]) }
    for lane in 0..<Value.count { sum.low += low[lane] }
    return sum
  }
}
