"""The command line."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from typing import Any

from .. import __version__
from .._options import DIVISORS, INPUTS, MEASURES
from .failures import EXIT_CODES

_DESCRIPTION = """\
Scores PREDICTIONS against LABELS with the cross-entropy of xent, in batches:
the files may be larger than memory.

Both are .npy, .npz, CSV or Parquet files, told apart by what they hold, not by
their names. FILE.npz:KEY names an array, FILE.csv:COLUMN[,COLUMN...] and
FILE.parquet:COLUMN[,COLUMN...] name columns. .npy files and uncompressed .npz
files are mapped, compressed ones streamed (read whole if the batches do not
lie along their first axis). Labels are class indices (integers, or floats
without a fraction) in the shape of the predictions without the class axis, or
a distribution over the classes in the shape of the predictions.
"""

_DETAILS = """\
examples:
  xent score logits.npy labels.npy --input logits
  xent score table.csv table.csv:label --json
  xent score run.npz:probabilities run.npz:labels --report run.html

results:
  The totals are those of the library, added over blocks of rows that the file
  alone decides, so they are the same to the last bit whatever --batch-rows and
  --num-threads are. A row's number counts from 0 in the whole file; a line's
  number, in a CSV file, from 1.
  The loss of a row has its weights in it; the mean divides by what --divisor
  and --normalizer say. The mean of a class divides likewise, over its own
  rows, without --normalizer. A row's class is its label, or the largest entry
  of its distribution (binary: whether its label is 0.5 or more); a row is
  correct if its largest prediction is its class (binary: if p >= 0.5, or z >=
  0, is its class).
  Histogram and quantiles come from counts in 64 bins for each power of two:
  quantiles are within 1 percent. Calibration takes the largest probability of
  each row, in 15 equal bins (binary: the probability of 1, against how often
  it was 1). Neither is weighted.

JSON (--json):
  One object on standard output. Numbers that JSON lacks are the strings "NaN",
  "Infinity" and "-Infinity"; what there is none of is null. "complete" is
  false after an interruption.

CSV:
  Cells are separated by commas, semicolons, tabs or spaces. The first line is a
  header if a cell of it is no number, or if it counts 0,1,2,... over three
  columns or more; a first column without a name (the index that pandas writes)
  is left out. --header settles it.

"""


def parser() -> argparse.ArgumentParser:
    """The parser of `xent` and its one command."""
    main = argparse.ArgumentParser(prog="xent", description="Cross-entropy losses on the CPU.")
    main.add_argument("--version", action="version", version=f"xent {__version__}")
    commands = main.add_subparsers(dest="command", metavar="COMMAND", required=True)
    score = commands.add_parser(
        "score",
        help="score predictions in a file against labels in a file",
        description=_DESCRIPTION,
        epilog=_DETAILS + EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    score.add_argument("predictions", metavar="PREDICTIONS", help="FILE or FILE:NAME")
    score.add_argument("labels", metavar="LABELS", help="FILE or FILE:NAME")
    _add_data(score.add_argument_group("data"))
    _add_loss(score.add_argument_group("loss (formulas: help(xent.categorical_cross_entropy))"))
    _add_output(score.add_argument_group("running and output"))
    return main


def library_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """The keyword arguments for the library: those given. What has no meaning for the call is for it to refuse."""
    return _given(arguments, (*_LIBRARY, "num_threads"))


def stated_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """What was asked for that bears on the results."""
    files = ("class_weights", "pos_weight", "sample_weights")
    return _given(arguments, (*_LIBRARY, *files, "divisor", "normalizer"))


_LIBRARY = (
    "input", "axis", "measure", "ignore_index", "label_smoothing", "logit_scale", "logit_softcap", "focal_gamma",
    "focal_alpha", "poly_epsilon", "z_loss", "probability_floor",
)  # fmt: skip


def _given(arguments: argparse.Namespace, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}


def numbers(text: str) -> Sequence[float] | None:
    """A list such as 1,0.5,2; None if it is not one, and so the name of a file."""
    try:
        return [float(piece) for piece in text.split(",")]
    except ValueError:
        return None


def _add_data(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--input", choices=list(INPUTS), help="what PREDICTIONS holds (default: probabilities)")
    group.add_argument("--axis", type=int, metavar="N", help="the class axis (default: the last)")
    group.add_argument("--binary", action="store_true", help="every prediction is a yes-or-no problem of its own; "
                       "labels in [0, 1], in the shape of the predictions")  # fmt: skip
    group.add_argument("--ignore-index", type=int, metavar="LABEL", help="rows with this label do not count")
    group.add_argument("--sample-weights", metavar="FILE[:NAME]", help="a weight a row, or one a position of the "
                       "first axis that is not the class axis")  # fmt: skip
    group.add_argument("--class-weights", metavar="FILE[:NAME]|W,W,...", help="a weight a class")
    group.add_argument("--pos-weight", metavar="FILE[:NAME]|W[,W,...]", help="binary: weight of the log p term")
    group.add_argument("--label-column", metavar="NAME", help="the same as LABELS:NAME. Where predictions and labels "
                       "are in one table, the predictions are the columns that are not the labels")  # fmt: skip
    group.add_argument("--header", choices=["auto", "yes", "no"], default="auto",
                       help="whether CSV files begin with a line of names (default: auto)")  # fmt: skip


def _add_loss(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--measure", choices=list(MEASURES), help="default: cross_entropy")
    group.add_argument("--label-smoothing", type=float, metavar="E", help="mix labels with the uniform distribution")
    group.add_argument("--logit-scale", type=float, metavar="A", help="z becomes A z (a temperature of 1/A)")
    group.add_argument("--logit-softcap", type=float, metavar="K", help="z becomes K tanh(z/K)")
    group.add_argument("--focal-gamma", type=float, metavar="G", help="the log term of p is multiplied by (1-p)^G")
    group.add_argument("--focal-alpha", type=float, metavar="A", help="binary: the log terms by A and by 1-A")
    group.add_argument("--poly-epsilon", type=float, metavar="E", help="add E (1-p)")
    group.add_argument("--z-loss", type=float, metavar="B", help="add B times the log-sum-exp squared")
    group.add_argument("--probability-floor", type=float, metavar="P", help="default: 1e-15")
    group.add_argument("--divisor", choices=list(DIVISORS), default="weights",
                       help="what the mean divides by (default: weights)")  # fmt: skip
    group.add_argument("--normalizer", type=_positive, metavar="D", help="the mean divides by this instead")


def _add_output(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--num-threads", type=int, metavar="N", help="0, the default, leaves it to the library")
    group.add_argument("--batch-rows", type=_at_least(1), metavar="N",
                       help="rows to read at a time, rounded up to whole blocks (default: some 8 MB)")  # fmt: skip
    group.add_argument("--worst", type=_at_least(0), default=10, metavar="N",
                       help="how many of the rows with the largest losses to list (default: 10)")  # fmt: skip
    group.add_argument("--json", action="store_true", help="print JSON instead of text")
    group.add_argument("--report", metavar="FILE.html", help="write one self-contained page with pictures as well")
    group.add_argument("--progress", action=argparse.BooleanOptionalAction,
                       help="show the progress on standard error (default: if it is a terminal)")  # fmt: skip


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (value > 0 and math.isfinite(value)):
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


class _at_least:
    def __init__(self, least: int) -> None:
        self.least = least

    def __call__(self, text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text} is not a whole number") from None
        if value < self.least:
            raise argparse.ArgumentTypeError(f"{text} is less than {self.least}")
        return value
