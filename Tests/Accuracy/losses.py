"""Ulp of each loss: per-row loss, gradient and mean, of xent and of other libraries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from cases import CLASSES, Problem, problems
from library import Library
from peers import Peer
from references import Exact, reference
from ulp import PeerTally, Tally, errors

TARGETS = ("binary", "labels", "distribution")
INPUTS = ("probabilities", "logits", "log-probabilities")

# The largest errors that xent may have, in ulp.
BOUNDS = {
    ("row loss", "float32"): 2.0, ("row loss", "float64"): 4.0,
    ("gradient", "float32"): 4.0, ("gradient", "float64"): 5.0,
    ("mean loss", "float32"): 1.0, ("mean loss", "float64"): 4.0,
}  # fmt: skip
# Options of labels with float32 logits, which their own kernels compute: name and value.
TRANSFORMS = (
    (("logit_scale", 1.7),), (("logit_scale", 0.01),), (("logit_scale", 30.0),),
    (("logit_softcap", 5.0),), (("logit_softcap", 30.0),), (("logit_softcap", 50.0),),
)  # fmt: skip
SMALL = 4096
QUANTITIES = ("row loss", "gradient", "mean loss")


Options = tuple[tuple[str, float], ...]


@dataclass
class LossResult:
    target: str
    input: str
    dtype: np.dtype
    quantity: str
    tally: Tally = field(default_factory=Tally)
    peers: dict[str, PeerTally] = field(default_factory=dict)

    @property
    def bound(self) -> float:
        return BOUNDS[self.quantity, self.dtype.name]

    @property
    def exceeded(self) -> bool:
        return not self.tally.maximum <= self.bound


def mean_errors(exact: Exact, rows: int, result: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        size = None if exact.loss_size is None else exact.loss_size[:rows].sum(keepdims=True) / rows
        return errors(result, exact.loss[:rows].sum(keepdims=True) / rows, size)


def part_sizes(problem: Problem) -> list[int]:
    """How many rows to measure at a time: all, some thousand elements, which kernels may treat in another way, and for
    binary problems very few too."""
    rows = problem.y_pred.shape[0]
    few = [1, 2, 3, 10, 100, 1000, 5000] if problem.target == "binary" else []
    some = SMALL * rows // problem.y_pred.size
    return sorted({rows, *(count for count in [*few, some] if 0 < count < rows)})


def measure_xent(problem: Problem, exact: Exact, library: Library, results: dict[str, LossResult]) -> None:
    """Takes in the results of the reductions `none` and `mean` over the problem and over parts of it."""

    def row(index: int) -> dict[str, np.ndarray]:
        # Of a binary problem so many copies that they are not few to the kernels.
        copies = 4 * SMALL if problem.target == "binary" else 1
        return {"y_true": problem.y_true[[index] * copies], "y_pred": problem.y_pred[[index] * copies]}

    def element(index: int) -> dict[str, np.ndarray]:
        return row(index if problem.target == "binary" else index // problem.y_pred.shape[1])

    for count in part_sizes(problem):
        part = problem.head(count)
        losses, own = library(part, "none")
        mean, gradient = library(part, "mean")
        value, size = exact.gradient[:count], exact.size[:count]
        loss_size = None if exact.loss_size is None else exact.loss_size[:count]
        results["row loss"].tally.add(errors(losses, exact.loss[:count], loss_size), part.describe_row, row)
        results["mean loss"].tally.add(
            mean_errors(exact, count, mean), lambda _: f"{part.family}, {part.y_pred.shape}",  # noqa: B023
            lambda _: {"y_true": part.y_true, "y_pred": part.y_pred})  # noqa: B023  # fmt: skip
        results["gradient"].tally.add(errors(own, value, size), part.describe_element, element)
        results["gradient"].tally.add(
            errors(gradient, value / count, size / count),
            lambda index: f"{part.describe_element(index)}, mean of {count}", element)  # noqa: B023  # fmt: skip


def measure_peer(problem: Problem, exact: Exact, peer: Peer, results: dict[str, LossResult]) -> None:
    if (found := peer.loss(problem)) is None:
        return
    loss, gradient, mean = found
    results["row loss"].peers[peer.name].add(errors(loss, exact.loss))
    results["gradient"].peers[peer.name].add(errors(gradient, exact.gradient, exact.size))
    value = np.array([mean], problem.y_pred.dtype)
    results["mean loss"].peers[peer.name].add(mean_errors(exact, problem.y_pred.shape[0], value))


def measure(
    dtypes: Sequence[np.dtype], size: int, library: Library, peers: Sequence[Peer], classes: Sequence[int] = CLASSES
) -> Iterator[LossResult]:
    """The results of every loss, on problems of about `size` elements."""
    losses: list[tuple[str, str, np.dtype, Options]] = [(t, i, d, ()) for t in TARGETS for i in INPUTS for d in dtypes]
    if np.dtype(np.float32) in dtypes:
        losses += [("labels", "logits", np.dtype(np.float32), options) for options in TRANSFORMS]
    for target, input, dtype, options in losses:
        title = ", ".join([input, *(f"{name} {value:g}" for name, value in options)])
        results = {
            quantity: LossResult(
                target, title, dtype, quantity,
                peers={peer.name: PeerTally(BOUNDS[quantity, dtype.name]) for peer in peers})
            for quantity in QUANTITIES
        }  # fmt: skip
        for plain in problems(target, input, dtype, size, classes):
            problem = replace(plain, options=options, for_peers=plain.for_peers and not options)
            exact = reference(problem)
            measure_xent(problem, exact, library, results)
            for peer in peers if problem.for_peers else ():
                measure_peer(problem, exact, peer, results)
        yield from results.values()
