"""Runs the scoring command, in this process or in one of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

import xent
from xent.score.command import main


class Outcome:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        def refuse(name):
            raise AssertionError(f"{name} is not JSON")

        return json.loads(self.out, parse_constant=refuse)


def score(capsys, *arguments):
    """In this process."""
    try:
        code = main(["score", *map(str, arguments)])
    except SystemExit as exit:  # argparse
        code = exit.code
    return Outcome(code, *capsys.readouterr())


def scored(capsys, *arguments):
    """The results, as JSON has them."""
    outcome = score(capsys, *arguments, "--json")
    assert outcome.code == 0, outcome.err
    return outcome.json


def environment():
    folder = str(Path(xent.__file__).parents[1])
    return {**os.environ, "PYTHONPATH": os.pathsep.join([folder, os.environ.get("PYTHONPATH", "")])}


def command(*arguments):
    """In a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "xent", *map(str, arguments)], capture_output=True, text=True, env=environment()
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def problem(rows=10_000, classes=5, seed=0, dtype=np.float64):
    """Logits, and labels that they tell something about. Two blocks and a half."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, rows)
    logits = random.normal(0, 1.5, (rows, classes))
    logits[np.arange(rows), labels] += 1
    return logits.astype(dtype), labels


def softmax(logits):
    exponentials = np.exp(logits - logits.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


def write_csv(path, array, header=None):
    """Every digit that it takes to read the same numbers back."""
    lines = [",".join(header)] if header else []
    lines += [",".join(repr(cell) for cell in row) for row in np.asarray(array).reshape(len(array), -1).tolist()]
    path.write_text("\n".join(lines) + "\n")
    return path
