#!/usr/bin/env python3
"""Checks that no code of a linked library leads to code for a newer processor than its own.

usage: linked_code.py LIBRARY LINKER_MAP

The kernels are compiled for several sets of instructions, and bring functions of the same names along. Where the linker
takes one for all, baseline code calls what an old processor cannot run. The linker's map says which object each byte comes
from; the instructions are those of the library itself. Only the kernel tables, behind the choice of the set, may be reached
from below.
"""

from __future__ import annotations

import re
import subprocess
import sys
from bisect import bisect_right
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent

# The sets of instructions, each containing the ones before it, with the register that shows that one is used.
BASELINE, AVX2, AVX512 = 0, 1, 2
MODULES = {AVX2: ("XentKernelsAVX2", "%ymm"), AVX512: ("XentKernelsAVX512", "%zmm")}
ENTRY = ".text.*kernelTable*KernelInterface*VyF"

# What the baseline does not have: AVX and later (a leading v or a wide register), BMI, LZCNT, MOVBE and POPCNT.
BEYOND_BASELINE = re.compile(
    r"(v(?!err|erw)[a-z0-9]+|andn|bextr|blsi|blsmsk|blsr|bzhi|lzcnt|tzcnt|movbe|mulx|pdep|pext|popcnt|rorx|sarx|shlx|shrx)\b"
    r"|.*%[yz]mm"
)
# The wide registers, the masks, and the upper half of the others.
BEYOND_AVX2 = re.compile(r".*%(zmm|k[0-7]|[xy]mm(1[6-9]|2\d|3[01]))")
BEYOND = {BASELINE: BEYOND_BASELINE, AVX2: BEYOND_AVX2, AVX512: re.compile(r"(?!)")}

INSTRUCTION = re.compile(r"\s*([0-9a-f]+):\s+(.+)")
BRANCH = re.compile(r"(?:bnd )?(?:call|j[a-z]+)\s+(?:0x)?([0-9a-f]+)\b")
ADDRESS = re.compile(r".*# (?:0x)?([0-9a-f]+)")


class Piece(NamedTuple):
    """A section of an object, where it lies in the library."""

    start: int
    end: int
    section: str
    source: str

    @property
    def level(self) -> int:
        levels = [level for level, (module, _) in MODULES.items() if self.source.startswith(module + ".")]
        return levels[0] if levels else BASELINE

    @property
    def name(self) -> str:
        """With -function-sections, the function's."""
        return self.section.removeprefix(".text.")


def read_map(path: Path) -> list[Piece]:
    # GNU ld's heading, and gold's.
    text = re.split(r"^(?:Linker script and memory|Memory) map$", path.read_text(), flags=re.M)[-1]
    entries = re.findall(r"^ ([^\s*]\S*)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (.+)$", text, re.M)
    pieces = [Piece(int(a, 16), int(a, 16) + int(n, 16), section, Path(file).name) for section, a, n, file in entries]
    pieces = sorted(p for p in pieces if p.start > 0 and p.end > p.start)
    if not pieces:
        raise SystemExit(f"FAILED: {path} is no map of GNU ld or gold")
    return pieces


def instructions(library: Path) -> Iterator[tuple[int, str]]:
    command = ["objdump", "-d", "--no-show-raw-insn", str(library)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            match = INSTRUCTION.match(line)
            if match:
                yield int(match.group(1), 16), match.group(2)


def relative_relocations(library: Path) -> Iterator[tuple[int, int]]:
    """Pointers in the data: where they lie, and where they lead."""
    command = ["readelf", "-rW", str(library)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for place, target in re.findall(r"^([0-9a-f]+)\s+[0-9a-f]+\s+R_X86_64_RELATIVE\s+([0-9a-f]+)", text, re.M):
        yield int(place, 16), int(target, 16)


def leaks(library: Path, linker_map: Path) -> list[str]:
    """What is wrong, a line for each function that code for older processors should not reach."""
    pieces = read_map(linker_map)
    starts = [piece.start for piece in pieces]
    outside = Piece(0, 0, "linker", "linker")

    def piece_at(address: int) -> Piece:
        index = bisect_right(starts, address) - 1
        return pieces[index] if index >= 0 and address < pieces[index].end else outside

    findings: dict[str, str] = {}
    used: set[int] = set()

    def follow(origin: Piece, address: int) -> None:
        target = piece_at(address)
        is_entry = fnmatch(target.section, ENTRY) and address == target.start
        # The linker stores equal constants once, whosever they are.
        if target.level > origin.level and not is_entry and not target.section.startswith(".rodata"):
            findings.setdefault(target.section, f"{origin.name} ({origin.source}) reaches {target.name} ({target.source})")

    piece, level = outside, BASELINE
    for address, text in instructions(library):
        if not piece.start <= address < piece.end:
            piece = piece_at(address)
            level = piece.level
        if level in MODULES and MODULES[level][1] in text:
            used.add(level)
        # A regular runtime in the library is the toolchain's.
        if BEYOND[level].match(text) and piece.source.startswith("Xent"):
            findings.setdefault(piece.section, f"{piece.name} ({piece.source}) has {' '.join(text.split())}")
        target = (BRANCH.match(text) or ADDRESS.match(text)) if level != AVX512 else None
        if target:
            follow(piece, int(target.group(1), 16))
    for place, address in relative_relocations(library):
        follow(piece_at(place), address)

    unused = [f"{MODULES[level][0]} does not use {MODULES[level][1]} registers" for level in MODULES if level not in used]
    return list(findings.values()) + unused


def sound_objects(folder: Path) -> list[Path]:
    baseline = ["XentC.o", "Xent.o", "XentKernelInterface.o", "XentKernels.local.o"]
    return [folder / name for name in baseline + [f"{module}.local.o" for module, _ in MODULES.values()]]


def link(objects: list[Path], output: Path, linker_map: Path) -> None:
    """As CMakeLists.txt links the library."""
    exports = ROOT / "Sources" / "XentC" / "exports.map"
    options = [f"--version-script={exports}", f"-Map={linker_map}", "-zdefs", "-znow", "--gc-sections", "--strip-all"]
    command = ["cc", "-shared", "-o", output, *(f"-Wl,{o}" for o in options), "-Wl,-soname,libxent.so.0", *objects]
    subprocess.run([*command, "-lpthread", "-lm"], check=True)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    found = leaks(Path(sys.argv[1]), Path(sys.argv[2]))
    for line in found:
        print("FAILED:", line)
    sys.exit(1 if found else 0)
