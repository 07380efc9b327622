#!/usr/bin/env python3
"""Installs the built library, and uses it from projects of their own as somebody else would.

usage: check_packages.py BUILD_FOLDER... SCRATCH_FOLDER

For each build (shared, static): `cmake --install`, then the installed tree is moved, and the C and the C++ example are
built and run against it, with CMake's find_package and with pkg-config.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from commands import run

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "bindings" / "c"
# What the examples say about losses that are known: -(2 log 0.9 + 2 log 0.8) / 4, and the mean of five logistic losses.
EXPECTED = {"c": "binary loss 0.164252033486018", "cxx": "mean loss 0.215281 over 5 of 6 pixels"}
COMPILERS = {"c": ("cc", "-std=c99", "example.c"), "cxx": ("c++", "-std=c++17", "example.cpp")}


def check(what: str, language: str, output: str) -> bool:
    good = output.startswith(EXPECTED[language])
    print(f"{'passed' if good else 'FAILED'}: {what}: {output.splitlines()[0]}")
    return good


def install(build: Path, scratch: Path) -> Path:
    """The installed tree, moved away from where it was installed to."""
    first, prefix = scratch / "installed", scratch / "moved"
    for folder in (first, prefix):
        shutil.rmtree(folder, ignore_errors=True)
    run("cmake", "--install", build, "--prefix", first)
    first.rename(prefix)
    return prefix


def with_cmake(prefix: Path, scratch: Path, kind: str) -> bool:
    build = scratch / "cmake"
    shutil.rmtree(build, ignore_errors=True)
    run("cmake", "-S", EXAMPLES / "consumer", "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", build)
    results = [check(f"{kind}, find_package, {name}", name, run(build / f"consumer_{name}")) for name in EXPECTED]
    return all(results)


def with_pkg_config(prefix: Path, scratch: Path, kind: str) -> bool:
    tool = shutil.which("pkg-config") or shutil.which("pkgconf")
    if tool is None:
        print(f"skipped: {kind}, pkg-config: there is none")
        return True
    file = next(prefix.rglob("xent.pc"))
    flags = run(tool, "--cflags", "--libs", "xent", PKG_CONFIG_PATH=str(file.parent)).split()
    libraries = file.parent.parent
    results = []
    for name, (compiler, standard, source) in COMPILERS.items():
        program = scratch / f"pkg_config_{name}"
        run(compiler, standard, EXAMPLES / source, *flags, "-o", program)
        output = run(program, LD_LIBRARY_PATH=str(libraries))
        results.append(check(f"{kind}, pkg-config, {name}", name, output))
    return all(results)


def main() -> int:
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    *builds, scratch = (Path(a).absolute() for a in sys.argv[1:])
    results = []
    for build in builds:
        kind = "static" if (build / "libxent.a").exists() else "shared"
        folder = scratch / kind
        folder.mkdir(parents=True, exist_ok=True)
        prefix = install(build, folder)
        results += [with_cmake(prefix, folder, kind), with_pkg_config(prefix, folder, kind)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
