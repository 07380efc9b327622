import Testing
import Xent

/// What the descriptor forms accept and refuse, by the sentence that explains it: an empty one where nothing is refused.
@Suite struct ValidationTests {
  /// An array in memory of its own, filled with one value, which lives as long as the test process.
  private func array(
    _ shape: [Int64], _ type: ElementType = .float64, strides: [Int64]? = nil, offset: Int = 0, of base: ArrayView? = nil,
    value: Double = 0.5, space: Int = 256
  ) -> ArrayView {
    let data: UnsafeMutableRawPointer
    if let base {
      data = base.data! + offset * type.size
    } else {
      data = .allocate(byteCount: space * 8, alignment: 8)
      data.initializeMemory(as: UInt8.self, repeating: 0, count: space * 8)
      for index in 0..<space {
        switch type {
        case .float64: data.storeBytes(of: value, toByteOffset: index * 8, as: Double.self)
        case .float32: data.storeBytes(of: Float(value), toByteOffset: index * 4, as: Float.self)
        default: break
        }
      }
    }
    func copy(_ values: [Int64]) -> UnsafePointer<Int64> {
      let copy = UnsafeMutablePointer<Int64>.allocate(capacity: max(1, values.count))
      copy.initialize(from: values, count: values.count)
      return UnsafePointer(copy)
    }
    return ArrayView(
      data: data, elementType: type, rank: shape.count, shape: copy(shape), strides: strides.map(copy))
  }

  private func text(_ explain: (UnsafeMutableBufferPointer<UInt8>) -> Int) -> String {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { buffer in
      String(decoding: buffer[..<min(256, explain(buffer))], as: UTF8.self)
    }
  }

  private func binary(
    _ yTrue: ArrayView, _ yPred: ArrayView, _ options: Options = Options(), _ outputs: Outputs = Outputs()
  ) -> String {
    text { explainBinaryCrossEntropy(yTrue, yPred, options: options, outputs: outputs, errorIndex: -1, into: $0) }
  }

  private func categorical(
    _ yTrue: ArrayView, _ yPred: ArrayView, _ options: Options = Options(), _ outputs: Outputs = Outputs()
  ) -> String {
    text { explainCategoricalCrossEntropy(yTrue, yPred, options: options, outputs: outputs, errorIndex: -1, into: $0) }
  }

  @Test func types() {
    let floating: [ElementType] = [.float64, .float32, .float16, .bfloat16]
    for target in floating {
      for prediction in floating {
        #expect(binary(array([4], target), array([4], prediction)) == "")
        #expect(categorical(array([2, 3], target), array([2, 3], prediction)) == "")
      }
    }
    #expect(
      binary(array([4]), array([4], .int32))
        == "y_pred has element type int32, expected float16, bfloat16, float32 or float64")
    #expect(binary(array([4], .int8), array([4])).hasPrefix("y_true has element type int8, expected a floating type"))
    #expect(categorical(array([2], .uint8), array([2, 3])) == "")
  }

  @Test(arguments: [(0, [3, 4]), (1, [2, 4]), (2, [2, 3]), (-1, [2, 3]), (-3, [3, 4])] as [(Int, [Int64])])
  func axes(_ axis: Int, _ labels: [Int64]) {
    #expect(categorical(array(labels, .int64), array([2, 3, 4]), Options(axis: axis)) == "")
    #expect(
      categorical(array([7, 7], .int64), array([2, 3, 4]), Options(axis: axis))
        == "labels.shape[0] is 7, expected \(labels[0])")
  }

  @Test func axisOutOfRange() {
    for axis in [3, -4] {
      #expect(
        categorical(array([2, 3], .int64), array([2, 3, 4]), Options(axis: axis))
          == "axis is \(axis), expected an axis of y_pred")
    }
  }

  @Test func strides() {
    #expect(binary(array([3, 4]), array([3, 4], strides: [1, 3])) == "")
    #expect(binary(array([3, 4]), array([3, 4], strides: [0, 0])) == "")
    let base = array([256])
    #expect(binary(array([4]), array([4], strides: [-2], offset: 20, of: base)) == "")
    let huge = "y_pred reaches further than memory can hold"
    for stride in [Int64.max, .min, .max / 2, .min / 8, -(1 << 60)] {
      #expect(binary(array([2]), array([2], strides: [stride])) == huge)
      #expect(binary(array([1]), array([1], strides: [stride])) == "")
      #expect(binary(array([0, 2]), array([0, 2], strides: [1, stride])) == "")
    }
    #expect(binary(array([2, 2]), array([2, 2], strides: [.max / 8, .max / 8])) == huge)
  }

  @Test func sampleWeights() {
    let yPred = array([3, 4])
    for shape in [[], [1], [4], [1, 4], [3, 1], [3, 4]] as [[Int64]] {
      #expect(binary(array([3, 4]), yPred, Options(sampleWeights: array(shape))) == "")
    }
    #expect(
      binary(array([3, 4]), yPred, Options(sampleWeights: array([3])))
        == "sample_weights.shape[0] is 3, expected 1 or 4")
    #expect(
      binary(array([3, 4]), yPred, Options(sampleWeights: array([1, 3, 4])))
        == "sample_weights has 3 dimensions, expected at most 2")
    let labels = array([3], .int64)
    #expect(categorical(labels, yPred, Options(sampleWeights: array([3], .bfloat16))) == "")
    #expect(
      categorical(labels, yPred, Options(sampleWeights: array([1]))) == "sample_weights.shape[0] is 1, expected 3")
    #expect(
      categorical(labels, yPred, Options(sampleWeights: array([3], .int32)))
        == "sample_weights has element type int32, expected float16, bfloat16, float32 or float64")
  }

  @Test func classAndPosWeights() {
    let labels = array([3], .int64)
    #expect(categorical(labels, array([3, 4]), Options(classWeights: array([4], strides: [-1], offset: 9, of: array([9])))) == "")
    #expect(
      categorical(labels, array([3, 4]), Options(classWeights: array([3])))
        == "class_weights.shape[0] is 3, expected 4")
    #expect(
      categorical(labels, array([3, 4]), Options(classWeights: array([])))
        == "class_weights has 0 dimensions, expected 1")
    let weights = array([4])
    weights.data!.storeBytes(of: -Double.infinity, toByteOffset: 16, as: Double.self)
    #expect(
      categorical(labels, array([3, 4]), Options(classWeights: weights))
        == "class_weights[2] is -inf, expected a finite number")
    for shape in [[], [1], [1, 1], [4]] as [[Int64]] {
      #expect(binary(array([3, 4]), array([3, 4]), Options(posWeight: array(shape))) == "")
    }
    #expect(
      binary(array([3, 4]), array([3, 4]), Options(posWeight: array([3]))) == "pos_weight.shape[0] is 3, expected 4")
    #expect(
      binary(array([3, 4]), array([3, 4]), Options(posWeight: weights))
        == "pos_weight[2] is -inf, expected a finite number")
    #expect(
      binary(array([]), array([]), Options(posWeight: array([2]))) == "pos_weight has 2 elements, expected 1")
  }

  @Test func upstream() {
    let labels = array([3], .int64)
    let yPred = array([3, 4])
    #expect(categorical(labels, yPred, Options(upstream: array([1, 1]))) == "")
    #expect(categorical(labels, yPred, Options(upstream: array([3]))) == "upstream has 3 elements, expected 1")
    #expect(categorical(labels, yPred, Options(reduction: .none, upstream: array([3]))) == "")
    #expect(categorical(labels, yPred, Options(reduction: .none, upstream: array([]))) == "")
    #expect(
      categorical(labels, yPred, Options(reduction: .none, upstream: array([4]))) == "upstream.shape[0] is 4, expected 3")
  }

  @Test func sideOutputs() {
    let labels = array([3], .int64)
    let yPred = array([3, 4], .float16)
    let logits = Options(input: .logits)
    #expect(
      categorical(
        labels, yPred, logits,
        Outputs(
          loss: array([], .float32), gradient: array([3, 4], .bfloat16), hessian: array([3, 4]),
          logSumExp: array([3], .float32), argmax: array([3], .int64))) == "")
    #expect(
      categorical(labels, yPred, logits, Outputs(logSumExp: array([3])))
        == "log_sum_exp has element type float64, expected float64 where y_pred is float64, else float32")
    #expect(
      categorical(labels, yPred, logits, Outputs(argmax: array([3], .int32)))
        == "argmax has element type int32, expected int64")
    #expect(
      categorical(labels, yPred, Options(), Outputs(logSumExp: array([3], .float32)))
        == "log_sum_exp is given, which has no meaning here: it is for categorical logits")
    #expect(
      binary(array([4]), array([4]), Options(), Outputs(argmax: array([4], .int64)))
        == "argmax is given, which has no meaning here: it is for categorical losses")
    for (options, name) in [
      (Options(input: .logits, focalGamma: 2), "focal_gamma"), (Options(input: .logits, polyEpsilon: -1), "poly_epsilon"),
      (Options(input: .logits, logitSoftcap: 30), "logit_softcap"),
    ] {
      #expect(
        categorical(labels, yPred, options, Outputs(hessian: array([3, 4])))
          == "hessian is given, which cannot be combined with \(name)")
    }
  }

  @Test func overlap() {
    let base = array([256])
    let yPred = array([3, 4], strides: [1, 3], of: base)
    let yTrue = array([3, 4])
    func gradient(_ view: ArrayView) -> String { binary(yTrue, yPred, Options(), Outputs(gradient: view)) }
    let inputs = "the memory of gradient overlaps that of y_pred"
    #expect(gradient(yPred) == "")
    #expect(gradient(array([3, 4], of: base)) == inputs)
    #expect(gradient(array([3, 4], .float32, strides: [1, 3], of: base)) == inputs)
    #expect(gradient(array([3, 4], offset: 11, of: base)) == inputs)
    #expect(gradient(array([3, 4], offset: 12, of: base)) == "")
    #expect(gradient(array([3, 4], strides: [-4, -1], offset: 22, of: base)) == inputs)
    #expect(gradient(array([3, 4], strides: [-4, -1], offset: 23, of: base)) == "")
    let own = "elements of gradient overlap one another"
    for strides in [[0, 1], [4, 0], [3, 1], [-1, 1], [1, 2]] as [[Int64]] {
      #expect(gradient(array([3, 4], strides: strides, offset: 100, of: base)) == own)
    }
    for strides in [[4, 1], [-1, 3], [1, -3], [10, 2]] as [[Int64]] {
      #expect(gradient(array([3, 4], strides: strides, offset: 100, of: base)) == "")
    }
    let weights = array([4])
    #expect(
      binary(yTrue, yPred, Options(sampleWeights: weights), Outputs(loss: array([], offset: 3, of: weights)))
        == "the memory of loss overlaps that of sample_weights")
    #expect(
      binary(yTrue, yPred, Options(), Outputs(gradient: weights, hessian: weights))
        == "gradient has 1 dimensions, expected 2")
    let result = array([3, 4])
    #expect(
      binary(yTrue, yPred, Options(), Outputs(gradient: result, hessian: result))
        == "the memory of hessian overlaps that of gradient")
  }
}
