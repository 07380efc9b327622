"""The progress on standard error: a bar of rich on a terminal, else lines."""

from __future__ import annotations

import sys
import time
from typing import Any, Optional

from .failures import Failure, optional


class Silence:
    """No progress to be seen."""

    def show(self, rows: int, total: Optional[float]) -> None:
        """So many rows are done, of about so many."""

    def close(self) -> None:
        """Leave the terminal as it was."""


class Bar(Silence):
    """A bar with rows, rate and time left."""

    def __init__(self, rich: Any) -> None:
        console = optional("rich.console", "the bar").Console(stderr=True)
        self._progress = rich.Progress(
            rich.TextColumn("scoring"),
            rich.BarColumn(),
            rich.TaskProgressColumn(),
            rich.TextColumn("{task.completed:,.0f} rows"),
            rich.TextColumn("{task.fields[rate]}"),
            rich.TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("", total=None, rate="")
        self._start = time.monotonic()
        self._progress.start()

    def show(self, rows: int, total: Optional[float]) -> None:
        rate = rows / max(time.monotonic() - self._start, 1e-9)
        self._progress.update(self._task, completed=rows, total=total, rate=f"{_short(rate)} rows/s")

    def close(self) -> None:
        self._progress.stop()


class Lines(Silence):
    """The same in plain text, at most twice a second: over the same line on a terminal, else line by line."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._start = time.monotonic()
        self._shown = float("-inf")
        self._width = 0

    def show(self, rows: int, total: Optional[float]) -> None:
        now = time.monotonic()
        if now - self._shown < 0.5 and rows != total:
            return
        self._shown = now
        rate = rows / max(now - self._start, 1e-9)
        share = f" of {total:,.0f} ({rows / total:.0%}), {(total - rows) / rate:,.0f} s left" if total and rate else ""
        text = f"{rows:,} rows{share}, {_short(rate)} rows/s"
        if self._is_terminal:
            sys.stderr.write("\r" + text.ljust(self._width))
            self._width = len(text)
        else:
            sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def close(self) -> None:
        if self._is_terminal and self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")


def progress(wanted: Optional[bool]) -> Silence:
    """What shows the progress, if it is wanted or, None, can be seen."""
    if wanted is False or (wanted is None and not sys.stderr.isatty()):
        return Silence()
    if not sys.stderr.isatty():
        return Lines()
    try:
        return Bar(optional("rich.progress", "the bar"))
    except Failure:
        return Lines()


def _short(number: float) -> str:
    for factor, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= factor:
            return f"{number / factor:.3g} {unit}"
    return f"{number:.0f}"
