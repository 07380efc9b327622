import XentKernelInterface

/// What the row kernels need of a processor's vectors: the arithmetic of one register-sized group of values in
/// the type that a kernel computes in. Vector math builds on it; nothing above it names a vector type.
///
/// Each operation is one or two instructions of the platform's lanes.
protocol Lanes {
  associatedtype Mask
  /// What an exponential is summed as.
  /// A sum that is wider than the lanes.
  associatedtype Sum: LaneSum where Sum.Value == Self

  /// The number of values.
  static var count: Int { get }

  init(_ value: Double)
  static func + (a: Self, b: Self) -> Self
  static func - (a: Self, b: Self) -> Self
  static func * (a: Self, b: Self) -> Self
  static func / (a: Self, b: Self) -> Self
  /// `a * b + c`, rounded once where the processor has the instruction, else twice.
  static func multiplyAdd(_ a: Self, _ b: Self, _ c: Self) -> Self
  /// `a > b ? a : b`, so `b` where either is NaN.
  static func maximum(_ a: Self, _ b: Self) -> Self
  /// `a < b ? a : b`, so `b` where either is NaN.
  static func minimum(_ a: Self, _ b: Self) -> Self

  static func < (a: Self, b: Self) -> Mask
  static func <= (a: Self, b: Self) -> Mask
  static func == (a: Self, b: Self) -> Mask
  static func select(_ mask: Mask, _ a: Self, _ b: Self) -> Self
  static func and(_ a: Mask, _ b: Mask) -> Mask
  static func or(_ a: Mask, _ b: Mask) -> Mask
  static func not(_ a: Mask) -> Mask
  static func any(_ mask: Mask) -> Bool
  /// The mask of the first `count` lanes.
  static func first(_ count: Int) -> Mask
  /// The mask of one lane; none if `lane` is outside the vector.
  static func only(_ lane: Int) -> Mask

  subscript(lane: Int) -> Double { get set }
  /// Sets the first `count` lanes, one after the other in memory: a vector would go there and back for each.
  mutating func setLanes(_ count: Int, _ value: (_ lane: Int) -> Double)
  /// Hands out the first `count` lanes.
  func eachLane(_ count: Int, _ body: (_ lane: Int, _ value: Double) -> Void)

  /// The largest value; a NaN counts only if all are NaN.
  func largest() -> Double

  // Arrays whose type is only known at run time, in OtherTypes.swift.

  static func load(_ type: ElementType, _ array: UnsafeRawPointer, _ index: Int) -> Self
  func store(_ type: ElementType, _ array: UnsafeMutableRawPointer, _ index: Int)

  // Vector math, in the type's own file.

  static var exponentialRange: ExponentialRange { get }
  /// `e^(x - scale.base) 2^-scale.shift`, with 0 for what is below the normal numbers. NaN gives NaN, -inf exactly 0.
  /// x may be above the scale's reference by the range's reach.
  static func scaledExponential(_ x: Self, _ scale: ExponentialScale) -> Self
  /// `e^x` for x <= 0 as the sum of a power of two 2^n and 2^n (e^r - 1), with gradual underflow. The rest keeps its
  /// relative accuracy where e^x is near 1: the power is 1 then, and the rest e^x - 1.
  static func exponentialParts(_ x: Self) -> (power: Self, rest: Self)
  /// `log(x (1 + relative))` for x >= 0, where |relative| is at most half a unit in the last place of 1: what x lacks of
  /// the number meant, over x. Of an x that is known to be a normal number (or NaN) it takes less.
  static func logarithm(_ x: Self, relative: Self?, isNormal: Bool) -> Self
}

/// The sum of many lanes' values.
protocol LaneSum {
  associatedtype Value: Lanes
  init()
  mutating func add(_ value: Value)
  /// Adds `a (b - c)`, rounded no more than the sum.
  mutating func add(_ a: Value, timesDifference b: Value, _ c: Value)
  /// The sum over all lanes, added up in a fixed order.
  var total: CompensatedSum { get }
}

extension Lanes {
  @inline(__always) static var zero: Self { Self(0) }
  @inline(__always) static var one: Self { Self(1) }

  @inline(__always) static func logarithm(_ x: Self) -> Self {
    logarithm(x, relative: nil, isNormal: false)
  }
  @inline(__always) static func logarithm(_ x: Self, relative: Self) -> Self {
    logarithm(x, relative: relative, isNormal: false)
  }


  /// `log(1 + x)` for x >= -1: the sum's rounding error goes along.
  @inline(__always) static func logarithmOnePlus(_ x: Self) -> Self {
    let sum = one + x
    let xPart = sum - one
    let remainder = (one - (sum - xPart)) + (x - xPart)
    let finite = sum < Self(Double.infinity)
    return logarithm(sum, relative: select(finite, remainder / sum, zero))
  }

  /// `log(1 + x)` for x in [0, 1]. The sum's rounding error, which matters where the sum is near 1, is divided by it in the
  /// first terms of a series.
  @inline(__always) static func logarithmOnePlusFraction(_ x: Self) -> Self {
    logarithmOnePlusFraction(x, low: nil)
  }
  /// As above, of x + low.
  @inline(__always) static func logarithmOnePlusFraction(_ x: Self, low: Self?) -> Self {
    let sum = one + x
    let rounded = sum - one
    let rest = x - rounded
    let relative = (low.map { rest + $0 } ?? rest) * multiplyAdd(rounded, multiplyAdd(rounded, Self(0.5), Self(-1)), one)
    return logarithm(sum, relative: relative, isNormal: true)
  }

  /// `e^x` for x <= 0, with gradual underflow.
  @inline(__always) static func exponentialOfNegative(_ x: Self) -> Self {
    let (power, rest) = exponentialParts(x)
    return power + rest
  }

  /// `1 - e^x` for x <= 0, and what its roundings left off.
  @inline(__always) static func complementOfExponential(_ x: Self) -> (value: Self, remainder: Self) {
    let (power, rest) = exponentialParts(x)
    return complement(power: power, rest: rest)
  }

  /// `1 - (power + rest)` for the parts of an exponential, and what its roundings left off.
  @inline(__always) static func complement(power: Self, rest: Self) -> (value: Self, remainder: Self) {
    let others = one - power
    let value = others - rest
    return (value, ((one - others) - power) + ((others - value) - rest))
  }

  /// `a` where the mask holds and 0 elsewhere, also where `a` is infinite or NaN.
  @inline(__always) static func keep(_ mask: Mask, _ a: Self) -> Self { select(mask, a, zero) }

  @inline(__always) static func absolute(_ a: Self) -> Self { maximum(a, zero - a) }

  /// With one and the same NaN for every NaN, as results are stored: which operand's sign and payload an operation hands on
  /// is the compiler's choice, and another one for every instruction set.
  @inline(__always) var withCanonicalNaN: Self { Self.select(self == self, self, Self(.nan)) }
}
