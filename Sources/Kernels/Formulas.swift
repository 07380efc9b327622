import XentKernelInterface

// The losses that are a function of one target and one prediction at a time. A binary loss is one such value; a
// categorical loss of probabilities or log-probabilities is their sum over the classes.

/// One loss as a function of target t and prediction x, and its derivative in x.
protocol Formula {
  associatedtype Value: Lanes

  init(_ task: LossTask)
  /// Where the target or the prediction is none that this loss can have.
  func offends(_ target: Value, _ prediction: Value) -> Value.Mask
  func loss(_ target: Value, _ prediction: Value) -> Value
  func derivative(_ target: Value, _ prediction: Value) -> Value
  /// The derivative times a scale.
  func derivative(_ target: Value, _ prediction: Value, scale: Value) -> Value
}

extension Formula {
  @inline(__always) func derivative(_ target: Value, _ prediction: Value, scale: Value) -> Value {
    derivative(target, prediction) * scale
  }
}

/// Probabilities with floor: p and 1 - p, each at least the floor.
struct ProbabilityFloor<Value: Lanes> {
  let floor: Value
  /// How far outside [0, 1] a probability may be.
  let tolerance: Double

  @inline(__always) init(_ task: LossTask) {
    floor = Value(task.terms.probabilityFloor)
    tolerance = probabilityTolerance(task.prediction.type)
  }

  @inline(__always) func offends(_ p: Value) -> Value.Mask {
    Value.or(p < Value(-tolerance), Value(1 + tolerance) < p)
  }
  /// p in [0, 1]; NaN stays NaN, and -0 becomes +0, whose reciprocal has the right sign.
  @inline(__always) func clamp(_ p: Value) -> Value { Value.maximum(.zero, Value.minimum(.one, p)) + .zero }
  @inline(__always) func raise(_ p: Value) -> Value { Value.maximum(floor, p) }

  /// log p, at least the floor's.
  @inline(__always) func logarithm(_ p: Value) -> Value { Value.logarithm(raise(p)) }

  /// log(1 - p), at least the floor's.
  @inline(__always) func logarithmOfComplement(_ p: Value) -> Value {
    let (value, relative) = complement(p)
    return Value.logarithm(value, relative: relative)
  }

  /// 1 - p, at least the floor, and what the subtraction rounds off, over it.
  @inline(__always) func complement(_ p: Value) -> (value: Value, relative: Value) {
    let complement = Value.one - p
    let remainder = (Value.one - complement) - p
    // The remainder over 1-p by the first terms of 1/(1-p): where p is large, the subtraction is exact.
    let relative = remainder * Value.multiplyAdd(p, Value.one + p, .one)
    let floored = complement < floor
    return (Value.select(floored, floor, complement), Value.select(floored, .zero, relative))
  }
}

@inline(__always) func isNotInUnitInterval<Value: Lanes>(_ y: Value) -> Value.Mask {
  Value.not(Value.and(Value.zero <= y, y <= Value.one))
}

/// `factor * value`, and 0 where the factor is 0, whatever the value is.
@inline(__always) func product<Value: Lanes>(_ factor: Value, _ value: Value) -> Value {
  Value.keep(Value.not(factor == .zero), factor * value)
}

/// `y a + (1-y) b`, where a factor of 0 makes its term 0. What 1-y rounds off is added back.
@inline(__always) private func mixture<Value: Lanes>(_ y: Value, _ a: Value, _ b: Value) -> Value {
  let complement = Value.one - y
  let rounded = (Value.one - complement) - y
  let correction = Value.keep(Value(-.infinity) < b, rounded * b)
  let second = Value.keep(Value.not(y == .one), Value.multiplyAdd(complement, b, correction))
  return Value.multiplyAdd(y, Value.keep(Value.not(y == .zero), a), second)
}

/// l = -[ y log p + (1-y) log(1-p) ].
struct BinaryProbabilities<Value: Lanes>: Formula {
  let floor: ProbabilityFloor<Value>

  @inline(__always) init(_ task: LossTask) { floor = ProbabilityFloor(task) }
  @inline(__always) func offends(_ y: Value, _ p: Value) -> Value.Mask {
    Value.or(isNotInUnitInterval(y), floor.offends(p))
  }
  @inline(__always) func loss(_ y: Value, _ prediction: Value) -> Value {
    let p = floor.clamp(prediction)
    return .zero - mixture(y, floor.logarithm(p), floor.logarithmOfComplement(p))
  }
  @inline(__always) func derivative(_ y: Value, _ prediction: Value) -> Value {
    let p = floor.clamp(prediction)
    let complement = Value.one - y
    let positive = Value.keep(Value.not(y == .zero), y / floor.raise(p))
    let negative = Value.keep(Value.not(complement == .zero), complement / floor.raise(.one - p))
    return negative - positive
  }
}

/// l = y softplus(-z) + (1-y) softplus(z), softplus(z) = max(z, 0) + log(1 + e^-|z|).
struct BinaryLogits<Value: Lanes>: Formula {
  @inline(__always) init(_ task: LossTask) {}
  @inline(__always) func offends(_ y: Value, _ z: Value) -> Value.Mask { isNotInUnitInterval(y) }
  @inline(__always) func loss(_ y: Value, _ z: Value) -> Value {
    // The two softplus share their logarithm, and y + (1-y) = 1.
    let wrong = product(y, Value.maximum(.zero - z, .zero)) + product(.one - y, Value.maximum(z, .zero))
    return Value.logarithmOnePlusFraction(tail(z)) + wrong
  }
  /// sigmoid(z) - y with h = sigmoid(-|z|): h - y for negative z, (1-y) - h for positive, so that neither loses
  /// digits when the prediction is right.
  @inline(__always) func derivative(_ y: Value, _ z: Value) -> Value {
    let e = tail(z)
    let h = e / (.one + e)
    return Value.select(z < .zero, h - y, (.one - y) - h)
  }
  @inline(__always) private func tail(_ z: Value) -> Value {
    Value.exponentialOfNegative(.zero - Value.absolute(z))
  }
}

/// q = log p: l = -[ y q + (1-y) log(1-e^q) ].
struct BinaryLogProbabilities<Value: Lanes>: Formula {
  private let tolerance: Double

  @inline(__always) init(_ task: LossTask) { tolerance = probabilityTolerance(task.prediction.type) }
  @inline(__always) func offends(_ y: Value, _ q: Value) -> Value.Mask {
    Value.or(isNotInUnitInterval(y), Value(tolerance) < q)
  }
  @inline(__always) func loss(_ y: Value, _ prediction: Value) -> Value {
    let q = Value.minimum(.zero, prediction)
    return .zero - mixture(y, q, logarithmOfComplement(q))
  }
  /// -y + (1-y) e^q / (1 - e^q).
  @inline(__always) func derivative(_ y: Value, _ prediction: Value) -> Value {
    let q = Value.minimum(.zero, prediction)
    let odds = Value.exponentialOfNegative(q) / Value.complementOfExponential(q).value
    return keepNaN(product(Value.one - y, odds) - y, q)
  }
  /// Near a probability of 1, where the odds 1 / -q may be above all numbers, the scale comes first.
  @inline(__always) func derivative(_ y: Value, _ prediction: Value, scale: Value) -> Value {
    let plain = derivative(y, prediction) * scale
    let isNear = Value(-0x1p-120) < prediction
    if !Value.any(isNear) { return plain }
    let near = product(Value.one - y, scale) / (.zero - Value.minimum(.zero, prediction))
    let isFree = Value.or(y == .one, Value.zero <= prediction)
    return Value.select(Value.and(isNear, Value.not(isFree)), near - y * scale, plain)
  }
  @inline(__always) private func logarithmOfComplement(_ q: Value) -> Value {
    let complement = Value.complementOfExponential(q)
    let isPositive = Value.zero < complement.value
    let relative = Value.keep(isPositive, complement.remainder / complement.value)
    return Value.logarithm(complement.value, relative: relative)
  }
}

/// l = -t log p.
struct CategoricalProbabilities<Value: Lanes>: Formula {
  let floor: ProbabilityFloor<Value>

  @inline(__always) init(_ task: LossTask) { floor = ProbabilityFloor(task) }
  @inline(__always) func offends(_ t: Value, _ p: Value) -> Value.Mask {
    Value.or(isNotADistributionEntry(t), floor.offends(p))
  }
  @inline(__always) func loss(_ t: Value, _ p: Value) -> Value {
    .zero - product(t, floor.logarithm(floor.clamp(p)))
  }
  @inline(__always) func derivative(_ t: Value, _ p: Value) -> Value {
    .zero - Value.keep(Value.not(t == .zero), t / floor.raise(floor.clamp(p)))
  }
}

/// l = -t q.
struct CategoricalLogProbabilities<Value: Lanes>: Formula {
  @inline(__always) init(_ task: LossTask) {}
  @inline(__always) func offends(_ t: Value, _ q: Value) -> Value.Mask { isNotADistributionEntry(t) }
  @inline(__always) func loss(_ t: Value, _ q: Value) -> Value { .zero - product(t, q) }
  @inline(__always) func derivative(_ t: Value, _ q: Value) -> Value { .zero - t }
}

/// Negative, infinite or NaN.
@inline(__always) func isNotADistributionEntry<Value: Lanes>(_ t: Value) -> Value.Mask {
  Value.not(Value.and(Value.zero <= t, t < Value(Double.infinity)))
}

/// `result`, and NaN where `prediction` is: a term that was left out may have been the only one to carry it.
@inline(__always) func keepNaN<Value: Lanes>(_ result: Value, _ prediction: Value) -> Value {
  Value.select(prediction == prediction, result, prediction)
}
