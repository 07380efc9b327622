"""The contiguous functions of libxent, straight from the shared library."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cases import Problem

INPUTS = {"probabilities": 0, "logits": 1, "log-probabilities": 2}
TYPES = {"float32": 0, "float64": 1}
REDUCTIONS = {"mean": 0, "none": 2}
FUNCTIONS = {"binary": "binary", "labels": "sparse_categorical", "distribution": "categorical"}


class Options(ctypes.Structure):
    """xent_options of include/xent.h."""

    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        *((name, ctypes.c_int32) for name in ("input", "axis", "reduction", "divisor", "measure",
                                              "accumulate_gradient", "num_threads", "has_ignore_index")),
        ("ignore_index", ctypes.c_int64),
        *((name, ctypes.c_double) for name in ("normalizer", "probability_floor", "label_smoothing", "logit_scale",
                                               "logit_softcap", "z_loss", "focal_gamma", "focal_alpha",
                                               "poly_epsilon")),
        *((name, ctypes.c_void_p) for name in ("class_weights", "sample_weights", "pos_weight", "upstream")),
    ]  # fmt: skip


class Array(ctypes.Structure):
    """xent_array of include/xent.h, of one axis."""

    _fields_ = [
        ("data", ctypes.c_void_p), ("type", ctypes.c_int), ("ndim", ctypes.c_int32),
        ("shape", ctypes.POINTER(ctypes.c_int64)), ("strides", ctypes.POINTER(ctypes.c_int64)),
    ]  # fmt: skip

    def __init__(self, values: np.ndarray) -> None:
        shape = (ctypes.c_int64 * 1)(values.size)
        super().__init__(values.ctypes.data, TYPES[values.dtype.name], 1, shape, None)
        self.kept = values, shape


class Library:
    def __init__(self, path: Path) -> None:
        self._library = ctypes.CDLL(str(path.resolve()))
        for name in ("xent_version", "xent_instruction_set", "xent_status_string"):
            getattr(self._library, name).restype = ctypes.c_char_p
        self.version = self._library.xent_version().decode()
        self.instruction_set = self._library.xent_instruction_set().decode()

    def __call__(
        self, problem: Problem, reduction: str, values: Mapping[str, float | np.ndarray] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Loss (one a row, or one) and gradient of a problem with options by name."""
        options = Options()
        views = []
        self._library.xent_options_init(ctypes.byref(options))
        options.input, options.reduction = INPUTS[problem.input], REDUCTIONS[reduction]
        for name, value in [*problem.options, *(values or {}).items()]:
            if name in ("sample_weights", "pos_weight", "upstream"):
                views.append(Array(np.atleast_1d(np.asarray(value))))
                setattr(options, name, ctypes.addressof(views[-1]))
            else:
                setattr(options, name, value)
        y_true, y_pred = np.ascontiguousarray(problem.y_true), np.ascontiguousarray(problem.y_pred)
        sizes = [ctypes.c_size_t(size) for size in y_pred.shape]
        loss = np.empty(y_pred.shape[0] if reduction == "none" else 1, y_pred.dtype)
        gradient = np.empty_like(y_pred)
        arrays = [ctypes.c_void_p(array.ctypes.data) for array in (y_true, y_pred, loss, gradient)]
        function = self._library[f"xent_{FUNCTIONS[problem.target]}_f{8 * y_pred.itemsize}"]
        status = function(*arrays[:2], *sizes, ctypes.byref(options), *arrays[2:])
        if status != 0:
            reason = self._library.xent_status_string(status).decode()
            raise RuntimeError(f"{problem.title}: status {status}, {reason}")
        return loss, gradient
