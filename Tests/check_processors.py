#!/usr/bin/env python3
"""Runs the shipped library on processors of several ages, and checks which set of instructions it chooses there.

usage: check_processors.py BUILD_FOLDER

The harness and the example run under qemu-user, which refuses instructions that the processor emulated does not have, once
for each feature that AVX2's kernels need and that is missing. XENT_INSTRUCTION_SET is tried everywhere, this processor
included: a lower set's name is honoured, all else is ignored. Without qemu-user, only this processor is tried.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from check_packages import EXPECTED

ROOT = Path(__file__).resolve().parent.parent
VECTORS = ROOT / "Tests" / "Vectors" / "golden.txt"
SETS = ("baseline", "avx2", "avx512")

# Nothing beyond the first x86-64 processors; AVX2 and all that came with it.
OLD_PROCESSOR = "qemu64,-pni,-cx16,-sse4a,-lahf-lm"
AVX2_PROCESSOR = "Haswell"
# The features of x86-64-v3, and of v2 before it. What the operating system saves is asked for by way of xsave.
FEATURES = (
    "pni", "ssse3", "cx16", "sse4.1", "sse4.2", "popcnt", "lahf-lm",
    "xsave", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe",
)  # fmt: skip
PROCESSORS = {
    OLD_PROCESSOR: "baseline",
    f"{OLD_PROCESSOR},level=1": "baseline",
    "core2duo": "baseline",
    "Nehalem": "baseline",
    "SandyBridge": "baseline",
    "Opteron_G5": "baseline",
    AVX2_PROCESSOR: "avx2",
    "EPYC": "avx2",
    "max": "avx2",
    **{f"{AVX2_PROCESSOR},-{feature}": "baseline" for feature in FEATURES},
}

# The harness but for its slowest part, the strides, whose ways lead to few kernels that the rest does not run.
GROUPS = (
    "vectors", "label_types", "contiguous_errors", "descriptor_shapes", "descriptor_values", "gradient_descent",
    "option_values", "types", "side_outputs", "edge_values", "option_errors", "threads", "information",
)  # fmt: skip

# What XENT_INSTRUCTION_SET may hold that is no set's name.
NO_NAMES = (
    "", " ", "AVX2", "Baseline", "avx", "avx2 ", " avx2", "avx21", "baselin", "baseline\n", "avx512f", "sse2", "0", "none",
    "baseline,avx2", "\xff", "baseline" * 1000,
)  # fmt: skip


# The C library's own choices are not what is tested: some of its functions for AVX2 use BMI without asking for it, and
# some for SSE4.2 use SSSE3.
PLAIN_C_LIBRARY = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX2_Usable,-SSE4_2"}


def emulator() -> str | None:
    return shutil.which("qemu-x86_64") or shutil.which("qemu-x86_64-static")


def command_on(processor: str | None) -> list[str]:
    return [emulator(), "-cpu", processor] if processor else []


def native_set() -> str | None:
    """By the C library's loader, which knows the levels of x86-64 by itself; None where it does not say."""
    if platform.machine() != "x86_64":
        return "baseline"
    loader = "/lib64/ld-linux-x86-64.so.2"
    if not os.path.exists(loader):
        return None
    text = subprocess.run([loader, "--help"], capture_output=True, text=True).stdout
    if "x86-64-v2" not in text:
        return None
    levels = re.findall(r"x86-64-v(\d) \(supported", text)
    return "avx512" if "4" in levels else "avx2" if "3" in levels else "baseline"


class Programs:
    def __init__(self, build: Path) -> None:
        self.harness = build / "bindings" / "c" / "xent_harness_c"
        self.example = build / "bindings" / "c" / "xent_example_c"

    def run(self, processor: str | None, program: Path, *arguments: str | Path, wanted: str | None = None) -> str:
        """What the program prints; with its end where that is no good one."""
        environment = {name: value for name, value in os.environ.items() if name != "XENT_INSTRUCTION_SET"}
        if processor:
            environment |= PLAIN_C_LIBRARY
        if wanted is not None:
            environment["XENT_INSTRUCTION_SET"] = wanted
        command = [*command_on(processor), program, *arguments]
        result = subprocess.run(command, capture_output=True, text=True, env=environment)
        if result.returncode == 0:
            return result.stdout
        errors = re.sub(r".*warning: TCG doesn't support.*\n", "", result.stderr)
        return f"{result.stdout}{errors}exit status {result.returncode}"

    def check_harness(self, processor: str | None, groups: tuple[str, ...], expected: str, wanted: str | None = None) -> str:
        """What is wrong, or nothing."""
        output = self.run(processor, self.harness, VECTORS, *groups, wanted=wanted)
        if re.fullmatch(rf"harness \({expected}\): [1-9]\d* checks, 0 failed\n", output):
            return ""
        return f"{processor or 'this processor'}, XENT_INSTRUCTION_SET {wanted!r}: expected {expected}: {output}"

    def check_choice(self, processor: str | None, largest: str) -> Iterator[str]:
        """Without the variable, with every set's name, and with what is no name."""
        information = ("information",)
        yield self.check_harness(processor, information, largest)
        for name in SETS:
            yield self.check_harness(processor, information, min(name, largest, key=SETS.index), name)
        for name in NO_NAMES:
            yield self.check_harness(processor, information, largest, name)

    def check_processor(self, processor: str, largest: str) -> Iterator[str]:
        example = self.run(processor, self.example)
        yield "" if example.startswith(EXPECTED["c"]) else f"{processor}: the example prints {example}"
        # The sets' names everywhere; all of the rest where it is a set's first processor.
        if processor in (OLD_PROCESSOR, AVX2_PROCESSOR):
            yield from self.check_choice(processor, largest)
            yield self.check_harness(processor, GROUPS, largest)
        else:
            yield self.check_harness(processor, ("information", "edge_values"), largest)
            yield self.check_harness(processor, ("information",), largest, "avx512")


def main() -> int:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    programs = Programs(Path(sys.argv[1]))
    start = time.monotonic()
    failures: list[str] = []

    largest = native_set()
    if largest:
        failures += filter(None, programs.check_choice(None, largest))
        print(f"this processor: {largest}, and {len(SETS) + len(NO_NAMES)} values of XENT_INSTRUCTION_SET")
    else:
        print("skipped: this processor: the C library does not say what it has")

    if platform.machine() == "x86_64" and emulator():
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for found in pool.map(lambda item: list(filter(None, programs.check_processor(*item))), PROCESSORS.items()):
                failures += found
        print(f"{len(PROCESSORS)} emulated processors in {time.monotonic() - start:.0f} s")
    else:
        print("skipped: emulated processors: no qemu-x86_64")

    for failure in failures:
        print("FAILED:", failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
