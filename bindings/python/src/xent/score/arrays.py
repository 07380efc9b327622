"""Sources of rows, and those that are arrays: .npy and .npz files, mapped where that is possible."""

from __future__ import annotations

import math
import os
import struct
import tokenize
import zipfile
import zlib
from abc import ABC, abstractmethod
from typing import IO, Any, Optional

import numpy as np
from numpy.typing import NDArray

from .failures import Exit, Failure

AnyArray = NDArray[Any]

# What zipfile raises for archives, or members of them, that are damaged or of a kind that it does not know.
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, struct.error)
Shape = tuple[Optional[int], ...]


class Source(ABC):
    """An array that is read once, from its first to its last position along one axis."""

    # A length that only the end of the file tells is None.
    shape: Shape
    dtype: np.dtype[Any]
    # A table cannot say whether a single column is meant as an axis, or numbers without a fraction as integers.
    is_table = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.batch_axis = 0

    def along(self, axis: int) -> None:
        """Choose the axis that `take` goes along, before anything is taken."""
        self.batch_axis = axis

    @abstractmethod
    def take(self, count: int) -> AnyArray:
        """The next so many positions along the batch axis; fewer at the end, and none after it."""

    def place(self, position: int) -> str:
        """Where a position of the batch axis stands in the file, for messages, if that is more than its number."""
        return ""

    def fraction(self) -> Optional[float]:
        """How much of the file has been taken, if that can be told."""
        length = self.shape[self.batch_axis]
        return None if not length else self.taken / length

    taken = 0


class WholeArray(Source):
    """An array in memory, or in a mapped file."""

    def __init__(self, name: str, array: AnyArray) -> None:
        super().__init__(name)
        self.array = array
        self.shape, self.dtype = array.shape, array.dtype

    def take(self, count: int) -> AnyArray:
        start = self.taken
        self.taken = min(start + count, self.array.shape[self.batch_axis])
        return self.array[(slice(None),) * self.batch_axis + (slice(start, self.taken),)]


class StreamedArray(Source):
    """A compressed member of an .npz file."""

    def __init__(self, name: str, stream: IO[bytes], header: Header) -> None:
        super().__init__(name)
        self._stream, self._header = stream, header
        self._whole: Optional[WholeArray] = None
        self.shape, self.dtype = header.shape, header.dtype

    def along(self, axis: int) -> None:
        super().along(axis)
        if axis != 0 or self._header.fortran_order:
            flat = self._read(math.prod(self._header.shape))
            self._whole = WholeArray(self.name, flat.reshape(self._header.shape, order=self._header.order))
            self._whole.along(axis)

    def take(self, count: int) -> AnyArray:
        if self._whole is not None:
            result = self._whole.take(count)
        else:
            length, *rest = self._header.shape
            count = min(count, length - self.taken)
            result = self._read(count * math.prod(rest)).reshape(count, *rest)
        self.taken += result.shape[self.batch_axis]
        return result

    def _read(self, count: int) -> AnyArray:
        size = count * self.dtype.itemsize
        try:
            data = self._stream.read(size)
        except _ZIP_ERRORS as error:
            raise Failure(Exit.FILE, f"{self.name} is damaged: {error}") from error
        if len(data) < size:
            raise _cut_short(self.name)
        return np.frombuffer(data, self.dtype)


class Header:
    """What stands before the numbers of an .npy file."""

    def __init__(self, name: str, stream: IO[bytes]) -> None:
        try:
            version = np.lib.format.read_magic(stream)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            self.shape, self.fortran_order, self.dtype = read(stream)
            if min(self.shape, default=0) < 0:
                raise ValueError(f"its shape is {self.shape}")
        except (ValueError, SyntaxError, tokenize.TokenError, RecursionError, MemoryError) as error:
            # NumPy reads it as Python's words for a dictionary.
            raise Failure(Exit.FILE, f"{name} has no valid .npy header: {error}") from error
        if self.dtype.hasobject:
            raise Failure(
                Exit.FILE,
                f"{name} holds pickled Python objects, which are not read, as they could run any code. "
                "Save it as an array of numbers, e.g. numpy.save(file, array.astype(numpy.float32))",
            )
        if self.dtype.kind not in "biuf":
            raise Failure(Exit.DATA, f"{name} has elements of type {self.dtype}, expected numbers")
        self.order: Any = "F" if self.fortran_order else "C"
        self.size = math.prod(self.shape) * self.dtype.itemsize


def open_npy(name: str, path: str) -> Source:
    """An .npy file, mapped."""
    with open(path, "rb") as stream:
        header = Header(name, stream)
        return _mapped(name, path, header, stream.tell(), os.fstat(stream.fileno()).st_size)


def open_npz(name: str, path: str, key: Optional[str]) -> Source:
    """An array of an .npz file."""
    try:
        archive = zipfile.ZipFile(path)
    except (*_ZIP_ERRORS, ValueError) as error:
        raise Failure(Exit.FILE, f"{path} is not a valid .npz file: {error}") from error
    keys = [member[: -len(".npy")] for member in archive.namelist() if member.endswith(".npy")]
    if key is None and len(keys) == 1:
        key = keys[0]
    if key not in keys:
        held = f"holds the arrays {', '.join(keys)}" if keys else "holds no arrays"
        wanted = f"there is no {key}" if key is not None else f"name one, as in {path}:{keys[0] if keys else 'KEY'}"
        raise Failure(Exit.FILE, f"{path} {held}: {wanted}")
    member = archive.getinfo(f"{key}.npy")
    try:
        stream = archive.open(member)
        header = Header(name, stream)
    except (*_ZIP_ERRORS, ValueError) as error:
        raise Failure(Exit.FILE, f"{name} cannot be read: {error}") from error
    if member.compress_type != zipfile.ZIP_STORED:
        return StreamedArray(name, stream, header)
    with open(path, "rb") as file:
        file.seek(member.header_offset)
        # A local file header has 30 bytes, the last four the lengths of the name and of the extra field after it.
        local = file.read(30)
        if len(local) < 30:
            raise _cut_short(name)
        start = member.header_offset + 30 + sum(struct.unpack("<26xHH", local))
        end = min(start + member.file_size, os.fstat(file.fileno()).st_size)
    return _mapped(name, path, header, start + stream.tell(), end)


def _mapped(name: str, path: str, header: Header, start: int, end: int) -> Source:
    if end < start + header.size:
        raise _cut_short(name)
    if header.size == 0:  # which cannot be mapped
        raise Failure(Exit.DATA, f"{name} has shape {header.shape}: there is nothing to score")
    array = np.memmap(path, header.dtype, "r", start, header.shape, header.order)
    return WholeArray(name, np.asarray(array))


def _cut_short(name: str) -> Failure:
    return Failure(Exit.FILE, f"{name} is cut short: its header announces more numbers than it holds")
