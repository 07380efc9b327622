// Softmax regression on the handwritten digits, trained with xent from Swift.
//
//     swift build -c release
//     .build/release/train < Tests/Data/digits.csv
//
// xent computes the loss, its gradient in the logits and the descent step. The matrix products are the
// caller's: plain loops here. The lines of output are explained in train.c; train.c, train.py and
// train.swift print the same.

import Foundation
import Xent

let features = 65  // 64 pixels divided by 16, and a one, whose weights are the biases
let classes = 10
let epochs = 400
let learningRate = 1.5

/// Prints a line at once, for whoever watches. Swift prints as many digits of a number as it takes to
/// read back every bit of it.
func say(_ words: String, _ values: [Double] = []) {
    print(([words] + values.map { "\($0)" }).joined(separator: " "))
    fflush(nil)
}

func fail(_ message: String) -> Never {
    FileHandle.standardError.write(Data("train: \(message)\n".utf8))
    exit(1)
}

func examples() throws {
    // By default the second argument holds probabilities, and the loss is the mean.
    let yTrue = [1.0, 0, 1, 0]
    let probabilities = [0.9, 0.1, 0.8, 0.2]
    say("example binary_loss", [try binaryCrossEntropy(yTrue, probabilities).loss])
    let binary = try binaryCrossEntropy(yTrue, probabilities, options: Options(reduction: .sum), gradient: true)
    say("example binary_gradient_of_sum", binary.gradient!)
    say("example binary_loss_of_three", [try binaryCrossEntropy([1.0, 0, 1], [0.9, 0.1, 0.7]).loss])

    // Floating-point targets are distributions: here one-hot rows, but any probabilities will do.
    let targets = [1.0, 0, 0, /**/ 0, 1, 0, /**/ 0, 0, 1]
    let rows = [0.7, 0.2, 0.1, /**/ 0.1, 0.8, 0.1, /**/ 0.2, 0.3, 0.5]
    say("example categorical_loss", [try categoricalCrossEntropy(targets, rows, classes: 3).loss])
    let categorical = try categoricalCrossEntropy(
        targets, rows, classes: 3, options: Options(reduction: .sum), gradient: true)
    say("example categorical_gradient_of_sum", categorical.gradient!)
}

struct Digits {
    var indices: [Int] = []  // rows of digits.csv
    var x: [Double] = []  // indices.count x features
    var labels: [Int64] = []

    mutating func append(_ index: Int, _ pixelsAndLabel: [Double]) {
        indices.append(index)
        x += pixelsAndLabel.dropLast().map { $0 / 16 } + [1]
        labels.append(Int64(pixelsAndLabel.last!))
    }

    /// x W
    func logits(_ weights: [Double]) -> [Double] {
        var z = [Double](repeating: 0, count: labels.count * classes)
        for row in labels.indices {
            for k in 0..<features {
                for c in 0..<classes { z[row * classes + c] += x[row * features + k] * weights[k * classes + c] }
            }
        }
        return z
    }

    /// x^T G, the gradient in the weights of what has the gradient G in the logits
    func weightGradient(_ g: [Double]) -> [Double] {
        var sum = [Double](repeating: 0, count: features * classes)
        for row in labels.indices {
            for k in 0..<features {
                for c in 0..<classes { sum[k * classes + c] += x[row * features + k] * g[row * classes + c] }
            }
        }
        return sum
    }

    func accuracy(_ z: [Double]) -> Double {
        var correct = 0
        for row in labels.indices {
            var best = 0
            for c in 1..<classes where z[row * classes + c] > z[row * classes + best] { best = c }
            if best == Int(labels[row]) { correct += 1 }
        }
        return Double(correct) / Double(labels.count)
    }
}

/// Every fifth row is held out, the others train.
func readDigits() -> (train: Digits, heldOut: Digits) {
    var train = Digits(), heldOut = Digits()
    _ = readLine()  // the header
    var index = 0
    while let line = readLine() {
        let values = line.split(separator: ",").compactMap { Double($0) }
        guard values.count == features else { fail("row \(index) of digits.csv cannot be read") }
        if index % 5 == 0 { heldOut.append(index, values) } else { train.append(index, values) }
        index += 1
    }
    return (train, heldOut)
}

func run() throws {
    try examples()

    let (train, heldOut) = readDigits()
    var weights = [Double](repeating: 0, count: features * classes)
    say("training \(epochs)")
    for epoch in 0...epochs {
        // No softmax anywhere: xent works on the logits. Integer targets are class labels.
        let result = try categoricalCrossEntropy(
            train.labels, train.logits(weights), classes: classes, options: Options(input: .logits), gradient: true)
        say("epoch \(epoch)", [result.loss, heldOut.accuracy(heldOut.logits(weights))])

        if epoch < epochs {
            // The mean's division by the number of rows is already in the gradient.
            try gradientDescent(&weights, train.weightGradient(result.gradient!), learningRate: learningRate)
        }
    }

    let z = heldOut.logits(weights)
    for (row, index) in heldOut.indices.enumerated() {
        say("held_out \(index) \(heldOut.labels[row])", Array(z[row * classes..<(row + 1) * classes]))
    }
}

@main
struct Train {
    static func main() {
        do {
            try run()
        } catch {  // an XentError says which argument is wrong, at which index, and its value
            fail("\(error)")
        }
    }
}
