#!/usr/bin/env python3
"""Runs every block of code in the README and in the pages of the documentation, and renders the references.

usage: check_documentation.py FOLDER_OF_LIBXENT PYTHON SCRATCH_FOLDER

PYTHON must have the package xent. Programs must print what the comments behind their print statements say. The blocks
and the calls in tables that need PyTorch, Keras or scikit-learn are run where these are installed.
"""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "Documentation"))

import programs
import references
from pages import DOCTEST_PAGES, PAGES, ROOT, Block, Call, blocks, calls, close, disagreement
from table_programs import c_program, swift_program

LANGUAGES = {"c", "python", "swift", "sh", "cmake", "text"}


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


# What programs print that no other library computes beside them: each stands in a page, and is found here by its
# formula.
INDEPENDENT = {
    "loss 0.164252": -(math.log(0.9) + math.log(0.8)) / 2,
    "loss 0.251640": (math.log1p(math.exp(-2.5) + math.exp(-4)) + math.log1p(math.exp(-2) + math.exp(-1))) / 2,
    "loss 0.41519": with_options(),
    "loss 0.3606": (math.log1p(math.exp(-2) + math.exp(-3)) + math.log1p(2 * math.exp(-1))) / 2,
    "3.442477e-14": math.log1p(math.exp(-31)),
}

# Prints those of its arguments that are neither names nor modules of the package xent.
MISSING = """
import importlib.util, sys, xent
print(*(name for name in sys.argv[1:] if not hasattr(xent, name) and not importlib.util.find_spec("xent." + name)))
"""


class Report:
    def __init__(self) -> None:
        self.failed = 0

    def add(self, verdict: str, text: str) -> None:
        self.failed += verdict == "FAILED"
        print(f"{verdict}: {text}", flush=True)

    def program(self, block: Block, output: str) -> None:
        if not block.promised:
            self.add("FAILED", f"{block.place}: no comment says what it prints")
            return
        problem = disagreement(block.promised, output)
        self.add("FAILED" if problem else "passed", f"{block.place}: {problem or '; '.join(block.promised)}")

    def table(self, found: list[Call], output: str) -> None:
        values = output.split()
        if len(values) != len(found):
            self.add("FAILED", f"{found[0].page}: {len(found)} calls in {found[0].library} printed\n{output}")
        for call, value in zip(found, values):
            verdict = "passed" if close(call.value, value) else "FAILED"
            self.add(verdict, f"{call.place}: {call.library} {value}, in the table {call.value}")


def check_fences(report: Report, found: list[Block]) -> None:
    """Every block is one that is run, or has known lines; there is no page that nobody looks at."""
    for block in found:
        if block.language not in LANGUAGES:
            report.add("FAILED", f"{block.place}: nothing runs blocks of {block.language or 'no language'}")
        elif block.language in ("sh", "cmake"):
            unknown = programs.unknown_lines(block.text)
            text = f"nobody runs {unknown}" if unknown else "every line is run here or by another check"
            report.add("FAILED" if unknown else "passed", f"{block.place}: {text}")
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    for name in listed:
        page = ROOT / name
        if page not in PAGES + DOCTEST_PAGES and blocks(page):
            report.add("FAILED", f"{name}: a page with code that nothing runs")


def check_names(report: Report, python: Path) -> None:
    """The names on the pages are in the header or the Python package, and links between files lead to one."""
    header = (ROOT / "include" / "xent.h").read_text()
    for page in (*PAGES, *DOCTEST_PAGES):
        text = page.read_text()
        c_names = set(re.findall(r"\b(?:xent|XENT)_\w+[a-zA-Z0-9]\b", text))
        strange = sorted(name for name in c_names if not re.search(rf"\b{name}\b", header))
        python_names = sorted(set(re.findall(r"\bxent\.([a-zA-Z]\w*)", text)) - {"h"})
        strange += subprocess.run([str(python), "-c", MISSING, *python_names], capture_output=True, text=True,
                                  check=True).stdout.split()  # fmt: skip
        links = re.findall(r"\]\((?!doc:|https?:)([^)#]+)", text)
        strange += [link for link in links if not (page.parent / link).exists()]
        name, count = page.relative_to(ROOT), len(c_names) + len(python_names) + len(links)
        if strange:
            report.add("FAILED", f"{name}: named, but not there: {', '.join(strange)}")
        else:
            report.add("passed", f"{name}: {count} names and links are there")


def check_commands(report: Report, page: Path, python: Path, scratch: Path) -> None:
    """Runs the shell blocks' calls of the package; a block of text is what the block before it prints."""
    output = ""
    for block in blocks(page):
        if block.language == "sh":
            output = programs.run_commands(block.text, python, scratch)
        elif block.language == "text":
            problem = disagreement([line.rstrip() for line in block.text.splitlines()], output)
            report.add("FAILED" if problem else "passed", f"{block.place}: {problem or 'is printed'}")


def main() -> int:
    library, python, scratch = (Path(a).absolute() for a in sys.argv[1:4])
    scratch.mkdir(parents=True, exist_ok=True)
    report = Report()
    found = [block for page in PAGES for block in blocks(page)]
    check_fences(report, found)
    check_names(report, python)

    text = "".join(page.read_text() for page in PAGES)
    for line, value in INDEPENDENT.items():
        good = line in text and close(line.removeprefix("loss "), value)
        report.add("passed" if good else "FAILED", f"{line!r} is the formula's value, {value:.9g}")

    for block in found:
        if block.language == "c":
            report.program(block, programs.run_c(block.text, library, scratch))
    swift_blocks = [block for block in found if block.language == "swift"]
    swift_programs = [block.text for block in swift_blocks]
    swift_tables = []
    for page in PAGES:
        runner = [python, "-B", ROOT / "Tests" / "Documentation" / "python_page.py", page, scratch / "arrays.json"]
        report.failed += subprocess.run(runner, cwd=scratch).returncode != 0
        check_commands(report, page, python, scratch)
        arrays = json.loads((scratch / "arrays.json").read_text())
        in_c, in_swift = ([call for call in calls(page) if call.library == f"xent, {name}"] for name in ("C", "Swift"))
        if in_c:
            report.table(in_c, programs.run_c(c_program(in_c, arrays), library, scratch))
        if in_swift:
            swift_tables.append(in_swift)
            swift_programs.append(swift_program(in_swift, arrays))

    executables, modules = programs.build_swift(swift_programs, scratch)
    outputs = [programs.run(executable, cwd=scratch) for executable in executables]
    for block, output in zip(swift_blocks, outputs):
        report.program(block, output)
    for in_swift, output in zip(swift_tables, outputs[len(swift_blocks):]):
        report.table(in_swift, output)

    report.add(*references.doxygen(scratch))
    graphs = references.symbol_graph(modules, scratch)
    report.add(*references.undocumented(graphs))
    report.add(*references.docc(graphs, scratch))
    return 1 if report.failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 4 or shutil.which("cc") is None:
        raise SystemExit(__doc__)
    sys.exit(main())
