"""What is kept of the rows: sums, counts and the worst, in memory that does not grow with their number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Total:
    """A sum with the rounding errors carried along (Neumaier): as exact as if it were rounded once."""

    def __init__(self) -> None:
        self._sum = self._error = 0.0

    def add(self, value: float) -> None:
        total = self._sum + value
        if math.isfinite(total):
            larger, smaller = (self._sum, value) if abs(self._sum) >= abs(value) else (value, self._sum)
            self._error += (larger - total) + smaller
        self._sum = total

    @property
    def value(self) -> float:
        """The sum; infinite or NaN as plain additions make it."""
        return self._sum + self._error if math.isfinite(self._sum) else self._sum


class ClassSums:
    """Sums over the rows of each class."""

    def __init__(self, classes: int) -> None:
        self.count = np.zeros(classes, np.int64)
        self.correct = np.zeros(classes, np.int64)
        self.loss_sum = np.zeros(classes)
        self.weight_sum = np.zeros(classes)

    def add(self, labels: Integers, losses: Floats, weights: Floats, correct: Mask) -> None:
        np.add.at(self.count, labels, 1)
        np.add.at(self.correct, labels, correct)
        np.add.at(self.loss_sum, labels, losses)
        np.add.at(self.weight_sum, labels, weights)


class Histogram:
    """Counts in bins of fixed places: 64 equal ones for each power of two from 2^-40 to 2^24, on either side of 0.

    So a value is known to 1/64 of itself, whatever comes. Values below 2^-40 = 9e-13 count as 0, those from 2^24 on
    stay in the last bin.
    """

    _PER_OCTAVE = 64
    _FIRST, _LAST = -40, 24

    def __init__(self) -> None:
        self._half = (self._LAST - self._FIRST) * self._PER_OCTAVE
        self._counts = np.zeros(2 * self._half + 1, np.int64)
        self.nan = self.infinite = 0

    def add(self, values: Floats) -> None:
        finite = values[np.isfinite(values)]
        nan = int(np.isnan(values).sum())
        mantissa, exponent = np.frexp(np.abs(finite))  # mantissa in [0.5, 1)
        within = ((mantissa - 0.5) * (2 * self._PER_OCTAVE)).astype(np.int64)
        place = (exponent.astype(np.int64) - 1 - self._FIRST) * self._PER_OCTAVE + within + 1
        place = np.where(finite == 0, 0, np.clip(place, 0, self._half))
        np.add.at(self._counts, self._half + np.where(finite < 0, -place, place), 1)
        self.nan += nan
        self.infinite += len(values) - len(finite) - nan

    def bins(self) -> list[tuple[float, float, int]]:
        """The bins that are not empty: from, to, count; ascending. Zeros have a bin without a width."""
        places = np.flatnonzero(self._counts)
        return [(*self._range(int(i) - self._half), int(self._counts[i])) for i in places]

    def quantile(self, fraction: float) -> float:
        """A value that so many of the finite values do not exceed: the middle of its bin."""
        below = np.cumsum(self._counts)
        if not below[-1]:
            return math.nan
        rank = max(math.ceil(fraction * int(below[-1])), 1)
        low, high = self._range(int(np.searchsorted(below, rank)) - self._half)
        return (low + high) / 2

    def _range(self, place: int) -> tuple[float, float]:
        if place == 0:
            return 0.0, 0.0
        low, high = self._edge(abs(place) - 1), self._edge(abs(place))
        return (low, high) if place > 0 else (-high, -low)

    def _edge(self, place: int) -> float:
        octave, within = divmod(place, self._PER_OCTAVE)
        return math.ldexp(1 + within / self._PER_OCTAVE, self._FIRST + octave)


class Worst:
    """The rows with the largest losses: NaN before all others, of equals the first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._losses = np.empty(0)
        self._rows: Integers = np.empty(0, np.int64)
        self._labels: NDArray[Any] = np.empty(0, np.int64)  # float64 once targets are added
        self._predicted: Integers = np.empty(0, np.int64)

    def add(self, losses: Floats, rows: Integers, labels: NDArray[Any], predicted: Integers) -> None:
        if not self._size:
            return
        if len(self._losses) == self._size:
            new = ~(losses <= self._losses[-1])
            losses, rows, labels, predicted = losses[new], rows[new], labels[new], predicted[new]
        losses = np.concatenate([self._losses, losses])
        rows = np.concatenate([self._rows, rows])
        order = np.lexsort((rows, -losses, ~np.isnan(losses)))[: self._size]
        self._losses, self._rows = losses[order], rows[order]
        self._labels = np.concatenate([self._labels, labels])[order]
        self._predicted = np.concatenate([self._predicted, predicted])[order]

    def entries(self) -> list[tuple[int, float, float, int]]:
        """Row, loss, label and prediction, the largest loss first."""
        return list(zip(*(a.tolist() for a in (self._rows, self._losses, self._labels, self._predicted))))


class Calibration:
    """Confidence against outcome, in equal bins of the confidence."""

    BINS = 15

    def __init__(self) -> None:
        self.count = np.zeros(self.BINS, np.int64)
        self.confidence_sum = np.zeros(self.BINS)
        self.outcome_sum = np.zeros(self.BINS)

    def add(self, confidence: Floats, outcome: Floats) -> None:
        known = ~np.isnan(confidence)
        confidence, outcome = np.clip(confidence[known], 0.0, 1.0), outcome[known]
        bins = np.minimum((confidence * self.BINS).astype(np.int64), self.BINS - 1)
        np.add.at(self.count, bins, 1)
        np.add.at(self.confidence_sum, bins, confidence)
        np.add.at(self.outcome_sum, bins, outcome)

    def bins(self) -> list[tuple[float, float, int, float, float]]:
        """From, to, count, mean confidence and mean outcome of each bin; of an empty bin the means are NaN."""
        with np.errstate(invalid="ignore"):
            means = self.confidence_sum / self.count, self.outcome_sum / self.count
        return [
            (i / self.BINS, (i + 1) / self.BINS, int(self.count[i]), float(means[0][i]), float(means[1][i]))
            for i in range(self.BINS)
        ]

    def expected_error(self) -> float:
        """The expected calibration error: the mean over the rows of how far apart their bin's two means are."""
        total = int(self.count.sum())
        return float(np.abs(self.confidence_sum - self.outcome_sum).sum()) / total if total else math.nan
