import XentKernelInterface

// Arrays beside the prediction may be of other types than it. Kernels are compiled twice: for arrays that are all of one
// type, and for others. One loop for both would pay for the calls it does not make: they cost it its registers.

extension Element {
  // All arrays are of the element's type.

  @inline(__always)
  static func load(_ operand: Operand, _ index: Int, count: Int, end: Int, fill: Double) -> Compute {
    load(UnsafeRawPointer(operand.data.unsafelyUnwrapped), index, count: count, end: end, fill: fill)
  }
  @inline(__always)
  static func store(_ lanes: Compute, _ operand: Operand, _ index: Int, count: Int) {
    store(lanes, operand.data.unsafelyUnwrapped, index, count: count)
  }

  /// Stores results, among which there may be NaN.
  @inline(__always)
  static func storeResult(_ lanes: Compute, _ operand: Operand, _ index: Int, count: Int) {
    store(lanes.withCanonicalNaN, operand, index, count: count)
  }

  /// Stores results without a NaN but the canonical one, or adds them to what is there, which may be any.
  @inline(__always)
  static func store(_ lanes: Compute, _ operand: Operand, _ index: Int, count: Int, end: Int, accumulates: Bool) {
    if accumulates {
      storeResult(lanes + load(operand, index, count: count, end: end, fill: 0), operand, index, count: count)
    } else {
      store(lanes, operand, index, count: count)
    }
  }

  /// Makes results that were stored what `storeResult` stores: for loops that find out at their end whether there is a NaN.
  @inline(never)
  static func settleResults(_ operand: Operand, first: Int, count: Int) {
    guard operand.isThere else { return }
    let end = first &+ count
    var index = first
    while index < end {
      let left = end &- index
      storeResult(load(operand, index, count: left, end: end, fill: 0), operand, index, count: left)
      index &+= Compute.count
    }
  }
}

/// An element type beside which the other arrays may be of any floating type.
enum Mixed<Base: Element>: Element {
  typealias Compute = Base.Compute
  typealias Kept = Base.Kept
  @inline(__always) static var type: ElementType { Base.type }
  @inline(__always) static func load(_ array: UnsafeRawPointer, _ index: Int) -> Compute { Base.load(array, index) }
  @inline(__always) static func store(_ lanes: Compute, _ array: UnsafeMutableRawPointer, _ index: Int) {
    Base.store(lanes, array, index)
  }
  @inline(__always) static func loadOne(_ array: UnsafeRawPointer, _ index: Int) -> Double { Base.loadOne(array, index) }
  @inline(__always) static func storeOne(_ value: Double, _ array: UnsafeMutableRawPointer, _ index: Int) {
    Base.storeOne(value, array, index)
  }

  @inline(__always)
  static func load(_ operand: Operand, _ index: Int, count: Int, end: Int, fill: Double) -> Compute {
    let array = UnsafeRawPointer(operand.data.unsafelyUnwrapped)
    if count >= Compute.count { return Compute.load(operand.type, array, index) }
    var lanes = Compute(fill)
    lanes.setLanes(count) { operand.type.value(array, index &+ $0) }
    return lanes
  }
  @inline(__always)
  static func store(_ lanes: Compute, _ operand: Operand, _ index: Int, count: Int) {
    let array = operand.data.unsafelyUnwrapped
    if count >= Compute.count {
      lanes.store(operand.type, array, index)
    } else {
      lanes.eachLane(count) { operand.type.store($1, array, index &+ $0) }
    }
  }
}

extension Float32Lanes {
  static func load(_ type: ElementType, _ array: UnsafeRawPointer, _ index: Int) -> Float32Lanes {
    switch type {
    case .float16: Float16Element.load(array, index)
    case .bfloat16: BFloat16Element.load(array, index)
    case .float64: narrowed(array, index)
    default: Float32Element.load(array, index)
    }
  }
  func store(_ type: ElementType, _ array: UnsafeMutableRawPointer, _ index: Int) {
    switch type {
    case .float16: Float16Element.store(self, array, index)
    case .bfloat16: BFloat16Element.store(self, array, index)
    case .float64: eachLane(Self.count) { ElementType.float64.store($1, array, index &+ $0) }
    default: Float32Element.store(self, array, index)
    }
  }
  private static func narrowed(_ array: UnsafeRawPointer, _ index: Int) -> Float32Lanes {
    var lanes = Float32Lanes.zero
    lanes.setLanes(Self.count) { Float64Element.loadOne(array, index &+ $0) }
    return lanes
  }
}

extension Float64Lanes {
  static func load(_ type: ElementType, _ array: UnsafeRawPointer, _ index: Int) -> Float64Lanes {
    switch type {
    case .float32: Float32AsFloat64Element.load(array, index)
    case .float16: Float16AsFloat64Element.load(array, index)
    case .bfloat16: BFloat16AsFloat64Element.load(array, index)
    default: Float64Element.load(array, index)
    }
  }
  func store(_ type: ElementType, _ array: UnsafeMutableRawPointer, _ index: Int) {
    switch type {
    case .float32: Float32AsFloat64Element.store(self, array, index)
    case .float16: Float16AsFloat64Element.store(self, array, index)
    case .bfloat16: BFloat16AsFloat64Element.store(self, array, index)
    default: Float64Element.store(self, array, index)
    }
  }
}

extension Operand {
  /// Stores one result, or adds it to what is there.
  @inline(__always) func store(_ value: Double, _ index: Int, accumulates: Bool) {
    guard let data else { return }
    let result = accumulates ? type.value(data, index) + value : value
    type.store(result.withCanonicalNaN, data, index)
  }
}
