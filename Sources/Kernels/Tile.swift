import KernelInterface

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
    values.eachLane(count) { lane, value in
      operand.type.store(value, data, operand.index(first &+ lane, 0))
    }
  }
}

/// One class of eight rows, again and again: `capacity` vectors.
struct Tile {
  let memory: UnsafeMutableRawPointer

  /// Classes of a tile.
  @inline(__always) static var capacity: Int { 64 }
  @inline(__always) static var bytes: Int { capacity &* 64 }

  @inline(__always) subscript(column: Int) -> Float64Lanes {
    get { Float64Element.load(memory, column &* 8) }
    nonmutating set { Float64Element.store(newValue, memory, column &* 8) }
  }

  /// Loads `count` classes from `firstClass`.
  func load(_ operand: Operand, _ rows: RowGroup, firstClass: Int, count: Int) {
    guard let data = operand.data else { return }
    let start = operand.index(rows.first, firstClass)
    if operand.rowStride == 1 && rows.count == RowGroup.capacity {
      for column in 0..<count {
        read(operand.type, data, start &+ column &* operand.classStride, 1, 8, memory + column &* 64, 1)
      }
    } else {
      for lane in 0..<8 {
        let row = min(lane, rows.count &- 1)
        read(operand.type, data, start &+ row &* operand.rowStride, operand.classStride, count, memory + lane &* 8, 8)
      }
    }
  }

  /// Stores `count` classes from `firstClass`, or adds them to what is there.
  func store(_ operand: Operand, _ rows: RowGroup, firstClass: Int, count: Int, accumulates: Bool) {
    guard let data = operand.data else { return }
    let start = operand.index(rows.first, firstClass)
    if operand.rowStride == 1 {
      for column in 0..<count {
        write(
          operand.type, data, start &+ column &* operand.classStride, 1, rows.count, memory + column &* 64, 1,
          accumulates)
      }
    } else {
      for lane in 0..<rows.count {
        write(
          operand.type, data, start &+ lane &* operand.rowStride, operand.classStride, count, memory + lane &* 8, 8,
          accumulates)
      }
    }
  }

  /// Loads elements of consecutive rows, one after the other: as many as a tile holds.
  func loadRun(_ operand: Operand, firstRow: Int, count: Int) {
    guard let data = operand.data else { return }
    read(operand.type, data, firstRow &* operand.rowStride, operand.rowStride, count, memory, 1)
    // Whole vectors are computed: what is behind the end repeats the last element.
    let last = Float64Element.loadOne(memory, count &- 1)
    for place in count..<((count &+ 7) & ~7) { Float64Element.storeOne(last, memory, place) }
  }

  /// Stores what `loadRun` loads.
  func storeRun(_ operand: Operand, firstRow: Int, count: Int, accumulates: Bool) {
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
  if stride == 1 && spacing == 1 && !accumulates {
    while done &+ 8 <= count {
      E.store(Float64Element.load(values, done), data, start &+ done)
      done &+= 8
    }
  }
  while done < count {
    let index = start &+ done &* stride
    let value = Float64Element.loadOne(values, done &* spacing)
    E.storeOne(accumulates ? E.loadOne(data, index) + value : value, data, index)
    done &+= 1
  }
}
