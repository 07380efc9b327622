"""What is computed: the shapes, their data, and the loss and gradient that everybody has to agree with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Rows whose gradient is compared with the reference (binary: elements).
GRADIENT_ROWS = 16
# Elements that the reference converts to float64 at a time.
CHUNK = 1 << 22


@dataclass(frozen=True)
class Shape:
    """A loss (categorical logits, binary logits or binary probabilities) of rows x classes elements of one type."""

    loss: str
    rows: int
    classes: int
    dtype: str

    @property
    def name(self) -> str:
        size = f"{self.rows}x{self.classes}" if self.classes else f"{self.rows}"
        return f"{self.loss.replace(' ', '-')}-{size}-{self.dtype}"

    @property
    def title(self) -> str:
        size = f"{self.rows} × {self.classes}" if self.classes else f"{self.rows:,}".replace(",", " ")
        return f"{self.loss}, {size}, {self.dtype}"

    @property
    def elements(self) -> int:
        return self.rows * max(self.classes, 1)

    @property
    def input_bytes(self) -> int:
        """Bytes of y_pred: what GB/s count."""
        return self.elements * np.dtype(self.dtype).itemsize

    @property
    def forward_bytes(self) -> int:
        """Bytes that a forward pass has to read: y_pred and the targets."""
        return self.input_bytes + (self.rows * 8 if self.classes else self.input_bytes)

    @property
    def gradient_bytes(self) -> int:
        """Bytes that a pass with gradient has to read and to write."""
        return self.forward_bytes + self.input_bytes


SHAPES = (
    Shape("categorical logits", 32768, 1000, "float32"),
    Shape("categorical logits", 2048, 32000, "float32"),
    Shape("categorical logits", 1024, 128256, "float32"),
    Shape("categorical logits", 32768, 10, "float32"),
    Shape("binary logits", 1 << 24, 0, "float32"),
    Shape("binary probabilities", 1 << 24, 0, "float32"),
    Shape("categorical logits", 2048, 32000, "float64"),
    Shape("categorical logits", 32768, 10, "float64"),
)

# The same, small enough to see in seconds that everything works. Their figures mean nothing.
QUICK_SHAPES = tuple(
    Shape(s.loss, max(s.rows // (8 if s.classes == 10 else 64), 16), s.classes, s.dtype) for s in SHAPES
)


@dataclass(frozen=True)
class Problem:
    """A shape with data, and the exact answer: the mean loss and the first rows of its gradient, in float64."""

    shape: Shape
    y_true: Array
    y_pred: Array
    loss: float
    gradient: Array

    def check(self, name: str, loss: float, gradient: Array | None) -> None:
        """Raises if a contestant's answer is another than the reference's by more than its number format explains."""
        tolerance = 1e-4 if self.shape.dtype == "float32" else 1e-10
        if not abs(loss - self.loss) <= tolerance * abs(self.loss):
            raise SystemExit(f"{name} disagrees on {self.shape.name}: loss {loss!r}, expected {self.loss!r}")
        if gradient is not None:
            error = np.max(np.abs(gradient[:GRADIENT_ROWS].astype(np.float64) - self.gradient))
            if not error <= tolerance * np.max(np.abs(self.gradient)):
                raise SystemExit(f"{name} disagrees on {self.shape.name}: its gradient is off by {error:.3g}")


def aligned(shape: tuple[int, ...], dtype: str) -> Array:
    """An uninitialised array that starts at a cache line (what JAX needs to take it without a copy)."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    buffer = np.empty(size + 64, np.uint8)
    start = -buffer.ctypes.data % 64
    return buffer[start : start + size].view(dtype).reshape(shape)


def make(shape: Shape) -> Problem:
    """The shape's data, the same in every run: logits of standard deviation 3, and labels independent of them."""
    random: Any = np.random.default_rng(20250101)
    if shape.classes:
        y_pred = aligned((shape.rows, shape.classes), shape.dtype)
        random.standard_normal(out=y_pred, dtype=shape.dtype)
        y_pred *= 3
        y_true = random.integers(0, shape.classes, shape.rows)
        return Problem(shape, y_true, y_pred, *_categorical(y_true, y_pred))
    y_pred, y_true = aligned((shape.rows,), shape.dtype), aligned((shape.rows,), shape.dtype)
    y_true[:] = random.integers(0, 2, shape.rows, dtype=np.int8)
    if shape.loss == "binary logits":
        random.standard_normal(out=y_pred, dtype=shape.dtype)
        y_pred *= 3
    else:
        random.random(out=y_pred, dtype=shape.dtype)
        np.clip(y_pred, 1e-3, 1 - 1e-3, out=y_pred)
    return Problem(shape, y_true, y_pred, *_binary(y_true, y_pred, shape.loss == "binary logits"))


def _categorical(labels: Array, logits: Array) -> tuple[float, Array]:
    rows, classes = logits.shape
    step, total, gradient = max(CHUNK // classes, GRADIENT_ROWS), 0.0, None
    for first in range(0, rows, step):
        z, y = logits[first : first + step].astype(np.float64), labels[first : first + step]
        index = np.arange(len(y))
        z -= z.max(axis=1, keepdims=True)
        target = z[index, y]
        np.exp(z, out=z)
        sums = z.sum(axis=1)
        total += float(np.sum(np.log(sums) - target))
        if gradient is None:
            gradient = z[:GRADIENT_ROWS] / sums[:GRADIENT_ROWS, None]
            gradient[index[:GRADIENT_ROWS], y[:GRADIENT_ROWS]] -= 1
            gradient /= rows
    assert gradient is not None
    return total / rows, gradient


def _binary(y_true: Array, y_pred: Array, logits: bool) -> tuple[float, Array]:
    count, total = len(y_pred), 0.0
    for first in range(0, count, CHUNK):
        y = y_true[first : first + CHUNK].astype(np.float64)
        x = y_pred[first : first + CHUNK].astype(np.float64)
        if logits:
            total += float(np.sum(np.logaddexp(0, x) - y * x))
        else:
            total -= float(np.sum(y * np.log(x) + (1 - y) * np.log1p(-x)))
    y, x = y_true[:GRADIENT_ROWS].astype(np.float64), y_pred[:GRADIENT_ROWS].astype(np.float64)
    gradient = 1 / (1 + np.exp(-x)) - y if logits else (1 - y) / (1 - x) - y / x
    return total / count, gradient / count
