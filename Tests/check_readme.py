#!/usr/bin/env python3
"""Runs the programs that the README prints, as they stand there, and checks what they say.

usage: check_readme.py FOLDER_OF_LIBXENT PYTHON SCRATCH_FOLDER
"""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSION = re.search(r'XENT_VERSION "(.+)"', (ROOT / "include" / "xent.h").read_text()).group(1)

# The C program's mean of four binary losses, and the others' mean of two rows' log-sum-exp minus the label's logit.
BINARY = -(math.log(0.9) + math.log(0.8)) / 2
CATEGORICAL = (math.log(math.exp(-2.5) + math.exp(-4) + 1) + math.log(1 + math.exp(-2) + math.exp(-1))) / 2


def with_options() -> float:
    """The loss of the program with options: two rows of three classes that are not ignored."""
    weights = (1, 1, 2)
    total = 0.0
    for label, logits in (0, (2, 0.5, -1)), (2, (0, 1, 3)):
        log_sum_exp = math.log(sum(math.exp(z) for z in logits))
        targets = [0.9 * (c == label) + 0.1 / 3 for c in range(3)]
        total += sum(w * t * (log_sum_exp - z) for w, t, z in zip(weights, targets, logits))
        total += 1e-2 * weights[label] * log_sum_exp**2
    return total / (weights[0] + weights[2])


# What the programs of a language print first, in the README's order.
EXPECTED = {
    "c": [f"loss {BINARY:.6f}"],
    "python": [f"loss {CATEGORICAL:.6f}", f"loss {with_options():.5f}, 2 of 2 correct"],
    "swift": [f"loss {CATEGORICAL:.5f}"],
}


def blocks(language: str) -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / "README.md").read_text(), flags=re.S | re.M)
    if len(found) != len(EXPECTED[language]):
        raise SystemExit(f"README.md has {len(found)} {language} programs, expected {len(EXPECTED[language])}")
    return found


def output(*command: str | Path, cwd: Path, **variables: str) -> str:
    result = subprocess.run(
        [str(c) for c in command], cwd=cwd, capture_output=True, text=True, env={**os.environ, **variables})
    if result.returncode:
        raise SystemExit(f"{command}\n{result.stdout}{result.stderr}")
    return result.stdout


def run_c(program: str, library: Path, scratch: Path) -> str:
    (scratch / "readme.c").write_text(program)
    include = ROOT / "include"
    output("cc", "-std=c99", "-Wall", "-Werror", f"-I{include}", "readme.c", f"-L{library}", "-lxent",
           f"-Wl,-rpath,{library}", "-o", "readme", cwd=scratch)
    return output(scratch / "readme", cwd=scratch)


def run_python(program: str, python: Path, scratch: Path) -> str:
    (scratch / "readme.py").write_text(program)
    return output(python, "readme.py", cwd=scratch)


def tagged_repository(scratch: Path) -> Path:
    """The sources as they are, as a repository with a tag of its version, as SwiftPM fetches one."""
    repository = scratch / "repository" / "xent"
    shutil.rmtree(repository, ignore_errors=True)
    ignored = shutil.ignore_patterns(".git", ".build", ".build-*", "__pycache__")
    for name in ("Package.swift", "Sources", "Tests", "include"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, repository / name, symlinks=True, ignore=ignored)
        else:
            repository.mkdir(parents=True)
            shutil.copyfile(source, repository / name)
    # Of the same sources the same commit, so that SwiftPM sees what it has built already.
    as_somebody = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
                   for what, value in (("NAME", "xent"), ("EMAIL", "xent@localhost"), ("DATE", "2000-01-01T00:00:00Z"))}
    output("git", "init", "--quiet", cwd=repository)
    output("git", "add", ".", cwd=repository)
    output("git", "commit", "--quiet", "--message", VERSION, cwd=repository, **as_somebody)
    output("git", "tag", VERSION, cwd=repository)
    return repository


def run_swift(program: str, scratch: Path) -> str:
    repository = tagged_repository(scratch)
    package = scratch / "swift"
    commit, built = output("git", "rev-parse", "HEAD", cwd=repository), package / "commit"
    if not built.exists() or built.read_text() != commit:  # a version never changes, as SwiftPM sees it
        shutil.rmtree(package, ignore_errors=True)
    (package / "Sources" / "readme").mkdir(parents=True, exist_ok=True)
    built.write_text(commit)
    (package / "Package.swift").write_text(f"""// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "readme",
  dependencies: [.package(url: "{repository.as_uri()}", from: "{VERSION}")],
  targets: [.executableTarget(name: "readme", dependencies: [.product(name: "Xent", package: "xent")])]
)
""")
    (package / "Sources" / "readme" / "main.swift").write_text(program)
    own_folders = [f"--{kind}-path={package / kind}" for kind in ("cache", "config", "security")]
    return output("swift", "run", "-q", "-c", "release", *own_folders, cwd=package)


def main() -> int:
    library, python, scratch = (Path(a).absolute() for a in sys.argv[1:4])
    scratch.mkdir(parents=True, exist_ok=True)
    run = {
        "c": lambda program: run_c(program, library, scratch),
        "python": lambda program: run_python(program, python, scratch),
        "swift": lambda program: run_swift(program, scratch),
    }
    failed = 0
    for language, expected in EXPECTED.items():
        for program, first in zip(blocks(language), expected):
            text = run[language](program)
            good = text.startswith(first)
            failed += not good
            print(f"{'passed' if good else 'FAILED'}: the README's {language} program prints {text.splitlines()[0]!r}")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 4 or shutil.which("cc") is None:
        raise SystemExit(__doc__)
    sys.exit(main())
