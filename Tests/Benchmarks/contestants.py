"""What a contestant is, and xent itself, called through its C interface."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from ctypes import POINTER, byref, c_byte, c_char_p, c_int, c_int32, c_size_t, c_void_p
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from problems import Array, Problem, aligned

Answer = tuple[float, "Array | None"]


@dataclass(frozen=True)
class Contestant:
    """One way to compute a problem's loss: two functions to time, and one that makes numbers of what they return.

    forward and gradient return when the result is there. Whatever they return is released within the time taken, so
    that who allocates a result pays for it. read is not timed.
    """

    name: str
    forward: Callable[[], Any] | None
    gradient: Callable[[], Any] | None
    read: Callable[[Any], Answer]

    def check(self, problem: Problem) -> None:
        """Runs each function once, which also warms it up, and compares the answers with the problem's."""
        for function in (self.forward, self.gradient):
            if function:
                problem.check(self.name, *self.read(function()))


class Library(Protocol):
    """A library that takes part."""

    name: str
    version: str

    def set_threads(self, threads: int) -> None:
        """How many threads contestants made from here on may use."""

    def contestants(self, problem: Problem, threads: int) -> Iterator[Contestant]:
        """Its ways to compute the problem on so many processors; none if it has no such loss."""


class Options(ctypes.Structure):
    """The front of xent_options, and room for the rest, which xent_options_init fills in."""

    _fields_ = [
        ("struct_size", c_size_t),
        ("input", c_int32),
        ("axis", c_int32),
        ("reduction", c_int32),
        ("divisor", c_int32),
        ("measure", c_int32),
        ("accumulate_gradient", c_int32),
        ("num_threads", c_int32),
        ("rest", c_byte * 1024),
    ]


class Xent:
    """xent twice: with a gradient array that the caller keeps, and with one that is allocated for every call."""

    name = "xent"

    def __init__(self, path: Path) -> None:
        self.library = ctypes.CDLL(str(path))
        for function in (self.library.xent_version, self.library.xent_instruction_set, self.library.xent_status_string):
            function.restype = c_char_p
        self.version = self.library.xent_version().decode()
        self.instruction_set = self.library.xent_instruction_set().decode()
        self._gradient: Array = np.empty(0)

    def set_threads(self, threads: int) -> None:
        """The number of threads is part of each call."""

    def contestants(self, problem: Problem, threads: int) -> Iterator[Contestant]:
        shape = problem.shape
        if self._gradient.shape != problem.y_pred.shape or self._gradient.dtype != problem.y_pred.dtype:
            self._gradient = np.empty(0)  # the old one goes before the new one comes
            self._gradient = aligned(problem.y_pred.shape, shape.dtype)
            self._gradient.fill(0)
        options = Options()
        self.library.xent_options_init(byref(options))
        options.input = 0 if shape.loss == "binary probabilities" else 1
        options.num_threads = 1 if threads == 1 else 0
        loss = np.zeros(1, shape.dtype)
        kind = "sparse_categorical" if shape.classes else "binary"
        function = getattr(self.library, f"xent_{kind}_{'f32' if shape.dtype == 'float32' else 'f64'}")
        sizes = [shape.rows, shape.classes] if shape.classes else [shape.rows]
        function.argtypes = [c_void_p, c_void_p, *[c_size_t] * len(sizes), POINTER(Options), c_void_p, c_void_p]
        function.restype = c_int
        leading = [problem.y_true.ctypes.data, problem.y_pred.ctypes.data, *sizes, byref(options), loss.ctypes.data]

        def call(gradient: int | None) -> None:
            status = function(*leading, gradient)
            if status:
                raise SystemExit(f"xent refuses {shape.name}: {self.library.xent_status_string(status).decode()}")

        def forward() -> tuple[Array, None]:
            call(None)
            return loss, None

        def into(array: Array) -> tuple[Array, Array]:
            call(array.ctypes.data)
            return loss, array

        def read(result: tuple[Array, Array | None]) -> Answer:
            return float(result[0][0]), result[1]

        kept = self._gradient
        yield Contestant("xent", forward, lambda: into(kept), read)
        yield Contestant("xent, new array", None, lambda: into(np.empty_like(problem.y_pred)), read)
