import KernelInterface

// Which element of the floating arrays is refused, and why. Kernels only say that there is one; here the first in C
// order is looked for.

extension Problem {
  /// The first element that is refused.
  func firstDataError() -> XentError? {
    for index in 0..<(rows &* classes) {
      if let error = dataError(at: index) { return error }
    }
    return nil
  }

  /// Why an element is refused: its target, or else its prediction. Nil if both are in order.
  func dataError(at index: Int) -> XentError? {
    guard let predictions = yPred.data, let targets = yTrue.data else { return nil }
    let place = place(of: index)
    if target == .labels {
      let label = yTrue.elementType.label(targets, place.target)
      if label == options.ignoreIndex { return nil }
      if options.labelSmoothing == 0 && label != Int64(place.classIndex) { return nil }
    } else {
      let value = yTrue.elementType.value(targets, place.target)
      let largest = target == .binary ? 1 : Double.greatestFiniteMagnitude
      if !(value >= 0 && value <= largest) { return .target(index: index, value: value) }
    }
    let value = yPred.elementType.value(predictions, place.prediction)
    let tolerance = probabilityTolerance(yPred.elementType)
    let isRefused =
      switch options.input {
      case .probabilities: value < -tolerance || value > 1 + tolerance
      case .logits: false
      case .logProbabilities: target == .binary && value > tolerance
      }
    return isRefused ? .probability(index: index, value: value, options.input) : nil
  }

  /// Where the prediction's element `index` in C order and its target lie, in elements.
  private func place(of index: Int) -> (prediction: Int, target: Int, classIndex: Int) {
    let targets = MappedArray(view: yTrue, map: target == .labels ? .rows : .full)
    var rest = index
    var result = (prediction: 0, target: 0, classIndex: 0)
    var axis = yPred.rank - 1
    while axis >= 0 {
      let extent = Int(yPred.extent(axis))
      let coordinate = rest % extent
      rest /= extent
      result.prediction &+= coordinate &* yPred.stride(axis)
      result.target &+= coordinate &* targets.stride(axis, of: self)
      if axis == classAxis { result.classIndex = coordinate }
      axis -= 1
    }
    return result
  }
}
