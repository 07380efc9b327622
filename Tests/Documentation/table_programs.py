"""The calls of a page's tables in C and in Swift, each language's as one program that prints their values in order.

The page's arrays are those that its Python blocks leave behind. A call gets the numbers themselves; where it passes a
weight it gets a described array.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pages import Call

Array = Mapping[str, Any]  # shape, values, is_integer

WEIGHTS = {"C": r"_weights? = &(\w+)", "Swift": r"Weights?: (\w+)"}

C_PROGRAM = """\
#include <stdio.h>
#include <xent.h>

int main(void) {
%s
    return 0;
}
"""

SWIFT_PROGRAM = """\
import Xent

/// A described array that lives as long as the program.
func described(_ values: [Double], _ shape: [Int64]) -> ArrayView {
  let data = UnsafeMutableBufferPointer<Double>.allocate(capacity: values.count)
  let lengths = UnsafeMutableBufferPointer<Int64>.allocate(capacity: shape.count)
  _ = (data.initialize(from: values), lengths.initialize(from: shape))
  return ArrayView(
    data: data.baseAddress, elementType: .float64, rank: shape.count, shape: UnsafePointer(lengths.baseAddress))
}

%s
"""


def used(calls: Sequence[Call], arrays: Mapping[str, Array], language: str) -> Iterable[tuple[str, Array, bool]]:
    """The arrays that the calls name, and whether as weights."""
    text = "\n".join(call.expression for call in calls)
    weights = set(re.findall(WEIGHTS[language], text))
    for name, array in arrays.items():
        if re.search(rf"\b{name}\b", text):
            yield name, array, name in weights


def c_program(calls: Sequence[Call], arrays: Mapping[str, Array]) -> str:
    lines = []
    for name, array, is_weight in used(calls, arrays, "C"):
        values, rank = ", ".join(map(repr, array["values"])), len(array["shape"])
        if is_weight:
            shape = ", ".join(map(str, array["shape"])) or "1"
            lines += [f"double {name}_values[] = {{{values}}};", f"int64_t {name}_shape[] = {{{shape}}};",
                      f"xent_array {name} = {{{name}_values, XENT_F64, {rank}, {name}_shape, NULL}};"]
        else:
            lines.append(f"{'int64_t' if array['is_integer'] else 'double'} {name}[] = {{{values}}};")
    for call in calls:
        lines.append("{ xent_options options = XENT_OPTIONS_INIT; double loss = -1; (void)options; "
                     + call.expression + '; printf("%.17g\\n", loss); }')
    return C_PROGRAM % "\n".join(f"    {line}" for line in lines)


def swift_program(calls: Sequence[Call], arrays: Mapping[str, Array]) -> str:
    lines = []
    for name, array, is_weight in used(calls, arrays, "Swift"):
        if is_weight:
            lines.append(f"let {name} = described({array['values']}, {array['shape']})")
        else:
            lines.append(f"let {name}: [{'Int64' if array['is_integer'] else 'Double'}] = {array['values']}")
    lines += [f"print(try {call.expression})" for call in calls]
    return SWIFT_PROGRAM % "\n".join(lines)
