import XentKernelInterface

/// A sum with the rounding errors of its additions beside it (Knuth's TwoSum).
struct CompensatedTotal {
  var high = 0.0
  var low = 0.0

  @inline(__always) mutating func add(_ value: Double) {
    let sum = high + value
    let part = sum - high
    low += (high - (sum - part)) + (value - part)
    high = sum
  }

  @inline(__always) mutating func add(_ other: Self) {
    add(other.high)
    low += other.low
  }
}

extension LossTotals {
  /// Adds what the next chunk found.
  mutating func add(_ other: LossTotals) {
    var total = CompensatedTotal(high: lossHigh, low: lossLow)
    total.add(CompensatedTotal(high: other.lossHigh, low: other.lossLow))
    (lossHigh, lossLow) = (total.high, total.low)
    correct += other.correct
    stop = min(stop, other.stop)
  }

  /// The sum of the losses. Of an infinite or NaN sum the rounding errors mean nothing.
  var sum: Double { lossHigh.isFinite ? lossHigh + lossLow : lossHigh.withCanonicalNaN }
}
