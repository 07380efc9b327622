"""The two loss functions."""

from __future__ import annotations

from typing import Any, Optional, Union

from numpy.typing import ArrayLike, NDArray

from . import _arrays
from ._call import call
from ._library import library
from ._options import (
    AUTOMATIC,
    DIVISOR,
    INPUT,
    LAST_AXIS,
    MEASURE,
    ONE,
    PROBABILITY_FLOOR,
    REDUCTION,
    ZERO,
    options,
)
from ._result import Result


def binary_cross_entropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    input: str = INPUT,
    reduction: str = REDUCTION,
    gradient: Union[bool, NDArray[Any]] = False,
    hessian: Union[bool, NDArray[Any]] = False,
    axis: int = LAST_AXIS,
    divisor: str = DIVISOR,
    measure: str = MEASURE,
    accumulate_gradient: bool = False,
    num_threads: int = AUTOMATIC,
    ignore_index: Optional[int] = None,
    normalizer: Optional[float] = None,
    probability_floor: float = PROBABILITY_FLOOR,
    label_smoothing: float = ZERO,
    logit_scale: float = ONE,
    logit_softcap: Optional[float] = None,
    z_loss: float = ZERO,
    focal_gamma: float = ZERO,
    focal_alpha: Optional[float] = None,
    poly_epsilon: float = ZERO,
    class_weights: Optional[ArrayLike] = None,
    sample_weights: Optional[ArrayLike] = None,
    pos_weight: Optional[ArrayLike] = None,
    upstream: Optional[ArrayLike] = None,
) -> Result:
    """Binary cross-entropy: every element is a problem of its own with a target in [0, 1].

    ::

        probabilities      l = -[ y log p + (1-y) log(1-p) ]        dl/dp = -y/p + (1-y)/(1-p)
        logits             l = y softplus(-z) + (1-y) softplus(z)   dl/dz = sigmoid(z) - y
        log-probabilities  l = -[ y q + (1-y) log(1-e^q) ]          dl/dq = -y + (1-y) e^q/(1-e^q)

    where y is `y_true`, and p, z or q is `y_pred`.

    Parameters
    ----------
    y_true : array_like
        Targets in [0, 1], not only 0 and 1, of the shape of `y_pred` (it does not broadcast). Integers, booleans
        and other floating types are first converted to the type of `y_pred`.
    y_pred : array_like
        float32 or float64, of any shape. Lists and Python numbers are taken as float64. An array that is
        C-contiguous is read where it is, be it of NumPy or of any library with the buffer protocol,
        ``__array_interface__`` or DLPack; any other is first copied.
    input : {"probabilities", "logits", "log_probabilities"}, default "probabilities"
        What `y_pred` holds.
    reduction : {"mean", "sum", "none"}, default "mean"
        How the losses become one; ``"none"`` keeps a loss for every element.
    gradient : bool or ndarray, default False
        True asks for the gradient of the loss in `y_pred` (``"none"``: of each element's own loss) in a new array.
        An array of the shape and type of `y_pred` is written to instead; it may be `y_pred` itself, which is then
        overwritten.
    hessian : bool or ndarray, default False
        Likewise, for the second derivative in each element. Refused in this version.
    divisor : {"weights", "count", "batch"}, default "weights"
        What the mean divides by. Without weights all three are the number of elements.
    num_threads : int, default 0
        0 leaves the choice to the library, 1 stays in the calling thread.
    normalizer : float, optional
        Positive: the mean divides by this instead. None or 0: it does not.
    probability_floor : float, default 1e-15
        In [0, 0.5), for ``input="probabilities"``: p and 1-p are taken as at least this in loss and gradient, each
        by itself; p = 1 on a target of 1 costs exactly 0. 0 turns it off, and a loss may be infinite.
    measure, accumulate_gradient, label_smoothing, logit_scale, logit_softcap, z_loss, focal_gamma, focal_alpha, \
poly_epsilon, sample_weights, pos_weight, upstream
        Reserved: in this version only the default is accepted.
    axis, class_weights, ignore_index
        Have no meaning for binary targets: only the default is accepted.

    Returns
    -------
    Result
        With `loss`, `gradient` if asked for, and totals. Of no elements the loss is 0.

    Raises
    ------
    ShapeError
        `y_true` or an array to write to has not the shape of `y_pred`, or the latter is not C-contiguous.
    ElementTypeError
        `y_pred` is an integer array, say, or an array to write to has not its type.
    OptionError
        An option is out of its range, unknown, or without meaning for the call.
    ProbabilityError
        A probability is outside [0, 1], or a log-probability above 0, by more than 1e-3: nearly always logits
        passed without ``input="logits"``.
    TargetError
        A target is outside [0, 1] or NaN.
    OverlapError
        An array to write to shares memory with another argument.

    Notes
    -----
    A NaN in `y_pred` makes the loss of its element NaN and is no error. After a `ProbabilityError` or `TargetError`
    an array passed as `gradient` may be partly written; after any other error it is untouched. May be called from
    several threads at once; the GIL is released.

    Examples
    --------
    >>> import xent
    >>> result = xent.binary_cross_entropy([1, 0, 1, 0], [0.9, 0.1, 0.8, 0.2], gradient=True)
    >>> round(result.loss, 6)
    0.164252
    >>> result.gradient.round(4)
    array([-0.2778,  0.2778, -0.3125,  0.3125])
    """
    prediction = _arrays.read("y_pred", y_pred)
    target = _arrays.read_target("y_true", y_true, prediction)
    chosen = options(
        input, axis, reduction, divisor, measure, accumulate_gradient, num_threads, ignore_index, normalizer,
        probability_floor, label_smoothing, logit_scale, logit_softcap, z_loss, focal_gamma, focal_alpha, poly_epsilon,
        class_weights, sample_weights, pos_weight, upstream,
    )  # fmt: skip
    return call(
        library.xent_binary, library.xent_explain_binary, target, prediction, chosen, prediction.shape,
        gradient, hessian, False, False,
    )  # fmt: skip


def categorical_cross_entropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    axis: int = LAST_AXIS,
    input: str = INPUT,
    reduction: str = REDUCTION,
    gradient: Union[bool, NDArray[Any]] = False,
    hessian: Union[bool, NDArray[Any]] = False,
    log_sum_exp: bool = False,
    argmax: bool = False,
    divisor: str = DIVISOR,
    measure: str = MEASURE,
    accumulate_gradient: bool = False,
    num_threads: int = AUTOMATIC,
    ignore_index: Optional[int] = None,
    normalizer: Optional[float] = None,
    probability_floor: float = PROBABILITY_FLOOR,
    label_smoothing: float = ZERO,
    logit_scale: float = ONE,
    logit_softcap: Optional[float] = None,
    z_loss: float = ZERO,
    focal_gamma: float = ZERO,
    focal_alpha: Optional[float] = None,
    poly_epsilon: float = ZERO,
    class_weights: Optional[ArrayLike] = None,
    sample_weights: Optional[ArrayLike] = None,
    pos_weight: Optional[ArrayLike] = None,
    upstream: Optional[ArrayLike] = None,
) -> Result:
    """Categorical cross-entropy: C classes along one axis, a row being one position of the other axes.

    ::

        probabilities      l = -sum_c t_c log p_c            dl/dp_c = -t_c / p_c
        logits             l = sum_c t_c (lse(z) - z_c)      dl/dz_c = T softmax(z)_c - t_c,  T = sum_c t_c
        log-probabilities  l = -sum_c t_c q_c                dl/dq_c = -t_c

    where t is the row's target, p, z or q is its `y_pred`, and lse(z) = log sum_c e^(z_c). A label stands for t = 1 at
    its class and 0 elsewhere.

    Parameters
    ----------
    y_true : array_like
        Either labels: integers in [0, C), of the shape of `y_pred` without the class axis. Or distributions: floating
        numbers >= 0 of the shape of `y_pred`, which need not sum to 1; another floating type is first converted to
        that of `y_pred`. The element type decides; a list of integers holds distributions if it is nested as deep as
        `y_pred` has axes.
    y_pred : array_like
        float32 or float64, with one axis or more. Lists are taken as float64. An array that is C-contiguous is read
        where it is, be it of NumPy or of any library with the buffer protocol, ``__array_interface__`` or DLPack; any
        other is first copied. Probabilities are not renormalised. Logits of -inf are classes of probability 0.
    axis : int, default -1
        The class axis; negative counts from the end. It must be the last in this version.
    input : {"probabilities", "logits", "log_probabilities"}, default "probabilities"
        What `y_pred` holds. With labels, only their own entries of probabilities and log-probabilities are read.
    reduction : {"mean", "sum", "none"}, default "mean"
        How the losses become one; ``"none"`` keeps a loss for every row.
    gradient : bool or ndarray, default False
        True asks for the gradient of the loss in `y_pred` (``"none"``: of each row's own loss) in a new array. An
        array of the shape and type of `y_pred` is written to instead; it may be `y_pred` itself, which is then
        overwritten.
    hessian : bool or ndarray, default False
        Likewise, for the second derivative in each element. Refused in this version.
    log_sum_exp, argmax : bool, default False
        Ask for the log-sum-exp of the logits, and the index of the largest entry, of each row. Refused in this
        version.
    divisor : {"weights", "count", "batch"}, default "weights"
        What the mean divides by. Without weights and ignored rows all three are the number of rows.
    num_threads : int, default 0
        0 leaves the choice to the library, 1 stays in the calling thread.
    normalizer : float, optional
        Positive: the mean divides by this instead. None or 0: it does not.
    probability_floor : float, default 1e-15
        In [0, 0.5), for ``input="probabilities"``: p is taken as at least this in loss and gradient. 0 turns it off,
        and a loss may be infinite.
    measure, accumulate_gradient, ignore_index, label_smoothing, logit_scale, logit_softcap, z_loss, focal_gamma, \
poly_epsilon, class_weights, sample_weights, upstream
        Reserved: in this version only the default is accepted.
    focal_alpha, pos_weight
        Have no meaning for categorical targets: only the default is accepted.

    Returns
    -------
    Result
        With `loss`, `gradient` if asked for, and totals. Of no rows the loss is 0.

    Raises
    ------
    ShapeError
        `y_true` or an array to write to has not the shape that belongs to `y_pred`, or the latter is not C-contiguous,
        or there are no classes.
    ElementTypeError
        `y_pred` is an integer array, labels are uint64 or bool, or an array to write to has not the type of `y_pred`.
    OptionError
        An option is out of its range, unknown, or without meaning for the call.
    LabelError
        A label is outside [0, C). All are checked before anything is written.
    ProbabilityError
        A probability is outside [0, 1] by more than 1e-3: nearly always logits passed without ``input="logits"``.
    TargetError
        An entry of a distribution is negative, infinite or NaN.
    OverlapError
        An array to write to shares memory with another argument.

    Notes
    -----
    A NaN that is read makes the loss and gradient of its row NaN and is no error. Where t_c is 0 a class adds nothing,
    whatever stands in `y_pred`. After a `ProbabilityError` or `TargetError` an array passed as `gradient` may be partly
    written; after any other error it is untouched. May be called from several threads at once; the GIL is released.

    Examples
    --------
    >>> import numpy as np, xent
    >>> logits = np.array([[2.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    >>> result = xent.categorical_cross_entropy([0, 2], logits, input="logits", reduction="none", gradient=True)
    >>> result.loss.round(4)
    array([0.4076, 1.0986])
    >>> result.gradient.round(4)
    array([[-0.3348,  0.2447,  0.09  ],
           [ 0.3333,  0.3333, -0.6667]])
    """
    prediction = _arrays.read("y_pred", y_pred)
    target = _arrays.read_labels_or_distribution("y_true", y_true, prediction)
    chosen = options(
        input, axis, reduction, divisor, measure, accumulate_gradient, num_threads, ignore_index, normalizer,
        probability_floor, label_smoothing, logit_scale, logit_softcap, z_loss, focal_gamma, focal_alpha, poly_epsilon,
        class_weights, sample_weights, pos_weight, upstream,
    )  # fmt: skip
    shape = prediction.shape
    if chosen.axis == -1 or not -len(shape) <= chosen.axis < len(shape):  # the library refuses the latter
        rows = shape[:-1]
    else:
        classes = chosen.axis % len(shape)
        rows = shape[:classes] + shape[classes + 1 :]
    return call(
        library.xent_categorical, library.xent_explain_categorical, target, prediction, chosen, rows,
        gradient, hessian, log_sum_exp, argmax,
    )  # fmt: skip
