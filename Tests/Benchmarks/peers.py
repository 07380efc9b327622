"""The libraries that xent is compared with, each used as its own documentation has it."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from ctypes import c_int, c_int64, c_void_p
from typing import Any

import numpy as np

from contestants import Answer, Contestant, Library
from native import Missing, compile_helper
from problems import Array, Problem, Shape, aligned


class NumPy:
    """A plain log-softmax, or the binary formula, as one writes it. Elementwise NumPy uses one thread."""

    name = "NumPy"
    version = np.__version__

    def set_threads(self, threads: int) -> None:
        """One, always."""

    def contestants(self, problem: Problem, threads: int) -> Iterator[Contestant]:
        if threads > 1:
            return
        y, x = problem.y_true, problem.y_pred
        rows = np.arange(len(y))

        def log_softmax() -> Array:
            shifted = x - x.max(axis=1, keepdims=True)
            return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))

        def categorical() -> tuple[Any, None]:
            return -log_softmax()[rows, y].mean(), None

        def categorical_gradient() -> tuple[Any, Array]:
            log_p = log_softmax()
            gradient = np.exp(log_p)
            gradient[rows, y] -= 1
            gradient /= len(y)
            return -log_p[rows, y].mean(), gradient

        def logits() -> tuple[Any, None]:
            return (np.maximum(x, 0) - x * y + np.log1p(np.exp(-np.abs(x)))).mean(), None

        def logits_gradient() -> tuple[Any, Array]:
            return logits()[0], (1 / (1 + np.exp(-x)) - y) / len(y)

        def probabilities() -> tuple[Any, None]:
            return -(y * np.log(x) + (1 - y) * np.log1p(-x)).mean(), None

        def probabilities_gradient() -> tuple[Any, Array]:
            return probabilities()[0], ((1 - y) / (1 - x) - y / x) / len(y)

        def read(result: tuple[Any, Array | None]) -> Answer:
            return float(result[0]), result[1]

        forward, gradient = {
            "categorical logits": (categorical, categorical_gradient),
            "binary logits": (logits, logits_gradient),
            "binary probabilities": (probabilities, probabilities_gradient),
        }[problem.shape.loss]
        yield Contestant(self.name, forward, gradient, read)


class PyTorch:
    """torch.nn.functional, eager, and its backward."""

    name = "PyTorch"

    def __init__(self) -> None:
        try:
            import torch
        except ImportError as error:
            raise Missing(str(error)) from error
        self._torch = torch
        self.version = str(torch.__version__)

    def set_threads(self, threads: int) -> None:
        self._torch.set_num_threads(threads)

    def contestants(self, problem: Problem, threads: int) -> Iterator[Contestant]:
        torch, functional = self._torch, self._torch.nn.functional
        y, x = torch.from_numpy(problem.y_true), torch.from_numpy(problem.y_pred)
        tracked = x.detach().requires_grad_()
        loss = {
            "categorical logits": functional.cross_entropy,
            "binary logits": functional.binary_cross_entropy_with_logits,
            "binary probabilities": functional.binary_cross_entropy,
        }[problem.shape.loss]

        def forward() -> tuple[Any, None]:
            return loss(x, y), None

        def gradient() -> tuple[Any, Any]:
            value = loss(tracked, y)
            value.backward()
            result, tracked.grad = tracked.grad, None
            return value.detach(), result

        def read(result: tuple[Any, Any]) -> Answer:
            return float(result[0]), None if result[1] is None else result[1].numpy()

        yield Contestant(self.name, forward, gradient, read)


class Jax:
    """jit of optax's losses. The functions are compiled anew for every number of threads.

    XLA starts its threads once, for all processors, but asks how many of them it may use whenever it compiles: what
    is compiled while the process is held on one processor is a program for one thread.
    """

    name = "JAX"

    def __init__(self) -> None:
        try:
            import jax
            import optax
        except ImportError as error:
            raise Missing(str(error)) from error
        settings: Any = jax.config
        settings.update("jax_platforms", "cpu")
        settings.update("jax_enable_x64", True)
        jax.devices()
        self._jax, self._optax = jax, optax
        self.version = f"{jax.__version__} + optax {optax.__version__}"

    def set_threads(self, threads: int) -> None:
        """Follows the processors that the process may use."""

    def contestants(self, problem: Problem, threads: int) -> Iterator[Contestant]:
        jax, optax, numpy = self._jax, self._optax, self._jax.numpy
        y, x = jax.device_put(problem.y_true), jax.device_put(problem.y_pred)

        def categorical(x: Any, y: Any) -> Any:
            return optax.softmax_cross_entropy_with_integer_labels(x, y).mean()

        def logits(x: Any, y: Any) -> Any:
            return optax.sigmoid_binary_cross_entropy(x, y).mean()

        def probabilities(x: Any, y: Any) -> Any:  # optax has none
            return -(y * numpy.log(x) + (1 - y) * numpy.log1p(-x)).mean()

        function = {"categorical logits": categorical, "binary logits": logits, "binary probabilities": probabilities}
        loss = function[problem.shape.loss]
        value = jax.jit(loss).lower(x, y).compile()
        both = jax.jit(jax.value_and_grad(loss)).lower(x, y).compile()

        def read(result: Any) -> Answer:
            return (float(result[0]), np.asarray(result[1])) if isinstance(result, tuple) else (float(result), None)

        yield Contestant(
            self.name,
            lambda: jax.block_until_ready(value(x, y)),
            lambda: tuple(jax.block_until_ready(both(x, y))),
            read,
        )


class OneDNN:
    """oneDNN's logsoftmax, forward, float32, into an array that is kept. Picking the labels is not timed."""

    name = "oneDNN"

    def __init__(self) -> None:
        self._library = library = compile_helper("onednn", "-fopenmp", "-ldnnl")
        library.onednn_create.argtypes = [c_void_p, c_void_p, c_int64, c_int64]
        library.onednn_create.restype = c_void_p
        library.onednn_run.argtypes, library.onednn_run.restype = [c_void_p], c_int
        library.onednn_destroy.argtypes, library.onednn_destroy.restype = [c_void_p], None
        library.onednn_set_threads.argtypes, library.onednn_set_threads.restype = [c_int], None
        number = library.onednn_version()
        self.version = f"{number // 10000}.{number // 100 % 100}.{number % 100}"

    def set_threads(self, threads: int) -> None:
        self._library.onednn_set_threads(threads)

    def contestants(self, problem: Problem, threads: int) -> Iterator[Contestant]:
        shape = problem.shape
        if shape.loss != "categorical logits" or shape.dtype != "float32":
            return
        result = aligned(problem.y_pred.shape, shape.dtype)
        result.fill(0)
        handle = _Handle(self._library, problem.y_pred, result, shape)
        rows = np.arange(shape.rows)

        def forward() -> Array:
            handle.run()
            return result

        def read(log_p: Array) -> Answer:
            return -float(log_p[rows, problem.y_true].mean(dtype=np.float64)), None

        yield Contestant(self.name, forward, None, read)


class _Handle:
    """A problem of onednn.c, and its end."""

    def __init__(self, library: ctypes.CDLL, source: Array, target: Array, shape: Shape) -> None:
        self._library = library
        self._problem = library.onednn_create(source.ctypes.data, target.ctypes.data, shape.rows, shape.classes)
        if not self._problem:
            raise SystemExit(f"oneDNN refuses {shape.name}")

    def run(self) -> None:
        if self._library.onednn_run(self._problem):
            raise SystemExit("oneDNN's logsoftmax fails")

    def __del__(self) -> None:
        self._library.onednn_destroy(self._problem)


def available() -> tuple[list[Library], dict[str, str]]:
    """The peers that are here, and why the others are not."""
    found: list[Library] = []
    missing: dict[str, str] = {}
    for peer in (PyTorch, Jax, OneDNN, NumPy):
        try:
            found.append(peer())
        except Missing as reason:
            missing[peer.name] = str(reason)
    return found, missing
