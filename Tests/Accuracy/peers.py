"""The same functions and losses in PyTorch and JAX, where they are installed and have them. One thread each."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from cases import Problem


class Peer(Protocol):
    name: str
    version: str

    def function(self, name: str, x: np.ndarray) -> np.ndarray | None:
        """An elementary function by its NumPy name."""

    def loss(self, problem: Problem) -> tuple[np.ndarray, np.ndarray, float] | None:
        """Row losses, the gradient of each row's own loss, and the mean loss; None if the library has no such loss."""


class Torch:
    name = "PyTorch"

    def __init__(self) -> None:
        import torch

        torch.set_num_threads(1)
        self._torch = torch
        self.version = torch.__version__

    def function(self, name: str, x: np.ndarray) -> np.ndarray | None:
        return getattr(self._torch, name)(self._torch.from_numpy(x)).numpy()

    def loss(self, problem: Problem) -> tuple[np.ndarray, np.ndarray, float] | None:
        functional = self._torch.nn.functional
        function = {
            ("binary", "probabilities"): functional.binary_cross_entropy,
            ("binary", "logits"): functional.binary_cross_entropy_with_logits,
            ("labels", "logits"): functional.cross_entropy,
            ("labels", "log-probabilities"): functional.nll_loss,
            ("distribution", "logits"): functional.cross_entropy,
        }.get((problem.target, problem.input))
        if function is None:
            return None
        y_true = self._torch.from_numpy(problem.y_true)
        y_pred = self._torch.from_numpy(problem.y_pred).requires_grad_()
        losses = function(y_pred, y_true, reduction="none")
        losses.sum().backward()
        mean = function(y_pred.detach(), y_true, reduction="mean")
        return losses.detach().numpy(), y_pred.grad.numpy(), float(mean)


class Jax:
    name = "JAX"

    def __init__(self) -> None:
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
        os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
        import jax
        import optax

        jax.config.update("jax_enable_x64", True)
        self._jax = jax
        self.version = f"{jax.__version__}, optax {optax.__version__}"
        self._losses = {
            ("binary", "logits"): self._compiled(lambda z, y: optax.sigmoid_binary_cross_entropy(z, y)),
            ("labels", "logits"): self._compiled(optax.softmax_cross_entropy_with_integer_labels),
            ("distribution", "logits"): self._compiled(optax.softmax_cross_entropy),
        }
        self._functions = {name: jax.jit(getattr(jax.numpy, name)) for name in ("exp", "expm1", "log", "log1p")}

    def _compiled(self, loss: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def run(y_pred: Any, y_true: Any) -> Any:
            losses, backward = self._jax.vjp(lambda z: loss(z, y_true), y_pred)
            return losses, backward(self._jax.numpy.ones_like(losses))[0], losses.mean()

        return self._jax.jit(run)

    def function(self, name: str, x: np.ndarray) -> np.ndarray | None:
        return np.asarray(self._functions[name](x))

    def loss(self, problem: Problem) -> tuple[np.ndarray, np.ndarray, float] | None:
        function = self._losses.get((problem.target, problem.input))
        if function is None:
            return None
        losses, gradient, mean = function(problem.y_pred, problem.y_true)
        return np.asarray(losses), np.asarray(gradient), float(mean)


def installed() -> tuple[list[Peer], list[str]]:
    """The peers that can be imported, and a note on each that cannot."""
    peers: list[Peer] = []
    notes = []
    for peer in (Torch, Jax):
        try:
            peers.append(peer())
        except ImportError as error:
            notes.append(f"{peer.name} is skipped: {error}")
    return peers, notes
