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

  /// As `store`, or adds to what is there.
  @inline(__always)
  static func store(_ lanes: Compute, _ operand: Operand, _ index: Int, count: Int, end: Int, accumulates: Bool) {
    if accumulates {
      store(lanes + load(operand, index, count: count, end: end, fill: 0), operand, index, count: count)
    } else {
      store(lanes, operand, index, count: count)
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
  /// Stores one value, or adds it to what is there.
  @inline(__always) func store(_ value: Double, _ index: Int, accumulates: Bool) {
    guard let data else { return }
    type.store(accumulates ? type.value(data, index) + value : value, data, index)
  }
}
