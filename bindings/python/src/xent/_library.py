"""Finds libxent beside the package, loads it, and declares the part of include/xent.h that is called."""

from __future__ import annotations

import ctypes
import enum
import os
import sys
from ctypes import POINTER, c_char_p, c_double, c_int, c_int32, c_int64, c_size_t, c_void_p
from typing import Any

# The version of include/xent.h that the declarations below follow.
VERSION = "0.1.0"

_FILE = {"darwin": "libxent.dylib", "win32": "xent.dll"}.get(sys.platform, "libxent.so")


class Status(enum.IntEnum):
    """xent_status."""

    OK = 0
    NULL = 1
    SHAPE = 2
    TYPE = 3
    OPTION = 4
    LABEL = 5
    PROBABILITY = 6
    TARGET = 7
    OVERLAP = 8
    MEMORY = 9


class Array(ctypes.Structure):
    """xent_array. Pointers are plain addresses (faster to set): `owned` keeps the memory alive."""

    __slots__ = ("owned",)
    _fields_ = [
        ("data", c_void_p),
        ("type", c_int),
        ("ndim", c_int32),
        ("shape", c_void_p),
        ("strides", c_void_p),
    ]


class Options(ctypes.Structure):
    """xent_options. `weights` are the names and arrays that it is to point at, `views` their descriptors, kept alive."""

    weights: Any = None
    views: Any = None

    _fields_ = [
        ("struct_size", c_size_t),
        ("input", c_int32),
        ("axis", c_int32),
        ("reduction", c_int32),
        ("divisor", c_int32),
        ("measure", c_int32),
        ("accumulate_gradient", c_int32),
        ("num_threads", c_int32),
        ("has_ignore_index", c_int32),
        ("ignore_index", c_int64),
        ("normalizer", c_double),
        ("probability_floor", c_double),
        ("label_smoothing", c_double),
        ("logit_scale", c_double),
        ("logit_softcap", c_double),
        ("z_loss", c_double),
        ("focal_gamma", c_double),
        ("focal_alpha", c_double),
        ("poly_epsilon", c_double),
        ("class_weights", c_void_p),
        ("sample_weights", c_void_p),
        ("pos_weight", c_void_p),
        ("upstream", c_void_p),
    ]


class Outputs(ctypes.Structure):
    """xent_outputs."""

    _fields_ = [
        ("struct_size", c_size_t),
        ("loss", c_void_p),
        ("gradient", c_void_p),
        ("hessian", c_void_p),
        ("log_sum_exp", c_void_p),
        ("argmax", c_void_p),
        ("loss_sum", c_double),
        ("weight_sum", c_double),
        ("count", c_int64),
        ("correct", c_int64),
        ("error_index", c_int64),
    ]


def _load() -> ctypes.CDLL:
    # An editable install keeps the sources and the library in two folders; __path__ names both.
    folders = list(sys.modules[__package__ or "xent"].__path__)
    paths = [os.path.join(folder, _FILE) for folder in folders]
    path = next((path for path in paths if os.path.exists(path)), None)
    if path is None:
        raise ImportError(
            f"xent cannot find its library {_FILE} in {' or '.join(folders)}. The sources alone are not enough: "
            "install the package, which builds the library (pip install bindings/python)."
        )
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise ImportError(f"xent cannot load its library: {error}") from error
    try:
        _declare(library)
    except AttributeError as error:
        raise ImportError(f"{path} is not the library that xent {VERSION} needs: {error}") from error
    found = library.xent_version().decode()
    if found != VERSION:
        raise ImportError(f"{path} is version {found}, but the Python package is {VERSION}. Reinstall xent.")
    return library


def _declare(library: ctypes.CDLL) -> None:
    arrays: list[Any] = [POINTER(Array), POINTER(Array), POINTER(Options), POINTER(Outputs)]
    for loss in (library.xent_binary, library.xent_categorical):
        loss.argtypes, loss.restype = arrays, c_int
    for explain in (library.xent_explain_binary, library.xent_explain_categorical):
        explain.argtypes, explain.restype = [*arrays, c_char_p, c_size_t], c_size_t
    for descent in (library.xent_gradient_descent_f32, library.xent_gradient_descent_f64):
        descent.argtypes, descent.restype = [c_void_p, c_void_p, c_size_t, c_double], c_int
    for initialise in (library.xent_options_init, library.xent_outputs_init):
        initialise.argtypes, initialise.restype = [c_void_p], None
    library.xent_status_string.argtypes, library.xent_status_string.restype = [c_int], c_char_p
    library.xent_version.argtypes, library.xent_version.restype = [], c_char_p
    library.xent_instruction_set.argtypes, library.xent_instruction_set.restype = [], c_char_p


def _defaults(initialise: Any, structure: type[ctypes.Structure]) -> bytes:
    """The bytes of a struct as the library initialises it, once its size is known to be the one declared here."""
    buffer = ctypes.create_string_buffer(4096)  # ample, should the library's struct be larger than ours
    initialise(buffer)
    size = c_size_t.from_buffer(buffer).value
    if size != ctypes.sizeof(structure):
        raise ImportError(
            f"the library's xent_{structure.__name__.lower()} has {size} bytes, "
            f"the Python package's {ctypes.sizeof(structure)}. Reinstall xent."
        )
    return buffer.raw[:size]


library = _load()
DEFAULT_OPTIONS = _defaults(library.xent_options_init, Options)
DEFAULT_OUTPUTS = _defaults(library.xent_outputs_init, Outputs)
