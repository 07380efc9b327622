#!/usr/bin/env python3
"""Plants what the library's link must avoid, and shows that it is found.

usage: check_symbol_hazard.py FOLDER_OF_SWIFT_OBJECTS PROGRAM

The wide kernels' objects come first in the link, with all their names global, and nobody's own definitions win over
theirs: baseline code then calls functions compiled for AVX2. The check of the linked code must fail and name them; PROGRAM,
which uses libxent.so.0, must die of them on an emulated old processor (skipped without qemu-user), though not on a new one.
"""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import linked_code
from check_processors import AVX2_PROCESSOR, OLD_PROCESSOR, emulator

CHECK = Path(__file__).resolve().parent / "linked_code.py"
BASELINE_OBJECTS = ("XentC.o", "Xent.o", "XentKernelInterface.o", "XentKernels.o")


def shared_names(objects: Path) -> set[str]:
    """What the AVX2 kernels define under names that baseline objects define, too."""

    def defined(*names: str) -> set[str]:
        command = ["nm", "--defined-only", "-g", *(str(objects / name) for name in names)]
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        return {line.split()[-1] for line in lines if len(line.split()) == 3}

    return defined("XentKernelsAVX2.o") & defined(*BASELINE_OBJECTS)


def plant(objects: Path, folder: Path) -> tuple[Path, Path]:
    weak = folder / "XentKernelInterface.o"
    subprocess.run(["objcopy", "--weaken", objects / weak.name, weak], check=True)
    library, linker_map = folder / "libxent.so.0", folder / "libxent.map"
    wide = [objects / f"{module}.o" for module, _ in linked_code.MODULES.values()]
    baseline = [weak if name == weak.name else objects / name for name in BASELINE_OBJECTS]
    linked_code.link(wide + baseline, library, linker_map)
    return library, linker_map


def main() -> int:
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    if platform.machine() != "x86_64":
        print("skipped: there is one set of kernels")
        return 0
    objects, program = Path(sys.argv[1]), Path(sys.argv[2])
    failures: list[str] = []

    with tempfile.TemporaryDirectory() as folder:
        library, linker_map = plant(objects, Path(folder))
        result = subprocess.run([sys.executable, CHECK, library, linker_map], capture_output=True, text=True)
        named = sorted(name for name in shared_names(objects) if f"reaches {name} " in result.stdout)
        print(f"planted: the check names {named}")
        if result.returncode != 1 or not named:
            failures.append(f"the check does not see it (exit status {result.returncode}): {result.stdout}{result.stderr}")

        if qemu := emulator():
            environment = {**os.environ, "LD_LIBRARY_PATH": folder}
            for processor, expected in ((OLD_PROCESSOR, -signal.SIGILL), (AVX2_PROCESSOR, 0)):
                command = [qemu, "-cpu", processor, program]
                status = subprocess.run(command, capture_output=True, env=environment).returncode
                print(f"planted: {program.name} on an emulated {processor} ends with {status}")
                if status != expected:
                    failures.append(f"{program.name} on an emulated {processor} ends with {status}, not {expected}")
        else:
            print("skipped: the planted library on an emulated processor: no qemu-x86_64")

    for failure in failures:
        print("FAILED:", failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
