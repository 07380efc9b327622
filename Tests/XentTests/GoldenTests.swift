import Testing
import Xent

/// Every golden record through the array forms, within the bounds that the library promises.
@Suite struct GoldenTests {
  @Test(arguments: GoldenRecord.all) func record(_ record: GoldenRecord) throws {
    if record.isFloat32 {
      try check(record, Float.self, lossBound: 2, reducedBound: 1, gradientBound: 4)
    } else {
      try check(record, Double.self, lossBound: 4, reducedBound: 4, gradientBound: 5)
    }
  }

  @Test func filesHasRecords() { #expect(GoldenRecord.all.count > 400) }

  private func check<Element: Scalar>(
    _ record: GoldenRecord, _: Element.Type, lossBound: Double, reducedBound: Double, gradientBound: Double
  ) throws {
    let yPred = record.numbers("y_pred").map { Element($0) }
    let yTrue = record.numbers("y_true").map { Element($0) }
    func compute(_ options: Options) throws -> LossResult<Element> {
      switch record.function {
      case "binary":
        try binaryCrossEntropy(yTrue, yPred, options: options, gradient: true)
      case "categorical":
        try categoricalCrossEntropy(
          yTrue, yPred, classes: record.classes, options: options, gradient: true)
      default:
        try categoricalCrossEntropy(
          record.labels, yPred, classes: record.classes, options: options, gradient: true)
      }
    }

    let result = try compute(record.options)
    for (gradient, (exact, magnitude)) in zip(
      try #require(result.gradient), zip(record.numbers("gradient"), record.numbers("gradient_magnitude")))
    {
      #expect(ulpsApart(gradient, exact, magnitude: magnitude) <= gradientBound, "\(gradient) for \(exact)")
    }
    if let loss = record.numbers("loss").first {
      #expect(ulpsApart(result.loss, loss, magnitude: loss) <= reducedBound, "\(result.loss) for \(loss)")
    }

    var rowOptions = record.options
    rowOptions.reduction = .none
    rowOptions.divisor = .weights
    rowOptions.normalizer = 0
    let losses = try #require(try compute(rowOptions).losses)
    #expect(losses.count == record.rows)
    for (loss, exact) in zip(losses, record.numbers("losses")) {
      #expect(ulpsApart(loss, exact, magnitude: exact) <= lossBound, "\(loss) for \(exact)")
    }
  }
}
