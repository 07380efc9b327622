"""The exceptions, and the one place that turns a status of the library into one of them."""

from __future__ import annotations

import ctypes
from typing import Any, NoReturn, Optional

from ._library import Status, library


class XentError(Exception):
    """Base of every error that xent raises.

    Attributes
    ----------
    index : int or None
        Flat index, in C order, of the first offending element of `y_true` (`LabelError`, `TargetError`) or
        `y_pred` (`ProbabilityError`); None for errors that no single element causes.
    """

    index: Optional[int] = None


class ShapeError(XentError, ValueError):
    """Shapes disagree, or there are no classes, or an array to write to is not aligned to its elements."""


class ElementTypeError(XentError, TypeError):
    """An array has an element type that its argument cannot have, or is not to be had as an array of the CPU."""


class OptionError(XentError, ValueError):
    """An option is out of its range, or has no meaning for the call, or an array to write to is read-only."""


class LabelError(XentError, ValueError):
    """A class index is outside [0, classes)."""


class ProbabilityError(XentError, ValueError):
    """A probability is outside [0, 1], or a binary log-probability above 0, by more than 1e-3 (16-bit types: 1e-2)."""


class TargetError(XentError, ValueError):
    """A binary target is outside [0, 1], or an entry of a distribution is negative, infinite or NaN."""


class OverlapError(XentError, ValueError):
    """The memory of an array to write to overlaps that of another argument."""


class OutOfMemoryError(XentError, MemoryError):
    """There is not enough memory for the call, or for an array that it is to return."""


_LONGEST_SHOWN = 200

_CLASSES: dict[int, type[XentError]] = {
    Status.SHAPE: ShapeError,
    Status.TYPE: ElementTypeError,
    Status.OPTION: OptionError,
    Status.LABEL: LabelError,
    Status.PROBABILITY: ProbabilityError,
    Status.TARGET: TargetError,
    Status.OVERLAP: OverlapError,
    Status.MEMORY: OutOfMemoryError,
}


def shown(value: Any) -> str:
    """A value as messages show it: short, and whatever its own words for itself do."""
    try:
        return shortened(repr(value))
    except Exception:  # of the value's class, or of an integer with too many digits
        return shortened(f"of type {type(value).__name__}")


def shortened(text: str) -> str:
    """The beginning of a text that is too long for a message."""
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def raise_status(status: int, message: str = "", index: int = -1) -> NoReturn:
    """Raise the exception of a status; without a message, with the library's words for the status."""
    error = _CLASSES.get(status, XentError)(message or library.xent_status_string(status).decode())
    if index >= 0:
        error.index = index
    raise error


def raise_explained(status: int, explain: Any, y_true: Any, y_pred: Any, options: Any, outputs: Any) -> NoReturn:
    """Raise the exception of a failed loss call, with the library's sentence on these arguments."""
    buffer = ctypes.create_string_buffer(512)
    length = explain(y_true, y_pred, options, outputs, buffer, len(buffer))
    if length >= len(buffer):
        buffer = ctypes.create_string_buffer(length + 1)
        explain(y_true, y_pred, options, outputs, buffer, len(buffer))
    raise_status(status, buffer.value.decode(errors="replace"), outputs.error_index)
