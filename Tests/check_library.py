#!/usr/bin/env python3
"""Checks what the built library exports and needs, and that no code for a newer processor can leak into the baseline.

usage: check_library.py LIBRARY FOLDER_OF_SWIFT_OBJECTS [--map LINKER_MAP] [--embedded 0|1]

The linker's map is the shared library's; of a static library, a shared one linked from the same objects is looked at.
"""

from __future__ import annotations

import argparse
import platform
import re
import sys
import tempfile
from pathlib import Path

import linked_code
from commands import START_FILES, run

ROOT = Path(__file__).resolve().parent.parent


def is_static(library: Path) -> bool:
    return library.suffix == ".a"


def symbols(library: Path, *options: str) -> set[str]:
    lines = run("nm", "-g" if is_static(library) else "-D", *options, library).splitlines()
    return {line.split()[-1] for line in lines if len(line.split()) > 1}


def exported(library: Path) -> set[str]:
    return {name.split("@")[0] for name in symbols(library, "--defined-only")}


def declared() -> set[str]:
    header = (ROOT / "include" / "xent.h").read_text()
    code = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    return set(re.findall(r"\b(xent_\w+)\(", code))


def check_needs(library: Path) -> list[str]:
    """Embedded Swift's library needs the C library alone, by names that no other library beside it has to offer."""
    asked = symbols(library, "--undefined-only") - START_FILES
    if is_static(library):
        libc = Path(run("cc", "-print-file-name=libc.so.6").strip())
        foreign = asked - {name.split("@")[0] for name in symbols(libc, "--defined-only")}
        return [f"needs more than the C library: {sorted(foreign)}"] if foreign else []
    failures = []
    needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", run("readelf", "-dW", library)))
    if needed != {"libc.so.6"}:
        failures.append(f"needs {sorted(needed)}, expected the C library alone")
    foreign = {name for name in asked if "@GLIBC" not in name}
    if foreign:
        failures.append(f"needs more than the C library: {sorted(foreign)}")
    return failures


def check_relocations(library: Path) -> list[str]:
    """The library's own names are bound when it is linked: a library beside it with the same names cannot come between."""
    bound = re.findall(r"R_\w+_(?!RELATIVE)\w+\s+[0-9a-f]+\s+([^\s@]+)", run("readelf", "-rW", library))
    own = sorted(set(bound) & exported(library))
    return [f"its own names could be taken from others: {own}"] if own else []


def check_wide_objects(objects: Path) -> list[str]:
    failures = []
    for module, _ in linked_code.MODULES.values():
        lines = [line.split() for line in run("nm", "--defined-only", objects / f"{module}.local.o").splitlines()]
        public = [words[-1] for words in lines if len(words) == 3 and words[1] in "TWVDBRu"]
        if len(public) != 1:
            failures.append(f"{module} has other global symbols than its kernel table: {public}")
    return failures


def check_code(library: Path, objects: Path, linker_map: Path | None) -> list[str]:
    if not is_static(library):
        return linked_code.leaks(library, linker_map)
    with tempfile.TemporaryDirectory() as folder:
        shared, shared_map = Path(folder) / "library.so", Path(folder) / "library.map"
        linked_code.link(linked_code.sound_objects(objects), shared, shared_map)
        return linked_code.leaks(shared, shared_map)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("library", type=Path)
    parser.add_argument("objects", type=Path)
    parser.add_argument("--map", type=Path)
    parser.add_argument("--embedded", type=int, default=1)
    arguments = parser.parse_args()
    library = arguments.library
    failures: list[str] = []

    surplus, missing = exported(library) - declared(), declared() - exported(library)
    if surplus or missing:
        failures.append(f"exports beyond the header: {sorted(surplus)}; not exported: {sorted(missing)}")
    if arguments.embedded:
        failures += check_needs(library)
    if not is_static(library):
        failures += check_relocations(library)
    if platform.machine() == "x86_64":
        failures += check_wide_objects(arguments.objects) + check_code(library, arguments.objects, arguments.map)

    for failure in failures:
        print("FAILED:", failure)
    print(f"{library.name}: {library.stat().st_size} bytes, {len(exported(library))} exports")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
