import XentKernelInterface
import XentPlatform

// Eight rows side by side: kernels that compose options work on tiles, in which a vector holds one class of eight rows. Here
// is the one place where element types and strides meet lanes; the tile is a few kilobytes of the stack.

/// The rows of a tile.
struct RowGroup {
  /// The first row's number in the task.
  let first: Int
  /// 1 to 8.
  let count: Int

  @inline(__always) static var capacity: Int { Float64Lanes.count }
  /// The lanes with a row of their own; the others repeat the last one.
  @inline(__always) var lanes: Float64Lanes.Mask { Float64Lanes.first(count) }

  /// One value of every row.
  @inline(__always) func values(_ operand: Operand, column: (_ row: Int) -> Int = { _ in 0 }) -> Float64Lanes {
    var lanes = Float64Lanes.zero
    lanes.setLanes(Self.capacity) { lane in
      let row = first &+ min(lane, count &- 1)
      return operand.value(row, column(row))
    }
    return lanes
  }

  /// Stores a value for every row.
  @inline(__always) func store(_ values: Float64Lanes, _ operand: Operand) {
    guard let data = operand.data else { return }
    values.withCanonicalNaN.eachLane(count) { lane, value in
      operand.type.store(value, data, operand.index(first &+ lane, 0))
    }
  }
}

/// One class of eight rows, again and again: `capacity` vectors. The kernels call what loads and stores them: inlined, the code
/// for every type would be in every pass.
struct Tile {
  let memory: UnsafeMutableRawPointer

  /// Classes of a tile.
  @inline(__always) static var capacity: Int { 64 }
  @inline(__always) static var bytes: Int { capacity &* 64 }

  /// What a kernel sets is a result.
  @inline(__always) subscript(column: Int) -> Float64Lanes {
    get { Float64Element.load(memory, column &* 8) }
    nonmutating set { Float64Element.store(newValue.withCanonicalNaN, memory, column &* 8) }
  }

  /// Loads `count` classes from `firstClass`.
  @inline(never) func load(_ operand: Operand, _ rows: RowGroup, firstClass: Int, count: Int) {
    guard let data = operand.data else { return }
    let start = operand.index(rows.first, firstClass)
    if operand.rowStride == 1 && rows.count == RowGroup.capacity {
      for column in 0..<count {
        read(operand.type, data, start &+ column &* operand.classStride, 1, 8, memory + column &* 64, 1)
      }
    } else {
      let done = hasBlocks(operand, rows) ? count & ~7 : 0
      readBlocks(operand.type, data, start, operand.rowStride, done, memory)
      if done == count { return }
      for lane in 0..<8 {
        let row = min(lane, rows.count &- 1)
        read(
          operand.type, data, start &+ row &* operand.rowStride &+ done &* operand.classStride, operand.classStride,
          count &- done, memory + (done &* 64 &+ lane &* 8), 8)
      }
    }
  }

  /// Stores `count` classes from `firstClass`, or adds them to what is there.
  @inline(never) func store(_ operand: Operand, _ rows: RowGroup, firstClass: Int, count: Int, accumulates: Bool) {
    guard let data = operand.data else { return }
    let start = operand.index(rows.first, firstClass)
    if operand.rowStride == 1 {
      for column in 0..<count {
        write(
          operand.type, data, start &+ column &* operand.classStride, 1, rows.count, memory + column &* 64, 1,
          accumulates)
      }
    } else {
      let done = hasBlocks(operand, rows) ? count & ~7 : 0
      writeBlocks(operand.type, data, start, operand.rowStride, done, memory, accumulates)
      if done == count { return }
      for lane in 0..<rows.count {
        write(
          operand.type, data, start &+ lane &* operand.rowStride &+ done &* operand.classStride, operand.classStride,
          count &- done, memory + (done &* 64 &+ lane &* 8), 8, accumulates)
      }
    }
  }

  /// Whether eight classes of the eight rows are eight vectors.
  @inline(__always) private func hasBlocks(_ operand: Operand, _ rows: RowGroup) -> Bool {
    operand.classStride == 1 && rows.count == RowGroup.capacity
  }

  /// Loads elements of consecutive rows, one after the other: as many as a tile holds.
  @inline(never) func loadRun(_ operand: Operand, firstRow: Int, count: Int) {
    guard let data = operand.data else { return }
    // Whole vectors, or pairs of them, are computed: what is behind the end repeats the last element.
    let end = (count &+ 15) & ~15
    if operand.rowStride == 0 {
      let value = Float64Lanes(operand.type.value(data, 0))
      for column in 0..<(end / 8) { self[column] = value }
      return
    }
    read(operand.type, data, firstRow &* operand.rowStride, operand.rowStride, count, memory, 1)
    let last = Float64Element.loadOne(memory, count &- 1)
    for place in count..<end { Float64Element.storeOne(last, memory, place) }
  }

  /// Stores what `loadRun` loads.
  @inline(never) func storeRun(_ operand: Operand, firstRow: Int, count: Int, accumulates: Bool) {
    guard let data = operand.data else { return }
    write(
      operand.type, data, firstRow &* operand.rowStride, operand.rowStride, count, memory, 1, accumulates)
  }
}

/// Reads `count` elements `stride` apart into float64 values `spacing` apart.
private func read(
  _ type: ElementType, _ data: UnsafeRawPointer, _ start: Int, _ stride: Int, _ count: Int,
  _ values: UnsafeMutableRawPointer, _ spacing: Int
) {
  switch type {
  case .float32: read(Float32AsFloat64Element.self, data, start, stride, count, values, spacing)
  case .float64: read(Float64Element.self, data, start, stride, count, values, spacing)
  case .float16: read(Float16AsFloat64Element.self, data, start, stride, count, values, spacing)
  default: read(BFloat16AsFloat64Element.self, data, start, stride, count, values, spacing)
  }
}

@inline(__always)
private func read<E: Element>(
  _: E.Type, _ data: UnsafeRawPointer, _ start: Int, _ stride: Int, _ count: Int, _ values: UnsafeMutableRawPointer,
  _ spacing: Int
) where E.Compute == Float64Lanes {
  var done = 0
  if stride == 1 && spacing == 1 {
    while done &+ 8 <= count {
      Float64Element.store(E.load(data, start &+ done), values, done)
      done &+= 8
    }
  }
  while done < count {
    Float64Element.storeOne(E.loadOne(data, start &+ done &* stride), values, done &* spacing)
    done &+= 1
  }
}

/// The opposite of `read`.
private func write(
  _ type: ElementType, _ data: UnsafeMutableRawPointer, _ start: Int, _ stride: Int, _ count: Int,
  _ values: UnsafeRawPointer, _ spacing: Int, _ accumulates: Bool
) {
  switch type {
  case .float32: write(Float32AsFloat64Element.self, data, start, stride, count, values, spacing, accumulates)
  case .float64: write(Float64Element.self, data, start, stride, count, values, spacing, accumulates)
  case .float16: write(Float16AsFloat64Element.self, data, start, stride, count, values, spacing, accumulates)
  default: write(BFloat16AsFloat64Element.self, data, start, stride, count, values, spacing, accumulates)
  }
}

@inline(__always)
private func write<E: Element>(
  _: E.Type, _ data: UnsafeMutableRawPointer, _ start: Int, _ stride: Int, _ count: Int, _ values: UnsafeRawPointer,
  _ spacing: Int, _ accumulates: Bool
) where E.Compute == Float64Lanes {
  var done = 0
  if stride == 1 && spacing == 1 {
    while done &+ 8 <= count {
      let value = Float64Element.load(values, done)
      let index = start &+ done
      E.store(accumulates ? (E.load(data, index) + value).withCanonicalNaN : value, data, index)
      done &+= 8
    }
  }
  while done < count {
    let index = start &+ done &* stride
    let value = Float64Element.loadOne(values, done &* spacing)
    E.storeOne(accumulates ? (E.loadOne(data, index) + value).withCanonicalNaN : value, data, index)
    done &+= 1
  }
}

/// Eight vectors: eight classes of eight rows, either way round.
private struct Block {
  var v0, v1, v2, v3, v4, v5, v6, v7: Float64Lanes

  @inline(__always) init(_ vector: (_ number: Int) -> Float64Lanes) {
    v0 = vector(0)
    v1 = vector(1)
    v2 = vector(2)
    v3 = vector(3)
    v4 = vector(4)
    v5 = vector(5)
    v6 = vector(6)
    v7 = vector(7)
  }

  @inline(__always) func each(_ body: (_ number: Int, _ vector: Float64Lanes) -> Void) {
    body(0, v0)
    body(1, v1)
    body(2, v2)
    body(3, v3)
    body(4, v4)
    body(5, v5)
    body(6, v6)
    body(7, v7)
  }

  /// Off-diagonal quarters change places, then their quarters, then theirs.
  @inline(__always) mutating func transpose() {
    Self.swapFours(&v0, &v4)
    Self.swapFours(&v1, &v5)
    Self.swapFours(&v2, &v6)
    Self.swapFours(&v3, &v7)
    Self.swapTwos(&v0, &v2)
    Self.swapTwos(&v1, &v3)
    Self.swapTwos(&v4, &v6)
    Self.swapTwos(&v5, &v7)
    Self.swapOnes(&v0, &v1)
    Self.swapOnes(&v2, &v3)
    Self.swapOnes(&v4, &v5)
    Self.swapOnes(&v6, &v7)
  }

  @inline(__always) private static func swapOnes(_ a: inout Float64Lanes, _ b: inout Float64Lanes) {
    let (low, high) = (f64x8_low_ones(a.vector, b.vector), f64x8_high_ones(a.vector, b.vector))
    (a, b) = (Float64Lanes(low), Float64Lanes(high))
  }
  @inline(__always) private static func swapTwos(_ a: inout Float64Lanes, _ b: inout Float64Lanes) {
    let (low, high) = (f64x8_low_twos(a.vector, b.vector), f64x8_high_twos(a.vector, b.vector))
    (a, b) = (Float64Lanes(low), Float64Lanes(high))
  }
  @inline(__always) private static func swapFours(_ a: inout Float64Lanes, _ b: inout Float64Lanes) {
    let (low, high) = (f64x8_low_fours(a.vector, b.vector), f64x8_high_fours(a.vector, b.vector))
    (a, b) = (Float64Lanes(low), Float64Lanes(high))
  }
}

/// Reads `count` classes, a multiple of eight one behind the other, of eight rows into a tile.
private func readBlocks(
  _ type: ElementType, _ data: UnsafeRawPointer, _ start: Int, _ rowStride: Int, _ count: Int,
  _ values: UnsafeMutableRawPointer
) {
  switch type {
  case .float32: readBlocks(Float32AsFloat64Element.self, data, start, rowStride, count, values)
  case .float64: readBlocks(Float64Element.self, data, start, rowStride, count, values)
  case .float16: readBlocks(Float16AsFloat64Element.self, data, start, rowStride, count, values)
  default: readBlocks(BFloat16AsFloat64Element.self, data, start, rowStride, count, values)
  }
}

@inline(__always)
private func readBlocks<E: Element>(
  _: E.Type, _ data: UnsafeRawPointer, _ start: Int, _ rowStride: Int, _ count: Int,
  _ values: UnsafeMutableRawPointer
) where E.Compute == Float64Lanes {
  var done = 0
  while done < count {
    var block = Block { E.load(data, start &+ done &+ $0 &* rowStride) }
    block.transpose()
    block.each { Float64Element.store($1, values, (done &+ $0) &* 8) }
    done &+= 8
  }
}

/// The opposite of `readBlocks`.
private func writeBlocks(
  _ type: ElementType, _ data: UnsafeMutableRawPointer, _ start: Int, _ rowStride: Int, _ count: Int,
  _ values: UnsafeRawPointer, _ accumulates: Bool
) {
  switch type {
  case .float32: writeBlocks(Float32AsFloat64Element.self, data, start, rowStride, count, values, accumulates)
  case .float64: writeBlocks(Float64Element.self, data, start, rowStride, count, values, accumulates)
  case .float16: writeBlocks(Float16AsFloat64Element.self, data, start, rowStride, count, values, accumulates)
  default: writeBlocks(BFloat16AsFloat64Element.self, data, start, rowStride, count, values, accumulates)
  }
}

@inline(__always)
private func writeBlocks<E: Element>(
  _: E.Type, _ data: UnsafeMutableRawPointer, _ start: Int, _ rowStride: Int, _ count: Int, _ values: UnsafeRawPointer,
  _ accumulates: Bool
) where E.Compute == Float64Lanes {
  var done = 0
  while done < count {
    var block = Block { Float64Element.load(values, (done &+ $0) &* 8) }
    block.transpose()
    block.each { lane, value in
      let index = start &+ done &+ lane &* rowStride
      E.store(accumulates ? (E.load(data, index) + value).withCanonicalNaN : value, data, index)
    }
    done &+= 8
  }
}
