"""One call of the library: arrays for what is asked for, the call itself, result or exception."""

from __future__ import annotations

from ctypes import addressof, c_double, c_float, sizeof
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import NO_MEMORY, new_like, view, view_of_new, write
from ._errors import OptionError, OutOfMemoryError, raise_explained
from ._library import DEFAULT_OUTPUTS, Array, Options, Outputs
from ._options import REDUCTIONS, flag, point
from ._result import Result

_FLOAT32, _FLOAT64, _INT64 = np.dtype("f4"), np.dtype("f8"), np.dtype("i8")
_NONE = REDUCTIONS["none"]

# The descriptor of a reduced loss, whose one value follows it.
_LOSS = [(f"loss_{field[0]}", field[1]) for field in Array._fields_]


class _Single(Outputs):
    """xent_outputs, and in the same piece of memory a reduced loss of float32."""

    _fields_ = [*_LOSS, ("value", c_float)]


class _Double(Outputs):
    """The same with a loss of float64."""

    _fields_ = [*_LOSS, ("value", c_double)]


def _template(structure: Any, code: int) -> bytes:
    outputs = structure.from_buffer_copy(DEFAULT_OUTPUTS.ljust(sizeof(structure), b"\0"))
    outputs.loss_type = code
    return bytes(outputs)


_XENT_F32, _XENT_F64 = 0, 1
_SINGLE, _DOUBLE = _template(_Single, _XENT_F32), _template(_Double, _XENT_F64)
_new_single, _new_double = _Single.from_buffer_copy, _Double.from_buffer_copy
_LOSS_OFFSET, _VALUE_OFFSET = _Single.loss_data.offset, _Single.value.offset


def call(
    function: Any,
    explain: Any,
    y_true: NDArray[Any],
    y_pred: NDArray[Any],
    chosen: Options,
    has_classes: bool,
    gradient: Any,
    hessian: Any,
    log_sum_exp: bool,
    argmax: bool,
) -> Result:
    """Call one of the two descriptor functions."""
    slope_memory = gradient if gradient is True or gradient is False else _requested("gradient", gradient)
    curvature_memory = hessian if hessian is True or hessian is False else _requested("hessian", hessian)
    if chosen.accumulate_gradient and (slope_memory is True or slope_memory is False):
        raise OptionError("accumulate_gradient is True, but gradient is not an array that holds what to add to")

    # Up to here objects of the caller's may have run code, which can change arrays or move their memory. From here on
    # none does, and what arrays are and where they lie is asked for.
    if chosen.weights is not None:
        point(chosen)
    is_double = y_pred.dtype == _FLOAT64
    prediction = view(y_pred)
    outputs = _new_double(_DOUBLE) if is_double else _new_single(_SINGLE)
    # What the outputs point at lives in the locals until the call is over.
    losses = slope = curvature = exponent = largest = None
    if chosen.reduction == _NONE:
        losses = _one_a_row("loss", y_pred, has_classes, chosen, _FLOAT64 if is_double else _FLOAT32)
        loss = view(losses)
        outputs.loss = addressof(loss)
    else:
        memory = addressof(outputs)
        outputs.loss = memory + _LOSS_OFFSET
        outputs.loss_data = memory + _VALUE_OFFSET
    if slope_memory is not False:
        slope = new_like("gradient", y_pred) if slope_memory is True else gradient
        slope_view = view_of_new(slope, prediction) if slope_memory is True else view(slope_memory)
        outputs.gradient = addressof(slope_view)
    if curvature_memory is not False:
        curvature = new_like("hessian", y_pred) if curvature_memory is True else hessian
        curvature_view = view_of_new(curvature, prediction) if curvature_memory is True else view(curvature_memory)
        outputs.hessian = addressof(curvature_view)
    if log_sum_exp is not False and flag("log_sum_exp", log_sum_exp):
        exponent = _one_a_row("log_sum_exp", y_pred, has_classes, chosen, _FLOAT64 if is_double else _FLOAT32)
        exponent_view = view(exponent)
        outputs.log_sum_exp = addressof(exponent_view)
    if argmax is not False and flag("argmax", argmax):
        largest = _one_a_row("argmax", y_pred, has_classes, chosen, _INT64)
        largest_view = view(largest)
        outputs.argmax = addressof(largest_view)

    target = view(y_true)
    status = function(target, prediction, chosen, outputs)
    if status:
        raise_explained(status, explain, target, prediction, chosen, outputs)
    return Result(
        outputs.value if losses is None else losses,
        slope,
        curvature,
        exponent,
        largest,
        outputs.loss_sum,
        outputs.weight_sum,
        outputs.count,
        outputs.correct,
    )


def _one_a_row(
    name: str, y_pred: NDArray[Any], has_classes: bool, chosen: Options, dtype: np.dtype[Any]
) -> NDArray[Any]:
    """A new array with one value a row, or where no axis is one of classes, an element."""
    shape = list(y_pred.shape)
    if has_classes and -len(shape) <= chosen.axis < len(shape):  # the library refuses other axes
        del shape[chosen.axis]
    try:
        return np.empty(shape, dtype)
    except NO_MEMORY as error:
        raise OutOfMemoryError(f"there is no memory for {name}: {error}") from error


def _requested(name: str, request: Any) -> Any:
    """For `gradient` and `hessian`: the caller's array to write to, or as a bool whether a new one is asked for."""
    if request is None:
        return False
    if type(request) in (bool, np.bool_):
        return bool(request)
    return write(name, request)
