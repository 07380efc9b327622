#!/usr/bin/env python3
"""Checks that two builds of the same sources, in different folders, have the same bytes.

usage: check_reproducible.py BUILD_FOLDER OTHER_BUILD_FOLDER

The first holds the shared library; the other may be of the static one, which is made of the same objects. Compared are
the objects, and the shared library with what the same command links from the other folder's objects.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from commands import run


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def link_again(build: Path, other: Path, library: Path, result: Path) -> None:
    """Links the library as the first build did, from the other's objects."""
    command = run("ninja", "-C", build, "-t", "commands", "-s", library.name).strip()
    command = command.replace(f"{build}/swift/", f"{other}/swift/").replace(" swift/", f" {other}/swift/")
    if f"-o {library.name} " not in command or f"{other}/swift/" not in command:
        raise SystemExit(f"FAILED: not the command that links the library:\n{command}")
    run("sh", "-c", command.replace(f"-o {library.name} ", f"-o {result} "), cwd=build)


def main() -> int:
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    build, other = (Path(argument).absolute() for argument in sys.argv[1:])
    library = (build / "libxent.so").resolve()
    linked = other / "libxent.again.so"
    link_again(build, other, library, linked)
    objects = sorted(path for path in (build / "swift").glob("*.o") if (other / "swift" / path.name).exists())
    pairs = [(path, other / "swift" / path.name) for path in objects] + [(library, linked)]
    different = [path.name for path, again in pairs if digest(path) != digest(again)]
    for name in different:
        print(f"FAILED: {name} differs")
    if not objects:
        print("FAILED: the builds have no object in common")
    print(f"{len(pairs)} files of two builds compared, {len(different)} differ; {library.name} is {digest(library)}")
    return 1 if different or not objects else 0


if __name__ == "__main__":
    sys.exit(main())
