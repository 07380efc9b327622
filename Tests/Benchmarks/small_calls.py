"""Calls so small that only their overhead is left: four elements from C, a 4x3 matrix from Python."""

from __future__ import annotations

import ctypes
import importlib
import shutil
import sys
import time
from collections.abc import Callable
from ctypes import c_double, c_int, c_long, c_void_p
from pathlib import Path
from typing import Any

import numpy as np

from native import BUILD, ROOT, compile_helper
from problems import Array
from timing import Samples

SAMPLES = 9


def from_c(xent: ctypes.CDLL, repetitions: int) -> dict[str, Samples]:
    """Seconds of a call from C for four elements, loss and gradient."""
    helper = compile_helper("small_calls")
    found: dict[str, Samples] = {}
    for bits in (64, 32):
        timed = getattr(helper, f"small_call_f{bits}")
        timed.argtypes, timed.restype = [c_void_p, c_int, c_long], c_double
        function = ctypes.cast(getattr(xent, f"xent_binary_f{bits}"), c_void_p)
        for value, name in enumerate(("probabilities", "logits")):
            timed(function, value, repetitions)
            taken = [timed(function, value, repetitions) * 1e-9 for _ in range(SAMPLES)]
            if min(taken) < 0:
                raise SystemExit(f"xent_binary_f{bits} refuses four elements")
            found[f"xent_binary_f{bits}, {name}"] = Samples(taken)
    return found


def from_python(library: Path, repetitions: int) -> tuple[dict[str, Samples], dict[str, str]]:
    """Seconds of a call from Python for 4 rows of 3 classes, loss and gradient; and who could not be asked, and why."""
    labels = np.array([2, 0, 1, 2])
    logits = np.random.default_rng(1).standard_normal((4, 3)).astype(np.float32)
    found: dict[str, Samples] = {}
    missing: dict[str, str] = {}
    makers: dict[str, Callable[[], Callable[[], Any]]] = {
        "xent": lambda: _xent(library, labels, logits),
        "PyTorch": lambda: _pytorch(labels, logits),
        "JAX": lambda: _jax(labels, logits),
    }
    for name, make in makers.items():
        try:
            found[name] = _sample(make(), repetitions)
        except Exception as reason:  # whatever keeps a contestant from its call: it is named and left out
            missing[name] = str(reason)
    return found, missing


def _sample(call: Callable[[], Any], repetitions: int) -> Samples:
    taken = []
    for _ in range(SAMPLES + 1):
        start = time.perf_counter()
        for _ in range(repetitions):
            call()
        taken.append((time.perf_counter() - start) / repetitions)
    return Samples(taken[1:])


def _xent(library: Path, labels: Array, logits: Array) -> Callable[[], Any]:
    """The package's sources beside the very library that is measured: what an installation would be."""
    package = BUILD / "package" / "xent"
    if package.exists():
        shutil.rmtree(package)
    shutil.copytree(ROOT / "bindings" / "python" / "src" / "xent", package, ignore=lambda *_: ["__pycache__"])
    shutil.copy(library, package / "libxent.so")
    sys.path.insert(0, str(package.parent))
    try:
        loss = importlib.import_module("xent").categorical_cross_entropy
    finally:
        sys.path.pop(0)
    return lambda: loss(labels, logits, input="logits", gradient=True)


def _pytorch(labels: Array, logits: Array) -> Callable[[], Any]:
    torch: Any = importlib.import_module("torch")
    y, x = torch.from_numpy(labels), torch.from_numpy(logits).requires_grad_()

    def call() -> None:
        x.grad = None
        torch.nn.functional.cross_entropy(x, y).backward()

    return call


def _jax(labels: Array, logits: Array) -> Callable[[], Any]:
    jax: Any = importlib.import_module("jax")
    optax: Any = importlib.import_module("optax")

    def loss(x: Any, y: Any) -> Any:
        return optax.softmax_cross_entropy_with_integer_labels(x, y).mean()

    both, x, y = jax.jit(jax.value_and_grad(loss)), jax.device_put(logits), jax.device_put(labels)
    return lambda: jax.block_until_ready(both(x, y))
