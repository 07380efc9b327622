import Foundation
import Testing
import Xent

/// Label smoothing, class weights, an ignored label and the gradient together, against plain formulas in float64.
@Suite struct OptionTests {
  let classes = 4
  let smoothing = 0.1
  let classWeights = [1, 0.5, 2, 1.5]
  let ignored: Int64 = -100
  let labels: [Int64] = [2, 0, -100, 3, 1, 0]
  // All values are numbers of float16, too. The third row's label is the ignored one.
  let logits: [[Double]] = [
    [0.5, -1, 3, 0.25], [2, 0, 1, -4], [.nan, .infinity, 7, 0], [-0.75, 1.5, 1.5, 0.125], [12, -3, 0.5, 8],
    [0, 0, 0, 0],
  ]

  /// The losses of the rows, and the gradients of each row's own loss.
  private func formulas() -> (losses: [Double], gradients: [[Double]], weights: [Double]) {
    var result = (losses: [Double](), gradients: [[Double]](), weights: [Double]())
    for (label, z) in zip(labels, logits) {
      if label == ignored {
        result.losses.append(0)
        result.gradients.append([0, 0, 0, 0])
        result.weights.append(0)
        continue
      }
      let target = (0..<classes).map { (Int64($0) == label ? 1 - smoothing : 0) + smoothing / Double(classes) }
      let exponentials = z.map { exp($0) }
      let sum = exponentials.reduce(0, +)
      let logSumExp = log(sum)
      let terms = zip(classWeights, target).map { $0 * $1 }
      let total = terms.reduce(0, +)
      result.losses.append((0..<classes).map { terms[$0] * (logSumExp - z[$0]) }.reduce(0, +))
      result.gradients.append((0..<classes).map { exponentials[$0] / sum * total - terms[$0] })
      result.weights.append(classWeights[Int(label)])
    }
    return result
  }

  private func weighted(_ reduction: Reduction, _ weights: ArrayView) -> Options {
    Options(
      input: .logits, reduction: reduction, ignoreIndex: ignored, labelSmoothing: smoothing, classWeights: weights)
  }

  private func expectClose(
    _ value: Double, _ expected: Double, _ tolerance: Double, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect((value - expected).magnitude <= tolerance, "\(value) for \(expected)", sourceLocation: sourceLocation)
  }

  // MARK: - Array form

  @Test func arraysMean() throws {
    let expected = formulas()
    let divisor = expected.weights.reduce(0, +)
    let weights = Memory(classWeights, [4])
    let result = try categoricalCrossEntropy(
      labels, logits.flatMap { $0 }, classes: classes, options: weighted(.mean, weights.view), gradient: true)
    let sum = expected.losses.reduce(0, +)
    expectClose(result.loss, sum / divisor, 1e-14)
    expectClose(result.totals.lossSum, sum, 1e-13)
    #expect(result.totals.weightSum == divisor)
    #expect(result.totals.count == 5)
    #expect(result.losses == nil)
    let gradient = try #require(result.gradient)
    for (value, own) in zip(gradient, expected.gradients.flatMap { $0 }) {
      expectClose(value, own / divisor, 1e-15)
    }
    #expect(gradient[8..<12].allSatisfy { $0 == 0 })
  }

  @Test func arraysRows() throws {
    let expected = formulas()
    let weights = Memory(classWeights.map { Float($0) }, [4])
    let result = try categoricalCrossEntropy(
      labels, logits.flatMap { $0 }.map { Float($0) }, classes: classes, options: weighted(.none, weights.view),
      gradient: true)
    let losses = try #require(result.losses)
    for (value, own) in zip(losses, expected.losses) { expectClose(Double(value), own, 1e-6 * max(1, own)) }
    for (value, own) in zip(try #require(result.gradient), expected.gradients.flatMap { $0 }) {
      expectClose(Double(value), own, 1e-6)
    }
    #expect(losses[2] == 0)
  }

  @Test func arraysLabelOutsideTheClasses() throws {
    let weights = Memory(classWeights, [4])
    var wrong = labels
    wrong[3] = 4
    #expect(throws: XentError.label(index: 3, value: 4, classes: 4)) {
      try categoricalCrossEntropy(
        wrong, logits.flatMap { $0 }, classes: classes, options: weighted(.mean, weights.view))
    }
  }

  // MARK: - Descriptor form

  /// The six rows as positions [2, 3], with the classes along the axis in the middle: arrays of different strides, most
  /// with gaps, and a gradient of another type.
  @Test func describedStrides() throws {
    let expected = formulas()
    let shape: [Int64] = [2, 4, 3]
    let prediction = Memory<Double>(shape, strides: [30, 7, 2], filled: .nan)
    let target = Memory<Int32>([2, 3], strides: [-1, 4], first: 1, filled: 77)
    let gradient = Memory<Float>(shape, strides: [1, 25, -6], first: 12, filled: 9)
    let loss = Memory<Double>([2, 3], strides: [3, 1], filled: 9)
    let logSumExp = Memory<Double>([2, 3], strides: [1, 2], filled: 9)
    let argmax = Memory<Int64>([2, 3], filled: 9)
    let upstream = Memory([3, -1, 5, 0.5, 1, 2], [2, 3])
    let weights = Memory<Double>([4], strides: [-2], first: 6, filled: .nan)
    for row in 0..<6 {
      target[row / 3, row % 3] = Int32(labels[row])
      for c in 0..<classes { prediction[row / 3, c, row % 3] = logits[row][c] }
    }
    for c in 0..<classes { weights[c] = classWeights[c] }

    var options = weighted(.none, weights.view)
    options.axis = 1
    options.upstream = upstream.view
    let totals = try categoricalCrossEntropy(
      target.view, prediction.view, options: options,
      outputs: Outputs(
        loss: loss.view, gradient: gradient.view, logSumExp: logSumExp.view, argmax: argmax.view))

    for row in 0..<6 {
      expectClose(loss[row / 3, row % 3], expected.losses[row], 1e-13)
      for c in 0..<classes {
        let own = expected.gradients[row][c] * upstream[row / 3, row % 3]
        expectClose(Double(gradient[row / 3, c, row % 3]), own, 1e-7 * max(1, own.magnitude))
      }
      if labels[row] != ignored {
        let sum = logits[row].map { exp($0) }.reduce(0, +)
        expectClose(logSumExp[row / 3, row % 3], log(sum), 1e-14)
      }
    }
    #expect(argmax.elements == [2, 0, 0, 1, 0, 0])
    expectClose(totals.lossSum, expected.losses.reduce(0, +), 1e-13)
    #expect(totals.weightSum == expected.weights.reduce(0, +))
    #expect(totals.count == 5)
    #expect(totals.correct == 3)
    #expect(gradient.gaps.allSatisfy { $0 == 9 })
  }

  /// Halves of a batch with a common normalizer, their gradients added up in one array.
  @Test func describedAccumulation() throws {
    let expected = formulas()
    let gradient = Memory<Double>([3, 4], filled: 1)
    let weights = Memory(classWeights, [4])
    for half in 0..<2 {
      let rows = half * 3..<half * 3 + 3
      let prediction = Memory(logits[rows].flatMap { $0 }, [3, 4])
      let target = Memory(Array(labels[rows]), [3])
      var options = weighted(.mean, weights.view)
      options.accumulateGradient = true
      options.normalizer = 8
      try categoricalCrossEntropy(
        target.view, prediction.view, options: options, outputs: Outputs(gradient: gradient.view))
    }
    for row in 0..<3 {
      for c in 0..<classes {
        expectClose(gradient[row, c], 1 + (expected.gradients[row][c] + expected.gradients[row + 3][c]) / 8, 1e-15)
      }
    }
  }

  @Test func describedErrorsWriteNothing() throws {
    let prediction = Memory(logits.flatMap { $0 }, [6, 4])
    let gradient = Memory<Double>([6, 4], filled: 9)
    let weights = Memory(classWeights, [4])
    let target = Memory(labels, [6])
    let outputs = Outputs(gradient: gradient.view)

    let wrong = Memory(labels.map { $0 == 3 ? -1 : $0 }, [6])
    #expect(throws: XentError.label(index: 3, value: -1, classes: 4)) {
      try categoricalCrossEntropy(
        wrong.view, prediction.view, options: weighted(.mean, weights.view), outputs: outputs)
    }
    let infinite = Memory([1, 1, .infinity, 1], [4])
    #expect(throws: XentError.weight(.classWeights, index: 2, value: .infinity)) {
      try categoricalCrossEntropy(
        target.view, prediction.view, options: weighted(.mean, infinite.view), outputs: outputs)
    }
    var options = weighted(.mean, weights.view)
    options.posWeight = weights.view
    #expect(throws: XentError.option(.posWeight, value: 1, .meaningless)) {
      try categoricalCrossEntropy(target.view, prediction.view, options: options, outputs: outputs)
    }
    #expect(gradient.elements.allSatisfy { $0 == 9 })
  }

  // MARK: - Float16

  /// Float16 in and out: near the formulas, and bit for bit the float32 call's results, rounded once.
  @Test func describedFloat16() throws {
    let expected = formulas()
    let divisor = expected.weights.reduce(0, +)
    let target = Memory(labels.map { Int8($0) }, [6])
    let weights = Memory(classWeights.map { Float16($0) }, [4])
    let half = Memory(logits.flatMap { $0 }.map { Float16($0) }, [6, 4])
    let single = Memory(logits.flatMap { $0 }.map { Float($0) }, [6, 4])
    let halfGradient = Memory<Float16>([6, 4], filled: 9)
    let singleGradient = Memory<Float>([6, 4], filled: 9)
    let halfLoss = Memory<Float>([], filled: 9)
    let singleLoss = Memory<Float>([], filled: 9)
    let options = weighted(.mean, weights.view)
    try categoricalCrossEntropy(
      target.view, half.view, options: options,
      outputs: Outputs(loss: halfLoss.view, gradient: halfGradient.view))
    try categoricalCrossEntropy(
      target.view, single.view, options: options,
      outputs: Outputs(loss: singleLoss.view, gradient: singleGradient.view))

    expectClose(Double(halfLoss[]), expected.losses.reduce(0, +) / divisor, 2e-7)
    #expect(halfLoss[] == singleLoss[])
    for row in 0..<6 {
      for c in 0..<classes {
        let own = expected.gradients[row][c] / divisor
        expectClose(Double(halfGradient[row, c]), own, own.magnitude / 2048 + 1e-7)
        #expect(halfGradient[row, c] == Float16(singleGradient[row, c]))
      }
    }
    #expect((0..<classes).allSatisfy { halfGradient[2, $0] == 0 })
  }
}

// MARK: - Arrays in memory of their own

private protocol Stored { static var elementType: ElementType { get } }
extension Double: Stored {}
extension Float: Stored {}
extension Float16: Stored { static var elementType: ElementType { .float16 } }
extension Int8: Stored { static var elementType: ElementType { .int8 } }
extension Int32: Stored { static var elementType: ElementType { .int32 } }
extension Int64: Stored { static var elementType: ElementType { .int64 } }

/// An array with any strides, which lives as long as the test process.
private struct Memory<Element: Stored> {
  private let storage: UnsafeMutableBufferPointer<Element>
  private let shape: [Int64]
  private let strides: [Int64]
  private let first: Int
  let view: ArrayView

  /// Of C order without `strides`; `first` is the place in memory of the first element.
  init(_ shape: [Int64], strides: [Int64]? = nil, first: Int = 0, filled value: Element) {
    var inOrder = [Int64](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { inOrder[axis] = inOrder[axis + 1] * shape[axis + 1] }
    self.shape = shape
    self.strides = strides ?? inOrder
    self.first = first
    storage = .allocate(capacity: 128)
    storage.initialize(repeating: value)
    func copy(_ values: [Int64]) -> UnsafePointer<Int64> {
      let copy = UnsafeMutableBufferPointer<Int64>.allocate(capacity: max(1, values.count))
      _ = copy.initialize(from: values)
      return UnsafePointer(copy.baseAddress!)
    }
    view = ArrayView(
      data: storage.baseAddress! + first, elementType: Element.elementType, rank: shape.count, shape: copy(shape),
      strides: strides.map(copy))
  }

  init(_ elements: [Element], _ shape: [Int64]) {
    self.init(shape, filled: elements[0])
    for (place, element) in elements.enumerated() { storage[place] = element }
  }

  private func place(_ indices: [Int]) -> Int {
    zip(indices, strides).reduce(first) { $0 + $1.0 * Int($1.1) }
  }

  subscript(indices: Int...) -> Element {
    get { storage[place(indices)] }
    nonmutating set { storage[place(indices)] = newValue }
  }

  private var places: [Int] {
    shape.indices.reduce([first]) { places, axis in
      places.flatMap { place in (0..<Int(shape[axis])).map { place + $0 * Int(strides[axis]) } }
    }
  }

  /// In C order.
  var elements: [Element] { places.map { storage[$0] } }

  /// What lies between and around the elements.
  var gaps: [Element] {
    let places = Set(places)
    return storage.indices.filter { !places.contains($0) }.map { storage[$0] }
  }
}
