#!/usr/bin/env python3
"""Checks how the built library is protected, and that it refers to nothing by which it could reach files or the network.

usage: check_hardening.py LIBRARY

LIBRARY is a shared or a static one. What it asks of the system when it runs is checked by Tests/ABI/sandbox.c.
"""

from __future__ import annotations

import platform
import re
import sys
from pathlib import Path

from commands import START_FILES, run

# All that the library takes from outside: memory, threads, the environment, numbers in text.
ALLOWED = {
    "free", "memcmp", "memcpy", "memmove", "memset", "posix_memalign", "__errno_location",
    "pthread_attr_destroy", "pthread_attr_init", "pthread_attr_setstacksize",
    "pthread_create", "pthread_join", "pthread_setcancelstate", "pthread_sigmask", "sigdelset", "sigfillset",
    "sched_getaffinity", "getenv", "snprintf", "strtod", "strtol",
    "__stack_chk_fail", "__stack_chk_guard", "_GLOBAL_OFFSET_TABLE_",
}  # fmt: skip


def undefined(library: Path, *options: str) -> set[str]:
    lines = run("nm", *options, "--undefined-only", library).splitlines()
    return {line.split()[-1].split("@")[0] for line in lines if re.match(r"\s+[Uwv] ", line)}


def image_faults(library: Path) -> list[str]:
    """What is wrong with a shared library's segments, dynamic section and notes."""
    segments = [line.split() for line in run("readelf", "-lW", library).splitlines()]
    # Type, offset, addresses, sizes, then flags of one to three letters that spaces may part, and the alignment.
    flags = {(words[0], "".join(words[6:-1])) for words in segments if len(words) > 7 and words[1].startswith("0x")}
    dynamic = run("readelf", "-dW", library)
    notes = run("readelf", "-nW", library)
    faults = []

    def expect(good: object, what: str) -> None:
        if not good:
            faults.append(what)

    kinds = {kind for kind, _ in flags}
    expect("GNU_RELRO" in kinds and re.search(r"FLAGS.*NOW", dynamic), "relocations stay writable (relro, now)")
    expect(("GNU_STACK", "RW") in flags, "the stack is executable")
    expect(not any("W" in f and "E" in f for _, f in flags), "a segment is writable and executable")
    expect(("LOAD", "R") in flags and ("LOAD", "RE") in flags, "code and constants share a segment")
    for tag in ("TEXTREL", "RPATH", "RUNPATH"):
        expect(f"({tag})" not in dynamic, f"has {tag}")
    expect("Build ID" in notes, "no build-id")
    if platform.machine() == "x86_64":
        expect("SHSTK" in notes, "not marked as fit for a shadow stack")
    return faults


def main() -> int:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    library = Path(sys.argv[1])
    is_shared = library.suffix != ".a"
    faults = image_faults(library) if is_shared else []
    names = undefined(library, *(["-D"] if is_shared else []))
    allowed = ALLOWED | (START_FILES if is_shared else set())
    faults += [f"refers to {name}" for name in sorted(names - allowed)]
    if "__stack_chk_fail" not in names:
        faults.append("is compiled without stack protector")
    for fault in faults:
        print("FAILED:", fault)
    print(f"{library.name}: {len(names)} names from outside, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
