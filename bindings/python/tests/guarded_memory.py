"""Arrays between two pages that cannot be touched: a byte read or written beside them ends the process."""

import ctypes
import mmap

import numpy as np

PAGE = mmap.PAGESIZE
_NOTHING = 0  # PROT_NONE

_mprotect = ctypes.CDLL(None, use_errno=True).mprotect
_mprotect.argtypes, _mprotect.restype = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int], ctypes.c_int


def guarded_bytes(size, at_end=True):
    """So many bytes, of value 0xA5, up to a page that cannot be touched, or from one on."""
    pages = max(1, -(-size // PAGE))
    memory = mmap.mmap(-1, (pages + 2) * PAGE)
    whole = np.frombuffer(memory, np.uint8)
    address = whole.ctypes.data
    for guard in (address, address + (pages + 1) * PAGE):
        if _mprotect(guard, PAGE, _NOTHING):
            raise OSError(ctypes.get_errno(), "mprotect failed")
    start = PAGE + (pages * PAGE - size if at_end else 0)
    found = whole[start : start + size]
    found[...] = 0xA5
    return found


def guarded(values, steps=None, at_end=True, offset=0):
    """A copy of an array in guarded memory, with strides of `steps` items along its axes (C order by default).

    `offset` bytes lie between the array and the page, which leaves it unaligned. Returns the array and all of its memory.
    """
    values = np.asarray(values)
    if steps is None:
        steps = [int(np.prod(values.shape[axis + 1 :])) for axis in range(values.ndim)]
    size = values.dtype.itemsize
    lowest = sum(min(0, (length - 1) * step) for length, step in zip(values.shape, steps) if length)
    highest = sum(max(0, (length - 1) * step) for length, step in zip(values.shape, steps) if length)
    count = (highest - lowest + 1) * size if values.size else 0
    memory = guarded_bytes(count + offset, at_end)
    start = (0 if at_end else offset) - lowest * size
    array = np.ndarray(
        values.shape, values.dtype, memory.data, start if values.size else 0, [step * size for step in steps]
    ) if values.size else np.empty(values.shape, values.dtype)
    if values.size:
        array[...] = values
    return array, memory
