"""From keyword arguments to xent_options."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from ctypes import addressof
from typing import Any

import numpy as np

from . import _arrays
from ._errors import OptionError, shortened, shown
from ._library import DEFAULT_OPTIONS, Options

INPUTS = {"probabilities": 0, "logits": 1, "log_probabilities": 2}
REDUCTIONS = {"mean": 0, "sum": 1, "none": 2}
DIVISORS = {"weights": 0, "count": 1, "batch": 2}
MEASURES = {"cross_entropy": 0, "kl_divergence": 1}

# The defaults, as the library has them in DEFAULT_OPTIONS. A keyword left alone is this very object, so `is not`
# finds what was given, whatever its type (`!=` of an array would not be a bool).
INPUT = "probabilities"
REDUCTION = "mean"
DIVISOR = "weights"
MEASURE = "cross_entropy"
LAST_AXIS = -1
AUTOMATIC = 0
PROBABILITY_FLOOR = 1e-15
ONE = 1.0
ZERO = 0.0

_from_buffer_copy = Options.from_buffer_copy


def options(
    input: Any,
    axis: Any,
    reduction: Any,
    divisor: Any,
    measure: Any,
    accumulate_gradient: Any,
    num_threads: Any,
    ignore_index: Any,
    normalizer: Any,
    probability_floor: Any,
    label_smoothing: Any,
    logit_scale: Any,
    logit_softcap: Any,
    z_loss: Any,
    focal_gamma: Any,
    focal_alpha: Any,
    poly_epsilon: Any,
    class_weights: Any,
    sample_weights: Any,
    pos_weight: Any,
    upstream: Any,
) -> Options:
    """The struct for these keyword arguments; `point` has it point at its weights.

    Only what ctypes would mangle (a word, a number too large for its field) is refused here; ranges, and options
    without meaning for the call, are for the library to judge.
    """
    result = _from_buffer_copy(DEFAULT_OPTIONS)
    if input is not INPUT:
        result.input = choice("input", input, INPUTS)
    if reduction is not REDUCTION:
        result.reduction = choice("reduction", reduction, REDUCTIONS)
    if divisor is not DIVISOR:
        result.divisor = choice("divisor", divisor, DIVISORS)
    if measure is not MEASURE:
        result.measure = choice("measure", measure, MEASURES)
    if axis is not LAST_AXIS:
        result.axis = integer("axis", axis, 32)
    if num_threads is not AUTOMATIC:
        result.num_threads = integer("num_threads", num_threads, 32)
    if accumulate_gradient is not False:
        result.accumulate_gradient = flag("accumulate_gradient", accumulate_gradient)
    if ignore_index is not None:
        result.has_ignore_index = 1
        result.ignore_index = integer("ignore_index", ignore_index, 64)
    if normalizer is not None:
        result.normalizer = number("normalizer", normalizer)
    if probability_floor is not PROBABILITY_FLOOR:
        result.probability_floor = number("probability_floor", probability_floor)
    if label_smoothing is not ZERO:
        result.label_smoothing = number("label_smoothing", label_smoothing)
    if logit_scale is not ONE:
        result.logit_scale = number("logit_scale", logit_scale)
    if logit_softcap is not None:
        result.logit_softcap = number("logit_softcap", logit_softcap)
    if z_loss is not ZERO:
        result.z_loss = number("z_loss", z_loss)
    if focal_gamma is not ZERO:
        result.focal_gamma = number("focal_gamma", focal_gamma)
    if focal_alpha is not None:
        result.focal_alpha = number("focal_alpha", focal_alpha)
    if poly_epsilon is not ZERO:
        result.poly_epsilon = number("poly_epsilon", poly_epsilon)
    if class_weights is not None or sample_weights is not None or pos_weight is not None or upstream is not None:
        result.weights = weights = []
        if class_weights is not None:
            weights.append(("class_weights", _arrays.read_weights("class_weights", class_weights)))
        if sample_weights is not None:
            weights.append(("sample_weights", _arrays.read_weights("sample_weights", sample_weights)))
        if pos_weight is not None:
            weights.append(("pos_weight", _arrays.read_weights("pos_weight", pos_weight)))
        if upstream is not None:
            weights.append(("upstream", _arrays.read_weights("upstream", upstream)))
    return result


def point(result: Options) -> None:
    """Have the struct point at its weights, once no code of the caller's can change them any more before the call."""
    result.views = views = []
    for name, array in result.weights:
        view = _arrays.view(array)
        setattr(result, name, addressof(view))
        views.append(view)


def choice(name: str, value: Any, numbers: Mapping[str, int]) -> int:
    """The number of an enumeration's word."""
    if isinstance(value, str) and value in numbers:
        return numbers[value]
    *first, last = (f'"{word}"' for word in numbers)
    given = shortened(f'"{value}"') if type(value) is str else shown(value)
    raise OptionError(f"{name} is {given}, expected {', '.join(first)} or {last}")


def flag(name: str, value: Any) -> bool:
    """A yes or no."""
    if type(value) in (bool, np.bool_):
        return bool(value)
    raise OptionError(f"{name} is {shown(value)}, expected True or False")


def integer(name: str, value: Any, bits: int) -> int:
    """An integer that fits a field of so many bits."""
    try:
        number = operator.index(value)
    except TypeError:
        raise OptionError(f"{name} is {shown(value)}, expected an integer") from None
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):  # ctypes would drop the upper bits
        raise OptionError(f"{name} is {shown(number)}, outside the {bits}-bit integers")
    return number


def number(name: str, value: Any) -> float:
    """A float."""
    if type(value) is float:
        return value
    try:
        if _is_number(value):
            return float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        pass
    raise OptionError(f"{name} is {shown(value)}, expected a number")


def _is_number(value: Any) -> bool:
    """Whether `float` would take a value for what it is: it also reads text and bytes, and drops imaginary parts."""
    if issubclass(type(value), (np.ndarray, np.generic)):
        return value.dtype.kind in "biufV"  # V: bfloat16
    return hasattr(value, "__float__") or hasattr(value, "__index__")

