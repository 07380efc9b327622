"""What the pages of the documentation hold: blocks of code, and tables of calls that give one number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CATALOG = ROOT / "Sources" / "Xent" / "Xent.docc"
#: In the order in which a reader meets them.
PAGES = (ROOT / "README.md", CATALOG / "Xent.md", *sorted(set(CATALOG.glob("*.md")) - {CATALOG / "Xent.md"}))
#: The blocks of these are run as doctests by bindings/python/tests/test_documentation.py.
DOCTEST_PAGES = (ROOT / "bindings" / "python" / "README.md",)

COMMENT = {"python": r" +# (.+)", "swift": r" +// (.+)", "c": r" +/\* (.+) \*/"}
OUTPUT = r"\b(?:print|printf|puts)\(.*\);?"
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def promised(self) -> list[str]:
        """What the comments behind its print statements say that they print."""
        return re.findall(rf"{OUTPUT}{COMMENT[self.language]}$", self.text, flags=re.M)


@dataclass(frozen=True)
class Call:
    """A line of a table: the call in one library, or language, that gives the table's number."""

    page: Path
    line: int
    library: str
    expression: str
    value: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def blocks(page: Path) -> list[Block]:
    text = page.read_text()
    fences = re.finditer(r"^```(\w*)\n(.*?)^```$", text, flags=re.S | re.M)
    return [Block(page, line_of(text, fence.start()), fence[1], fence[2]) for fence in fences]


def calls(page: Path) -> list[Call]:
    text = page.read_text()
    tables = re.finditer(r"^\| [^|]+ \| loss ([\d.]+) \|\n\|---\|---\|\n((?:\|.*\n)+)", text, flags=re.M)
    return [
        Call(page, line_of(text, table.start(2) + row.start()), row[1], row[2], table[1])
        for table in tables
        for row in re.finditer(r"^\| ([^|]+) \| `(.+)` \|$", table[2], flags=re.M)
    ]


def agrees(promised: str, printed: str) -> bool:
    """Whether both say the same, numbers to the last digit of the promised ones, which may show fewer digits."""
    if NUMBER.sub("0", promised) != NUMBER.sub("0", printed):
        return False
    return all(close(a, b) for a, b in zip(NUMBER.findall(promised), NUMBER.findall(printed)))


def close(promised: str, value: str | float) -> bool:
    mantissa, _, exponent = promised.partition("e")
    last_digit = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    return abs(float(promised) - float(value)) <= 0.501 * last_digit


def disagreement(promised: list[str], output: str) -> str | None:
    """What a program does not print as promised. Lines that nothing is said about are passed over."""
    lines = iter(line.rstrip() for line in output.splitlines())
    for expected in promised:
        if not any(agrees(expected, line) for line in lines):
            return f"{expected!r} is not printed, or not in this order; printed is\n{output}"
    return None
