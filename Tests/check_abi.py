#!/usr/bin/env python3
"""Compares the binary interface of include/xent.h and of the built library with the recorded one.

usage: check_abi.py LIBRARY [--compiler CC] [--record]

Tests/ABI/xent-0.txt has a line for every fact that a compiled program relies on (64-bit pointers, LP64). A fact that is
gone or different breaks programs that are in use: that fails. So does a new one, until it is recorded. The first header's
facts must still be there, and the structs of the Python package, which declares them once more, have the same layout.
"""

from __future__ import annotations

import argparse
import ast
import ctypes
import re
import sys
import tempfile
from pathlib import Path

from commands import run

ROOT = Path(__file__).resolve().parent.parent
HEADER = ROOT / "include" / "xent.h"
FIRST = ROOT / "Tests" / "ABI" / "first" / "xent.h"
RECORD = ROOT / "Tests" / "ABI" / "xent-0.txt"
PYTHON = ROOT / "bindings" / "python" / "src" / "xent"
TITLE = """\
# The binary interface of libxent, 64-bit pointers: what a program has compiled in, and must find in every later library.
# Compared, and written with --record, by Tests/check_abi.py.
"""

# Structs that say their size, and so may grow at the end; the others never change.
GROWING = {"xent_options", "xent_outputs"}


# --- The header ---------------------------------------------------------------------------------------------


def declarations(header: Path) -> str:
    """The header without comments and preprocessor lines."""
    text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
    text = text.replace("\\\n", " ")
    return re.sub(r"^#.*$", "", text, flags=re.M)


def enumerations(code: str) -> list[tuple[str, list[str]]]:
    """The name, "" if it has none, and the enumerators of each."""
    found = re.findall(r"enum\s*(\w*)\s*\{(.*?)\}", code, flags=re.S)
    return [(name, re.findall(r"(\w+)\s*(?:=[^,]*)?(?:,|$)", body.strip())) for name, body in found]


def structs(code: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """The name, and type and name of each field."""
    result = []
    for name, body in re.findall(r"struct\s+(\w+)\s*\{(.*?)\}", code, flags=re.S):
        fields = []
        for declaration in body.split(";"):
            match = re.match(r"\s*((?:const\s+)?\w+)\s+(.+)", declaration, flags=re.S)
            for declarator in match.group(2).split(",") if match else ():
                pointer, field = re.fullmatch(r"\s*(\**)\s*(\w+)\s*", declarator).groups()
                fields.append((f"{match.group(1)} {pointer}".strip(), field))
        result.append((name, fields))
    return result


def functions(code: str) -> list[tuple[str, str]]:
    """The name and the type, with the parameters' names: two of one type may change places."""
    found = re.findall(r"^([a-z][\w ]*?[ *]+)(xent_\w+)\(([^)]*)\);", code, flags=re.M)
    return [(name, f"{kind.strip()} ({' '.join(parameters.split())})") for kind, name, parameters in found]


def linkage(header: Path) -> str:
    """How C++ is told to name the functions."""
    match = re.search(r"^#ifdef __cplusplus\nextern (.*) \{$", header.read_text(), flags=re.M)
    return match.group(1) if match else "C++"


def version_faults(header: Path) -> list[str]:
    """Where the version in words is not that of the numbers."""
    text = header.read_text()
    parts = re.findall(r"^#define XENT_VERSION_(?:MAJOR|MINOR|PATCH)\s+(\d+)", text, flags=re.M)
    words = re.findall(r'^#define XENT_VERSION\s+"(.*?)"', text, flags=re.M)
    return [] if words == [".".join(parts)] else [f"XENT_VERSION is {words}, but its parts are {parts}"]


# --- The facts ----------------------------------------------------------------------------------------------


def facts(header: Path, compiler: str) -> dict[str, str]:
    """What is true of a thing, by the thing's name, in the header's order."""
    code = declarations(header)
    lines = ['line("version", "%d.%d", XENT_VERSION_MAJOR, XENT_VERSION_MINOR);']
    for name, fields in structs(code):
        lines.append(f'line("struct {name}", "size %zu alignment %zu", sizeof({name}), _Alignof({name}));')
        for kind, field in fields:
            member = f"(({name} *)0)->{field}"
            lines.append(f'line("field {name}.{field}", "offset %zu size %zu {kind}", '
                         f"offsetof({name}, {field}), sizeof({member}));")
    for name, enumerators in enumerations(code):
        if name:
            lines.append(f'line("enum {name}", "size %zu %s", sizeof({name}), ({name})-1 < 0 ? "signed" : "unsigned");')
        lines += [f'line("enumerator {e}", "%lld {name}", (long long){e});' for e in enumerators]
    # The defaults that the initialisers compile into a program.
    for name, fields in structs(code):
        if name not in GROWING:
            continue
        lines.append(f"{{ const {name} value = {name.upper()}_INIT;")
        for kind, field in fields[1:]:
            pattern, cast = ("%.17g", "double") if kind == "double" else ("%lld", "long long")
            lines.append(f'line("default {name}.{field}", "{pattern}", ({cast})value.{field});')
        lines.append("}")
    program = "\n".join([
        "#include <stdio.h>", "#include <stddef.h>", f'#include "{header.absolute()}"',
        '#define line(name, ...) (printf("%s: ", name), printf(__VA_ARGS__), puts(""))',
        "int main(void) {", *lines, "return 0; }",
    ])
    with tempfile.TemporaryDirectory() as scratch:
        source, binary = Path(scratch, "facts.c"), Path(scratch, "facts")
        source.write_text(program)
        run(compiler, "-std=c11", "-w", source, "-o", binary)
        output = run(binary)
    result = dict(line.rstrip().split(": ", 1) for line in output.splitlines())
    result["linkage"] = linkage(header)
    result.update({f"function {name}": kind for name, kind in functions(code)})
    return result


def soname(library: Path) -> str:
    match = re.search(r"\(SONAME\).*\[(.+)\]", run("readelf", "-dW", library))
    return match.group(1) if match else "none"


def exports(library: Path) -> set[str]:
    return {line.split()[-1].split("@")[0] for line in run("nm", "-D", "--defined-only", library).splitlines()}


def is_growth(name: str, before: str, now: str) -> bool:
    """The size of a struct that may grow, now larger."""
    sizes = [re.fullmatch(r"size (\d+) alignment 8", text) for text in (before, now)]
    return name.removeprefix("struct ") in GROWING and all(sizes) and int(sizes[0][1]) < int(sizes[1][1])


def compare(recorded: dict[str, str], current: dict[str, str]) -> tuple[list[str], list[str]]:
    """What breaks programs, and what is only new."""
    broken, new = [], []
    for name, before in recorded.items():
        now = current.get(name)
        if now is None:
            broken.append(f"{name} is gone; it was: {before}")
        elif now != before and (name == "version" or is_growth(name, before, now)):
            new.append(f"{name}: {now}, before: {before}")
        elif now != before:
            broken.append(f"{name} is now: {now}; it was: {before}")
    for name in current.keys() - recorded.keys():
        struct = re.fullmatch(r"field (\w+)\.\w+", name)
        fault = None
        if struct and f"struct {struct[1]}" in recorded:
            old_end = int(recorded[f"struct {struct[1]}"].split()[1])
            if struct[1] not in GROWING:
                fault = "a struct that does not say its size cannot have a new field"
            elif int(current[name].split()[1]) < old_end:
                fault = f"a new field must lie behind the {old_end} bytes that the struct had"
        if name.startswith("default ") and current[name] != "0":
            fault = "a new field's default must be zero, so that older libraries accept a struct that leaves it alone"
        (broken if fault else new).append(f"{name}: {current[name]}" + (f"; {fault}" if fault else ""))
    return broken, sorted(new)


# --- The Python package -------------------------------------------------------------------------------------


def python_structs() -> dict[str, object]:
    """The classes of _library.py, without loading the library."""
    tree = ast.parse((PYTHON / "_library.py").read_text())
    tree.body = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom, ast.ClassDef))]
    names: dict[str, object] = {}
    exec(compile(tree, "_library.py", "exec"), names)
    return names


def python_choices() -> dict[str, dict[str, int]]:
    """The tables of enumerators in _options.py."""
    tree = ast.parse((PYTHON / "_options.py").read_text())
    return {node.targets[0].id: ast.literal_eval(node.value) for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)}


def python_faults(current: dict[str, str]) -> list[str]:
    """Where the Python package's declarations differ."""
    names = python_structs()
    faults = []

    def expect(what: str, found: object, expected: object) -> None:
        if found != expected:
            faults.append(f"bindings/python: {what} is {found}, in the header: {expected}")

    for struct in (names["Array"], names["Options"], names["Outputs"]):
        name = f"xent_{struct.__name__.lower()}"
        expect(name, f"size {ctypes.sizeof(struct)} alignment {ctypes.alignment(struct)}", current[f"struct {name}"])
        declared = [key.split(".")[1] for key in current if key.startswith(f"field {name}.")]
        expect(f"list of {name}'s fields", [field for field, _ in struct._fields_], declared)
        for field, kind in struct._fields_:
            place = getattr(struct, field)
            expected = current.get(f"field {name}.{field}", "").split()
            expect(f"{name}.{field}", ["offset", str(place.offset), "size", str(place.size)], expected[:4])
            expect(f"{name}.{field} as a double", kind is ctypes.c_double, expected[4:] == ["double"])

    def enumerators(prefix: str, enum: str) -> dict[str, int]:
        values = {k.removeprefix("enumerator "): v.split() for k, v in current.items() if k.startswith("enumerator ")}
        return {k.removeprefix(prefix): int(v[0]) for k, v in values.items()
                if k.startswith(prefix) and v[1:] == ([enum] if enum else [])}

    status = {member.name: member.value for member in names["Status"]}
    expect("Status", status, {"OK": 0, **enumerators("XENT_ERROR_", "xent_status")})
    choices = python_choices()
    for table, spellings in {"INPUTS": "XENT_", "REDUCTIONS": "XENT_", "DIVISORS": "XENT_DIVISOR_",
                             "MEASURES": "XENT_"}.items():
        for word, value in choices[table].items():
            expect(f"{table}[{word!r}]", value, enumerators(spellings, "").get(word.upper()))
    return faults


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("library", type=Path)
    parser.add_argument("--compiler", default="cc")
    parser.add_argument("--header", type=Path, default=HEADER)
    parser.add_argument("--record", action="store_true", help="write today's interface as the recorded one")
    arguments = parser.parse_args()
    current = {"soname": soname(arguments.library), **facts(arguments.header, arguments.compiler)}
    if arguments.record:
        RECORD.write_text(TITLE + "".join(f"{name}: {fact}\n" for name, fact in current.items()))

    lines = [line for line in RECORD.read_text().splitlines() if not line.startswith("#")]
    broken, new = compare(dict(line.split(": ", 1) for line in lines), current)
    broken += compare(facts(FIRST, arguments.compiler), current)[0]
    declared = {name.split()[1] for name in current if name.startswith("function ")}
    broken += [f"function {name} is declared, but not in the library" for name in declared - exports(arguments.library)]
    broken += [f"{name} is in the library, but not declared" for name in exports(arguments.library) - declared]
    broken = [f"breaks programs that are in use: {fault}" for fault in dict.fromkeys(broken)] + python_faults(current)
    broken += version_faults(arguments.header)
    for fault in broken:
        print(f"FAILED: {fault}")
    for addition in new:
        print(f"FAILED: not recorded: {addition}")
    if new and not broken:
        print("With an addition XENT_VERSION_MINOR rises. Then record it: Tests/check_abi.py LIBRARY --record")
    print(f"interface: {len(current)} facts, {len(broken)} broken, {len(new)} not recorded")
    return 1 if broken or new else 0


if __name__ == "__main__":
    sys.exit(main())
