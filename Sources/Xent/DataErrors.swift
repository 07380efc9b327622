import XentKernelInterface

// Which element of the floating arrays is refused, and why. Kernels only say before which one they stopped; here the first in
// C order is looked for.

extension Problem {
  /// The first element that is refused, among those from where the kernel stopped on: what is before may be a gradient
  /// by now. It may have stopped elsewhere in every chunk of rows.
  func firstDataError(stopOfRow: (_ row: Int) -> Int) -> XentError? {
    for index in 0..<(rows &* classes) {
      let place = place(of: index)
      if place.row &* classes &+ place.classIndex < stopOfRow(place.row) { continue }
      if let error = dataError(at: index) { return error }
    }
    return nil
  }

  /// Why an element is refused: its target, or else its prediction. Nil if both are in order.
  func dataError(at index: Int) -> XentError? {
    guard let targets = yTrue.data else { return nil }
    if target == .labels {
      let place = place(of: index)
      let label = yTrue.elementType.label(targets, yTrue.offset(place.row))
      if label == options.ignoreIndex { return nil }
      if options.labelSmoothing == 0 && label != Int64(place.classIndex) { return nil }
    } else {
      let value = yTrue.floatingElement(index)
      let largest = target == .binary ? 1 : Double.greatestFiniteMagnitude
      if !(value >= 0 && value <= largest) { return .target(index: index, value: value) }
    }
    let value = yPred.floatingElement(index)
    let tolerance = probabilityTolerance(yPred.elementType)
    let isRefused =
      switch options.input {
      case .probabilities: value < -tolerance || value > 1 + tolerance
      case .logits: false
      case .logProbabilities: target == .binary && value > tolerance
      }
    return isRefused ? .probability(index: index, value: value, options.input) : nil
  }

  /// The row and the class of the prediction's element `index` in C order.
  private func place(of index: Int) -> (row: Int, classIndex: Int) {
    guard let classAxis else { return (index, 0) }
    // Elements between two classes of a row.
    var inner = 1
    for axis in (classAxis + 1)..<max(yPred.rank, classAxis + 1) { inner *= Int(yPred.extent(axis)) }
    return (index / (inner * classes) * inner + index % inner, index / inner % classes)
  }
}
