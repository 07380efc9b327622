import Testing
import Xent

/// Each kind of refusal, with what the error carries and says.
@Suite struct ErrorTests {
  private func error(_ call: () throws(XentError) -> Void) -> XentError? {
    do throws(XentError) {
      try call()
      return nil
    } catch {
      return error
    }
  }

  @Test func label() {
    let found = error { () throws(XentError) in
      _ = try categoricalCrossEntropy([0, 12], [Double](repeating: 0, count: 20), classes: 10)
    }
    #expect(found == .label(index: 1, value: 12, classes: 10))
    #expect(found?.index == 1)
    #expect(found?.description == "labels[1] is 12, outside [0, 10)")
    let negative = error { () throws(XentError) in
      _ = try categoricalCrossEntropy([-1], [0.5, 0.5], classes: 2)
    }
    #expect(negative == .label(index: 0, value: -1, classes: 2))
  }

  @Test func probability() {
    let found = error { () throws(XentError) in _ = try binaryCrossEntropy([1, 0, 1], [0.5, 0.5, 7]) }
    #expect(found == .probability(index: 2, value: 7, .probabilities))
    #expect(found?.description.hasPrefix("y_pred[2] is 7") == true)
    // Within the tolerance a probability is clamped.
    #expect(error { () throws(XentError) in _ = try binaryCrossEntropy([1.0], [1.0005]) } == nil)
    let logProbability = error { () throws(XentError) in
      _ = try binaryCrossEntropy([1.0], [0.5], options: Options(input: .logProbabilities))
    }
    #expect(logProbability == .probability(index: 0, value: 0.5, .logProbabilities))
  }

  @Test func target() {
    let outside = error { () throws(XentError) in _ = try binaryCrossEntropy([0, 1.5], [0.5, 0.5]) }
    #expect(outside == .target(index: 1, value: 1.5))
    let negative = error { () throws(XentError) in
      _ = try categoricalCrossEntropy([1.25, -0.25], [0.5, 0.5], classes: 2)
    }
    #expect(negative == .target(index: 1, value: -0.25))
    let infinite = error { () throws(XentError) in
      _ = try categoricalCrossEntropy([1, .infinity], [0.5, 0.5], classes: 2, options: Options(input: .logits))
    }
    #expect(infinite == .target(index: 1, value: .infinity))
  }

  @Test func shapes() {
    #expect(
      error { () throws(XentError) in _ = try binaryCrossEntropy([1.0], [0.5, 0.5]) }
        == .shape(.yTrue, .elementCount(1, expected: 2)))
    #expect(
      error { () throws(XentError) in _ = try categoricalCrossEntropy([Int64](), [Double](), classes: 0) }
        == .shape(.yPred, .zeroClasses))
    #expect(
      error { () throws(XentError) in _ = try categoricalCrossEntropy([0], [0.5, 0.5, 0.5], classes: 2) }
        == .shape(.yPred, .elementCount(3, expected: 2)))
    #expect(
      error { () throws(XentError) in
        _ = try categoricalCrossEntropy(
          yTrue: nil, targetType: .int64, yPred: nil, elementType: .float64, rows: 1 << 40, classes: 1 << 40,
          options: Options(), loss: nil, gradient: nil)
      } == .shape(.yPred, .tooLarge))
  }

  @Test func nullPointers() {
    #expect(
      error { () throws(XentError) in
        _ = try binaryCrossEntropy(
          yTrue: nil, yPred: nil, elementType: .float64, count: 2, options: Options(), loss: nil, gradient: nil)
      } == .null(.yPred))
  }

  @Test(arguments: [
    (Options(probabilityFloor: 0.5), "probability_floor is 0.5, expected a number in [0, 0.5)"),
    (Options(probabilityFloor: .nan), "probability_floor is nan, expected a number in [0, 0.5)"),
    (
      Options(input: .logits, probabilityFloor: 1e-7),
      "probability_floor is 1e-07, which has no meaning here: it is for input probabilities"
    ),
    (Options(normalizer: -1), "normalizer is -1, expected a finite number >= 0"),
    (
      Options(reduction: .sum, normalizer: 3),
      "normalizer is 3, which has no meaning here: it is for reduction mean"
    ),
    (Options(numThreads: -1), "num_threads is -1, expected at least 0"),
    (Options(axis: 0), "axis is 0, which has no meaning here: it is for categorical losses"),
    (Options(ignoreIndex: 0), "ignore_index is given, which has no meaning here: it is for categorical losses with labels"),
    (Options(labelSmoothing: 1.5), "label_smoothing is 1.5, expected a number in [0, 1]"),
    (Options(input: .logits, logitScale: 0), "logit_scale is 0, expected a finite number > 0"),
    (Options(logitScale: 2), "logit_scale is 2, which has no meaning here: it is for input logits"),
    (Options(input: .logits, logitSoftcap: -1), "logit_softcap is -1, expected a finite number >= 0"),
    (Options(input: .logits, zLoss: 0.5), "z_loss is 0.5, which has no meaning here: it is for categorical logits"),
    (Options(focalGamma: .infinity), "focal_gamma is inf, expected a finite number >= 0"),
    (Options(focalAlpha: .nan), "focal_alpha is nan, expected a number in [0, 1], or negative for off"),
    (Options(polyEpsilon: .infinity), "poly_epsilon is inf, expected a finite number"),
  ]) func options(_ options: Options, _ message: String) {
    let found = error { () throws(XentError) in
      _ = try binaryCrossEntropy([1.0], [0.5], options: options)
    }
    #expect(found?.description == message)
  }

  @Test func overlap() {
    var values = [0.5, 0.5, 0.5]
    let found = values.withUnsafeMutableBytes { bytes in
      error { () throws(XentError) in
        _ = try binaryCrossEntropy(
          yTrue: bytes.baseAddress, yPred: bytes.baseAddress! + 8, elementType: .float64, count: 2,
          options: Options(), loss: nil, gradient: bytes.baseAddress)
      }
    }
    #expect(found == .overlap(.gradient, .yPred))
  }

  @Test func learningRate() {
    var theta = [1.0]
    #expect(
      error { () throws(XentError) in try gradientDescent(&theta, [1.0], learningRate: .infinity) }
        == .option(.learningRate, value: .infinity, .range))
    #expect(theta == [1])
  }

  @Test func axisOfContiguousArrays() {
    let found = error { () throws(XentError) in
      _ = try categoricalCrossEntropy([0], [0.5, 0.5], classes: 2, options: Options(axis: 0))
    }
    #expect(found == .option(.axis, value: 0, .notLastAxis))
    #expect(
      error { () throws(XentError) in
        _ = try categoricalCrossEntropy([0], [0.5, 0.5], classes: 2, options: Options(axis: 1))
      } == nil)
  }
}
