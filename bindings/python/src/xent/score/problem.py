"""Predictions, labels and weights brought together: do their shapes agree, and the blocks of rows to score."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple, Optional

import numpy as np

from .arrays import AnyArray, Shape, Source
from .failures import Exit, Failure

# The rows and elements of a block. They decide how the totals are rounded, so they are not to be chosen by the caller.
BLOCK_ROWS = 4096
BLOCK_ELEMENTS = 1 << 20
# What a batch reads unless the caller says how many rows: of a table, what a moment is enough for.
_BATCH_ELEMENTS = 1 << 20


class Block(NamedTuple):
    """Some positions of the batch axis, as the library takes them."""

    start: int  # the first position, in the whole file
    first_row: int  # and its first row
    y_true: AnyArray
    y_pred: AnyArray
    sample_weights: Optional[AnyArray]


class Problem:
    """What is scored.

    The rows of a position along the batch axis, the first that is not the class axis, have consecutive numbers; a
    binary problem has no class axis, and a row is an element.
    """

    def __init__(
        self, predictions: Source, labels: Source, weights: Optional[Source], axis: Optional[int], binary: bool
    ) -> None:
        self.predictions, self.labels, self.weights, self.binary = predictions, labels, weights, binary
        shape = predictions.shape
        if predictions.dtype.kind in "biu" and not predictions.is_table:
            raise Failure(
                Exit.DATA,
                f"{predictions.name} holds {predictions.dtype}, expected floating numbers: "
                "PREDICTIONS comes first, LABELS second",
            )
        if len(shape) < (1 if binary else 2):
            raise Failure(
                Exit.DATA,
                f"{predictions.name} has shape {shown(shape)}, expected rows and classes, e.g. (rows, 10)"
                + (" (--binary is for one probability a row)" if len(shape) == 1 else ""),
            )
        if predictions.is_table and shape[1] == 1 and not binary:
            raise Failure(
                Exit.DATA,
                f"{predictions.name} has one column, expected one for each class (--binary is for one probability "
                "a row)",
            )
        self.axis = None if binary else _class_axis(axis, predictions)
        self.classes = 2 if self.axis is None else shape[self.axis] or 0
        batch_axis = 1 if self.axis == 0 else 0
        predictions.along(batch_axis)
        # The shape of one value a row, the batch axis first.
        self.row_shape = shape if self.axis is None else shape[: self.axis] + shape[self.axis + 1 :]
        self.rows_per_position = math.prod(size or 0 for size in self.row_shape[1:])
        if 0 in shape:
            raise Failure(Exit.DATA, f"{predictions.name} has shape {shown(shape)}: there is nothing to score")
        self.has_distribution = self._match_labels(batch_axis)
        self._match_weights()
        self._match_known_lengths()
        self._elements_per_position = self.rows_per_position * (1 if binary else self.classes)

    @property
    def rows(self) -> Optional[int]:
        """How many rows there are, if the files say so."""
        for source, axis in ((self.predictions, self.predictions.batch_axis), (self.labels, self.labels.batch_axis)):
            length = source.shape[axis]
            if length is not None:
                return length * self.rows_per_position
        return None

    def index(self, row: int) -> tuple[int, ...]:
        """The place of a row in an array with one value a row."""
        position, rest = divmod(row, self.rows_per_position)
        inner = np.unravel_index(rest, [size or 0 for size in self.row_shape[1:]]) if len(self.row_shape) > 1 else ()
        return (position, *(int(i) for i in inner))

    def blocks(self, batch_rows: Optional[int]) -> Iterator[Block]:
        """The whole problem. Where the blocks begin and end does not depend on the batches."""
        step = min(BLOCK_ROWS // self.rows_per_position, BLOCK_ELEMENTS // self._elements_per_position)
        step = max(step, 1)
        wanted = (
            -(-batch_rows // self.rows_per_position) if batch_rows else _BATCH_ELEMENTS // self._elements_per_position
        )
        batch = max(-(-wanted // step), 1) * step
        start = 0
        while True:
            y_pred, y_true = self.predictions.take(batch), self.labels.take(batch)
            weights = None if self.weights is None else self.weights.take(batch)
            length = y_pred.shape[self.predictions.batch_axis]
            self._match_lengths(start, length, y_true, weights)
            if length == 0:
                break
            if y_pred.dtype.kind in "biu":
                y_pred = y_pred.astype(np.float64)
            for begin in range(0, length, step):
                end = min(begin + step, length)
                yield self._block(start + begin, y_pred, y_true, weights, begin, end)
            start += length
        if start == 0:
            raise Failure(Exit.DATA, f"{self.predictions.name} has no rows")

    def _block(
        self, start: int, y_pred: AnyArray, y_true: AnyArray, weights: Optional[AnyArray], begin: int, end: int
    ) -> Block:
        pred = _part(y_pred, self.predictions.batch_axis, begin, end)
        true = _part(y_true, self.labels.batch_axis, begin, end)
        rows = (end - begin, *(size or 0 for size in self.row_shape[1:]))
        if self.binary:
            true = true.reshape(pred.shape)
        elif not self.has_distribution:
            true = true.reshape(rows)
        first_row = start * self.rows_per_position
        true = self._floats(true) if self.has_distribution else self._indices(true, first_row)
        part = None
        if weights is not None:
            part = weights[begin:end]
            if part.shape != rows:
                part = np.broadcast_to(part.reshape(len(part), *[1] * (len(rows) - 1)), rows)
        return Block(start, first_row, true, pred, part)

    def _match_labels(self, batch_axis: int) -> bool:
        """Check the labels' shape, and whether they hold distributions."""
        labels, shape = self.labels, self.predictions.shape
        single = shape if self.axis is None else shape[: self.axis] + (1,) + shape[self.axis + 1 :]
        if self.axis is None:
            if not (labels.shape and _agree(_stripped(labels.shape), _stripped(shape))):
                raise self._mismatch("expected the same")
            labels.along(0)
            return True
        if labels.shape and _agree(labels.shape, self.row_shape):
            labels.along(0)
            return False
        if len(labels.shape) == len(shape):
            labels.along(batch_axis)
            # A single column of a table holds labels, also where there is a single class.
            is_distribution = _agree(labels.shape, shape, batch_axis) and not (labels.is_table and labels.shape[1] == 1)
            if is_distribution or _agree(labels.shape, single, batch_axis):
                return is_distribution
        raise self._mismatch(f"expected {shown(self.row_shape)} for class indices or {shown(shape)} for distributions")

    def _mismatch(self, expected: str) -> Failure:
        predictions, labels = self.predictions, self.labels
        return Failure(
            Exit.DATA,
            f"the shapes do not fit: {predictions.name} has {shown(predictions.shape)}, "
            f"{labels.name} has {shown(labels.shape)}, {expected}",
        )

    def _match_weights(self) -> None:
        weights = self.weights
        if weights is None:
            return
        allowed = (self.row_shape, self.row_shape[:1])
        if not (weights.shape and (_agree(weights.shape, allowed[0]) or _agree(_stripped(weights.shape), allowed[1]))):
            raise Failure(
                Exit.DATA,
                f"{weights.name} has shape {shown(weights.shape)}, expected {shown(self.row_shape)}, a weight a row"
                + (f", or {shown(self.row_shape[:1])}" if len(self.row_shape) > 1 else ""),
            )
        weights.along(0)

    def _match_known_lengths(self) -> None:
        ours = self.predictions.shape[self.predictions.batch_axis]
        for other in (self.labels, self.weights):
            theirs = None if other is None else other.shape[other.batch_axis]
            if other is not None and ours is not None and theirs is not None and ours != theirs:
                raise self._different_lengths(ours, other, theirs)

    def _match_lengths(self, start: int, length: int, y_true: AnyArray, weights: Optional[AnyArray]) -> None:
        others = [(self.labels, y_true.shape[self.labels.batch_axis])]
        if self.weights is not None and weights is not None:
            others.append((self.weights, len(weights)))
        for other, found in others:
            if found != length:
                ours, theirs = start + length + _left(self.predictions), start + found + _left(other)
                raise self._different_lengths(ours, other, theirs)

    def _different_lengths(self, ours: int, other: Source, theirs: int) -> Failure:
        has_table = other.is_table or self.predictions.is_table
        hint = ". Is the first line of one a header? --header tells" if has_table and abs(ours - theirs) == 1 else ""
        unit = "rows" if len(self.row_shape) == 1 else "positions along the first axis that is not the class axis"
        return Failure(Exit.DATA, f"{self.predictions.name} has {ours} {unit}, but {other.name} has {theirs}{hint}")

    def _floats(self, values: AnyArray) -> AnyArray:
        return values.astype(np.float64) if values.dtype.kind in "biu" else values

    def _indices(self, values: AnyArray, first_row: int) -> AnyArray:
        """Class indices of a type that the library takes."""
        if values.dtype.kind == "f":
            with np.errstate(invalid="ignore"):
                indices = values.astype(np.int64)
            wrong = (indices != values) | (np.abs(values) > 2**53)
        elif values.dtype.kind == "b" or values.dtype.itemsize == 8:
            indices = values.astype(np.int64)
            wrong = values > np.iinfo(np.int64).max
        else:
            return values
        if wrong.any():
            at = int(np.argmax(wrong))
            raise Failure(
                Exit.DATA,
                f"{self.labels.name}, {self.where(self.labels, first_row + at)}: "
                f"the label is {values.flat[at]}, not a class index (a whole number)",
            )
        return indices

    def where(self, source: Source, row: int) -> str:
        """A row, in words."""
        index = self.index(row)
        place = source.place(index[0])
        numbered = f"row {row}" if len(index) == 1 else f"row {row} (at [{', '.join(map(str, index))}])"
        return f"{numbered} ({place})" if place else numbered


def shown(shape: Shape) -> str:
    """A shape as messages show it."""
    sizes = ["rows" if size is None else str(size) for size in shape]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def _class_axis(axis: Optional[int], predictions: Source) -> int:
    dimensions = len(predictions.shape)
    axis = -1 if axis is None else axis
    if not -dimensions <= axis < dimensions:
        raise Failure(Exit.USAGE, f"--axis {axis} is outside the {dimensions} dimensions of {predictions.name}")
    if predictions.is_table and axis % dimensions == 0:
        raise Failure(Exit.USAGE, f"--axis {axis}: the classes of a table are its columns ({predictions.name})")
    return axis % dimensions


def _agree(one: Shape, other: Shape, free: int = 0) -> bool:
    """Whether two shapes agree but for the lengths along one axis, which have a message of their own."""
    return len(one) == len(other) and all(a == b for i, (a, b) in enumerate(zip(one, other)) if i != free)


def _stripped(shape: Shape) -> Shape:
    """Without axes of length 1 at the end, except the first."""
    while len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    return shape


def _part(array: AnyArray, axis: int, begin: int, end: int) -> AnyArray:
    return array[(slice(None),) * axis + (slice(begin, end),)]


def _left(source: Source) -> int:
    """How many positions nobody took."""
    count = 0
    while size := source.take(4096).shape[source.batch_axis]:
        count += size
    return count
