"""The command: `python -m xent`, or `xent` once the package is installed."""

from __future__ import annotations

import sys

from .score.command import main

if __name__ == "__main__":
    sys.exit(main())
