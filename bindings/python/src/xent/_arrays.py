"""From array-likes to arrays that the library can read or write where they are, and from those to xent_array."""

from __future__ import annotations

import ctypes
import importlib
from functools import lru_cache
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from ._dlpack import BFLOAT16, FAILURES, from_dlpack, from_torch, is_on_host, is_torch, widened
from ._errors import ElementTypeError, OptionError, OutOfMemoryError, ShapeError, shortened
from ._library import Array

AnyArray = NDArray[Any]

# xent_type by NumPy's native element types. Others, byte-swapped ones included, are not found here, nor is the bfloat16
# of ml_dtypes, which need not be installed.
_XENT_BF16 = 3
_FLOATING: dict[np.dtype[Any], int] = {
    np.dtype("f4"): 0, np.dtype("f8"): 1, np.dtype("f2"): 2, BFLOAT16: _XENT_BF16,
}  # fmt: skip
_LABELS: dict[np.dtype[Any], int] = {
    np.dtype(name): 4 + number for number, name in enumerate(("i1", "i2", "i4", "i8", "u1", "u2", "u4"))
}
_TYPES = {**_FLOATING, **_LABELS}

_FLOAT32 = np.dtype("f4")
_FLOAT64 = np.dtype("f8")
_INT64 = np.dtype("i8")

_from_buffer: Any = ctypes.c_char.from_buffer
_addressof = ctypes.addressof
_copied = Array.from_buffer_copy
# The elements of an array that does not fit the caches.
_LARGE = 1 << 22

# The types of what a list may hold that has a mask.
_MASKED = {np.ma.MaskedArray, type(np.ma.masked)}

# What NumPy raises where it has no memory, and for sizes that it cannot even reckon with.
NO_MEMORY = (MemoryError, ValueError)

# What ctypes raises for arrays that are read-only, empty, not contiguous, or of a type that buffers do not know.
_NOT_EXPORTED = (TypeError, ValueError, BufferError)


def address(array: AnyArray) -> int:
    """The address of an array's first element."""
    try:
        return _addressof(_from_buffer(array))  # five times faster than __array_interface__
    except _NOT_EXPORTED:
        return int(array.__array_interface__["data"][0])


@lru_cache(maxsize=1024)
def _layout(
    dtype: np.dtype[Any], shape: tuple[int, ...], strides: Optional[tuple[int, ...]] = None
) -> tuple[bytes, Any]:
    """The bytes of a descriptor without an address, and what they point at; strides are in bytes, None for C order.

    Shared by calls and threads: the library only reads shapes and strides.
    """
    code = _TYPES.get(dtype, _XENT_BF16)
    size = dtype.itemsize
    # The functions below let neither pass, but an array can be changed after they have.
    if code == _XENT_BF16 and not _is_bfloat16(dtype):
        raise ElementTypeError(f"the element type of an argument has become {dtype} during the call")
    if strides is not None and any(stride % size for stride in strides):
        raise ShapeError(f"the strides of an argument have become {strides} during the call, no multiples of {size}")
    dimensions = ctypes.c_int64 * len(shape)
    lengths = dimensions(*shape)
    steps = None if strides is None else dimensions(*(stride // size for stride in strides))
    descriptor = Array(None, code, len(shape), _addressof(lengths), None if steps is None else _addressof(steps))
    return bytes(descriptor), (lengths, steps)


def view(array: AnyArray) -> Array:
    """The descriptor of an array that a function below has returned. It owns what it points at."""
    try:
        data = _addressof(_from_buffer(array))
        layout = _layout(array.dtype, array.shape)
    except _NOT_EXPORTED:
        data = address(array)
        layout = _layout(array.dtype, array.shape, None if array.flags.c_contiguous else array.strides)
    result = _copied(layout[0])
    result.data = data
    result.owned = array, layout
    return result


def view_of_new(array: AnyArray, like: Array) -> Array:
    """The descriptor of an array that `new_like` has made for the one whose descriptor `like` is."""
    if like.strides:
        return view(array)
    result = _copied(like)
    result.data = address(array)
    result.owned = array, like.owned
    return result


# The functions below check `flags.aligned`, which covers the strides: an element type's alignment is its size.


def read(name: str, value: Any) -> AnyArray:
    """`y_pred`: a floating array, the caller's own memory wherever that is possible."""
    if type(value) is np.ndarray and value.dtype in _FLOATING and value.flags.aligned:
        return value
    array = as_array(name, value)
    if _is_literal(value):
        _require(name, array.dtype.kind in "biuf", array, "numbers")
        return array.astype(_FLOAT64, copy=False)
    _require(name, _is_floating(array.dtype), array, "a floating type")
    return _native(name, array)


def read_target(name: str, value: Any, like: AnyArray) -> AnyArray:
    """Binary targets: floating arrays as they are, other numbers in the type that `like` is computed in."""
    if type(value) is np.ndarray and value.dtype in _FLOATING and value.flags.aligned:
        return value
    array = as_array(name, value)
    if array.dtype.kind in "biu":
        return _converted(name, array, _FLOAT64 if like.dtype == _FLOAT64 else _FLOAT32)
    _require(name, _is_floating(array.dtype), array, "a number type")
    return _native(name, array)


def read_labels_or_distribution(name: str, value: Any, like: AnyArray) -> AnyArray:
    """Categorical targets. The element type says what an array holds; a list's nesting says what a list holds."""
    if type(value) is np.ndarray and value.dtype in _TYPES and value.flags.aligned:
        return value
    array = as_array(name, value)
    if _is_literal(value):
        if array.size == 0 and array.ndim == like.ndim - 1:
            return array.astype(_INT64)
        if array.dtype.kind in "biu" and array.ndim == like.ndim:
            return array.astype(_FLOAT64)
    known = _is_floating(array.dtype) or _in_native_order(array.dtype) in _LABELS
    _require(name, known, array, "int8 to int64 or uint8 to uint32 (labels), or floating (distributions)")
    return _native(name, array)


def read_weights(name: str, value: Any) -> AnyArray:
    """Weights and upstream gradients: floating arrays as they are, other numbers as float64."""
    if type(value) is np.ndarray and value.dtype in _FLOATING and value.flags.aligned:
        return value
    array = as_array(name, value)
    if array.dtype.kind in "biu":
        return _converted(name, array, _FLOAT64)
    _require(name, _is_floating(array.dtype), array, "a number type")
    return _native(name, array)


def read_numbers(name: str, value: Any) -> AnyArray:
    """Numbers of any type."""
    array = as_array(name, value)
    _require(name, array.dtype.kind in "biu" or _is_floating(array.dtype), array, "a number type")
    return array


def converted(name: str, array: AnyArray, dtype: np.dtype[Any]) -> AnyArray:
    """What `read_numbers` has returned as `dtype` in C order."""
    if array.dtype == BFLOAT16:
        array = widened(array)
    if array.dtype == dtype and array.flags.c_contiguous and array.flags.aligned:
        return array
    return _converted(name, array, dtype)


def write(name: str, value: Any) -> AnyArray:
    """An array that the caller wants written: the caller's own memory, or an error, never a copy."""
    if type(value) is np.ndarray and value.dtype in _FLOATING and value.flags.behaved:
        return value
    array = _as_shared(name, value)
    if array.flags.owndata and array.size and array is not value:
        raise OptionError(f"{name} is of type {type(value).__name__}, which exports no memory that can be written")
    _require(name, array.dtype.isnative and _is_floating(array.dtype), array, "a native floating type")
    if not array.flags.writeable:
        raise OptionError(f"{name} is a read-only array, expected one to write to")
    if not array.flags.aligned:
        raise ShapeError(
            f"{name} is not aligned to its elements: its address and strides are no multiples of {array.itemsize} bytes"
        )
    return array


def new_like(name: str, array: AnyArray) -> AnyArray:
    """An uninitialised array of the shape and type of another, in C order."""
    dtype = array.dtype
    if dtype.kind != "f" and dtype == BFLOAT16:
        try:
            dtype = importlib.import_module("ml_dtypes").bfloat16
        except ImportError:
            raise ElementTypeError(
                f"{name} is True, but y_pred is bfloat16, which NumPy lacks: pass an array to write to or install ml_dtypes"
            ) from None
    if array.size < _LARGE:
        return np.empty(array.shape, dtype)
    # From the start of a cache line on: lines that are written whole can go past the caches.
    try:
        memory = np.empty(array.nbytes + 63, np.uint8)
    except NO_MEMORY as error:
        raise OutOfMemoryError(f"there is no memory for {name}: {error}") from error
    start = -memory.ctypes.data % 64
    return memory[start : start + array.nbytes].view(dtype).reshape(array.shape)


def type_name(array: AnyArray) -> str:
    """An array's element type as messages call it."""
    return "bfloat16" if array.dtype == BFLOAT16 else shortened(str(array.dtype))


def as_array(name: str, value: Any) -> AnyArray:
    """Any array-like as a NumPy array, sharing its memory wherever it exports that."""
    # Not isinstance, which believes objects that pass themselves off as arrays.
    if issubclass(type(value), np.ndarray):
        return _without_mask(name, value)
    if is_torch(value):
        return _tensor(name, value, "read")
    if _is_dlpack_alone(value):
        _require_host(name, value)
        try:
            return from_dlpack(value)
        except FAILURES as error:
            if not hasattr(value, "__array__"):
                raise ElementTypeError(f"{name} cannot be read as an array: {error}") from error
            # Some exporters know more types through __array__, and the others say there what is wrong.
    if issubclass(type(value), (list, tuple)) and not _MASKED.isdisjoint(map(type, value)):
        raise ElementTypeError(f"{name} holds masked values, whose mask would be lost; fill them first")
    try:
        # A masked array, which is what __array__ may return, is one no longer as np.asarray has it.
        array = np.asanyarray(value)
    except ValueError as error:
        raise ShapeError(f"{name} is not an array: {shortened(str(error))}") from error
    except FAILURES as error:
        raise ElementTypeError(f"{name} cannot be read as an array: {shortened(str(error))}") from error
    return array if type(array) is np.ndarray else _without_mask(name, array)


def _without_mask(name: str, array: AnyArray) -> AnyArray:
    if isinstance(array, np.ma.MaskedArray):
        raise ElementTypeError(f"{name} is a masked array, whose mask would be lost; fill it first")
    return np.asarray(array)


def _tensor(name: str, tensor: Any, done: str) -> AnyArray:
    try:
        return from_torch(tensor)
    except FAILURES as error:
        _require_host(name, tensor)
        raise ElementTypeError(f"{name} cannot be {done} as an array: {error}") from error


def _as_shared(name: str, value: Any) -> AnyArray:
    """The memory of an array-like as a NumPy array: `__array__` is not asked, as that may copy."""
    if is_torch(value):
        return _tensor(name, value, "written")
    if _is_dlpack_alone(value):
        _require_host(name, value)
        try:
            array = from_dlpack(value)
        except FAILURES as error:
            raise ElementTypeError(f"{name} cannot be written as an array: {error}") from error
        return array if array.flags.writeable or array.dtype == BFLOAT16 else _writable(value, array)
    if hasattr(value, "__array_interface__") and not isinstance(value, np.generic):
        return as_array(name, value)
    try:
        return np.asarray(memoryview(value))
    except FAILURES:
        raise OptionError(
            f"{name} is of type {type(value).__name__}, expected an array whose memory can be written"
        ) from None


def _writable(value: Any, exported: AnyArray) -> AnyArray:
    """The same memory through __array__: NumPy takes older DLPack exports for read-only, as they cannot say."""
    try:
        array = np.asarray(value)
    except FAILURES:
        return exported
    same = array.__array_interface__["data"][0] == exported.__array_interface__["data"][0]
    return array if same and array.strides == exported.strides else exported


def _is_dlpack_alone(value: Any) -> bool:
    return hasattr(value, "__dlpack__") and not hasattr(value, "__array_interface__")


def _require_host(name: str, value: Any) -> None:
    if not is_on_host(value):
        device = getattr(value, "device", "another device")
        raise ElementTypeError(f"{name} lies on {device}, expected an array in the memory of the CPU")


def _is_literal(value: Any) -> bool:
    """Whether a value has no element type of its own: a list, a tuple or a Python number."""
    return issubclass(type(value), (list, tuple, int, float)) and not isinstance(value, np.generic)


def _is_floating(dtype: np.dtype[Any]) -> bool:
    return _in_native_order(dtype) in _FLOATING or _is_bfloat16(dtype)


def _is_bfloat16(dtype: np.dtype[Any]) -> bool:
    """Whether a type is the package's own or that of ml_dtypes, which NumPy has as a user-defined one (2)."""
    return dtype == BFLOAT16 or (dtype.isbuiltin == 2 and dtype.name == "bfloat16")


def _in_native_order(dtype: np.dtype[Any]) -> np.dtype[Any]:
    try:
        return dtype.newbyteorder("=")
    except TypeError:  # of a type of a newer kind, such as that of strings of any length
        return dtype


def _native(name: str, array: AnyArray) -> AnyArray:
    if array.flags.aligned and array.dtype.isnative:
        return array
    return _converted(name, array, _in_native_order(array.dtype))


def _converted(name: str, array: AnyArray, dtype: np.dtype[Any]) -> AnyArray:
    """A copy as another type, in C order."""
    try:
        with np.errstate(all="ignore"):  # an infinity is what the library is to compute with
            return array.astype(dtype, order="C")
    except NO_MEMORY as error:
        raise OutOfMemoryError(f"there is no memory for a copy of {name}: {error}") from error


def _require(name: str, condition: bool, array: AnyArray, expected: str) -> None:
    if not condition:
        raise ElementTypeError(f"{name} has element type {type_name(array)}, expected {expected}")
