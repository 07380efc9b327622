import XentKernelInterface

// The words for what an error names: arguments, element types, and each option's name, range and use.

extension ElementType {
  var name: StaticString {
    switch self {
    case .float32: "float32"
    case .float64: "float64"
    case .float16: "float16"
    case .bfloat16: "bfloat16"
    case .int8: "int8"
    case .int16: "int16"
    case .int32: "int32"
    case .int64: "int64"
    case .uint8: "uint8"
    case .uint16: "uint16"
    case .uint32: "uint32"
    }
  }
}

extension Argument {
  var name: StaticString {
    switch self {
    case .yTrue: "y_true"
    case .labels: "labels"
    case .yPred: "y_pred"
    case .options: "options"
    case .outputs: "outputs"
    case .classWeights: "class_weights"
    case .sampleWeights: "sample_weights"
    case .posWeight: "pos_weight"
    case .upstream: "upstream"
    case .loss: "loss"
    case .gradient: "gradient"
    case .hessian: "hessian"
    case .logSumExp: "log_sum_exp"
    case .argmax: "argmax"
    case .theta: "theta"
    case .learningRate: "learning_rate"
    }
  }

  var expectedType: StaticString {
    switch self {
    case .yTrue: ", expected a floating type (or, for labels of a categorical loss, an integer type)"
    case .theta: ", expected float32 or float64"
    case .loss, .logSumExp: ", expected float64 where y_pred is float64, else float32"
    case .argmax: ", expected int64"
    default: ", expected float16, bfloat16, float32 or float64"
    }
  }
}

extension OptionName {
  /// Whether the option is there or not, rather than a number that says something by itself.
  var isGivenOrAbsent: Bool {
    switch self {
    case .ignoreIndex, .classWeights, .sampleWeights, .posWeight, .upstream, .hessian, .logSumExp, .argmax: true
    default: false
    }
  }

  var name: StaticString { words.name }
  var range: StaticString { words.range }
  /// What the option is for, where it can be given without meaning.
  var use: StaticString { words.use }

  /// The word for an enumerator in range; nil for options that are numbers.
  func enumerator(_ value: Double) -> StaticString? {
    switch (self, value) {
    case (.input, 0): "probabilities"
    case (.input, 1): "logits"
    case (.input, 2): "log_probabilities"
    case (.reduction, 0): "mean"
    case (.reduction, 1): "sum"
    case (.reduction, 2): "none"
    case (.divisor, 0): "weights"
    case (.divisor, 1): "count"
    case (.divisor, 2): "batch"
    case (.measure, 0): "cross_entropy"
    case (.measure, 1): "kl_divergence"
    default: nil
    }
  }

  private var words: (name: StaticString, range: StaticString, use: StaticString) {
    switch self {
    case .input: ("input", "0 (probabilities), 1 (logits) or 2 (log_probabilities)", "")
    case .axis: ("axis", "an axis of y_pred", "categorical losses")
    case .reduction: ("reduction", "0 (mean), 1 (sum) or 2 (none)", "")
    case .divisor: ("divisor", "0 (weights), 1 (count) or 2 (batch)", "reduction mean")
    case .measure: ("measure", "0 (cross_entropy) or 1 (kl_divergence)", "")
    case .accumulateGradient: ("accumulate_gradient", "0 or 1", "")
    case .numThreads: ("num_threads", "at least 0", "")
    case .hasIgnoreIndex: ("has_ignore_index", "0 or 1", "")
    case .ignoreIndex: ("ignore_index", "", "categorical losses with labels")
    case .normalizer: ("normalizer", "a finite number >= 0", "reduction mean")
    case .probabilityFloor: ("probability_floor", "a number in [0, 0.5)", "input probabilities")
    case .labelSmoothing: ("label_smoothing", "a number in [0, 1]", "")
    case .logitScale: ("logit_scale", "a finite number > 0", "input logits")
    case .logitSoftcap: ("logit_softcap", "a finite number >= 0", "input logits")
    case .zLoss: ("z_loss", "a finite number >= 0", "categorical logits")
    case .focalGamma: ("focal_gamma", "a finite number >= 0", "")
    case .focalAlpha: ("focal_alpha", "a number in [0, 1], or negative for off", "binary losses")
    case .polyEpsilon: ("poly_epsilon", "a finite number", "")
    case .classWeights: ("class_weights", "", "categorical losses")
    case .sampleWeights: ("sample_weights", "", "")
    case .posWeight: ("pos_weight", "", "binary losses")
    case .upstream: ("upstream", "", "")
    case .hessian: ("hessian", "", "")
    case .logSumExp: ("log_sum_exp", "", "categorical logits")
    case .argmax: ("argmax", "", "categorical losses")
    case .learningRate: ("learning_rate", "a finite number", "")
    }
  }
}
