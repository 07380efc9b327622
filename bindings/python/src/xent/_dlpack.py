"""The memory of other libraries' arrays as NumPy arrays, bfloat16 included, which NumPy itself does not read."""

from __future__ import annotations

import ctypes
import sys
from ctypes import POINTER, c_char_p, c_int32, c_int64, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p, py_object
from typing import Any

import numpy as np
from numpy.typing import NDArray

# bfloat16 without ml_dtypes: two opaque bytes that know how they are aligned. It never leaves the package.
BFLOAT16: np.dtype[Any] = np.dtype([("bfloat16", np.uint16)], align=True)

_BITS = np.dtype(np.uint16)
_HOST_DEVICES = (1, 3, 11)  # kDLCPU, and the memory of the host that CUDA and ROCm have pinned
_BFLOAT16_TYPE = (4, 16, 1)  # kDLBfloat, bits, lanes
_READ_ONLY_OR_COPIED = 0b11


class _Tensor(ctypes.Structure):
    """DLTensor. A DLManagedTensor begins with one."""

    _fields_ = [
        ("data", c_void_p),
        ("device_type", c_int32),
        ("device_id", c_int32),
        ("ndim", c_int32),
        ("type_code", c_uint8),
        ("type_bits", c_uint8),
        ("type_lanes", c_uint16),
        ("shape", POINTER(c_int64)),
        ("strides", POINTER(c_int64)),
        ("byte_offset", c_uint64),
    ]


class _Versioned(ctypes.Structure):
    """DLManagedTensorVersioned."""

    _fields_ = [
        ("major", c_uint32),
        ("minor", c_uint32),
        ("context", c_void_p),
        ("deleter", c_void_p),
        ("flags", c_uint64),
        ("tensor", _Tensor),
    ]


_is_capsule = ctypes.pythonapi.PyCapsule_IsValid
_is_capsule.argtypes, _is_capsule.restype = [py_object, c_char_p], ctypes.c_int
_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.argtypes, _pointer.restype = [py_object, c_char_p], c_void_p

# What exporters and NumPy raise for arrays that cannot be handed over, and for descriptions of them that make no sense.
FAILURES = (AttributeError, BufferError, LookupError, OverflowError, RuntimeError, TypeError, ValueError)

_MOST_DIMENSIONS = 64  # as of NumPy's arrays


class _Export:
    """What NumPy makes an array of, and keeps as long as the array lives.

    The capsule is not marked as consumed, so that its own destructor releases the tensor with it.
    """

    def __init__(self, capsule: Any, interface: dict[str, Any]) -> None:
        self.capsule = capsule
        self.__array_interface__ = interface


def is_on_host(value: Any) -> bool:
    """Whether the memory of an exporter can be read by the processor; True if it does not say."""
    try:
        device, _ = value.__dlpack_device__()
        return device in _HOST_DEVICES
    except FAILURES:
        return True


def is_torch(value: Any) -> bool:
    """Whether a value is a PyTorch tensor, rather than an object that passes itself off as one."""
    torch = sys.modules.get("torch")
    return torch is not None and issubclass(type(value), torch.Tensor)


def from_torch(tensor: Any) -> NDArray[Any]:
    """The memory of a PyTorch tensor, ten times faster than through DLPack, which also exports tensors that have no
    memory of their own or are negated when they are read. Raises one of FAILURES."""
    torch = sys.modules["torch"]
    is_bfloat16 = tensor.dtype is torch.bfloat16
    if is_bfloat16 and tensor.requires_grad:
        raise RuntimeError("it requires grad")  # which the bits alone do not
    array = _checked(tensor.view(torch.int16).numpy() if is_bfloat16 else tensor.numpy())
    storage = tensor.untyped_storage() if hasattr(tensor, "untyped_storage") else tensor.storage()  # before PyTorch 2.0
    if array.flags.c_contiguous:
        reach = array.nbytes
    else:
        reach = (1 + sum((size - 1) * step for size, step in zip(array.shape, tensor.stride()))) * array.itemsize
    if array.size and tensor.storage_offset() * array.itemsize + reach > storage.nbytes():
        raise BufferError("its storage is smaller than its shape")
    return array.view(BFLOAT16) if is_bfloat16 else array


def from_dlpack(value: Any) -> NDArray[Any]:
    """The memory of an exporter, never a copy that was asked for here. Raises one of FAILURES."""
    try:
        array = np.from_dlpack(value)
    except FAILURES:
        return _bfloat16(value)
    return _checked(array)


def _checked(array: Any) -> NDArray[Any]:
    """An import that is an array, and not new memory, which is what NumPy makes of an export that has none."""
    if type(array) is not np.ndarray:
        raise TypeError(f"its memory came as {type(array).__name__}")
    if array.flags.owndata and array.size:
        raise BufferError("it has a shape, but no memory")
    return array


def _bfloat16(value: Any) -> NDArray[Any]:
    try:
        capsule = value.__dlpack__(max_version=(1, 0))
    except TypeError:  # an exporter older than versions, or one that will say again what it cannot do
        capsule = value.__dlpack__()
    if _is_capsule(capsule, b"dltensor_versioned"):
        managed = _Versioned.from_address(_pointer(capsule, b"dltensor_versioned"))
        if managed.major != 1:
            raise BufferError(f"DLPack version {managed.major} is not supported")
        writable = not managed.flags & _READ_ONLY_OR_COPIED
        tensor = managed.tensor
    else:
        writable = False  # such a capsule cannot say, and JAX exports what must not be written
        tensor = _Tensor.from_address(_pointer(capsule, b"dltensor"))
    if tensor.device_type not in _HOST_DEVICES:
        raise BufferError("the tensor is not in the memory of the CPU")
    if (tensor.type_code, tensor.type_bits, tensor.type_lanes) != _BFLOAT16_TYPE:
        raise BufferError("the tensor has an element type that NumPy does not know")
    if not 0 <= tensor.ndim <= _MOST_DIMENSIONS:
        raise BufferError(f"the tensor has {tensor.ndim} dimensions")
    shape = tuple(tensor.shape[: tensor.ndim]) if tensor.ndim else ()
    if 0 in shape:
        return np.empty(shape, BFLOAT16)
    if not tensor.data:
        raise BufferError("it has a shape, but no memory")
    interface = {
        "version": 3,
        "typestr": _BITS.str,
        "shape": shape,
        "strides": tuple(2 * stride for stride in tensor.strides[: tensor.ndim]) if tensor.strides else None,
        "data": (tensor.data + tensor.byte_offset, not writable),
    }
    return np.asarray(_Export(capsule, interface)).view(BFLOAT16)


def widened(array: NDArray[Any]) -> NDArray[Any]:
    """An array of BFLOAT16 as float32: the upper half of its bits."""
    bits = np.asarray(array.view(_BITS), np.uint32)
    return (bits << np.uint32(16)).view(np.float32)
