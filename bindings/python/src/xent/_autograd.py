"""What xent.torch stands on: tensors as arrays of their memory, and losses that autograd can differentiate."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Optional, Union

import torch
from numpy.typing import NDArray
from torch.autograd.forward_ad import unpack_dual

from ._dlpack import FAILURES, from_torch
from ._errors import ElementTypeError, XentError

FLOATING = (torch.float32, torch.float64, torch.bfloat16, torch.float16)
INTEGERS = tuple(
    getattr(torch, name)
    for name in ("int64", "int32", "int16", "int8", "uint8", "uint16", "uint32")
    if hasattr(torch, name)  # older versions have no uint16
)

Loss = Union[float, NDArray[Any]]

# Whether a transform of torch.func is under way, whose tensors have no memory. autograd.Function asks the same.
_is_transformed = getattr(torch._C, "_are_functorch_transforms_active", lambda: False)

# What the tensors of a call are called, in their order.
_NAMES = ("input", "target", "weight", "pos_weight")

# What they are called here, by what the library calls them in its errors.
_NAMES_HERE = {"y_pred": "input", "y_true": "target", "class_weights": "weight", "sample_weights": "weight"}
_LIBRARY_NAMES = re.compile(rf"\b({'|'.join(_NAMES_HERE)})\b")


class Problem(NamedTuple):
    """A loss function, with all of a call that is not a tensor.

    `evaluate` takes the tensors' arrays (None for those not given), `gradient` as xent does, and the options.
    """

    evaluate: Callable[..., Loss]
    options: Mapping[str, Any]
    loss_type: torch.dtype


def check(name: str, tensor: Any, types: tuple[torch.dtype, ...]) -> None:
    """Refuse what is not a dense tensor of these element types in the memory of the CPU."""
    if not isinstance(tensor, torch.Tensor):
        raise ElementTypeError(f"{name} is of type {type(tensor).__name__}, expected a torch.Tensor")
    if tensor.device.type != "cpu":
        raise ElementTypeError(f"{name} lies on {tensor.device}, expected a tensor in the memory of the CPU")
    if tensor.layout is not torch.strided:
        raise ElementTypeError(f"{name} has layout {tensor.layout}, expected a dense tensor")
    if tensor.dtype not in types:
        *first, last = map(str, types)
        raise ElementTypeError(f"{name} has element type {tensor.dtype}, expected {', '.join(first)} or {last}")


def widened(dtype: torch.dtype) -> torch.dtype:
    """The type of a loss that is `dtype` outside of torch.autocast, which has PyTorch take losses in float32."""
    if dtype not in (torch.float16, torch.bfloat16):
        return dtype
    if hasattr(torch, "get_autocast_dtype"):
        return torch.float32 if torch.is_autocast_enabled("cpu") else dtype
    return torch.float32 if torch.is_autocast_cpu_enabled() else dtype  # before PyTorch 2.4


def loss(problem: Problem, *tensors: Optional[torch.Tensor]) -> torch.Tensor:
    """The loss of checked tensors: input, target, and what there is of weight and pos_weight."""
    if _is_transformed():
        raise XentError("xent.torch does not support the transforms of torch.func (grad, vmap, jvp, ...): use autograd")
    if any(tensor is not None and unpack_dual(tensor).tangent is not None for tensor in tensors):
        raise XentError("xent.torch does not support forward-mode differentiation: use a backward pass")
    if not torch.is_grad_enabled():
        return _evaluate(problem, None, *tensors)
    for name, tensor in zip(_NAMES[1:], tensors[1:]):
        if tensor is not None and tensor.requires_grad:
            raise ElementTypeError(
                f"{name} requires a gradient, but xent.torch has only that of the loss in input: pass {name}.detach()"
            )
    if tensors[0] is None or not tensors[0].requires_grad:
        return _evaluate(problem, None, *tensors)
    result: torch.Tensor = _Loss.apply(problem, *tensors)
    return result


def _evaluate(problem: Problem, gradient: Optional[torch.Tensor], *tensors: Optional[torch.Tensor]) -> torch.Tensor:
    arrays = [None if tensor is None else _memory(name, tensor) for name, tensor in zip(_NAMES, tensors)]
    try:
        memory = False if gradient is None else _memory("gradient", gradient)
        value = problem.evaluate(*arrays, gradient=memory, **problem.options)
    except XentError as error:
        error.args = (_LIBRARY_NAMES.sub(lambda found: _NAMES_HERE[found[0]], str(error)),)
        raise
    if isinstance(value, float):
        return torch.scalar_tensor(value, dtype=problem.loss_type)
    return torch.from_numpy(value).to(problem.loss_type)


def _memory(name: str, tensor: torch.Tensor) -> NDArray[Any]:
    """The memory of a tensor as an array, or of a copy if it is one that is stored as the negative of another."""
    if tensor.requires_grad:
        tensor = tensor.detach()
    try:
        return from_torch(tensor.resolve_neg() if tensor.is_neg() else tensor)
    except FAILURES as error:
        raise ElementTypeError(f"{name} cannot be read as an array: {error}") from error


def _with_gradient(problem: Problem, *tensors: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """The loss, and its gradient in the first tensor before the chain rule.

    A gradient of float16 stays in float32 until then: a loss is scaled up to keep it from vanishing in float16.
    """
    input = tensors[0]
    gradient = torch.empty_like(input, dtype=torch.float32 if input.dtype is torch.float16 else input.dtype)
    return _evaluate(problem, gradient, *tensors), gradient


class _Loss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, problem: Problem, *tensors: Any) -> torch.Tensor:
        value, gradient = _with_gradient(problem, *tensors)
        ctx.problem, ctx.gradient, ctx.type = problem, gradient, tensors[0].dtype
        ctx.save_for_backward(*tensors)
        return value

    @staticmethod
    def backward(ctx: Any, upstream: torch.Tensor) -> tuple[Any, ...]:
        # A backward pass scales the gradient in place and gives it away, which spares a pass over memory and an array.
        # Another pass through the same graph computes it anew: what it was may have become somebody's `grad`.
        gradient, ctx.gradient = ctx.gradient, None
        if gradient is None:
            _, gradient = _with_gradient(ctx.problem, *ctx.saved_tensors)
        factor = upstream.detach()
        if 0 < factor.dim() < gradient.dim():
            factor = factor.unsqueeze(1)  # one value a row: at the place of the class axis
        if factor.dim() > 0 or factor.item() != 1:
            gradient.mul_(factor)
        gradient = gradient.to(ctx.type)
        if torch.is_grad_enabled():  # create_graph=True
            gradient = _FirstOrder.apply(gradient, ctx.saved_tensors[0])
        return (None, gradient) + (None,) * (len(ctx.needs_input_grad) - 2)


class _FirstOrder(torch.autograd.Function):
    """The gradient as a function of the input that cannot be differentiated, rather than as a constant."""

    @staticmethod
    def forward(ctx: Any, gradient: torch.Tensor, input: torch.Tensor) -> torch.Tensor:
        return gradient

    @staticmethod
    def backward(ctx: Any, upstream: torch.Tensor) -> Any:
        raise XentError("xent.torch has no second derivatives: the gradient of a loss cannot be differentiated again")
