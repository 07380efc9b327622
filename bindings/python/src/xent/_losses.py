"""The two loss functions."""

from __future__ import annotations

from typing import Optional, Union

from numpy.typing import ArrayLike

from ._arrays import read, read_labels_or_distribution, read_target
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
    gradient: Union[bool, ArrayLike] = False,
    hessian: Union[bool, ArrayLike] = False,
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

    where y is `y_true`, p, z or q is `y_pred`, and softplus(x) = log(1 + e^x). With every option, q being log p::

        y  <-  (1-e) y + e/2                                   e = label_smoothing
        z  <-  k tanh(a z / k)                                 a = logit_scale, k = logit_softcap
        l   =  s ( v A y (1-p)^g (-log p)                      s = sample_weights, v = pos_weight, A = focal_alpha
                   + B (1-y) p^g (-log(1-p))                   B = 1 - A; A = B = 1 if it is not given; g = focal_gamma
                   + eps (y (1-p) + (1-y) p)                   eps = poly_epsilon
                   + y log y + (1-y) log(1-y) )                only for measure="kl_divergence"

    Parameters
    ----------
    y_true : array_like
        Targets y in [0, 1], not only 0 and 1, of the shape of `y_pred` (it does not broadcast). Floating arrays, also
        of another type than `y_pred`, are read where they are; integers and booleans are first converted.
    y_pred : array_like
        float64, float32, float16 or bfloat16, of any shape. Lists and Python numbers are taken as float64. Arrays of
        NumPy, and of any library with the buffer protocol, ``__array_interface__`` or DLPack on the CPU, are read where
        they are, whatever their strides; those that are byte-swapped or not aligned to their elements are first copied.
        16-bit types are computed in float32.
    input : {"probabilities", "logits", "log_probabilities"}, default "probabilities"
        What `y_pred` holds.
    reduction : {"mean", "sum", "none"}, default "mean"
        How the losses become one; ``"none"`` keeps a loss for every element.
    gradient : bool or array, default False
        True asks for the gradient of the loss in `y_pred` (``"none"``: of each element's own loss, times `upstream`) in
        a new array of its shape and type; of bfloat16, that takes the package ml_dtypes. An array of the shape of
        `y_pred`, of any of its types and any strides, is written to instead, and returned. It may be `y_pred` itself,
        which is then overwritten.
    hessian : bool or array, default False
        Likewise, but never `y_pred` itself: the second derivative d2l/dx2 in each element x of `y_pred`, scaled as the
        gradient is. Not together with `focal_gamma`, `poly_epsilon` or `logit_softcap`.
    divisor : {"weights", "count", "batch"}, default "weights"
        What the mean divides by: the sum of `sample_weights` (without them, the number of elements), or for the other
        two the number of elements.
    measure : {"cross_entropy", "kl_divergence"}, default "cross_entropy"
        The Kullback-Leibler divergence adds y log y + (1-y) log(1-y), where 0 log 0 is 0. The gradient is the same.
    accumulate_gradient : bool, default False
        Add to the array passed as `gradient` instead of overwriting it.
    num_threads : int, default 0
        0 leaves the choice to the library (or to XENT_NUM_THREADS in the environment), 1 stays in the calling thread.
        The results are the same to the last bit.
    normalizer : float, optional
        Positive and finite, for ``reduction="mean"``: the mean divides by this, whatever `divisor` says, as for
        gradients accumulated over micro-batches. None or 0: it does not.
    probability_floor : float, default 1e-15
        In [0, 0.5), for ``input="probabilities"``: p and 1-p are clamped to [0, 1] and taken as at least this in loss
        and gradient, each by itself; p = 1 on a target of 1 costs exactly 0. 0 turns it off, and a loss may be
        infinite.
    label_smoothing : float, default 0
        e in [0, 1]: y is replaced by (1-e) y + e/2, in every term.
    logit_scale : float, default 1
        a > 0, for logits: z is replaced by a z.
    logit_softcap : float, optional
        k > 0, for logits: z, scaled, is replaced by k tanh(z/k). None or 0: it is not.
    focal_gamma : float, default 0
        g >= 0: the log terms of y and 1-y are multiplied by (1-p)^g and p^g.
    focal_alpha : float, optional
        A in [0, 1]: the log terms of y and 1-y are multiplied by A and 1-A. None or a negative number: they are not.
    poly_epsilon : float, default 0
        Any finite eps: adds eps (y (1-p) + (1-y) p), the first term of PolyLoss.
    sample_weights : array_like, optional
        Finite numbers s of any sign, of a shape that broadcasts to that of `y_pred`: multiply an element's loss and
        gradient. Floating arrays are read where they are, other numbers taken as float64; so for the next two.
    pos_weight : array_like, optional
        Finite numbers, one or as many as the last axis is long: multiply the y log p term.
    upstream : array_like, optional
        Numbers that multiply gradient and Hessian, as the chain rule has it: one, or for ``"none"`` also one an
        element.
    axis, class_weights, ignore_index, z_loss
        Have no meaning for binary targets: anything but the default is an `OptionError`.

    Returns
    -------
    Result
        With `loss`, what was asked for, and totals. `loss` has the shape of `y_pred` for ``"none"``; it is computed and
        returned as float64 for float64 `y_pred`, else as float32.

    Raises
    ------
    ShapeError
        An array has not the shape that belongs to `y_pred`, or one to write to is not aligned to its elements.
    ElementTypeError
        `y_pred` is an integer array, say; or an array lies on another device, or requires a gradient of its own.
    OptionError
        An option is unknown, out of its range, or without meaning for the call; or an array to write to is read-only.
    ProbabilityError
        A probability is outside [0, 1], or a log-probability above 0, by more than 1e-3 (16-bit types: 1e-2): nearly
        always logits passed without ``input="logits"``.
    TargetError
        A target is outside [0, 1] or NaN.
    OverlapError
        The memory of an array to write to overlaps that of another argument.

    Notes
    -----
    A NaN in `y_pred` makes the loss and gradient of its element NaN and no other, and is no error. Logits of -inf and
    +inf are the probabilities 0 and 1. A term whose weight is 0 adds 0, whatever it is multiplied with; an element
    whose sample weight is 0 adds nothing, gets a gradient of zero, and counts. Of no elements, and if the divisor of
    the mean is 0, loss and gradient are 0.

    After a `ProbabilityError` or `TargetError` the arrays passed as `gradient` and `hessian` may be partly written;
    after any other error they are untouched. May be called from several threads at once, for arrays to write to that do
    not overlap; the GIL is released.

    Examples
    --------
    >>> import xent
    >>> result = xent.binary_cross_entropy([1, 0, 1, 0], [0.9, 0.1, 0.8, 0.2], gradient=True)
    >>> round(result.loss, 6)
    0.164252
    >>> result.gradient.round(4)
    array([-0.2778,  0.2778, -0.3125,  0.3125])
    """
    prediction = read("y_pred", y_pred)
    target = read_target("y_true", y_true, prediction)
    chosen = options(
        input, axis, reduction, divisor, measure, accumulate_gradient, num_threads, ignore_index, normalizer,
        probability_floor, label_smoothing, logit_scale, logit_softcap, z_loss, focal_gamma, focal_alpha, poly_epsilon,
        class_weights, sample_weights, pos_weight, upstream,
    )  # fmt: skip
    return call(
        library.xent_binary, library.xent_explain_binary, target, prediction, chosen, False,
        gradient, hessian, False, False,
    )  # fmt: skip


def categorical_cross_entropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    axis: int = LAST_AXIS,
    input: str = INPUT,
    reduction: str = REDUCTION,
    gradient: Union[bool, ArrayLike] = False,
    hessian: Union[bool, ArrayLike] = False,
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
    its class and 0 elsewhere. With every option, log p_c being z_c - lse(z) for logits::

        t_c <-  (1-e) t_c + e/C                                e = label_smoothing
        z   <-  k tanh(a z / k)                                a = logit_scale, k = logit_softcap
        l    =  s ( sum_c w_c t_c (1-p_c)^g (-log p_c)         s = sample_weights, w = class_weights, g = focal_gamma
                    + eps sum_c w_c t_c (1-p_c)                eps = poly_epsilon
                    + sum_c w_c t_c log t_c                    only for measure="kl_divergence"
                    + b w_y lse(z)^2 )                         b = z_loss; w_y: the label's, 1 for distributions

    Parameters
    ----------
    y_true : array_like
        Either labels: int8 to int64 or uint8 to uint32 in [0, C), of the shape of `y_pred` without the class axis. Or
        distributions: floating numbers >= 0 of the shape of `y_pred`, which need not sum to 1 and may be of another
        type than `y_pred`. The element type decides; a list of integers holds distributions if it is nested as deep as
        `y_pred` has axes. Read where it is, as `y_pred`.
    y_pred : array_like
        float64, float32, float16 or bfloat16, with one axis or more. Lists are taken as float64. Arrays of NumPy, and
        of any library with the buffer protocol, ``__array_interface__`` or DLPack on the CPU, are read where they are,
        whatever their strides; those that are byte-swapped or not aligned to their elements are first copied. 16-bit
        types are computed in float32. Probabilities are not renormalised, and log-probabilities not checked. Logits of
        -inf are classes of probability 0.
    axis : int, default -1
        The class axis; negative counts from the end. The rows are the positions of the other axes.
    input : {"probabilities", "logits", "log_probabilities"}, default "probabilities"
        What `y_pred` holds. With labels and no option that takes in other classes, only the label's entry of
        probabilities and log-probabilities is read.
    reduction : {"mean", "sum", "none"}, default "mean"
        How the losses become one; ``"none"`` keeps a loss for every row.
    gradient : bool or array, default False
        True asks for the gradient of the loss in `y_pred` (``"none"``: of each row's own loss, times `upstream`) in
        a new array of its shape and type; of bfloat16, that takes the package ml_dtypes. An array of the shape of
        `y_pred`, of any of its types and any strides, is written to instead, and returned. It may be `y_pred` itself,
        which is then overwritten.
    hessian : bool or array, default False
        Likewise, but never `y_pred` itself: the second derivative d2l/dx2 in each element x of `y_pred`, scaled as the
        gradient is. Not together with `focal_gamma`, `poly_epsilon` or `logit_softcap`.
    log_sum_exp : bool, default False
        Ask for lse(z) of each row, for logits only: z after scale and soft cap.
    argmax : bool, default False
        Ask for the index of the largest entry of each row, the lowest of equals; of a row with a NaN, the first NaN's.
        With labels also for the number of rows where it is the label.
    divisor : {"weights", "count", "batch"}, default "weights"
        What the mean divides by: the sum of the weights, which are s w_y of the rows not ignored for labels and s for
        distributions (without any weights, the number of rows not ignored); the number of rows not ignored; or the
        number of rows.
    measure : {"cross_entropy", "kl_divergence"}, default "cross_entropy"
        The Kullback-Leibler divergence adds sum_c w_c t_c log t_c, where 0 log 0 is 0. The gradient is the same.
    accumulate_gradient : bool, default False
        Add to the array passed as `gradient` instead of overwriting it.
    num_threads : int, default 0
        0 leaves the choice to the library (or to XENT_NUM_THREADS in the environment), 1 stays in the calling thread.
        The results are the same to the last bit.
    ignore_index : int, optional
        For labels only, and any integer: rows whose label equals it add nothing, count nothing, are not checked, and
        get a gradient of exactly zero, whatever their entries of `y_pred` are. No default: -100 has to be given.
    normalizer : float, optional
        Positive and finite, for ``reduction="mean"``: the mean divides by this, whatever `divisor` says, as for
        gradients accumulated over micro-batches. None or 0: it does not.
    probability_floor : float, default 1e-15
        In [0, 0.5), for ``input="probabilities"``: p is clamped to [0, 1] and taken as at least this in loss and
        gradient. 0 turns it off, and a loss may be infinite.
    label_smoothing : float, default 0
        e in [0, 1]: t_c is replaced by (1-e) t_c + e/C, in every term.
    logit_scale : float, default 1
        a > 0, for logits: z is replaced by a z.
    logit_softcap : float, optional
        k > 0, for logits: z, scaled, is replaced by k tanh(z/k). None or 0: it is not.
    z_loss : float, default 0
        b >= 0, for logits: adds b lse(z)^2.
    focal_gamma : float, default 0
        g >= 0: the log term of each class is multiplied by (1-p_c)^g.
    poly_epsilon : float, default 0
        Any finite eps: adds eps sum_c w_c t_c (1-p_c), the first term of PolyLoss.
    class_weights : array_like, optional
        C finite numbers w of any sign: multiply every term that t multiplies. Floating arrays are read where they are,
        other numbers taken as float64; so for the next two.
    sample_weights : array_like, optional
        Finite numbers s of any sign, of the shape of `y_pred` without the class axis: multiply a row's loss and
        gradient.
    upstream : array_like, optional
        Numbers that multiply gradient and Hessian, as the chain rule has it: one, or for ``"none"`` also one a
        row.
    focal_alpha, pos_weight
        Have no meaning for categorical targets: anything but the default is an `OptionError`.

    Returns
    -------
    Result
        With `loss`, what was asked for, and totals. `loss` for ``"none"``, `log_sum_exp` and `argmax` have the shape of
        `y_pred` without the class axis. `loss` and `log_sum_exp` are float64 for float64 `y_pred`, else float32;
        `argmax` is int64.

    Raises
    ------
    ShapeError
        An array has not the shape that belongs to `y_pred`, or one to write to is not aligned to its elements, or there
        are no classes.
    ElementTypeError
        `y_pred` is an integer array, say, or labels are uint64 or bool; or an array lies on another device, or requires
        a gradient of its own.
    OptionError
        An option is unknown, out of its range, or without meaning for the call; or an array to write to is read-only.
    LabelError
        A label is outside [0, C), and is not `ignore_index`. All are checked before anything is written.
    ProbabilityError
        A probability is outside [0, 1] by more than 1e-3 (16-bit types: 1e-2): nearly always logits passed without
        ``input="logits"``.
    TargetError
        An entry of a distribution is negative, infinite or NaN.
    OverlapError
        The memory of an array to write to overlaps that of another argument.

    Notes
    -----
    All logits of a row -inf, any of them +inf, and any NaN that is read make the loss and gradient of the row NaN and
    no other, and are no error. A logit of -inf with a positive target costs +inf. Where t_c or w_c is 0 a class adds
    nothing, whatever stands in `y_pred`. A row whose sample weight is 0 adds nothing, gets a gradient of zero, and
    counts. Of no rows, if all are ignored, and if the divisor of the mean is 0, loss and gradient are 0: `weight_sum` tells.

    After a `ProbabilityError` or `TargetError` the arrays passed as `gradient` and `hessian` may be partly written;
    after any other error they are untouched. May be called from several threads at once, for arrays to write to that do
    not overlap; the GIL is released.

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
    prediction = read("y_pred", y_pred)
    target = read_labels_or_distribution("y_true", y_true, prediction)
    chosen = options(
        input, axis, reduction, divisor, measure, accumulate_gradient, num_threads, ignore_index, normalizer,
        probability_floor, label_smoothing, logit_scale, logit_softcap, z_loss, focal_gamma, focal_alpha, poly_epsilon,
        class_weights, sample_weights, pos_weight, upstream,
    )  # fmt: skip
    return call(
        library.xent_categorical, library.xent_explain_categorical, target, prediction, chosen, True,
        gradient, hessian, log_sum_exp, argmax,
    )  # fmt: skip
