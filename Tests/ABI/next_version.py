#!/usr/bin/env python3
"""Writes the sources of a next version of the library, whose structs have one field more at their end.

usage: next_version.py FOLDER

The folder gets include/xent.h, Sources/XentHeader and Sources/XentC. The changes are those that a version with new fields
needs (Sources/XentC/StructVersions.swift says which), and two lines that make use of them.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# File, text that stands there once, and what stands there in the next version.
CHANGES = [
    ("include/xent.h", "} xent_options;", "    double next_smoothing; /* added to label_smoothing */\n} xent_options;"),
    ("include/xent.h", "NULL, NULL, NULL, NULL }", "NULL, NULL, NULL, NULL, 0.0 }"),
    ("include/xent.h", "} xent_outputs;", "    double next_total;     /* written back: twice loss_sum */\n} xent_outputs;"),
    ("include/xent.h", "0.0, 0.0, 0, -1, -1 }", "0.0, 0.0, 0, -1, -1, 0.0 }"),
    (
        "include/xent.h",
        "void xent_outputs_init(xent_outputs *outputs);",
        "void xent_outputs_init(xent_outputs *outputs);\n"
        "static inline void xent_options_init_next(xent_options *options)\n"
        "{\n    const xent_options value = XENT_OPTIONS_INIT;\n    if (options != NULL) *options = value;\n}\n"
        "#define xent_options_init xent_options_init_next",
    ),
    ("Sources/XentC/StructVersions.swift", "case 152:", "case 152, 160:"),
    ("Sources/XentC/StructVersions.swift", "case 88:", "case 88, 96:"),
    (
        "Sources/XentC/Conversions.swift",
        "labelSmoothing = c.label_smoothing",
        "labelSmoothing = c.label_smoothing + c.next_smoothing",
    ),
    (
        "Sources/XentC/DescriptorFunctions.swift",
        "loss_sum = totals.lossSum",
        "loss_sum = totals.lossSum\n    next_total = 2 * totals.lossSum",
    ),
]


def main() -> int:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    folder = Path(sys.argv[1])
    for part in ("include", "Sources/XentHeader", "Sources/XentC"):
        shutil.rmtree(folder / part, ignore_errors=True)
        shutil.copytree(ROOT / part, folder / part)
    for file, before, after in CHANGES:
        path = folder / file
        text = path.read_text()
        if text.count(before) != 1:
            raise SystemExit(f"{file}: expected once, but found {text.count(before)} times: {before}")
        path.write_text(text.replace(before, after))
    return 0


if __name__ == "__main__":
    sys.exit(main())
