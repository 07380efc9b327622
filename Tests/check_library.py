#!/usr/bin/env python3
"""Checks what the built library exports and needs, and that no code for a newer processor can leak into the baseline.

usage: check_library.py LIBRARY FOLDER_OF_SWIFT_OBJECTS [--embedded 0|1]
"""

from __future__ import annotations

import argparse
import platform
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Instructions and registers that a processor of the baseline does not have: AVX and later (a leading v or a wide
# register), BMI, LZCNT, MOVBE. popcnt, too, is newer than the baseline.
NEWER = re.compile(
    r"^(v[a-z0-9]+|andn|bextr|blsi|blsmsk|blsr|bzhi|lzcnt|tzcnt|movbe|mulx|pdep|pext|popcnt|rorx|sarx|shlx|shrx)$"
)
NOT_VECTOR = {"verr", "verw"}


def tool(*arguments: str | Path) -> str:
    return subprocess.run([str(a) for a in arguments], check=True, capture_output=True, text=True).stdout


def is_static(library: Path) -> bool:
    return library.suffix == ".a"


def exported(library: Path) -> set[str]:
    lines = tool("nm", "-g" if is_static(library) else "-D", "--defined-only", library).splitlines()
    return {line.split()[-1].split("@")[0] for line in lines if len(line.split()) > 1}


def declared() -> set[str]:
    header = (ROOT / "include" / "xent.h").read_text()
    code = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    return set(re.findall(r"\b(xent_\w+)\(", code))


def newer_instructions(path: Path) -> list[str]:
    found = []
    for line in tool("objdump", "-d", "--no-show-raw-insn", path).splitlines():
        match = re.match(r"\s*[0-9a-f]+:\s+(\S+)", line)
        if not match:
            continue
        mnemonic = match.group(1)
        if (NEWER.match(mnemonic) and mnemonic not in NOT_VECTOR) or "%ymm" in line or "%zmm" in line:
            found.append(line.strip())
    return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("library", type=Path)
    parser.add_argument("objects", type=Path)
    parser.add_argument("--embedded", type=int, default=1)
    arguments = parser.parse_args()
    failures: list[str] = []

    surplus, missing = exported(arguments.library) - declared(), declared() - exported(arguments.library)
    if surplus or missing:
        failures.append(f"exports beyond the header: {sorted(surplus)}; not exported: {sorted(missing)}")

    needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", tool("readelf", "-dW", arguments.library)))
    if arguments.embedded and not is_static(arguments.library) and needed != {"libc.so.6"}:
        failures.append(f"needs {sorted(needed)}, expected the C library alone")

    if platform.machine() == "x86_64":
        for name in ("XentC.o", "Xent.o", "XentKernelInterface.o", "XentKernels.local.o"):
            found = newer_instructions(arguments.objects / name)
            if found:
                failures.append(f"{name} has {len(found)} instructions beyond the baseline, e.g. {found[:3]}")
        for name, register in (("XentKernelsAVX2.local.o", "ymm"), ("XentKernelsAVX512.local.o", "zmm")):
            path = arguments.objects / name
            if f"%{register}" not in tool("objdump", "-d", path):
                failures.append(f"{name} does not use {register} registers")
            symbols = [line.split() for line in tool("nm", "--defined-only", path).splitlines()]
            public = [s[-1] for s in symbols if len(s) == 3 and s[1] in "TWVDBRu"]
            if len(public) != 1:
                failures.append(f"{name} has other global symbols than its kernel table: {public}")

    for failure in failures:
        print("FAILED:", failure)
    print(f"{arguments.library.name}: {arguments.library.stat().st_size} bytes, {len(exported(arguments.library))} exports")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
