"""Problems and values for every option, which of them the contract lets meet, and the comparison with the reference."""

import numpy as np
import reference_options

import xent

KINDS = ("binary", "labels", "distribution")
INPUTS = ("probabilities", "logits", "log_probabilities")
REDUCTIONS = ("mean", "sum", "none")

# (rows, classes): one of each, groups narrower and wider than any vector, rows longer than a block.
SHAPES = [(7, 5), (1, 1), (3, 2), (70, 3), (33, 40), (2, 1000), (16, 10), (5, 17), (0, 4)]

# In units of the last place of the sum of a result's terms. The library promises 2 to 8 of them for one loss; a factor
# of its own (a weight, a divisor, a smoothed target) rounds once more each, and the terms are summed here.
ULPS = 8


class Problem:
    """A random y_true and y_pred."""

    def __init__(self, kind, input, shape, dtype, seed=0):
        self.kind, self.input, self.shape, self.dtype = kind, input, shape, np.dtype(dtype)
        self.random = random = np.random.default_rng(seed)
        rows, self.classes = shape
        if input == "logits":
            y_pred = random.normal(0, 3, shape)
        else:
            y_pred = random.uniform(0.02, 0.98, shape)
            if kind != "binary":
                y_pred /= y_pred.sum(-1, keepdims=True) * random.uniform(1, 1.5)  # need not sum to 1
        self.y_pred = (np.log(y_pred) if input == "log_probabilities" else y_pred).astype(dtype)
        if kind == "labels":
            self.y_true = random.integers(0, self.classes, rows)
        else:
            self.y_true = random.uniform(0, 1, shape).astype(dtype)
            self.y_true[random.uniform(size=shape) < 0.3] = 0
            if kind == "binary":
                self.y_true[random.uniform(size=shape) < 0.3] = 1
        self.row_shape = shape if kind == "binary" else shape[:-1]

    def weights(self, shape):
        """Mostly positive, with a few zeros and small negative ones."""
        values = self.random.uniform(0.25, 2, shape).astype(self.dtype)
        chance = self.random.uniform(size=shape)
        return np.where(chance < 0.1, 0, np.where(chance < 0.2, -values / 8, values)).astype(self.dtype)


def ignored(problem):
    index = (-100, 0)[problem.classes % 2]
    problem.y_true = np.where(problem.random.uniform(size=problem.row_shape) < 0.3, index, problem.y_true)
    return {"ignore_index": index}


def ignored_type(problem):
    problem.y_true = problem.y_true.astype(np.int16)
    return ignored(problem)


def raised_floor(problem):
    if problem.y_pred.size:
        problem.y_pred.flat[:: max(3, problem.y_pred.size // 50)] = 0
        problem.y_pred.flat[1 :: max(5, problem.y_pred.size // 40)] = 1
    return {"probability_floor": 0.01}


def row_weights(problem):
    return {"sample_weights": problem.weights(problem.row_shape)}


def broadcast_weights(problem):
    """Binary sample weights broadcast; a categorical row has one."""
    if problem.kind != "binary":
        return {"sample_weights": problem.weights(problem.row_shape).astype(np.float64)}
    return {"sample_weights": problem.weights((problem.shape[0], 1))}


# By name, or by name and variant: what is passed for a problem.
OPTIONS = {
    "class_weights": lambda problem: {"class_weights": problem.weights((problem.classes,))},
    "sample_weights": row_weights,
    "sample_weights broadcast": broadcast_weights,
    "pos_weight": lambda problem: {"pos_weight": 2.5},
    "pos_weight each": lambda problem: {"pos_weight": problem.weights((problem.classes,))},
    "ignore_index": ignored,
    "ignore_index int16": ignored_type,
    "label_smoothing": lambda problem: {"label_smoothing": 0.1},
    "label_smoothing whole": lambda problem: {"label_smoothing": 1.0},
    "logit_scale": lambda problem: {"logit_scale": 0.3},
    "logit_softcap": lambda problem: {"logit_softcap": 5.0},
    "z_loss": lambda problem: {"z_loss": 0.01},
    "focal_gamma": lambda problem: {"focal_gamma": 2.0},
    "focal_gamma below one": lambda problem: {"focal_gamma": 0.5},
    "focal_alpha": lambda problem: {"focal_alpha": 0.25},
    "poly_epsilon": lambda problem: {"poly_epsilon": 1.5},
    "poly_epsilon negative": lambda problem: {"poly_epsilon": -0.75},
    "measure": lambda problem: {"measure": "kl_divergence"},
    "upstream": lambda problem: {"upstream": -1.75},
    "upstream each": lambda problem: {"upstream": problem.weights(problem.row_shape)},
    "accumulate_gradient": lambda problem: {"accumulate_gradient": True},
    "divisor count": lambda problem: {"divisor": "count"},
    "divisor batch": lambda problem: {"divisor": "batch"},
    "normalizer": lambda problem: {"normalizer": 12.5},
    "probability_floor": raised_floor,
}


def base(option):
    return option.split()[0]


def has_meaning(option, kind, input, reduction):
    """Whether the contract gives an option a meaning; else it is an error. `upstream each` is one of shape."""
    name = base(option)
    if name in ("logit_scale", "logit_softcap"):
        return input == "logits"
    if name == "z_loss":
        return input == "logits" and kind != "binary"
    if name == "probability_floor":
        return input == "probabilities"
    if name == "ignore_index":
        return kind == "labels"
    if name == "class_weights":
        return kind != "binary"
    if name in ("pos_weight", "focal_alpha"):
        return kind == "binary"
    if name in ("divisor", "normalizer"):
        return reduction == "mean"
    return True


def rules_out_hessian(options):
    return any(base(option) in ("focal_gamma", "poly_epsilon", "logit_softcap") for option in options)


def call(problem, reduction, keywords, **wanted):
    function = xent.binary_cross_entropy if problem.kind == "binary" else xent.categorical_cross_entropy
    return function(
        problem.y_true, problem.y_pred, input=problem.input, reduction=reduction, **{**keywords, **wanted}
    )


def expected(problem, reduction, keywords, initial_gradient=0.0):
    keywords = {name: value for name, value in keywords.items() if name != "accumulate_gradient"}
    function = reference_options.binary if problem.kind == "binary" else reference_options.categorical
    return function(
        problem.y_true, problem.y_pred, input=problem.input, reduction=reduction, initial_gradient=initial_gradient,
        **keywords,
    )  # fmt: skip


def error(got, exact, terms, dtype, ulps=ULPS):
    """The largest error as a fraction of what is granted; infinite where shapes, infinities or NaN differ."""
    got, exact = np.asarray(got, np.longdouble), np.asarray(exact, np.longdouble)
    if got.shape != exact.shape:
        return np.inf
    limits = np.finfo(dtype)
    with np.errstate(invalid="ignore", over="ignore"):
        granted = ulps * (np.longdouble(limits.eps) * terms + np.longdouble(limits.smallest_subnormal))
        same = (got == exact) | (np.isnan(got) & np.isnan(exact))
        ratio = np.where(same, 0, np.abs(got - exact) / granted)
    ratio = np.where(np.isnan(ratio), np.inf, ratio)
    return float(ratio.max(initial=0))


def compare(problem, reduction, options):
    """Calls the library with these options. What differs, and the results compared; both by name."""
    keywords = {}
    for option in options:
        keywords.update(OPTIONS[option](problem))
    gradient, initial = True, 0.0
    if "accumulate_gradient" in keywords:
        initial = problem.random.normal(size=problem.shape).astype(problem.dtype)
        gradient = initial.copy()
    wanted = {"gradient": gradient, "hessian": not rules_out_hessian(options)}
    if problem.kind != "binary":
        wanted["argmax"] = True
        wanted["log_sum_exp"] = problem.input == "logits"
    got = call(problem, reduction, keywords, **wanted)
    exact = expected(problem, reduction, keywords, initial)
    ulps = ULPS * (1 + keywords.get("focal_gamma", 0))
    dtype = problem.dtype
    errors = {
        "loss": error(got.loss, exact.loss, exact.loss_terms, dtype, ulps),
        "gradient": error(got.gradient, exact.gradient, exact.gradient_terms, dtype, ulps),
        "loss_sum": error(got.loss_sum, exact.loss_sum, exact.loss_sum_terms, dtype, ulps),
        # A float64 sum even of float32 weights.
        "weight_sum": error(got.weight_sum, exact.weight_sum, 1 + abs(exact.weight_sum), np.float64),
        "count": float(got.count != exact.count) * np.inf if got.count != exact.count else 0.0,
    }
    if exact.hessian is not None:
        errors["hessian"] = error(got.hessian, exact.hessian, exact.hessian_terms, dtype, ulps)
    if wanted.get("log_sum_exp"):
        size = np.maximum(1, np.abs(exact.log_sum_exp))
        errors["log_sum_exp"] = error(got.log_sum_exp, exact.log_sum_exp, size, dtype)
    if wanted.get("argmax"):
        errors["argmax"] = 0.0 if np.array_equal(got.argmax, exact.argmax) else np.inf
        errors["correct"] = 0.0 if got.correct == exact.correct else np.inf
    return errors
