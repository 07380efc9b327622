"""Sources that are tables: CSV and Parquet files."""

from __future__ import annotations

import csv
import io
import itertools
import os
from collections.abc import Iterator, Sequence
from typing import Any, Optional

import numpy as np

from .arrays import AnyArray, Source
from .failures import Exit, Failure, optional


# Arrow calls the other types of numbers as NumPy does. (Its own conversion may need pandas.)
_ARROW_FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}


class Columns:
    """Which columns of a table to read: those named, or all but some."""

    def __init__(self, named: Optional[Sequence[str]] = None, but: Sequence[str] = ()) -> None:
        self.named, self.but = named, but

    def indices(self, name: str, header: Optional[Sequence[str]], width: int) -> list[int]:
        """The places of the columns in a table with these names."""
        if self.named is None:
            chosen = [i for i in range(width) if header is None or (header[i] not in self.but and (i or header[i]))]
            if not chosen:
                raise Failure(Exit.DATA, f"{name} has no columns left to read")
            return chosen
        if header is None:
            hint = "(--header yes, if it has one)"
            raise Failure(Exit.DATA, f"{name} has no header, so no column {self.named[0]} {hint}")
        for column in self.named:
            if header.count(column) != 1:
                known = ", ".join(header[:20]) + (", ..." if len(header) > 20 else "")
                found = "several columns" if column in header else "no column"
                raise Failure(Exit.DATA, f"{name} has {found} {column}; its columns are {known}")
        return [header.index(column) for column in self.named]


class CsvTable(Source):
    """Numbers separated by commas, or by semicolons, tabs or spaces if the first line has no comma."""

    is_table = True

    def __init__(self, name: str, file: io.BufferedReader, columns: Columns, header: str) -> None:
        super().__init__(name)
        self._file = file
        self._text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
        self.dtype = np.dtype(np.float64)
        first = self._lines(2)
        if not first or not first[0].strip():
            raise Failure(Exit.DATA, f"{name} is empty" if not first else f"{name}, line 1 is empty")
        self._delimiter = _delimiter(first)
        self._header = [cell.strip() for cell in self._cells(first[0])]
        has_header = header == "yes" or (header == "auto" and _is_header(self._header))
        self._width = len(self._header)
        self._columns = columns.indices(name, self._header if has_header else None, self._width)
        self._first_line = 2 if has_header else 1
        self._ahead = first[1:] if has_header else first
        self.shape = (None, len(self._columns))

    def take(self, count: int) -> AnyArray:
        ahead, self._ahead = self._ahead[:count], self._ahead[count:]
        lines = ahead + self._lines(count - len(ahead))
        rows = self._without_end(lines)
        if not rows:
            return np.empty((0, len(self._columns)))
        try:
            self._check_width(rows)
            result: AnyArray = np.loadtxt(
                rows, delimiter=self._delimiter, usecols=self._columns, ndmin=2, comments=None, quotechar='"'
            )
            if len(result) != len(rows):  # it skips empty lines
                raise ValueError("a line is empty")
        except ValueError as error:
            raise self._failure(rows, error) from error
        self.taken += len(rows)
        return result

    def place(self, position: int) -> str:
        return f"line {self._first_line + position}"

    def fraction(self) -> Optional[float]:
        try:
            size = os.fstat(self._file.fileno()).st_size
            return self._file.tell() / size if size else None
        except OSError:  # a pipe
            return None

    def _lines(self, count: int) -> list[str]:
        try:
            return list(itertools.islice(self._text, count))
        except UnicodeDecodeError as error:
            raise Failure(Exit.FILE, f"{self.name} is neither .npy, .npz nor Parquet, and no text: {error}") from error

    def _without_end(self, lines: list[str]) -> list[str]:
        """The lines without empty ones at the end of the file."""
        end = len(lines)
        while end and not lines[end - 1].strip():
            end -= 1
        if end < len(lines) and any(line.strip() for line in self._text):
            raise Failure(Exit.DATA, f"{self.name}, {self.place(self.taken + end)} is empty")
        return lines[:end]

    def _cells(self, line: str) -> list[str]:
        return line.split() if self._delimiter is None else next(csv.reader([line], delimiter=self._delimiter), [])

    def _check_width(self, rows: list[str]) -> None:
        # loadtxt lets cells beyond the columns that it is to read pass.
        mark = self._delimiter
        if any((len(line.split()) if mark is None else line.count(mark) + 1) != self._width for line in rows):
            raise ValueError("lines have different numbers of cells")

    def _failure(self, rows: list[str], error: ValueError) -> Failure:
        """The first line that is at fault, and what is wrong with it."""
        for number, line in enumerate(rows):
            where = f"{self.name}, {self.place(self.taken + number)}"
            if not line.strip():
                return Failure(Exit.DATA, f"{where} is empty")
            cells = self._cells(line)
            if len(cells) != self._width:
                return Failure(Exit.DATA, f"{where} has {len(cells)} cells, but line 1 has {self._width}")
            for column in self._columns:
                if not _is_number(cells[column]):
                    named = f" ({self._header[column]})" if self._first_line == 2 else ""
                    shown = "is empty" if not cells[column].strip() else f'"{cells[column].strip()}" is not a number'
                    if len(cells[column].split()) > 1:
                        shown += ". Commas, semicolons, tabs or spaces separate cells"
                    return Failure(Exit.DATA, f"{where}, column {column + 1}{named}: {shown}")
        return Failure(Exit.DATA, f"{self.name}, after {self.place(self.taken)}: {error}")


class ParquetTable(Source):
    """A Parquet file: columns of numbers, or one column of equally long lists."""

    is_table = True

    def __init__(self, name: str, path: str, columns: Columns) -> None:
        super().__init__(name)
        parquet = optional("pyarrow.parquet", f"{path} is a Parquet file; reading it")
        self._arrow = optional("pyarrow", f"{path} is a Parquet file; reading it")
        try:
            self._file = parquet.ParquetFile(path)
        except self._arrow.ArrowInvalid as error:
            raise Failure(Exit.FILE, f"{path} is not a valid Parquet file: {error}") from error
        schema = self._file.schema_arrow
        # pandas stores an index that is more than a count as a column of such a name.
        header = ["" if column.startswith("__index_level_") else column for column in schema.names]
        chosen = [i for i in columns.indices(name, header, len(header)) if columns.named or header[i]]
        self._names = [schema.names[i] for i in chosen]
        types = [schema.field(i).type for i in chosen]
        self._width: Optional[int] = None
        if len(types) == 1 and hasattr(types[0], "value_type"):
            types = [types[0].value_type]
            self._width = self._list_width()
        for column, kind in zip(self._names, types):
            if not (self._arrow.types.is_integer(kind) or self._arrow.types.is_floating(kind) or kind == "bool"):
                raise Failure(Exit.DATA, f"{name}: column {column} holds {kind}, expected numbers")
        self.dtype = np.result_type(*(_ARROW_FLOATS.get(str(kind), str(kind)) for kind in types))
        self.shape = (self._file.metadata.num_rows, self._width or len(self._names))
        self._batches: Optional[Iterator[Any]] = None
        self._rest = np.empty((0, self.shape[1] or 0), self.dtype)
        self._read = 0

    def take(self, count: int) -> AnyArray:
        if self._batches is None:
            self._batches = self._file.iter_batches(batch_size=count, columns=self._names)
        pieces, held = [self._rest], len(self._rest)
        while held < count:
            batch = self._next()
            if batch is None:
                break
            pieces.append(self._array(batch))
            held += batch.num_rows
        joined = np.concatenate(pieces)
        self._rest = joined[count:]
        self.taken += min(count, held)
        return joined[:count]

    def _next(self) -> Any:
        assert self._batches is not None
        try:
            return next(self._batches, None)
        except (self._arrow.ArrowInvalid, OSError) as error:
            raise Failure(Exit.FILE, f"{self.name} is damaged: {error}") from error

    def _list_width(self) -> int:
        first: Any = next(self._file.iter_batches(batch_size=1, columns=self._names), None)
        return len(first.column(0)[0] or ()) if first is not None else 0

    def _array(self, batch: Any) -> AnyArray:
        columns = [batch.column(i) for i in range(batch.num_columns)]
        start = self._read
        self._refuse_nulls(columns, start)
        self._read += batch.num_rows
        if self._width is None:
            return np.column_stack([c.to_numpy(zero_copy_only=False).astype(self.dtype, copy=False) for c in columns])
        lengths = np.fromiter((len(row) for row in columns[0]), np.int64, batch.num_rows)
        if (lengths != self._width).any():
            row = int(np.argmax(lengths != self._width))
            found = f"a list of {lengths[row]}, but that of row 0 has {self._width}"
            raise Failure(Exit.DATA, f"{self.name}, row {start + row}: {found}")
        flat = columns[0].flatten()
        self._refuse_nulls([flat], start, self._width)
        numbers: AnyArray = flat.to_numpy(zero_copy_only=False)
        return numbers.reshape(batch.num_rows, self._width)

    def _refuse_nulls(self, columns: Sequence[Any], start: int, width: int = 1) -> None:
        for column, name in zip(columns, self._names):
            if column.null_count:
                place = int(np.argmax(column.is_null().to_numpy(zero_copy_only=False)))
                raise Failure(Exit.DATA, f"{self.name}, row {start + place // width}: column {name} is null")


def _delimiter(first: Sequence[str]) -> Optional[str]:
    """What separates the cells of a table with these first two lines; None for spaces, as numpy.savetxt writes."""
    for mark in ",;\t":
        if mark in first[0]:
            return mark
    # Of words, the first line may be the one name of one column.
    cells = first[-1].split()
    return None if len(cells) > 1 and all(_is_number(cell) for cell in cells) else ","


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _is_header(cells: Sequence[str]) -> bool:
    counted = [str(i) for i in range(len(cells))]
    return not all(_is_number(cell) for cell in cells) or (len(cells) > 2 and list(cells) == counted)
