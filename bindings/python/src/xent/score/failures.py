"""Exit codes, the exception behind each, and the packages that are not always there."""

from __future__ import annotations

import enum
import importlib
from typing import Any


class Exit(enum.IntEnum):
    """What the command ends with."""

    SCORED = 0
    USAGE = 2
    FILE = 3
    DATA = 4
    PACKAGE = 5
    INTERRUPTED = 130
    UNREAD = 141  # what a shell reports of a process that SIGPIPE ended


EXIT_CODES = """\
exit codes:
  0    everything was scored
  2    the command line is wrong: an unknown option, a value out of range, an
       option without meaning here
  3    a file is missing, cannot be read or written, or is in no format that is
       known
  4    what a file holds cannot be scored: shapes, row counts, labels,
       probabilities, cells of a table, nothing at all
  5    an optional package is missing
  130  interrupted (Ctrl-C): the results are those of the rows scored so far
  141  standard output was closed before its end (as by head); a report is whole
"""


class Failure(Exception):
    """Ends the command with a message that a person can act on."""

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.code = code


def optional(module: str, purpose: str) -> Any:
    """A module of a package that only the extra `score` installs."""
    try:
        return importlib.import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise Failure(Exit.PACKAGE, f"{purpose} needs {package}: pip install {package}") from None
