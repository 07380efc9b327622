"""Ctrl-C ends the command at once, except that what must not be cut in two is finished first."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Optional


class Interruption:
    """While it is entered, SIGINT raises KeyboardInterrupt, but at the end of `shielded` if it comes within."""

    def __init__(self) -> None:
        self._is_shielded = self._is_pending = False
        self._before: Any = None

    def __enter__(self) -> Interruption:
        self._before = signal.getsignal(signal.SIGINT)
        if self._before != signal.SIG_IGN:  # as under nohup
            signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], traceback: Optional[TracebackType]
    ) -> None:
        signal.signal(signal.SIGINT, self._before)

    @contextmanager
    def shielded(self) -> Iterator[None]:
        """What is done here is done whole."""
        self._is_shielded = True
        try:
            yield
        finally:
            self._is_shielded = False
        if self._is_pending:
            raise KeyboardInterrupt

    def _handle(self, number: int, frame: Optional[FrameType]) -> None:
        if self._is_shielded:
            self._is_pending = True
        else:
            raise KeyboardInterrupt
