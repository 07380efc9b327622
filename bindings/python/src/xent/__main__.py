"""The command: `python -m xent`, or `xent` once the package is installed."""

from __future__ import annotations

import sys

from .score.failures import Exit


def main() -> int:
    """Run the command with the arguments of the process. Returns the exit code."""
    try:
        # Here, as Ctrl-C may come while it loads.
        from .score import command

        return command.main()
    except KeyboardInterrupt:
        print("xent score: interrupted", file=sys.stderr)
        return Exit.INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
