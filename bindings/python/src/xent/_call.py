"""One call of the library: arrays for what is asked for, the call itself, result or exception."""

from __future__ import annotations

from ctypes import addressof, c_double, c_float, sizeof
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from ._arrays import new_like, view, view_of_new, write
from ._errors import OptionError, raise_explained
from ._library import DEFAULT_OUTPUTS, Array, Options, Outputs
from ._options import REDUCTIONS, flag
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
    is_double = y_pred.dtype == _FLOAT64
    prediction = view(y_pred)
    outputs = _new_double(_DOUBLE) if is_double else _new_single(_SINGLE)
    # What the outputs point at lives in the locals until the call is over.
    losses = slope = curvature = exponent = largest = None
    if chosen.reduction == _NONE:
        losses = _one_a_row(y_pred, has_classes, chosen, _FLOAT64 if is_double else _FLOAT32)
        loss = view(losses)
        outputs.loss = addressof(loss)
    else:
        memory = addressof(outputs)
        outputs.loss = memory + _LOSS_OFFSET
        outputs.loss_data = memory + _VALUE_OFFSET
    if gradient is not False:
        slope, slope_view = _derivative("gradient", gradient, y_pred, prediction)
        if slope_view is not None:
            outputs.gradient = addressof(slope_view)
    if chosen.accumulate_gradient and (slope is None or slope is not gradient):
        raise OptionError("accumulate_gradient is True, but gradient is not an array that holds what to add to")
    if hessian is not False:
        curvature, curvature_view = _derivative("hessian", hessian, y_pred, prediction)
        if curvature_view is not None:
            outputs.hessian = addressof(curvature_view)
    if log_sum_exp is not False and flag("log_sum_exp", log_sum_exp):
        exponent = _one_a_row(y_pred, has_classes, chosen, _FLOAT64 if is_double else _FLOAT32)
        exponent_view = view(exponent)
        outputs.log_sum_exp = addressof(exponent_view)
    if argmax is not False and flag("argmax", argmax):
        largest = _one_a_row(y_pred, has_classes, chosen, _INT64)
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


def _one_a_row(y_pred: NDArray[Any], has_classes: bool, chosen: Options, dtype: np.dtype[Any]) -> NDArray[Any]:
    """A new array with one value a row, or where no axis is one of classes, an element."""
    shape = list(y_pred.shape)
    if has_classes and -len(shape) <= chosen.axis < len(shape):  # the library refuses other axes
        del shape[chosen.axis]
    return np.empty(shape, dtype)


def _derivative(
    name: str, request: Any, y_pred: NDArray[Any], prediction: Array
) -> tuple[Any, Optional[Array]]:
    """For `gradient` and `hessian`: what a result returns, which is what the caller gave, and the array to write."""
    if request is True:
        new = new_like(name, y_pred)
        return new, view_of_new(new, prediction)
    if request is None or isinstance(request, (bool, np.bool_)):
        return _derivative(name, True, y_pred, prediction) if request else (None, None)
    return request, view(write(name, request))
