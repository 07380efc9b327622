#!/usr/bin/env python3
"""Runs the Python blocks and the tables of calls of one page, in order and in one namespace.

usage: python_page.py PAGE ARRAYS_FILE

Each block must print what its comments say, and each call must give its table's number. What needs a package that is
not installed is skipped, and said to be. ARRAYS_FILE receives the arrays that the blocks leave behind, as JSON.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import json
import os
import re
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from pages import Block, Call, blocks, calls, close, disagreement

#: What a table's rows take for granted: modules under the names by which their documentation has them.
IMPORTS = {
    "PyTorch": ("import torch", "import torch.nn.functional as F"),
    "Keras": ("import keras", "from scipy.special import softmax"),
    "scikit-learn": ("from sklearn.metrics import log_loss", "from scipy.special import expit, rel_entr, softmax"),
    "xent, Python": (),
}


def missing(statements: str) -> str | None:
    """The first package that is imported there and is not installed."""
    for name in re.findall(r"^(?:import|from) (\w+)", statements, flags=re.M):
        if importlib.util.find_spec(name) is None:
            return name
    return None


def run_block(block: Block, namespace: dict[str, Any]) -> tuple[str, str]:
    absent = missing(block.text)
    if absent:
        return "skipped", f"{absent} is not installed"
    output = io.StringIO()
    try:
        with contextlib.redirect_stdout(output):
            exec(compile(block.text, block.place, "exec"), namespace)
    except Exception:
        return "FAILED", traceback.format_exc()
    problem = disagreement(block.promised, output.getvalue())
    return ("FAILED", problem) if problem else ("passed", "; ".join(block.promised) or "runs")


def run_call(call: Call, page: dict[str, Any]) -> tuple[str, str]:
    statements = "\n".join(IMPORTS[call.library])
    absent = missing(statements)
    if absent:
        return "skipped", f"{absent} is not installed"
    namespace = dict(page)
    try:
        exec(statements, namespace)
        if call.library == "PyTorch":
            for name, value in page.items():
                if isinstance(value, np.ndarray):
                    namespace[name] = namespace["torch"].from_numpy(value)
        if call.library == "Keras":
            namespace["keras"].backend.set_floatx("float64")
        value = float(eval(call.expression, namespace))
    except Exception:
        return "FAILED", traceback.format_exc()
    if not close(call.value, value):
        return "FAILED", f"{call.expression} is {value}, the table says {call.value}"
    return "passed", f"{call.library} {value:.9g}"


def main() -> int:
    page = Path(sys.argv[1]).resolve()
    if importlib.util.find_spec("torch"):
        os.environ.setdefault("KERAS_BACKEND", "torch")
    namespace: dict[str, Any] = {}
    failed = 0
    parts: list[Block | Call] = [block for block in blocks(page) if block.language == "python"]
    parts += [call for call in calls(page) if call.library in IMPORTS]
    for part in sorted(parts, key=lambda part: part.line):
        run = run_block if isinstance(part, Block) else run_call
        verdict, text = run(part, namespace)
        failed += verdict == "FAILED"
        print(f"{verdict}: {part.place}: {text}", flush=True)
    arrays = {
        name: {"shape": value.shape, "values": value.ravel().tolist(), "is_integer": value.dtype.kind == "i"}
        for name, value in namespace.items() if isinstance(value, np.ndarray)
    }
    Path(sys.argv[2]).write_text(json.dumps(arrays))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
