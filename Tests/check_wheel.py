#!/usr/bin/env python3
"""Checks a built wheel: what it is called, what it holds, and that it runs where no Swift is installed.

usage: check_wheel.py FOLDER_OF_THE_WHEEL SCRATCH_FOLDER
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import zipfile
from pathlib import Path

from commands import run

PROGRAM = """
import shutil, numpy, xent
assert shutil.which("swiftc") is None
result = xent.binary_cross_entropy([1, 0, 1, 0], [0.9, 0.1, 0.8, 0.2], gradient=True)
print(f"loss {result.loss:.15f} from {xent.__file__}")
"""
EXPECTED = "loss 0.164252033486018"


def main() -> int:
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    folder, scratch = (Path(a).absolute() for a in sys.argv[1:])
    (wheel,) = folder.glob("*.whl")
    results: list[bool] = []

    def check(good: bool, what: str) -> None:
        results.append(good)
        print(f"{'passed' if good else 'FAILED'}: {what}")

    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    size = wheel.stat().st_size / 1024
    check("-py3-none-" in wheel.name, f"{wheel.name}, {size:.0f} KB, for every Python 3")
    for needed in ("xent/libxent.so", "xent/py.typed", "LICENSE"):
        check(any(name.endswith(needed) for name in names), f"it holds {needed}")

    if shutil.which("auditwheel") and platform.machine() == "x86_64":
        shown = " ".join(run("auditwheel", "show", wheel).split())
        check("manylinux_2_17_x86_64" in shown, f"auditwheel: {shown}")
    else:
        print("skipped: auditwheel is not there, or not for this processor")

    venv = scratch / "wheel-venv"
    run(sys.executable, "-m", "venv", "--clear", venv)
    run(venv / "bin" / "pip", "install", "--quiet", wheel)
    # Nothing on the path but the new environment.
    output = run(venv / "bin" / "python", "-c", PROGRAM, cwd=scratch,
                 environment={"PATH": str(venv / "bin"), "HOME": os.devnull})
    check(output.startswith(EXPECTED), f"without Swift: {output.strip()}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
