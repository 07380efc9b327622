"""Renders the references, without a warning: the header with Doxygen, the module and its pages with DocC."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
from pathlib import Path

from pages import CATALOG, ROOT

DOXYFILE = """\
PROJECT_NAME           = xent
INPUT                  = include/xent.h
OUTPUT_DIRECTORY       = "{output}"
OPTIMIZE_OUTPUT_FOR_C  = YES
TYPEDEF_HIDES_STRUCT   = YES
JAVADOC_AUTOBRIEF      = YES
WARN_NO_PARAMDOC       = YES
WARN_AS_ERROR          = FAIL_ON_WARNINGS
QUIET                  = YES
HAVE_DOT               = NO
GENERATE_LATEX         = NO
"""

Verdict = tuple[str, str]


def rendered(command: list[str | Path], what: str, standard_input: str | None = None) -> Verdict:
    result = subprocess.run(
        [str(word) for word in command], cwd=ROOT, input=standard_input, capture_output=True, text=True)
    said = (result.stdout + result.stderr).strip()
    return ("FAILED", f"{what}\n{said}") if result.returncode or "warning:" in said else ("passed", what)


def doxygen(scratch: Path) -> Verdict:
    """The reference of include/xent.h, in which every declaration and parameter must be documented."""
    if shutil.which("doxygen") is None:
        return "skipped", "the header's reference: doxygen is not installed"
    output = scratch / "doxygen"
    output.mkdir(parents=True, exist_ok=True)
    settings = DOXYFILE.format(output=output)
    return rendered(["doxygen", "-"], "doxygen renders include/xent.h without a warning", settings)


def symbol_graph(modules: Path, scratch: Path) -> Path:
    graphs = scratch / "symbols"
    shutil.rmtree(graphs, ignore_errors=True)
    graphs.mkdir(parents=True)
    subprocess.run(
        [tool("swift-symbolgraph-extract"), "-module-name", "Xent", "-minimum-access-level", "public",
         "-experimental-allowed-reexported-modules=XentKernelInterface",
         "-target", f"{platform.machine()}-unknown-linux-gnu", "-I", modules,
         "-Xcc", f"-fmodule-map-file={ROOT / 'Sources/Platform/module.modulemap'}", "-output-dir", graphs], check=True)
    return graphs


def undocumented(graphs: Path) -> Verdict:
    """Every public declaration of the module has a comment; what the compiler makes has no place, and needs none."""
    symbols = json.loads((graphs / "Xent.symbols.json").read_text())["symbols"]
    written = [symbol for symbol in symbols if "location" in symbol]
    bare = [".".join(symbol["pathComponents"]) for symbol in written if "docComment" not in symbol]
    if bare or not written:
        return "FAILED", f"without a comment: {', '.join(bare)}"
    return "passed", f"all {len(written)} public declarations of the module Xent have a comment"


def docc(graphs: Path, scratch: Path) -> Verdict:
    program = tool("docc")
    if program is None:
        return "skipped", "the module's reference: docc is not installed"
    command = [program, "convert", CATALOG, "--additional-symbol-graph-dir", graphs, "--output-path", scratch / "docc",
               "--warnings-as-errors"]
    return rendered(command, "docc renders the module and its pages without a warning")


def tool(name: str) -> Path | None:
    """A tool that comes with the Swift compiler: on the path, or beside the compiler."""
    found = shutil.which(name)
    if found:
        return Path(found)
    compiler = shutil.which("swiftc")
    beside = Path(compiler).resolve().parent / name if compiler else None
    return beside if beside is not None and beside.exists() else None
