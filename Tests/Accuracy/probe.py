"""Builds probe.swift with the kernels' sources for one instruction set, and calls what it exports."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "accuracy"
SUFFIX = {np.dtype(np.float32): "f32", np.dtype(np.float64): "f64"}

# The flags of the kernel modules in CMakeLists.txt.
SWIFT_FLAGS = ["-swift-version", "6", "-parse-as-library", "-wmo", "-static", "-Xfrontend", "-function-sections"]
SWIFT_FLAGS += ["-Xcc", "-fPIC", "-enable-experimental-feature", "Embedded"]
SET_FLAGS = {
    "baseline": [],
    "avx2": ["-Xcc", "-march=x86-64-v3"],
    "avx512": ["-Xcc", "-march=x86-64-v4"],
}


def find_swiftc() -> str:
    """The Swift compiler, where CMakeLists.txt looks for it."""
    folders = [os.environ.get("PATH", ""), os.environ.get("SWIFT_HOME", "")]
    folders += ["/opt/swift/usr/bin", "/usr/local/swift/usr/bin"]
    compiler = os.environ.get("XENT_SWIFTC") or shutil.which("swiftc", path=os.pathsep.join(folders))
    if compiler is None:
        raise FileNotFoundError("no swiftc found")
    return compiler


def run(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True, cwd=ROOT)


def build(instruction_set: str) -> Path:
    """The probe's library, made again if a source is newer."""
    # Without the kernel table nothing asks for the row kernels, which take most of the compiler's time.
    kernels = [path for path in (ROOT / "Sources/Kernels").glob("*.swift") if path.name != "KernelTable.swift"]
    interface = sorted((ROOT / "Sources/KernelInterface").glob("*.swift"))
    sources = [Path(__file__).with_name("probe.swift"), *sorted(kernels)]
    library = BUILD / f"libprobe-{instruction_set}.so"
    newest = max(path.stat().st_mtime for path in [Path(__file__), *sources, *interface])
    if library.exists() and library.stat().st_mtime > newest:
        return library
    BUILD.mkdir(parents=True, exist_ok=True)
    swiftc, folders = find_swiftc(), ["-I", str(BUILD), "-I", str(ROOT / "Sources/Platform")]
    module = ["-emit-module", "-emit-module-path", str(BUILD / "XentKernelInterface.swiftmodule")]
    interface_object, probe_object = BUILD / "KernelInterface.o", BUILD / f"probe-{instruction_set}.o"
    run(swiftc, *SWIFT_FLAGS, *folders, "-O", "-module-name", "XentKernelInterface", *module, "-c", *interface,
        "-o", interface_object)  # fmt: skip
    run(swiftc, *SWIFT_FLAGS, *folders, "-Ounchecked", *SET_FLAGS[instruction_set], "-module-name", "Probe",
        "-c", *sources, "-o", probe_object)  # fmt: skip
    run("cc", "-shared", "-Wl,--gc-sections", probe_object, interface_object, "-lm", "-o", library)
    return library


class Scale(NamedTuple):
    """What a scaled exponential takes off, and how far above the reference its x may be."""

    base: float
    shift: int
    reach: float


class Probe:
    """The vector functions of one instruction set, each over whole arrays of float32 or float64."""

    def __init__(self, instruction_set: str) -> None:
        self._library = ctypes.CDLL(str(build(instruction_set)))

    def __call__(self, function: str, arguments: Sequence[np.ndarray]) -> np.ndarray:
        """`function` of one or two arrays of the same type."""
        result = np.empty_like(arguments[0])
        pointers = [ctypes.c_void_p(array.ctypes.data) for array in [*arguments, result]]
        self._function(function, result)(*pointers, ctypes.c_size_t(result.size))
        return result

    def scaled_exponential(self, x: np.ndarray, reference: float) -> tuple[np.ndarray, Scale]:
        """e^(x - base) 2^-shift with the scale of a row that has the reference."""
        result, scale = np.empty_like(x), (ctypes.c_double * 3)()
        self._function("scaledExponential", x)(
            ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(result.ctypes.data), ctypes.c_size_t(x.size),
            ctypes.c_double(reference), scale)  # fmt: skip
        return result, Scale(scale[0], int(scale[1]), scale[2])

    def _function(self, name: str, array: np.ndarray) -> ctypes._NamedFuncPointer:
        function = getattr(self._library, f"probe_{name}_{SUFFIX[array.dtype]}")
        function.restype = None
        return function
