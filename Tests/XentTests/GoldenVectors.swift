import Foundation
import Testing
import Xent

/// One record of Tests/Vectors/golden.txt, whose head documents the format.
struct GoldenRecord: CustomTestStringConvertible, Sendable {
  let fields: [String: String]

  var name: String { fields["name"]! }
  var testDescription: String { name }
  var function: String { fields["function"]! }
  var isFloat32: Bool { fields["type"] == "f32" }
  var rows: Int { Int(fields["rows"]!)! }
  var classes: Int { Int(fields["classes"]!)! }

  func numbers(_ key: String) -> [Double] {
    (fields[key] ?? "").split(separator: " ").map { Double($0)! }
  }

  var labels: [Int64] { (fields["labels"] ?? "").split(separator: " ").map { Int64($0)! } }

  var options: Options {
    var options = Options()
    options.input =
      switch fields["input"]! {
      case "logits": .logits
      case "log_probabilities": .logProbabilities
      default: .probabilities
      }
    options.reduction =
      switch fields["reduction"]! {
      case "sum": .sum
      case "none": .none
      default: .mean
      }
    options.divisor =
      switch fields["divisor"] {
      case "count": .count
      case "batch": .batch
      default: .weights
      }
    if let normalizer = fields["normalizer"] { options.normalizer = Double(normalizer)! }
    if let floor = fields["probability_floor"] { options.probabilityFloor = Double(floor)! }
    return options
  }

  static let all: [GoldenRecord] = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Vectors/golden.txt")
    let text = try! String(contentsOf: file, encoding: .utf8)
    return text.components(separatedBy: "\n\n").compactMap { block in
      var fields: [String: String] = [:]
      for line in block.split(separator: "\n") where !line.hasPrefix("#") {
        let parts = line.split(separator: " ", maxSplits: 1)
        fields[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
      }
      return fields["name"] == nil ? nil : GoldenRecord(fields: fields)
    }
  }()
}

/// How many units in the last place of `magnitude` lie between a result and the exact value; 0 where both are the
/// same infinity or NaN. The unit is never below that of the smallest normal number.
func ulpsApart<Element: Scalar>(_ result: Element, _ exact: Double, magnitude: Double) -> Double {
  let expected = Element(exact)
  if expected.isNaN { return result.isNaN ? 0 : .infinity }
  if !expected.isFinite || !result.isFinite { return result == expected ? 0 : .infinity }
  let unit = max(Element(magnitude.magnitude).ulp, Element.leastNormalMagnitude.ulp)
  return (Double(result) - exact).magnitude / Double(unit)
}

