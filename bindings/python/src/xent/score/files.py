"""From FILE or FILE:NAME on the command line to a source."""

from __future__ import annotations

import os
from typing import Optional

import numpy as np

from .arguments import numbers
from .arrays import AnyArray, Source, open_npy, open_npz
from .failures import Exit, Failure
from .tables import Columns, CsvTable, ParquetTable

# What files begin with: of a zip archive, also one without members; of a pickle, since protocol 2.
_NPY, _ZIP, _PARQUET, _PICKLE = b"\x93NUMPY", (b"PK\x03\x04", b"PK\x05\x06"), b"PAR1", b"\x80"
_SIGNATURES = (_NPY, *_ZIP, _PARQUET, _PICKLE)


class Reference:
    """FILE or FILE:NAME, taken apart; a file may have a colon in its name."""

    def __init__(self, text: str, column: Optional[str] = None) -> None:
        self.path, self.name = text, column
        if column is None and not os.path.exists(text):
            path, colon, name = text.rpartition(":")
            if colon and name and os.path.exists(path):
                self.path, self.name = path, name
        self.text = text if column is None else f"{text}:{column}"

    def is_file(self, path: str) -> bool:
        """Whether the path leads to the same file, whatever it is called."""
        return os.path.exists(self.path) and os.path.exists(path) and os.path.samefile(self.path, path)

    def open(self, header: str, but: Optional[list[str]] = None) -> Source:
        """The source; of a table read without names, all columns except those of `but`."""
        try:
            return self._open(header, but or [])
        except FileNotFoundError:
            raise Failure(Exit.FILE, f"{self.path}: no such file (in {os.getcwd()})") from None
        except OSError as error:
            raise Failure(Exit.FILE, f"{self.path} cannot be read: {error.strerror or error}") from error

    def _open(self, header: str, but: list[str]) -> Source:
        file = open(self.path, "rb")
        start = file.peek(8)[:8]
        is_text = not start.startswith(_SIGNATURES) and b"\0" not in start
        if not is_text:  # the others open it in ways of their own, and a pipe can be nothing but text
            file.close()
        columns = Columns(None if self.name is None else self.name.split(","), but)
        if start.startswith(_NPY):
            if self.name is not None:
                raise Failure(Exit.FILE, f"{self.path} is an .npy file, which has nothing of the name {self.name}")
            return open_npy(self.text, self.path)
        if start.startswith(_ZIP):
            return open_npz(self.text, self.path, self.name)
        if start.startswith(_PARQUET):
            return ParquetTable(self.text, self.path, columns)
        if not is_text:
            raise Failure(Exit.FILE, f"{self.path} is no .npy, .npz, Parquet or CSV file (pickles are not read)")
        return CsvTable(self.text, file, columns, header)


def read_vector(text: str, header: str) -> AnyArray:
    """A list of numbers on the command line, or all the numbers of a file."""
    listed = numbers(text)
    if listed is not None:
        return np.array(listed)
    source = Reference(text).open(header)
    pieces = []
    while len(piece := source.take(4096)):
        pieces.append(piece.reshape(-1))
    return np.concatenate(pieces) if pieces else np.empty(0)
