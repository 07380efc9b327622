import Testing
import Xent

/// The array, span and descriptor forms, and gradient descent, on values worked out by hand.
@Suite struct FormsTests {
  // Four binary predictions of 0.9, 0.9, 0.8, 0.8 for the right class: -(2 ln 0.9 + 2 ln 0.8) / 4.
  let yTrue = [1.0, 0, 1, 0]
  let yPred = [0.9, 0.1, 0.8, 0.2]
  let mean = 0.164252033486018

  @Test func binaryArrays() throws {
    let result = try binaryCrossEntropy(yTrue, yPred)
    #expect((result.loss - mean).magnitude < 1e-15)
    #expect(result.gradient == nil)
    #expect(result.losses == nil)
    #expect(result.totals.count == 4)
    #expect(result.totals.weightSum == 4)
    #expect(result.totals.correct == -1)
    #expect((result.totals.lossSum - 4 * mean).magnitude < 4e-15)
  }

  @Test func binarySumGradient() throws {
    let result = try binaryCrossEntropy(yTrue, yPred, options: Options(reduction: .sum), gradient: true)
    let gradient = try #require(result.gradient)
    for (value, expected) in zip(gradient, [-1 / 0.9, 1 / 0.9, -1.25, 1.25]) {
      #expect((value - expected).magnitude < 1e-15)
    }
  }

  @Test func secondBinaryExample() throws {
    // -(2 ln 0.9 + ln 0.7) / 3
    let result = try binaryCrossEntropy([1.0, 0, 1], [0.9, 0.1, 0.7])
    #expect((result.loss - 0.18913199175146168).magnitude < 1e-15)
  }

  @Test func categoricalDistribution() throws {
    let identity = [1.0, 0, 0, 0, 1, 0, 0, 0, 1]
    let probabilities = [0.7, 0.2, 0.1, 0.1, 0.8, 0.1, 0.2, 0.3, 0.5]
    let result = try categoricalCrossEntropy(identity, probabilities, classes: 3, gradient: true)
    #expect((result.loss - 0.4243218919376292).magnitude < 1e-15)
    let expected = [-1 / 2.1, 0, 0, 0, -1 / 2.4, 0, 0, 0, -1 / 1.5]
    for (value, target) in zip(try #require(result.gradient), expected) {
      #expect((value - target).magnitude < 1e-15)
    }
  }

  @Test func labelsOfUniformLogits() throws {
    let result = try categoricalCrossEntropy(
      [0, 3], [Float](repeating: 2, count: 8), classes: 4, options: Options(input: .logits, reduction: .none),
      gradient: true)
    let losses = try #require(result.losses)
    #expect(losses.count == 2)
    for loss in losses { #expect((loss - 1.3862944).magnitude < 1e-6) }
    #expect(result.gradient == [-0.75, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25, -0.75])
  }

  @Test func spansWriteToTheCaller() throws {
    var gradient = [Double](repeating: 9, count: 4)
    var losses = [Double](repeating: 9, count: 4)
    let result = try binaryCrossEntropy(
      yTrue.span, yPred.span, options: Options(reduction: .none), losses: losses.mutableSpan,
      gradient: gradient.mutableSpan)
    #expect((result.loss - 4 * mean).magnitude < 1e-15)
    #expect((losses[0] - 0.10536051565782628).magnitude < 1e-16)
    #expect((gradient[2] + 1.25).magnitude < 1e-15)
  }

  @Test func descriptorInPlace() throws {
    var values = yPred
    var targets = yTrue
    let separate = try binaryCrossEntropy(yTrue, yPred, gradient: true)
    let shape: [Int64] = [2, 2]
    let totals = try values.withUnsafeMutableBytes { values in
      try targets.withUnsafeMutableBytes { targets in
        try shape.withUnsafeBufferPointer { shape in
          let view = ArrayView(
            data: values.baseAddress, elementType: .float64, rank: 2, shape: shape.baseAddress)
          let target = ArrayView(
            data: targets.baseAddress, elementType: .float64, rank: 2, shape: shape.baseAddress)
          return try binaryCrossEntropy(target, view, outputs: Outputs(gradient: view))
        }
      }
    }
    #expect(totals.count == 4)
    #expect(values == separate.gradient)
  }

  @Test func noRows() throws {
    let empty = try categoricalCrossEntropy([Int64](), [Double](), classes: 3, gradient: true)
    #expect(empty.loss == 0)
    #expect(empty.gradient == [])
    #expect(empty.totals == Totals(lossSum: 0, weightSum: 0, count: 0, correct: -1))
  }

  @Test func descent() throws {
    var theta: [Float] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    try gradientDescent(&theta, [Float](repeating: 2, count: 9), learningRate: 0.25)
    #expect(theta == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5])
  }
}
