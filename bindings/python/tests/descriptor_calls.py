"""Calls of the functions of xent.h on descriptors of arrays that are held as bits: of the 16-bit types that NumPy does not
have, and of NaN with any sign and payload."""

import ctypes

import numpy as np

from xent import _library
from xent._library import Array, Options, Outputs, library

TYPES = ("float32", "float64", "float16", "bfloat16")
CODES = {
    "float32": 0, "float64": 1, "float16": 2, "bfloat16": 3, "int8": 4, "int16": 5, "int32": 6, "int64": 7, "uint8": 8,
    "uint16": 9, "uint32": 10,
}  # fmt: skip
ENUMERATIONS = {
    "input": ("probabilities", "logits", "log_probabilities"),
    "reduction": ("mean", "sum", "none"),
    "divisor": ("weights", "count", "batch"),
    "measure": ("cross_entropy", "kl_divergence"),
}
WEIGHTS = ("class_weights", "sample_weights", "pos_weight", "upstream")

# Quiet and signalling, of both signs, with and without a payload, in float32.
_NANS = (0x7FC00000, 0xFFC00000, 0x7FC12345, 0xFFFFFFFF, 0x7F812345, 0xFF900000)


@np.errstate(over="ignore", invalid="ignore")
def bits(values, type):
    """The nearest elements of a type, as integers."""
    if type == "bfloat16":
        wide = bits(values, "float32").astype(np.uint64)
        return (wide + 0x7FFF + (wide >> 16 & 1) >> 16).astype(np.uint16)
    array = np.asarray(values).astype(type)
    return array.view(f"u{array.itemsize}") if array.dtype.kind == "f" else array


@np.errstate(invalid="ignore")
def values(array, type):
    """The elements that the bits are, as float64."""
    if type == "bfloat16":
        return (array.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return array.view(type).astype(np.float64)


def nans(type):
    """The bits of some NaN of a type: as much of those above as it holds."""
    single = np.array(_NANS, np.uint32)
    wide = single.astype(np.uint64)
    return {
        "float32": single,
        "float64": wide >> 31 << 63 | np.uint64(0x7FF << 52) | (wide & 0x7FFFFF) << 29 | np.uint64(1),
        "float16": (single >> 16 & 0x8000 | 0x7C01 | single >> 13 & 0x3FF).astype(np.uint16),
        "bfloat16": (single >> 16 | 1).astype(np.uint16),
    }[type]


class Descriptors:
    """Descriptors of arrays, and what keeps their memory alive for a call."""

    def __init__(self):
        self._owned = []

    def address(self, array, type):
        shape = (ctypes.c_int64 * array.ndim)(*array.shape)
        strides = (ctypes.c_int64 * array.ndim)(*(step // array.itemsize for step in array.strides))
        view = Array(array.ctypes.data, CODES[type], array.ndim, ctypes.addressof(shape), ctypes.addressof(strides))
        self._owned += [array, shape, strides, view]
        return ctypes.addressof(view)


def call(has_classes, y_true, y_pred, keywords, outputs):
    """The status, and the bytes of the totals. Arrays are pairs of bits and a type; those of `outputs` are written."""
    descriptors = Descriptors()
    options = Options.from_buffer_copy(_library.DEFAULT_OPTIONS)
    for name, value in keywords.items():
        if name in WEIGHTS:
            array = np.asarray(value)
            setattr(options, name, descriptors.address(array, array.dtype.name))
        elif name == "ignore_index":
            options.has_ignore_index, options.ignore_index = 1, value
        else:
            setattr(options, name, ENUMERATIONS[name].index(value) if name in ENUMERATIONS else value)
    written = Outputs.from_buffer_copy(_library.DEFAULT_OUTPUTS)
    for name, output in outputs.items():
        setattr(written, name, descriptors.address(*output))
    function = library.xent_categorical if has_classes else library.xent_binary
    target, prediction = (Array.from_address(descriptors.address(*array)) for array in (y_true, y_pred))
    status = function(target, prediction, options, written)
    return status, bytes(written)[Outputs.loss_sum.offset : Outputs.error_index.offset]


def descend(theta, gradient, type, rate):
    """The status; theta is written."""
    function = library.xent_gradient_descent_f64 if type == "float64" else library.xent_gradient_descent_f32
    return function(theta.ctypes.data, gradient.ctypes.data, theta.size, rate)


def instruction_set():
    return library.xent_instruction_set().decode()
