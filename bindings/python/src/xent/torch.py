"""Cross-entropy for PyTorch tensors in the memory of the CPU: the names, arguments and numbers of torch.nn.functional.

>>> import torch
>>> from xent.torch import cross_entropy
>>> logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, 0.0, 0.0]], requires_grad=True)
>>> cross_entropy(logits, torch.tensor([0, 2])).backward()
>>> logits.grad
tensor([[-0.1674,  0.1224,  0.0450],
        [ 0.1667,  0.1667, -0.3333]])

Tensors are read where they are, whatever their strides. If the input requires a gradient, it comes from the same pass
over the data as the loss.

Of small batches PyTorch's own functions are faster, because a Python autograd.Function alone costs about 30 us:
forward and backward of 4 x 3 logits take about 35 us there and 75 us here. From about 128 x 1000 logits on this module
is ahead.

What differs from PyTorch:

- Results are exact to a few units in the last place of the type of `input`; of 16-bit inputs they are those of float32,
  rounded once. A loss that PyTorch promotes to a wider type than that of `input` has no more digits for it.
  Under torch.autocast losses of 16-bit types are of float32, as in PyTorch, and not rounded.
- Rows that are ignored, and classes with a target or weight of 0, add 0 whatever the logits are, where PyTorch may
  give NaN. So does the gradient where all weights are 0. The mean over nothing is NaN, as in PyTorch.
- Labels may have any integer type but uint64; weights may have another floating type than `input`.
- Targets are checked: labels outside [0, C), class probabilities below 0, binary targets outside [0, 1] and weights
  that are not finite are refused.
- Gradients are of the first order, by backward passes, and in `input` alone: what needs others raises an error. So do
  the transforms of torch.func.
"""

from __future__ import annotations

import math
import warnings
from typing import Any, Optional

import numpy as np
import torch
from numpy.typing import NDArray

from ._arrays import converted, read_numbers
from ._autograd import FLOATING, INTEGERS, Loss, Problem, check, loss, widened
from ._errors import OptionError, ShapeError, TargetError
from ._losses import binary_cross_entropy, categorical_cross_entropy
from ._options import REDUCTIONS, choice, flag, integer

__all__ = ["BCEWithLogitsLoss", "CrossEntropyLoss", "binary_cross_entropy_with_logits", "cross_entropy"]


def cross_entropy(
    input: torch.Tensor,
    target: torch.Tensor,
    weight: Optional[torch.Tensor] = None,
    size_average: Optional[bool] = None,
    ignore_index: int = -100,
    reduce: Optional[bool] = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> torch.Tensor:
    """As torch.nn.functional.cross_entropy: of logits, with labels or class probabilities.

    ::

        l = sum_c w_c t_c (lse(z) - z_c)      t_c <- (1-e) t_c + e/C      e = label_smoothing, w = weight

    for each row z of C logits and its target t; a label stands for t = 1 at its class and 0 elsewhere.

    Parameters
    ----------
    input : Tensor
        Logits: float64, float32, float16 or bfloat16, of shape (C), (N, C) or (N, C, d1, d2, ...).
    target : Tensor
        Labels in [0, C), of an integer type and the shape of `input` without C, for (C) also (1); or class
        probabilities, of a floating type and the shape of `input`.
    weight : Tensor, optional
        C finite numbers.
    ignore_index : int, default -100
        Rows with this label add nothing, and get a gradient of zero. Not for class probabilities.
    reduction : {"mean", "sum", "none"}, default "mean"
        The mean divides by the sum of the labels' weights over all rows that are not ignored, with class probabilities
        by the number of rows.
    label_smoothing : float, default 0
        In [0, 1].
    size_average, reduce : bool, optional
        Deprecated: together they stand for a `reduction`.

    Returns
    -------
    Tensor
        One value, or for "none" one a row. Its type is that of `input`; with class probabilities, that to which the
        types of `input` and `target` promote.

    Raises
    ------
    ElementTypeError
        An argument is no tensor, or has a wrong element type, or is sparse or on another device; or one but `input`
        requires a gradient.
    ShapeError
        The shapes of the arguments do not belong together.
    LabelError, TargetError
        A label is outside [0, C), and is not `ignore_index`; a class probability is below 0, infinite or NaN.
    OptionError
        `reduction`, `label_smoothing`, `weight` or `ignore_index` has a value that is not allowed.
    XentError
        Under a transform of torch.func or forward-mode differentiation. In a backward pass: a second derivative is
        asked for.
    """
    check("input", input, FLOATING)
    shape = tuple(input.shape)
    if not shape:
        raise ShapeError("input has shape (), expected (C), (N, C) or (N, C, d1, ...)")
    axis = 0 if len(shape) == 1 else 1
    rows = shape[:axis] + shape[axis + 1 :]
    loss_type = widened(input.dtype)
    options = {
        "axis": axis,
        "reduction": _reduction(size_average, reduce, reduction),
        "label_smoothing": label_smoothing,
    }
    check("target", target, FLOATING + INTEGERS)
    if target.shape == shape:
        check("target of the shape of input", target, FLOATING)
        if integer("ignore_index", ignore_index, 64) >= 0:
            raise OptionError(f"ignore_index is {ignore_index}, but target holds class probabilities, not labels")
        loss_type = torch.promote_types(loss_type, widened(target.dtype))
    elif target.shape == rows or not rows and target.shape == (1,):
        check("target of the shape of labels", target, INTEGERS)
        if not rows:
            target = target.reshape(rows)
        options["ignore_index"] = ignore_index
    else:
        raise ShapeError(
            f"target has shape {tuple(target.shape)}, expected {rows} for labels or {shape} for class probabilities"
        )
    if weight is not None:
        check("weight", weight, FLOATING)
        if weight.shape != (shape[axis],):
            raise ShapeError(f"weight has shape {tuple(weight.shape)}, expected {(shape[axis],)}")
    return loss(Problem(_categorical, options, loss_type), input, target, weight)


def binary_cross_entropy_with_logits(
    input: torch.Tensor,
    target: torch.Tensor,
    weight: Optional[torch.Tensor] = None,
    size_average: Optional[bool] = None,
    reduce: Optional[bool] = None,
    reduction: str = "mean",
    pos_weight: Optional[torch.Tensor] = None,
) -> torch.Tensor:
    """As torch.nn.functional.binary_cross_entropy_with_logits: every element of `input` is a problem of its own.

    ::

        l = w ( v y softplus(-z) + (1-y) softplus(z) )      w = weight, v = pos_weight

    Parameters
    ----------
    input : Tensor
        Logits z: float64, float32, float16 or bfloat16, of any shape.
    target : Tensor
        Targets y in [0, 1], of a floating type and the shape of `input`.
    weight : Tensor, optional
        Finite numbers, of a shape that broadcasts to that of `input`.
    reduction : {"mean", "sum", "none"}, default "mean"
        The mean divides by the number of elements, whatever the weights.
    pos_weight : Tensor, optional
        Likewise. One value, or one for each position of the last axis, are the fastest.
    size_average, reduce : bool, optional
        Deprecated: together they stand for a `reduction`.

    Returns
    -------
    Tensor
        One value, or for "none" one an element; of the type of `target`, as in PyTorch.

    Raises
    ------
    ElementTypeError, ShapeError, OptionError, XentError
        As in `cross_entropy`.
    TargetError
        A target is outside [0, 1] or NaN.
    """
    check("input", input, FLOATING)
    check("target", target, FLOATING)
    if target.shape != input.shape:
        raise ShapeError(f"target has shape {tuple(target.shape)}, expected that of input, {tuple(input.shape)}")
    for name, values in (("weight", weight), ("pos_weight", pos_weight)):
        if values is not None:
            check(name, values, FLOATING)
            _check_broadcast(name, tuple(values.shape), tuple(input.shape))
    options = {"reduction": _reduction(size_average, reduce, reduction)}
    if options["reduction"] == "mean":
        options["divisor"] = "count"
    return loss(Problem(_binary, options, widened(target.dtype)), input, target, weight, pos_weight)


class CrossEntropyLoss(torch.nn.CrossEntropyLoss):
    """torch.nn.CrossEntropyLoss that calls `cross_entropy` of this module."""

    def forward(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The loss."""
        return cross_entropy(
            input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )  # fmt: skip


class BCEWithLogitsLoss(torch.nn.BCEWithLogitsLoss):
    """torch.nn.BCEWithLogitsLoss that calls `binary_cross_entropy_with_logits` of this module."""

    def forward(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The loss."""
        return binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


def _categorical(
    input: NDArray[Any], target: NDArray[Any], weight: Optional[NDArray[Any]], **options: Any
) -> Loss:
    result = categorical_cross_entropy(target, input, input="logits", class_weights=weight, **options)
    if options["reduction"] == "mean" and result.weight_sum == 0:
        return math.nan
    return result.loss


def _binary(
    input: NDArray[Any],
    target: NDArray[Any],
    weight: Optional[NDArray[Any]],
    pos_weight: Optional[NDArray[Any]],
    **options: Any,
) -> Loss:
    if options["reduction"] == "mean" and input.size == 0:
        return math.nan
    if pos_weight is not None:
        if pos_weight.size not in (1, *pos_weight.shape[-1:]):
            return _binary_in_two(input, target, weight, pos_weight, **options)
        pos_weight = pos_weight.reshape(-1)
    return binary_cross_entropy(
        target, input, input="logits", sample_weights=weight, pos_weight=pos_weight, **options
    ).loss


def _binary_in_two(
    input: NDArray[Any],
    target: NDArray[Any],
    weight: Optional[NDArray[Any]],
    pos_weight: NDArray[Any],
    gradient: Any,
    **options: Any,
) -> Loss:
    """Where pos_weight varies along other axes than the last: a call for y and one for 1-y, weighted with these."""
    dtype = np.dtype("f8" if input.dtype == np.dtype("f8") else "f4")
    y = converted("target", read_numbers("target", target), dtype)
    if not np.all((y >= 0) & (y <= 1)):
        raise TargetError("target holds values outside [0, 1]")
    factor = converted("pos_weight", read_numbers("pos_weight", pos_weight), dtype)
    if not np.all(np.isfinite(factor)):
        raise OptionError("pos_weight holds values that are not finite")
    positive, negative = y * factor, 1 - y
    if weight is not None:
        factor = converted("weight", read_numbers("weight", weight), dtype)
        positive, negative = positive * factor, negative * factor
    one, zero = (np.broadcast_to(dtype.type(value), input.shape) for value in (1, 0))
    options.update(input="logits", gradient=gradient)
    first = binary_cross_entropy(one, input, sample_weights=positive, **options)
    options["accumulate_gradient"] = gradient is not False
    second = binary_cross_entropy(zero, input, sample_weights=negative, **options)
    return first.loss + second.loss


def _check_broadcast(name: str, shape: tuple[int, ...], whole: tuple[int, ...]) -> None:
    try:
        fits = np.broadcast_shapes(shape, whole) == whole
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(f"{name} has shape {shape}, which does not broadcast to that of input, {whole}")


def _reduction(size_average: Optional[bool], reduce: Optional[bool], reduction: str) -> str:
    """The reduction that the deprecated arguments stand for, if one is given."""
    if size_average is None and reduce is None:
        choice("reduction", reduction, REDUCTIONS)
        return reduction
    if reduce is None or flag("reduce", reduce):
        reduction = "mean" if size_average is None or flag("size_average", size_average) else "sum"
    else:
        reduction = "none"
    warnings.warn(f"size_average and reduce are deprecated, use reduction={reduction!r} instead", stacklevel=3)
    return reduction
