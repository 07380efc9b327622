import XentKernelInterface
import XentPlatform

/// How rows of logits lie in memory, for `plainLabelColumns`, which has a vector hold one class of sixteen rows.
protocol RowOrder {
  /// Whether the classes of a row are neighbours, so that sixteen rows of them have to be transposed.
  static var isTransposed: Bool { get }

  /// Computes thirty-two rows with all care.
  static func computeCarefully<E: Element>(_: E.Type, _ task: LossTask, _ row: Int, _ totals: inout LossTotals)
  where E.Compute == Float32Lanes
}

/// Rows beside each other: every class has a stream of its own.
enum RowsBeside: RowOrder {
  @inline(__always) static var isTransposed: Bool { false }

  static func computeCarefully<E: Element>(_: E.Type, _ task: LossTask, _ row: Int, _ totals: inout LossTotals)
  where E.Compute == Float32Lanes {
    var sum = Float64Sum()
    logitLabelColumn(E.self, task, row, &sum)
    logitLabelColumn(E.self, task, row &+ Float32Lanes.count, &sum)
    totals.add(sum.total)
  }
}

/// Rows one behind the other.
enum RowsBehind: RowOrder {
  @inline(__always) static var isTransposed: Bool { true }

  static func computeCarefully<E: Element>(_: E.Type, _ task: LossTask, _ row: Int, _ totals: inout LossTotals)
  where E.Compute == Float32Lanes {
    logitLabelRows(E.self, task, first: row, count: 32, &totals)
  }

  /// The whole vectors that the classes of a row are in.
  @inline(__always) private static func vectors(_ classes: Int) -> Int { (classes &+ 15) / 16 }

  /// How many elements behind a row are read with it.
  @inline(__always) static func overhang(_ classes: Int) -> Int { vectors(classes) &* 16 &- classes }

  /// Reads thirty-two rows into memory, class by class.
  @inline(__always)
  static func load<E: Element>(
    _: E.Type, _ array: UnsafeRawPointer, _ start: Int, _ classes: Int, into memory: UnsafeMutableRawPointer
  ) where E.Compute == Float32Lanes {
    for half in 0..<2 {
      let start = start &+ half &* 16 &* classes
      for tile in 0..<vectors(classes) {
        transpose(memory + (tile &* 16 &* 32 &+ half &* 16) &* 4) { E.load(array, start &+ $0 &* classes &+ tile &* 16) }
      }
    }
  }

  /// Stores thirty-two rows that lie in memory class by class, by way of other memory for sixteen.
  @inline(__always)
  static func store<E: Element>(
    _: E.Type, _ memory: UnsafeMutableRawPointer, _ classes: Int, by way: UnsafeMutableRawPointer, _ operand: Operand,
    _ start: Int
  ) where E.Compute == Float32Lanes {
    for half in 0..<2 {
      // A row's last vector reaches into the next row: what is there is stored later.
      var tile = vectors(classes) &- 1
      while tile >= 0 {
        let first = memory + (tile &* 16 &* 32 &+ half &* 16) &* 4
        transpose(first) { Float32Element.load(first, $0 &* 32) }
        for row in 0..<16 {
          Float32Element.store(Float32Element.load(first, row &* 32), way, row &* classes &+ tile &* 16)
        }
        tile &-= 1
      }
      for vector in 0..<classes {
        let place = start &+ (half &* classes &+ vector) &* 16
        E.store(Float32Element.load(way, vector &* 16), operand, place, count: 16)
      }
    }
  }

  /// Transposes sixteen vectors, to memory in which they lie 32 elements apart.
  @inline(__always)
  private static func transpose(_ memory: UnsafeMutableRawPointer, _ vector: (_ number: Int) -> Float32Lanes) {
    for four in 0..<4 {
      var vectors = FourVectors { vector(four &* 4 &+ $0) }
      vectors.transposeQuarters()
      vectors.each { Float32Element.store($1, memory, (four &* 4 &+ $0) &* 32) }
    }
    for four in 0..<4 {
      var vectors = FourVectors { Float32Element.load(memory, ($0 &* 4 &+ four) &* 32) }
      vectors.exchangeQuarters()
      vectors.each { Float32Element.store($1, memory, ($0 &* 4 &+ four) &* 32) }
    }
  }
}

private struct FourVectors {
  var v0, v1, v2, v3: Float32Lanes

  @inline(__always) init(_ vector: (_ number: Int) -> Float32Lanes) {
    v0 = vector(0)
    v1 = vector(1)
    v2 = vector(2)
    v3 = vector(3)
  }

  @inline(__always) func each(_ body: (_ number: Int, _ vector: Float32Lanes) -> Void) {
    body(0, v0)
    body(1, v1)
    body(2, v2)
    body(3, v3)
  }

  /// Makes columns of rows in each quarter of four lanes.
  @inline(__always) mutating func transposeQuarters() {
    let (low01, high01) = (f32x16_low_ones(v0.vector, v1.vector), f32x16_high_ones(v0.vector, v1.vector))
    let (low23, high23) = (f32x16_low_ones(v2.vector, v3.vector), f32x16_high_ones(v2.vector, v3.vector))
    v0 = Float32Lanes(f32x16_low_twos(low01, low23))
    v1 = Float32Lanes(f32x16_high_twos(low01, low23))
    v2 = Float32Lanes(f32x16_low_twos(high01, high23))
    v3 = Float32Lanes(f32x16_high_twos(high01, high23))
  }

  /// Makes a vector of each one's first quarters, of their second ones, and so on.
  @inline(__always) mutating func exchangeQuarters() {
    let (even01, odd01) = (f32x16_even_fours(v0.vector, v1.vector), f32x16_odd_fours(v0.vector, v1.vector))
    let (even23, odd23) = (f32x16_even_fours(v2.vector, v3.vector), f32x16_odd_fours(v2.vector, v3.vector))
    v0 = Float32Lanes(f32x16_even_fours(even01, even23))
    v1 = Float32Lanes(f32x16_even_fours(odd01, odd23))
    v2 = Float32Lanes(f32x16_odd_fours(even01, even23))
    v3 = Float32Lanes(f32x16_odd_fours(odd01, odd23))
  }
}
