"""Errors in ulp: the unit is that of the exact value's binade in the type, at least that of the normal numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


def working_type(dtype: np.dtype) -> np.dtype:
    """The wider type that exact values of a type are held in: float64 for float32, long double for float64."""
    return np.dtype(np.float64 if dtype == np.float32 else np.longdouble)


def unit(size: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """The distance of neighbouring numbers of the type at `size`, in size's own type."""
    information = np.finfo(dtype)
    exponent = np.frexp(np.where(np.isfinite(size), size, 1))[1]
    return np.ldexp(size.dtype.type(1), np.maximum(exponent, information.minexp + 1) - information.nmant - 1)


def errors(result: np.ndarray, exact: np.ndarray, size: np.ndarray | None = None) -> np.ndarray:
    """Errors of a result in units of its type, at the exact value or at `size`; infinite where one is and should not
    be an infinity or NaN."""
    with np.errstate(all="ignore"):
        rounded = exact.astype(result.dtype)
        difference = np.abs(result.astype(exact.dtype) - exact)
        ulp = (difference / unit(exact if size is None else size, result.dtype)).astype(np.float64)
        same = (result == rounded) | (np.isnan(result) & np.isnan(rounded))
    return np.where(np.isfinite(rounded) & np.isfinite(result), ulp, np.where(same, 0.0, np.inf))


@dataclass
class Tally:
    """Maximum and mean of many errors, and where the maximum was met."""

    maximum: float = -1.0
    sum: float = 0.0
    count: int = 0
    not_finite: int = 0
    worst: str = ""
    worst_arrays: dict[str, np.ndarray] | None = None

    def add(
        self,
        ulp: np.ndarray,
        describe: Callable[[int], str],
        arrays: Callable[[int], dict[str, np.ndarray]] | None = None,
    ) -> None:
        """Takes in errors; `describe` and `arrays` tell of the one with a flat index, called for a new maximum only."""
        if ulp.size == 0:
            return
        wrong = np.isinf(ulp)
        self.not_finite += int(wrong.sum())
        self.sum += float(np.sum(ulp, where=~wrong))
        self.count += ulp.size
        index = int(np.argmax(ulp))
        if ulp.flat[index] > self.maximum:
            self.maximum = float(ulp.flat[index])
            self.worst = describe(index)
            self.worst_arrays = arrays(index) if arrays else None

    @property
    def mean(self) -> float:
        return self.sum / max(1, self.count - self.not_finite)


@dataclass
class PeerTally:
    """Of another library: the maximum, and the share of results beyond a bound. A result that wrongly is or is not
    finite only counts: as a maximum it would hide every other figure."""

    bound: float = np.inf
    maximum: float = -1.0
    count: int = 0
    beyond: int = 0
    not_finite: int = 0

    def add(self, ulp: np.ndarray) -> None:
        wrong = np.isinf(ulp)
        self.count += ulp.size
        self.beyond += int(np.sum(ulp > self.bound))
        self.not_finite += int(wrong.sum())
        self.maximum = max(self.maximum, float(np.max(ulp, where=~wrong, initial=-1.0)))

    def __str__(self) -> str:
        if self.count == 0:
            return "-"
        notes = [f"{100 * self.beyond / self.count:.2g} % beyond"] if self.beyond else []
        notes += [f"{self.not_finite} not finite"] if self.not_finite else []
        return figure(self.maximum) + (f" ({', '.join(notes)})" if notes else "")


def figure(value: float) -> str:
    """A number of ulp as a table shows it."""
    if value < 0:
        return "-"
    return f"{value:.3f}" if value < 1000 else f"{value:.2g}"
