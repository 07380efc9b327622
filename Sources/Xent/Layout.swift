import XentKernelInterface

// Where the rows of a problem lie. Rows are numbered in C order over the prediction's axes without the class axis; as
// many of the innermost axes as have one distance between neighbours in every array are taken together to a run.

/// How an array's axes belong to the prediction's.
enum AxisMap {
  /// The same axes.
  case full
  /// The same without the class axis.
  case rows
  /// Aligned at the last axis; missing axes and axes of extent 1 repeat.
  case broadcast
  /// One value for everything.
  case single
  /// One value a class.
  case classes
}

/// An array of the problem with its map.
struct MappedArray {
  let view: ArrayView
  let map: AxisMap

  /// Distance in elements along an axis of the prediction.
  func stride(_ axis: Int, of problem: Problem) -> Int {
    switch map {
    case .full: return view.stride(axis)
    case .rows:
      guard let classAxis = problem.classAxis else { return view.stride(axis) }
      return axis == classAxis ? 0 : view.stride(axis > classAxis ? axis - 1 : axis)
    case .broadcast:
      let own = axis - (problem.yPred.rank - view.rank)
      return own < 0 || view.extent(own) == 1 ? 0 : view.stride(own)
    case .single: return 0
    case .classes: return axis == problem.classAxis ? view.stride(0) : 0
    }
  }
}

extension Problem {
  /// The rows of a run, and the number of leading axes that are outside of it.
  struct Runs {
    var rows = 1
    var outerAxes = 0
  }

  /// Calls the body for every array of the problem that is there. The number is that of its operand.
  @inline(__always)
  func eachArray(_ body: (_ number: OperandNumber, _ array: MappedArray) -> Void) {
    body(.prediction, MappedArray(view: yPred, map: .full))
    body(.target, MappedArray(view: yTrue, map: target == .labels ? .rows : .full))
    if options.reduction == .none, let loss = outputs.loss { body(.rowLoss, MappedArray(view: loss, map: .rows)) }
    if let gradient = outputs.gradient { body(.gradient, MappedArray(view: gradient, map: .full)) }
    if let hessian = outputs.hessian { body(.hessian, MappedArray(view: hessian, map: .full)) }
    if let logSumExp = outputs.logSumExp { body(.logSumExp, MappedArray(view: logSumExp, map: .rows)) }
    if let argmax = outputs.argmax { body(.argmax, MappedArray(view: argmax, map: .rows)) }
    if let weights = options.classWeights { body(.classWeights, MappedArray(view: weights, map: .classes)) }
    if let weights = options.sampleWeights {
      body(.sampleWeights, MappedArray(view: weights, map: target == .binary ? .broadcast : .rows))
    }
    if let weight = options.posWeight {
      body(.posWeight, MappedArray(view: weight, map: weight.hasSingleElement ? .single : .broadcast))
    }
    if let upstream = options.upstream {
      body(.upstream, MappedArray(view: upstream, map: upstream.hasSingleElement ? .single : .rows))
    }
  }

  /// The longest runs of rows.
  var runs: Runs {
    var runs = Runs(rows: 1, outerAxes: yPred.rank)
    var innermost = -1
    while runs.outerAxes > 0 {
      let axis = runs.outerAxes - 1
      let extent = Int(yPred.extent(axis))
      if axis != classAxis && extent != 1 {
        if innermost < 0 {
          innermost = axis
        } else {
          var fits = true
          eachArray { _, array in
            let distance = array.stride(innermost, of: self)
            if array.stride(axis, of: self) != distance &* runs.rows { fits = false }
          }
          if !fits { break }
        }
        runs.rows *= extent
      }
      runs.outerAxes -= 1
    }
    return runs
  }

  /// The distance between the rows of a run.
  func rowStride(_ array: MappedArray) -> Int {
    var axis = yPred.rank - 1
    while axis >= 0 {
      if axis != classAxis && yPred.extent(axis) != 1 { return array.stride(axis, of: self) }
      axis -= 1
    }
    // Of a single row any distance will do: the one of C order.
    return array.map == .full ? classes : array.map == .rows ? 1 : 0
  }

  /// Where a run begins, in elements from the array's first.
  func runStart(_ run: Int, _ runs: Runs, _ array: MappedArray) -> Int {
    var rest = run
    var offset = 0
    var axis = runs.outerAxes - 1
    while axis >= 0 {
      if axis != classAxis {
        let extent = Int(yPred.extent(axis))
        offset &+= rest % extent &* array.stride(axis, of: self)
        rest /= extent
      }
      axis -= 1
    }
    return offset
  }
}

/// The operands of a task.
enum OperandNumber {
  case prediction, target, rowLoss, gradient, hessian, logSumExp, argmax
  case classWeights, sampleWeights, posWeight, upstream
}

extension LossTask {
  subscript(number: OperandNumber) -> Operand {
    @inline(__always) get {
      switch number {
      case .prediction: prediction
      case .target: target
      case .rowLoss: rowLoss
      case .gradient: gradient
      case .hessian: hessian
      case .logSumExp: logSumExp
      case .argmax: argmax
      case .classWeights: classWeights
      case .sampleWeights: sampleWeights
      case .posWeight: posWeight
      case .upstream: upstream
      }
    }
    @inline(__always) set {
      switch number {
      case .prediction: prediction = newValue
      case .target: target = newValue
      case .rowLoss: rowLoss = newValue
      case .gradient: gradient = newValue
      case .hessian: hessian = newValue
      case .logSumExp: logSumExp = newValue
      case .argmax: argmax = newValue
      case .classWeights: classWeights = newValue
      case .sampleWeights: sampleWeights = newValue
      case .posWeight: posWeight = newValue
      case .upstream: upstream = newValue
      }
    }
  }
}

extension ArrayView {
  /// Whether it has exactly one element, whatever its rank.
  var hasSingleElement: Bool {
    for axis in 0..<rank where extent(axis) != 1 { return false }
    return true
  }
}
