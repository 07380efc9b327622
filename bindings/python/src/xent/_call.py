"""One call of the library: arrays for what is asked for, the call itself, result or exception."""

from __future__ import annotations

from ctypes import addressof, c_double, c_float
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _arrays
from ._errors import OptionError, raise_explained
from ._library import DEFAULT_OUTPUTS, Array, Options, Outputs
from ._options import REDUCTIONS, flag
from ._result import Result

_XENT_F32, _XENT_F64 = 0, 1
_FLOAT32, _FLOAT64, _INT64 = np.dtype("f4"), np.dtype("f8"), np.dtype("i8")
_NONE = REDUCTIONS["none"]

_new_outputs = Outputs.from_buffer_copy


def call(
    function: Any,
    explain: Any,
    y_true: NDArray[Any],
    y_pred: NDArray[Any],
    chosen: Options,
    rows: tuple[int, ...],
    gradient: Any,
    hessian: Any,
    log_sum_exp: bool,
    argmax: bool,
) -> Result:
    """Call one of the two descriptor functions. `rows` is the shape of an array with one value a row."""
    outputs = _new_outputs(DEFAULT_OUTPUTS)
    is_double = y_pred.dtype == _FLOAT64
    row_type = _FLOAT64 if is_double else _FLOAT32
    views = []  # what the outputs point at lives until the call is over

    def want(name: str, array: NDArray[Any]) -> None:
        view = _arrays.view(array)
        setattr(outputs, name, addressof(view))
        views.append(view)

    total: Any = None
    losses: Any = None
    if chosen.reduction == _NONE:
        losses = np.empty(rows, row_type)
        want("loss", losses)
    else:
        total = c_double() if is_double else c_float()
        one = Array(addressof(total), _XENT_F64 if is_double else _XENT_F32)  # rank 0
        outputs.loss = addressof(one)

    slope = curvature = exponent = largest = None
    if gradient is not False:
        slope, written = _derivative("gradient", gradient, y_pred)
        if written is not None:
            want("gradient", written)
    if chosen.accumulate_gradient and (slope is None or slope is not gradient):
        raise OptionError("accumulate_gradient is True, but gradient is not an array that holds what to add to")
    if hessian is not False:
        curvature, written = _derivative("hessian", hessian, y_pred)
        if written is not None:
            want("hessian", written)
    if log_sum_exp is not False and flag("log_sum_exp", log_sum_exp):
        exponent = np.empty(rows, row_type)
        want("log_sum_exp", exponent)
    if argmax is not False and flag("argmax", argmax):
        largest = np.empty(rows, _INT64)
        want("argmax", largest)

    target = _arrays.view(y_true)
    prediction = _arrays.view(y_pred)
    status = function(target, prediction, chosen, outputs)
    if status:
        raise_explained(status, explain, target, prediction, chosen, outputs)
    return Result(
        losses if total is None else total.value,
        slope,
        curvature,
        exponent,
        largest,
        outputs.loss_sum,
        outputs.weight_sum,
        outputs.count,
        outputs.correct,
    )


def _derivative(name: str, request: Any, y_pred: NDArray[Any]) -> tuple[Any, Any]:
    """For `gradient` and `hessian`: what a result returns, which is what the caller gave, and the array to write."""
    if request is True:
        new = _arrays.new_like(name, y_pred)
        return new, new
    if request is None or isinstance(request, (bool, np.bool_)):
        return _derivative(name, True, y_pred) if request else (None, None)
    return request, _arrays.write(name, request)
