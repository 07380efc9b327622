"""The log loss of scikit-learn, which need not be installed.

>>> from xent.sklearn import log_loss
>>> y_true = ["spam", "ham", "ham", "spam"]
>>> round(log_loss(y_true, [[0.1, 0.9], [0.9, 0.1], [0.8, 0.2], [0.35, 0.65]]), 6)
0.216162
"""

from __future__ import annotations

import sys
import warnings
from typing import Any, Optional

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._arrays import as_array
from ._errors import ElementTypeError, LabelError, OptionError, ProbabilityError, ShapeError
from ._losses import binary_cross_entropy, categorical_cross_entropy
from ._options import flag

__all__ = ["log_loss"]


def log_loss(
    y_true: ArrayLike,
    y_pred: Optional[ArrayLike] = None,
    *,
    normalize: bool = True,
    sample_weight: Optional[ArrayLike] = None,
    labels: Optional[ArrayLike] = None,
    y_proba: Optional[ArrayLike] = None,
) -> float:
    """As sklearn.metrics.log_loss: the mean of -log p over the probabilities p given to the true labels.

    ::

        l = -sum_i s_i sum_c t_ic log max(p_ic, eps) / sum_i s_i      s = sample_weight

    where t_ic is 1 if c is the label of sample i and else 0, and eps is the machine precision of the type of p.

    Parameters
    ----------
    y_true : array_like
        n labels: integers, booleans, strings or floats without a fraction. Or an indicator matrix of zeros and ones, of
        the shape of `y_pred`, which may be a sparse one of SciPy.
    y_pred : array_like
        Probabilities in [0, 1], of shape (n, C) with columns in the order of the sorted labels; or of shape (n) or
        (n, 1), those of the second of two labels. float64, float32 and float16 are computed as such, other numbers as
        float64.
    normalize : bool, default True
        False returns the sum over samples, weighted but not divided.
    sample_weight : array_like, optional
        n finite numbers.
    labels : array_like, optional
        All labels there are, if `y_true` does not hold each of them.
    y_proba : array_like, optional
        What scikit-learn calls `y_pred` from version 1.9 on.

    Returns
    -------
    float
        In nats.

    Raises
    ------
    ShapeError
        The lengths differ; or the number of columns is not that of labels, of which there must be two at least.
    LabelError
        A label in `y_true` is not among `labels`; `labels` holds one more than once; or strings are mixed with others.
    ProbabilityError
        A probability is outside [0, 1], or not finite.
    ElementTypeError
        `y_true` holds what is no label, or `y_pred` what is no number.
    OptionError
        `y_pred` and `y_proba` are both given, or neither is.

    All but `ElementTypeError` are a ValueError, which is what scikit-learn raises.

    Warns
    -----
    UserWarning
        Rows of `y_pred` do not sum to 1 (they are not normalised), or `labels` are not sorted.

    Notes
    -----
    The numbers are those of scikit-learn, to rounding, but for p = 1, which is not clipped to 1 - eps and costs exactly
    0; and the average by weights that sum to 0 is 0, where scikit-learn raises an error from 1.9 on.
    `xent.categorical_cross_entropy` clips at 1e-15 instead.
    """
    if (y_pred is None) == (y_proba is None):
        raise OptionError("expected either y_pred or y_proba")
    probabilities = _probabilities(y_pred if y_proba is None else y_proba)
    classes, target = _encoded(y_true, labels)
    count = len(probabilities)
    _check_length("y_true", len(target), count)
    weights = None if sample_weight is None else as_array("sample_weight", sample_weight)
    if weights is not None:
        if weights.ndim != 1:
            raise ShapeError(f"sample_weight has shape {weights.shape}, expected ({count},)")
        _check_length("sample_weight", len(weights), count)
    columns = probabilities.shape[1] if probabilities.ndim == 2 else 1
    if len(classes) != max(columns, 2):
        whose = "y_true" if labels is None else "labels"
        raise ShapeError(
            f"{whose} has {len(classes)} classes, but y_pred is for {max(columns, 2)}"
            + ("; pass all labels as labels=" if labels is None else "")
        )
    options: dict[str, Any] = {
        "probability_floor": float(np.finfo(probabilities.dtype).eps),
        "reduction": "mean" if flag("normalize", normalize) else "sum",
        "sample_weights": weights,
    }
    if columns == 1:
        positive = target if target.ndim == 1 else target[:, 1]
        return float(binary_cross_entropy(positive, probabilities.reshape(count), **options).loss)
    # In the type of the probabilities, as scikit-learn does it.
    sums = probabilities.sum(axis=1)
    if not np.all(np.abs(sums - 1) <= np.sqrt(options["probability_floor"])):
        warnings.warn("The rows of y_pred do not sum to one. Make sure to pass probabilities.", stacklevel=2)
    return float(categorical_cross_entropy(target, probabilities, **options).loss)


def _probabilities(values: Any) -> NDArray[Any]:
    array = as_array("y_pred", values)
    if array.dtype.kind in "biu" or array.dtype.kind == "f" and array.itemsize > 8:
        array = array.astype(np.float64)
    if array.dtype.kind != "f":
        raise ElementTypeError(f"y_pred has element type {array.dtype}, expected numbers")
    if array.ndim not in (1, 2):
        raise ShapeError(f"y_pred has shape {array.shape}, expected (n,) or (n, C)")
    if array.size == 0:
        raise ShapeError("y_pred is empty, expected a sample at least")
    if not np.all((array >= 0) & (array <= 1)):
        raise ProbabilityError(f"y_pred holds values from {array.min()} to {array.max()}, expected them in [0, 1]")
    return array


def _encoded(y_true: Any, labels: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """The sorted classes; and for each sample the index of its class, or its row of an indicator matrix."""
    values = _labels("y_true", y_true)
    if values.ndim == 2:
        if labels is not None:
            raise ShapeError("y_true is an indicator matrix, whose columns are the labels: labels= is not for it")
        if values.dtype.kind not in "biuf" or not np.all((values == 0) | (values == 1)):
            raise ElementTypeError("y_true is a matrix, but not one of zeros and ones")
        return np.arange(values.shape[1]), values.astype(np.float64)
    given = values if labels is None else _labels("labels", labels)
    try:
        classes = np.unique(given)
        index = np.minimum(np.searchsorted(classes, values), len(classes) - 1)
        unknown = values[classes[index] != values]
    except (TypeError, ValueError) as error:
        raise ElementTypeError(f"y_true and labels hold labels of types that cannot be compared: {error}") from error
    if len(classes) < len(given) and labels is not None:
        raise LabelError(f"labels are {given.tolist()}, which holds a label more than once")
    if labels is not None and not np.array_equal(classes, given):
        warnings.warn(
            f"labels are {given.tolist()}, but the columns of y_pred are taken in their sorted order, "
            f"{classes.tolist()}.",
            stacklevel=3,
        )
    if len(unknown):
        raise LabelError(f"y_true holds {np.unique(unknown).tolist()}, which labels do not: {given.tolist()}")
    if len(classes) < 2:
        raise ShapeError(
            f"y_true holds one label only, {classes.tolist()}: pass all labels as labels="
            if labels is None
            else f"labels are {classes.tolist()}, expected two at least"
        )
    return classes, index


def _labels(name: str, values: Any) -> NDArray[Any]:
    array = as_array(name, values.toarray() if hasattr(values, "toarray") else values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array.reshape(len(array))
    if array.ndim not in (1, 2) or array.ndim == 2 and name == "labels":
        raise ShapeError(f"{name} has shape {array.shape}")
    if array.size == 0:
        raise ShapeError(f"{name} is empty")
    if array.dtype.kind == "f" and not np.all(array == np.floor(array)):
        raise ElementTypeError(f"{name} holds numbers with a fraction, expected labels")
    if array.dtype.kind not in "biufOSUT":
        raise ElementTypeError(f"{name} has element type {array.dtype}, expected labels")
    if array.dtype.kind == "U" and array.itemsize:
        characters = np.ascontiguousarray(array, array.dtype.newbyteorder("=")).view(np.uint32)
        if characters.max() > sys.maxunicode:
            raise ElementTypeError(f"{name} holds strings of what are no characters")
    if array.dtype.kind in "SU" and not hasattr(values, "dtype"):  # of a list, of which NumPy makes strings
        expected = str if array.dtype.kind == "U" else bytes
        if not all(isinstance(label, expected) for label in np.asarray(values, dtype=object).flat):
            raise LabelError(f"{name} mixes strings with other labels")
    return array


def _check_length(name: str, length: int, expected: int) -> None:
    if length != expected:
        raise ShapeError(f"{name} has {length} samples, but y_pred has {expected}")
