"""Builds and runs the C and Swift programs of the pages; knows who runs the lines of the shell and CMake blocks."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

from commands import run
from pages import ROOT

VERSION = re.search(r'XENT_VERSION "(.+)"', (ROOT / "include" / "xent.h").read_text()).group(1)

#: The lines of shell and CMake blocks, each with the step of Tests/run that does the same, where there is one. Another line
#: fails the check.
KNOWN_LINES = {
    "bindings/quickstart": "the quickstart itself, a program of its own that builds all of this once more",
    "Tests/run": "this run",
    "cmake -S . -B build/cmake -G Ninja && cmake --build build/cmake": "the build of the library",
    "cmake --install build/cmake --prefix /usr/local": "check_packages.py, with another prefix",
    "find_package(xent 0.1 REQUIRED)": "check_packages.py",
    "target_link_libraries(program PRIVATE xent::xent)": "check_packages.py",
    "pip install ./bindings/python": "the Python package's step, which installs its wheel",
    "pip install bindings/python": "the Python package's step, which installs its wheel",
}


#: Lines that begin so are run here.
COMMAND = "python -m xent "


def unknown_lines(text: str) -> list[str]:
    """The lines of a shell or CMake block that nobody runs."""
    lines = (line.partition("  #")[0].strip() for line in text.splitlines())
    return [line for line in lines if line and line not in KNOWN_LINES and not line.startswith(COMMAND)]


def run_commands(text: str, python: Path, scratch: Path) -> str:
    """What the lines of a shell block print that call the Python package, where the page's Python blocks have run."""
    lines = [shlex.split(line) for line in text.splitlines() if line.startswith(COMMAND)]
    return "".join(run(python, *line[1:], cwd=scratch) for line in lines)


def run_c(program: str, library: Path, scratch: Path) -> str:
    (scratch / "program.c").write_text(program)
    run("cc", "-std=c99", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'include'}", "program.c", f"-L{library}", "-lxent",
        f"-Wl,-rpath,{library}", "-o", "program", cwd=scratch)
    return run(scratch / "program", cwd=scratch)


def tagged_repository(scratch: Path) -> Path:
    """The sources as they are, as a repository with a tag of its version, as SwiftPM fetches one."""
    repository = scratch / "repository" / "xent"
    shutil.rmtree(repository, ignore_errors=True)
    # The pages take no part in a build: without them a change of a word does not make another commit.
    ignored = shutil.ignore_patterns(".git", ".build", ".build-*", "__pycache__", "*.docc")
    for folder in ("Sources", "Tests/XentTests", "include"):
        shutil.copytree(ROOT / folder, repository / folder, symlinks=True, ignore=ignored)
    shutil.copyfile(ROOT / "Package.swift", repository / "Package.swift")
    # Of the same sources the same commit, so that SwiftPM sees what it has built already.
    as_somebody = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
                   for what, value in (("NAME", "xent"), ("EMAIL", "xent@localhost"), ("DATE", "2000-01-01T00:00:00Z"))}
    run("git", "init", "--quiet", cwd=repository)
    run("git", "add", ".", cwd=repository)
    run("git", "commit", "--quiet", "--message", VERSION, cwd=repository, **as_somebody)
    run("git", "tag", VERSION, cwd=repository)
    return repository


def build_swift(sources: list[str], scratch: Path) -> tuple[list[Path], Path]:
    """The programs, built as one package that depends on this one by its version, and the folder of the modules that
    were built for them."""
    repository = tagged_repository(scratch)
    package = scratch / "swift"
    commit, built = run("git", "rev-parse", "HEAD", cwd=repository), package / "commit"
    if not built.exists() or built.read_text() != commit:  # a version never changes, as SwiftPM sees it
        shutil.rmtree(package, ignore_errors=True)
    shutil.rmtree(package / "Sources", ignore_errors=True)
    names = [f"program{number}" for number in range(len(sources))]
    for name, source in zip(names, sources):
        (package / "Sources" / name).mkdir(parents=True)
        (package / "Sources" / name / "main.swift").write_text(source)
    built.write_text(commit)
    targets = ",\n    ".join(
        f'.executableTarget(name: "{name}", dependencies: [.product(name: "Xent", package: "xent")])' for name in names)
    (package / "Package.swift").write_text(f"""// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "documentation",
  dependencies: [.package(url: "{repository.as_uri()}", from: "{VERSION}")],
  targets: [
    {targets}
  ]
)
""")
    own_folders = [f"--{kind}-path={package / kind}" for kind in ("cache", "config", "security")]
    run("swift", "build", "-q", "-c", "release", *own_folders, cwd=package)
    products = package / ".build" / "release"
    return [products / name for name in names], products / "Modules"
