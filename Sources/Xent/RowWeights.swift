import XentKernelInterface

/// What the rows count for, and the check of their labels and weights: one pass over the labels and sample weights before
/// anything is written, as the divisor of the mean is part of every gradient.
struct RowWeights {
  /// Rows that are not ignored.
  var count: Int
  /// The sum of the rows' weights: sample weight times the label's class weight.
  var sum: Double

  init(count: Int, sum: Double) {
    self.count = count
    self.sum = sum
  }

  init(_ problem: Problem, _ runs: Problem.Runs, _ task: LossTask) throws(XentError) {
    var labels = task.target
    var weights = task.sampleWeights
    let hasLabels = problem.target == .labels
    let classWeights = hasLabels ? task.classWeights : Operand()
    if !hasLabels && !weights.isThere {
      self.init(count: problem.rows, sum: Double(problem.rows))
      return
    }
    if !hasLabels, runs.rows == problem.rows, let sum = contiguousSum(weights, count: problem.rows), sum.isFinite {
      self.init(count: problem.rows, sum: sum)
      return
    }
    let isWeighted = weights.isThere || classWeights.isThere
    let classes = Int64(problem.classes)
    var count = 0
    // Four sums side by side: one alone would wait for itself.
    var sums = InlineArray<4, CompensatedTotal>(repeating: CompensatedTotal())
    var row = 0
    for run in 0..<(problem.rows / runs.rows) {
      if run > 0 || runs.outerAxes > 0 {
        problem.eachArray { number, array in
          if number == .target {
            labels = task.target.moved(by: problem.runStart(run, runs, array))
          } else if number == .sampleWeights {
            weights = task.sampleWeights.moved(by: problem.runStart(run, runs, array))
          }
        }
      }
      if hasLabels && !isWeighted,
        let used = labels.usableLabels(runs.rows, classes: classes, ignored: task.ignoreIndex)
      {
        count &+= used
        row &+= runs.rows
        continue
      }
      for place in 0..<runs.rows {
        var label: Int64 = 0
        if hasLabels {
          label = labels.label(place)
          if label == task.ignoreIndex { continue }
          if label < 0 || label >= classes {
            throw .label(index: row &+ place, value: label, classes: problem.classes)
          }
        }
        count &+= 1
        if !isWeighted { continue }
        var weight = 1.0
        if weights.isThere {
          weight = weights.value(place)
          if !weight.isFinite { throw problem.sampleWeightError(row &+ place, weight) }
        }
        if classWeights.isThere { weight *= classWeights.value(0, Int(label)) }
        sums[place & 3].add(weight)
      }
      row &+= runs.rows
    }
    if isWeighted {
      for part in 1..<4 { sums[0].add(sums[part]) }
    }
    self.init(count: count, sum: isWeighted ? sums[0].high + sums[0].low : Double(count))
  }
}

extension Operand {
  /// How many of so many labels are not ignored; nil if one of those is no class, or if they are not int64 side by side. Both
  /// are said by sign bits, so that the loop is one of vectors.
  fileprivate func usableLabels(_ rows: Int, classes: Int64, ignored: Int64?) -> Int? {
    guard let data, type == .int64, rowStride == 1 else { return nil }
    var wrong: Int64 = 0
    var used: UInt64 = 0
    let array = UnsafeRawPointer(data)
    if let ignored {
      for row in 0..<rows {
        let label = array.loadUnaligned(fromByteOffset: row &* 8, as: Int64.self)
        let difference = label ^ ignored
        let isUsed = difference | (0 &- difference)
        wrong |= (label | (classes &- 1 &- label)) & isUsed
        used &+= UInt64(bitPattern: isUsed) &>> 63
      }
    } else {
      used = UInt64(rows)
      for row in 0..<rows {
        let label = array.loadUnaligned(fromByteOffset: row &* 8, as: Int64.self)
        wrong |= label | (classes &- 1 &- label)
      }
    }
    return wrong < 0 ? nil : Int(used)
  }
}

extension Problem {
  /// The error of the sample weight of a row, with its index in the weights' own shape.
  fileprivate func sampleWeightError(_ row: Int, _ value: Double) -> XentError {
    guard let weights = options.sampleWeights else { return .memory }
    var index = 0
    var size = 1
    var rest = row
    var axis = yPred.rank - 1
    let array = MappedArray(view: weights, map: target == .binary ? .broadcast : .rows)
    var own = weights.rank - 1
    while axis >= 0 {
      let extent = Int(yPred.extent(axis))
      if axis != classAxis {
        if own >= 0 {
          let ownExtent = Int(array.view.extent(own))
          if ownExtent > 1 { index += rest % extent * size }
          size *= ownExtent
          own -= 1
        }
        rest /= extent
      }
      axis -= 1
    }
    return .weight(.sampleWeights, index: index, value: value)
  }
}
