"""Compiles the C helpers of this folder, and measures memory with one of them."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Callable
from ctypes import c_int, c_size_t, c_uint64, c_void_p
from pathlib import Path

import numpy as np

from problems import aligned

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build" / "benchmarks"
COMPILER = os.environ.get("CC", "cc")


class Missing(Exception):
    """Something that the benchmark can do without, and why it is not there."""


def compile_helper(name: str, *flags: str) -> ctypes.CDLL:
    """NAME.c of this folder as a loaded shared library. Raises Missing if it cannot be built or loaded."""
    BUILD.mkdir(parents=True, exist_ok=True)
    library = BUILD / f"{name}.so"
    command = [COMPILER, "-std=gnu11", "-O3", "-march=native", "-Wall", "-Wextra", "-shared", "-fPIC"]
    command += [f"-I{ROOT / 'include'}", str(HERE / f"{name}.c"), "-o", str(library), *flags]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        raise Missing(f"no C compiler ({error})") from error
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if "error" in line] or done.stderr.splitlines()
        raise Missing(f"{name}.c does not compile: {lines[0] if lines else done.returncode}")
    try:
        return ctypes.CDLL(str(library))
    except OSError as error:
        raise Missing(f"{name}.so does not load: {error}") from error


class Limits:
    """The machine's read and copy limits, on two arrays that no cache holds."""

    # The ways of limits.c's enumeration.
    WAYS = {"read": (0, 1), "copy": (2, 3, 4)}

    def __init__(self, mebibytes: int) -> None:
        self._run = compile_helper("limits", "-pthread").limits_run
        self._run.argtypes, self._run.restype = [c_int, c_void_p, c_void_p, c_size_t, c_int], c_uint64
        self._size = mebibytes << 20
        self._source = aligned((self._size // 8,), "uint64")
        self._target = aligned((self._size // 8,), "uint64")
        self._source[:] = np.arange(len(self._source), dtype=np.uint64)
        self._target[:] = 0

    def bytes(self, kind: str) -> int:
        """Bytes that one call moves; a copy counts in both directions."""
        return self._size * (2 if kind == "copy" else 1)

    def call(self, kind: str, way: int, threads: int) -> Callable[[], object]:
        """A function that reads or copies the whole array once."""
        arguments = (way, self._source.ctypes.data, self._target.ctypes.data, self._size, threads)
        return lambda: self._run(*arguments)

    def check(self) -> None:
        """Raises if a way does not read, or does not copy, all of the array."""
        expected = int(self._source.sum())
        for threads in (1, 3):
            for way in self.WAYS["read"]:
                if self.call("read", way, threads)() != expected:
                    raise SystemExit(f"limits.c, way {way}, does not read the whole array")
            for way in self.WAYS["copy"]:
                self._target[:] = 0
                self.call("copy", way, threads)()
                if not np.array_equal(self._source, self._target):
                    raise SystemExit(f"limits.c, way {way}, does not copy the whole array")
