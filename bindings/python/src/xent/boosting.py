"""Objectives and metrics for gradient boosting, in the forms that XGBoost and LightGBM take; neither need be installed.

::

    objective = xent.boosting.multiclass(10)
    xgboost.train({"num_class": 10}, data, obj=objective, custom_metric=objective.log_loss)
    lightgbm.train({"num_class": 10, "objective": objective}, data, feval=objective.log_loss)
    xgboost.XGBRegressor(objective=xent.boosting.binary())
    lightgbm.LGBMClassifier(objective=xent.boosting.binary())

A booster with an objective of its own predicts raw scores: the classes' probabilities are their softmax, or sigmoid.
"""

from __future__ import annotations

from typing import Any, Optional, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._arrays import as_array
from ._dlpack import BFLOAT16, widened
from ._errors import ElementTypeError, OptionError, ShapeError, shown
from ._losses import binary_cross_entropy, categorical_cross_entropy
from ._options import integer, number

__all__ = ["Objective", "binary", "multiclass"]

Metric = Union[float, tuple[str, float], tuple[str, float, bool]]


def binary(
    *,
    label_smoothing: float = 0.0,
    pos_weight: Optional[float] = None,
    focal_gamma: float = 0.0,
    hessian_scale: float = 1.0,
) -> Objective:
    """The objective for targets y in [0, 1] and one raw score z a sample.

    ::

        l = s ( v y (1-p)^g (-log p) + (1-y) p^g (-log(1-p)) )      p = sigmoid(z), s = sample weight, v = pos_weight
        dl/dz = s ( v y (p-1) + (1-y) p )                           d2l/dz2 = s ( v y + (1-y) ) p (1-p)

    for g = focal_gamma = 0.

    Parameters
    ----------
    label_smoothing : float, default 0
        e in [0, 1]: y is replaced by (1-e) y + e/2.
    pos_weight : float, optional
        Multiplies the term of y, which is LightGBM's and XGBoost's ``scale_pos_weight``.
    focal_gamma : float, default 0
        g >= 0. The gradient is that of the focal loss; the Hessian, which may be negative, is replaced by that of g = 0.
    hessian_scale : float, default 1
        Multiplies the Hessian, as both libraries' own objectives have it for 1.

    Returns
    -------
    Objective
        What to pass as objective; its method `log_loss` is the metric.

    Raises
    ------
    OptionError
        `hessian_scale` is not allowed. The other options are checked when the objective is called.
    """
    return Objective(
        None, {"label_smoothing": label_smoothing, "pos_weight": pos_weight}, focal_gamma, hessian_scale
    )


def multiclass(
    num_class: int,
    *,
    label_smoothing: float = 0.0,
    class_weights: Optional[ArrayLike] = None,
    focal_gamma: float = 0.0,
    hessian_scale: float = 1.0,
) -> Objective:
    """The objective for labels in [0, num_class) and as many raw scores z a sample.

    ::

        l = s sum_c w_c t_c (1-p_c)^g (-log p_c)              p = softmax(z), s = sample weight, w = class_weights
        dl/dz_c = s w_y (p_c - t_c)                           d2l/dz_c2 = s w_y p_c (1-p_c)

    for g = focal_gamma = 0 and a label y, for which t_y is 1 and the other t_c are 0.

    Parameters
    ----------
    num_class : int
        C, two or more.
    label_smoothing : float, default 0
        e in [0, 1]: t_c is replaced by (1-e) t_c + e/C.
    class_weights : array_like, optional
        C finite numbers w.
    focal_gamma : float, default 0
        g >= 0. The gradient is that of the focal loss; the Hessian, which may be negative, is replaced by that of g = 0.
    hessian_scale : float, default 1
        Multiplies the Hessian. 1 is the exact diagonal. It leaves out how scores act on each other, so the libraries
        use more, which makes smaller steps: XGBoost 2, LightGBM C/(C-1).

    Returns
    -------
    Objective
        What to pass as objective; its method `log_loss` is the metric.

    Raises
    ------
    OptionError
        `num_class` or `hessian_scale` is not allowed. The other options are checked when the objective is called.
    """
    if type(num_class) is bool or not issubclass(type(num_class), (int, np.integer)) or num_class < 2:
        raise OptionError(f"num_class is {shown(num_class)}, expected an integer of at least 2")
    return Objective(
        integer("num_class", num_class, 64), {"label_smoothing": label_smoothing, "class_weights": class_weights}, focal_gamma, hessian_scale
    )


class Objective:
    """A loss for boosters, as made by `binary` and `multiclass`. It can be copied and pickled.

    It and its method `log_loss` are called in one of these ways:

    - ``(y_pred, data)``, data being a DMatrix of XGBoost or a Dataset of LightGBM, whose labels and weights are used;
    - ``(y_true, y_pred)`` or ``(y_true, y_pred, sample_weight)`` with arrays, as the libraries' scikit-learn classes do.

    Raw scores are floating numbers of shape (n), or (n, 1), and for several classes (n, C); or of shape (n C), with all
    samples of a class together, as LightGBM before version 4 has them.
    """

    def __init__(self, num_class: Optional[int], options: dict[str, Any], focal_gamma: float, hessian_scale: float):
        scale = number("hessian_scale", hessian_scale)
        if not 0 < scale < np.inf:
            raise OptionError(f"hessian_scale is {shown(hessian_scale)}, expected a positive number")
        self._num_class = num_class
        self._options = options
        self._focal_gamma = focal_gamma
        self._hessian_scale = scale

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> tuple[NDArray[Any], NDArray[Any]]:
        """Gradient and diagonal of the Hessian of the sum of losses, of the shape and type of the raw scores.

        Raises
        ------
        ShapeError, ElementTypeError
            Labels, scores and weights do not belong together; labels have a fraction.
        LabelError, TargetError
            A label is outside [0, C), a binary target outside [0, 1].
        OptionError
            An option of the objective is out of its range.
        """
        target, scores, weights, _ = self._arguments(y_true, y_pred, sample_weight)
        gradient, hessian = np.empty_like(scores), np.empty_like(scores)
        if number("focal_gamma", self._focal_gamma) == 0:
            self._loss(target, scores, weights, "sum", gradient=gradient, hessian=hessian)
        else:
            self._loss(target, scores, weights, "sum", gradient=gradient, focal_gamma=self._focal_gamma)
            self._loss(target, scores, weights, "sum", hessian=hessian)
        if self._hessian_scale != 1:
            hessian *= self._hessian_scale
        given = y_true if hasattr(y_pred, "get_label") else y_pred
        if as_array("y_pred", given).ndim < gradient.ndim:
            return gradient.ravel("F"), hessian.ravel("F")  # their own memory: they lie as the scores do
        return gradient, hessian

    def log_loss(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Metric:
        """The mean of the loss that the objective is the gradient of; the less the better.

        Returns
        -------
        float, (str, float) or (str, float, bool)
            For arrays the loss, as XGBoost's scikit-learn classes take it. For data of XGBoost with a name before it,
            for data of LightGBM with False, for not being better the higher it is, after it too.
        """
        target, scores, weights, data = self._arguments(y_true, y_pred, sample_weight)
        value = self._loss(target, scores, weights, "mean", focal_gamma=self._focal_gamma)
        if data is None:
            return value
        if hasattr(data, "get_init_score"):  # a Dataset of LightGBM
            return "log_loss", value, False
        return "log_loss", value

    def lightgbm_log_loss(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> tuple[str, float, bool]:
        """`log_loss` of arrays in the form that LightGBM's scikit-learn classes take as eval_metric."""
        target, scores, weights, _ = self._arguments(y_true, y_pred, sample_weight)
        return "log_loss", self._loss(target, scores, weights, "mean", focal_gamma=self._focal_gamma), False

    def _arguments(self, y_true: Any, y_pred: Any, sample_weight: Any) -> tuple[Any, NDArray[Any], Any, Any]:
        """Targets, scores by sample and class, weights or None, and the library's data if that is what was given."""
        data = None
        if hasattr(y_pred, "get_label"):
            y_pred, data = y_true, y_pred
            y_true, sample_weight = data.get_label(), data.get_weight()
        scores, target = as_array("y_pred", y_pred), as_array("y_true", y_true)
        if scores.dtype == BFLOAT16:  # as which no array is to be returned
            scores = widened(scores)
        weights = None if sample_weight is None else as_array("sample_weight", sample_weight)
        if weights is not None and weights.size == 0:
            weights = None
        count = target.size
        if weights is not None and weights.size != count:
            raise ShapeError(f"there are {weights.size} sample weights for {count} samples")
        if self._num_class is None:
            if scores.size != count:
                raise ShapeError(f"there are {scores.size} scores for {count} samples")
            return target.reshape(scores.shape), scores, None if weights is None else weights.reshape(scores.shape), data
        if scores.shape == (count * self._num_class,):
            scores = scores.reshape(self._num_class, count).T
        if scores.shape != (count, self._num_class):
            raise ShapeError(f"scores have shape {scores.shape}, expected {(count, self._num_class)}")
        target = target.reshape(count)
        if target.dtype.kind == "f":
            if not np.all(target == np.floor(target)):
                raise ElementTypeError("labels have a fraction, expected class indices")
            with np.errstate(invalid="ignore"):
                target = target.astype(np.int64)
        return target, scores, None if weights is None else weights.reshape(count), data

    def _loss(self, target: Any, scores: NDArray[Any], weights: Any, reduction: str, **options: Any) -> float:
        function = binary_cross_entropy if self._num_class is None else categorical_cross_entropy
        options.update(self._options, reduction=reduction, sample_weights=weights)
        return float(function(target, scores, input="logits", **options).loss)
