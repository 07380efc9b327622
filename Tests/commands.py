"""What the checks share: how they run other programs, and what every shared library refers to."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

# What the compiler's start files refer to, if anybody has it.
START_FILES = {"__cxa_finalize", "__gmon_start__", "_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable"}


def run(
    *command: str | Path, cwd: Path | None = None, environment: Mapping[str, str] = os.environ, **variables: str
) -> str:
    """What a command prints, run in an environment with these variables beside; a command that fails ends the check."""
    words = [str(word) for word in command]
    result = subprocess.run(words, cwd=cwd, capture_output=True, text=True, env={**environment, **variables})
    if result.returncode:
        raise SystemExit(f"FAILED: {' '.join(words)}\n{result.stdout}{result.stderr}")
    return result.stdout
