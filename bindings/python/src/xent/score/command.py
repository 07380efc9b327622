"""The command, from its arguments to its exit code."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import Any, Optional

from . import report, text
from .arguments import library_options, numbers, parser, stated_options
from .failures import Exit, Failure
from .files import Reference, read_vector
from .interruption import Interruption
from .problem import Problem
from .progress import Silence, progress
from .scorer import Scorer
from .summary import summary, without_special_numbers


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run `xent` with these arguments, those of the process by default. Returns the exit code.

    KeyboardInterrupt comes out of it before there is anything to show, and if it comes a second time.
    """
    given = parser().parse_args(arguments)
    try:
        with Interruption() as interruption:
            return _score(given, interruption)
    except Failure as failure:
        print(f"xent score: error: {failure}", file=sys.stderr)
        return failure.code
    except BrokenPipeError:  # nobody reads on, as with `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.UNREAD
    except OSError as error:
        print(f"xent score: error: {error}", file=sys.stderr)
        return Exit.FILE


def _score(given: argparse.Namespace, interruption: Interruption) -> int:
    if given.report is not None:
        report.prepare(given.report, _inputs(given))
    problem = _problem(given)
    options = library_options(given)
    for name in ("class_weights", "pos_weight"):
        if getattr(given, name) is not None:
            options[name] = read_vector(getattr(given, name), given.header)
    scorer = Scorer(problem, options, given.worst)
    complete = run(problem, scorer, given.batch_rows, interruption, progress(given.progress))
    results = summary(problem, scorer, stated_options(given), complete)
    try:
        if given.report is not None:
            report.write(results, given.report)
            print(f"xent score: the report is in {given.report}", file=sys.stderr)
    finally:  # hours of work are not lost with the page
        _print(results, given.json)
    if not complete:
        print(f"xent score: interrupted after {scorer.rows} rows", file=sys.stderr)
    return Exit.SCORED if complete else Exit.INTERRUPTED


def _print(results: dict[str, Any], as_json: bool) -> None:
    if sys.stdout is None:  # closed from the start, as with `>&-`
        return
    if as_json:
        print(json.dumps(without_special_numbers(results), allow_nan=False))
    else:
        text.write(results)
    sys.stdout.flush()


def _inputs(given: argparse.Namespace) -> list[Reference]:
    """The files to read."""
    lists = [text for text in (given.class_weights, given.pos_weight) if text is not None and numbers(text) is None]
    weights = [given.sample_weights] if given.sample_weights is not None else []
    return [Reference(text) for text in (given.predictions, given.labels, *weights, *lists)]


def _problem(given: argparse.Namespace) -> Problem:
    predictions, labels = Reference(given.predictions), Reference(given.labels, given.label_column)
    weights = Reference(given.sample_weights) if given.sample_weights is not None else None
    # In one table, what is not labels or weights is predictions.
    others = [other for other in (labels, weights) if other is not None and other.is_file(predictions.path)]
    taken = [name for other in others if other.name is not None for name in other.name.split(",")]
    source = predictions.open(given.header, taken)
    if source.is_table and labels in others and labels.name is None:
        raise Failure(
            Exit.USAGE,
            f"{labels.text} is the table of the predictions as well: name its column of labels, {labels.path}:label",
        )
    return Problem(
        source,
        labels.open(given.header),
        None if weights is None else weights.open(given.header),
        given.axis,
        given.binary,
    )


def run(
    problem: Problem, scorer: Scorer, batch_rows: Optional[int], interruption: Interruption, shown: Silence
) -> bool:
    """Score block by block; whether it came to the end, or was interrupted."""
    try:
        for block in problem.blocks(batch_rows):
            scored = scorer.score(block)
            with interruption.shielded():
                scorer.add(block, scored)
            shown.show(scorer.rows, _total(problem, scorer))
    except KeyboardInterrupt:
        return False
    finally:
        shown.close()
    return True


def _total(problem: Problem, scorer: Scorer) -> Any:
    """How many rows there are; of a file that does not say, judged by how much of it is read."""
    if problem.rows is not None:
        return problem.rows
    fraction = problem.predictions.fraction()
    return scorer.rows / fraction if fraction else None
