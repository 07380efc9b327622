#!/usr/bin/env python3
"""Measures the accuracy of the kernels' vector functions and of libxent's losses, in ulp against a wider type.

    python3 Tests/Accuracy/measure.py                 a quick run over everything, under a minute without the peers
    python3 Tests/Accuracy/measure.py --full          the same with many more inputs
    python3 Tests/Accuracy/measure.py --set baseline  the kernels of a lower instruction set

Prints Markdown tables. Needs NumPy; PyTorch, JAX with optax and mpmath are used where they are installed. The vector
functions are compiled from Sources/Kernels with swiftc; the losses are those of a built libxent. The exit status is 1
if a loss or gradient is further off than its bound. A figure of another library says too what share of its results is
beyond xent's bound, and how many are wrongly infinite, NaN or finite.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

import binary_options
import functions
import losses
import peers as peer_libraries
from library import Library
from probe import ROOT, SET_FLAGS, Probe
from ulp import figure

DTYPES: dict[str, np.dtype] = {"float32": np.dtype(np.float32), "float64": np.dtype(np.float64)}
QUICK_FUNCTIONS = {"float32": 1 << 21, "float64": 1 << 19}
FULL_FUNCTIONS = {"float32": 1 << 26, "float64": 1 << 23}
QUICK_LOSSES, FULL_LOSSES = 1 << 14, 1 << 20


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--library", type=Path, default=ROOT / "build/cmake/libxent.so", help="libxent to measure")
    parser.add_argument("--set", choices=SET_FLAGS, help="instruction set; by default the library's choice")
    speed = parser.add_mutually_exclusive_group()
    speed.add_argument("--quick", action="store_true", help="the default")
    speed.add_argument("--full", action="store_true", help="many more inputs; takes some minutes")
    parser.add_argument("--only", choices=("functions", "losses"), help="one of the two tables")
    parser.add_argument("--type", choices=DTYPES, action="append", help="one type; may be repeated")
    parser.add_argument("--no-peers", action="store_true", help="leave out PyTorch and JAX")
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="write the arrays of each loss's worst case there")
    return parser.parse_args()


def row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def print_functions(dtypes: Sequence[np.dtype], probe: Probe, full: bool, peers: Sequence[peer_libraries.Peer]) -> bool:
    """The table of the vector functions; false if one gave an infinity or NaN in a wrong place."""
    header = ["function", "domain", "type", "values", "max", "mean", "worst input", *(f"{p.name} max" for p in peers)]
    print("\n## Vector functions, ulp\n\n" + row(header) + "\n" + row("---" for _ in header))
    finite = True
    for result in functions.measure(dtypes, FULL_FUNCTIONS if full else QUICK_FUNCTIONS, probe, peers):
        tally = result.tally
        figures = [f"{tally.count / 1e6:.1f} M", figure(tally.maximum), figure(tally.mean), f"`{tally.worst}`"]
        others = [result.peers.get(peer.name, "-") for peer in peers]
        print(row([result.name, result.domain, result.dtype, *figures, *others]), flush=True)
        finite = finite and tally.not_finite == 0
    return finite


def save(folder: Path, result: losses.LossResult) -> None:
    """The worst case's y_true and y_pred, for a minimal reproduction."""
    if result.tally.worst_arrays is not None:
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{result.target} {result.input} {result.dtype} {result.quantity}.npz".replace(" ", "_")
        y_true, y_pred = (result.tally.worst_arrays[key] for key in ("y_true", "y_pred"))
        np.savez_compressed(folder / name, y_true=y_true, y_pred=y_pred)


def print_losses(
    dtypes: Sequence[np.dtype], library: Library, full: bool, peers: Sequence[peer_libraries.Peer], folder: Path | None
) -> bool:
    """The table of the losses; false if a bound is exceeded."""
    header = ["loss", "input", "type", "quantity", "bound", "xent max", "xent mean", "worst case"]
    header += [f"{peer.name} max" for peer in peers]
    print("\n## Losses, ulp\n\n" + row(header) + "\n" + row("---" for _ in header))
    exceeded = []
    for result in losses.measure(dtypes, FULL_LOSSES if full else QUICK_LOSSES, library, peers):
        maximum = f"**{figure(result.tally.maximum)} !**" if result.exceeded else figure(result.tally.maximum)
        name = "binary" if result.target == "binary" else f"categorical, {result.target}"
        cells = [name, result.input, result.dtype, result.quantity, f"{result.bound:g}", maximum]
        others = [result.peers[peer.name] for peer in peers]
        print(row([*cells, figure(result.tally.mean), result.tally.worst, *others]), flush=True)
        if result.exceeded:
            exceeded.append(f"{name}, {result.input}, {result.dtype}, {result.quantity}")
        if folder is not None:
            save(folder, result)
    print("\n" + ("Beyond their bounds: " + "; ".join(exceeded) if exceeded else "All within their bounds."))
    return not exceeded


def print_options(library: Library, full: bool) -> bool:
    """The table of binary losses with options; false if a bound is exceeded."""
    header = ["input", "options", "quantity", "bound", "max", "mean", "worst case"]
    print("\n## Binary losses with options, float32, ulp\n\n" + row(header) + "\n" + row("---" for _ in header))
    good = True
    for result in binary_options.measure(FULL_LOSSES if full else QUICK_LOSSES, library):
        tally, good = result.tally, good and not result.exceeded
        maximum = f"**{figure(tally.maximum)} !**" if result.exceeded else figure(tally.maximum)
        cells = [result.input, result.name, result.quantity, f"{result.bound:g}", maximum, figure(tally.mean)]
        print(row([*cells, tally.worst]), flush=True)
    return good


def print_references(dtypes: Sequence[np.dtype]) -> None:
    try:
        import validation
    except ImportError:
        print("- the references are not checked: mpmath is not installed")
        return
    error, where = validation.references_error(dtypes, losses.TARGETS, losses.INPUTS)
    print(f"- exact values: {validation.working_precision()}; on a sample at most {error:.2g} ulp from the definitions "
          f"in {validation.PRECISION} bits ({where})")  # fmt: skip


def main() -> int:
    options = arguments()
    if np.finfo(np.longdouble).nmant < 63:
        print("float64 results need a long double of at least 64 bits of significand", file=sys.stderr)
        return 2
    if options.set:
        os.environ["XENT_INSTRUCTION_SET"] = options.set
    library = Library(options.library)
    if options.set and library.instruction_set != options.set:
        print(f"this processor or library has no {options.set}, only {library.instruction_set}", file=sys.stderr)
        return 2
    peers, notes = ([], ["other libraries are left out"]) if options.no_peers else peer_libraries.installed()
    dtypes = [DTYPES[name] for name in options.type or DTYPES]

    print(f"# Accuracy of xent {library.version}, {library.instruction_set}\n")
    print(f"- {'full' if options.full else 'quick'} run, NumPy {np.__version__}")
    for note in [*(f"{peer.name} {peer.version}" for peer in peers), *notes]:
        print(f"- {note}")
    good = True
    if options.only != "functions":
        print_references(dtypes)
    if options.only != "losses":
        try:
            good = print_functions(dtypes, Probe(library.instruction_set), options.full, peers)
        except (FileNotFoundError, subprocess.CalledProcessError) as error:
            print(f"\nThe vector functions are not measured: {error}")
            good = False
    if options.only != "functions":
        good = print_losses(dtypes, library, options.full, peers, options.save) and good
        if DTYPES["float32"] in dtypes:
            good = print_options(library, options.full) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
