"""Binary losses with options: their ulp, against class terms in long double."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from cases import PROBABILITY_FLOOR, Problem, binary_problems, generator
from library import Library
from losses import BOUNDS, INPUTS
from ulp import Tally, errors

Array = np.ndarray
Real = np.longdouble
Values = Mapping[str, "float | Array"]


def weights(rng: np.random.Generator, size: int) -> Array:
    """Of both signs and every size, some of them 0."""
    values = np.exp2(rng.uniform(-20, 20, size)) * rng.choice([-1, 1, 1, 1], size)
    return np.where(rng.uniform(size=size) < 0.1, 0, values).astype(np.float32)


def option_sets(size: int) -> dict[str, Values]:
    rng = generator("options", size)
    return {
        "pos_weight": {"pos_weight": 2.7},
        "large pos_weight": {"pos_weight": 1e20},
        "pos_weight each": {"pos_weight": weights(rng, size)},
        "sample_weights": {"sample_weights": weights(rng, size)},
        "float64 sample_weights": {"sample_weights": rng.uniform(0, 2, size)},
        "upstream": {"upstream": weights(rng, size)},
        "smoothing": {"label_smoothing": 0.1},
        "little smoothing": {"label_smoothing": 1e-9},
        "alpha": {"focal_alpha": 0.3},
        "all weights": {
            "pos_weight": weights(rng, size), "sample_weights": weights(rng, size), "upstream": weights(rng, size),
            "label_smoothing": 0.1, "focal_alpha": 0.3,
        },
        "gamma 2": {"focal_gamma": 2.0},
        "gamma 1": {"focal_gamma": 1.0, "focal_alpha": 0.25},
        "gamma 0.5": {"focal_gamma": 0.5},
        "gamma 3.7": {"focal_gamma": 3.7, "sample_weights": weights(rng, size)},
        "poly": {"poly_epsilon": 1.5},
        "negative poly": {"poly_epsilon": -0.75, "pos_weight": 2.7},
    }  # fmt: skip


@dataclass(frozen=True)
class Classes:
    """Of both classes: probability, -log of it, and the derivative of its log in the input without its sign. And that
    of p."""

    p: tuple[Array, Array]
    loss: tuple[Array, Array]
    slope: tuple[Array, Array]
    derivative: Array


def classes(input: str, x: Array) -> Classes:
    if input == "logits":
        e = np.exp(-np.abs(x))
        small, large = e / (1 + e), 1 / (1 + e)
        p, q = np.where(x < 0, small, large), np.where(x < 0, large, small)
        losses = tuple(np.maximum(z, 0) + np.log1p(e) for z in (-x, x))
        return Classes((p, q), losses, (q, p), p * q)
    if input == "probabilities":
        x, floor = np.clip(x, 0, 1), Real(PROBABILITY_FLOOR)
        p, q = np.maximum(x, floor), np.maximum(1 - x, floor)
        loss_of_q = np.where(1 - x < floor, -np.log(floor), -np.log1p(-x))
        return Classes((p, q), (-np.log(p), loss_of_q), (1 / p, 1 / q), np.ones_like(x))
    x = np.minimum(x, 0)
    p, q = np.exp(x), 0 - np.expm1(x)
    loss_of_q = np.where(p < 0.5, -np.log1p(-p), -np.log(q))
    return Classes((p, q), (-x, loss_of_q), (np.ones_like(x), p / q), p)


def product(*factors: Array) -> Array:
    """0 where a factor is 0, whatever the others are."""
    result = np.ones((), Real)
    for factor in factors:
        result = result * factor
    return np.where(np.any([np.broadcast_to(factor == 0, result.shape) for factor in factors], axis=0), 0, result)


@np.errstate(all="ignore")
def exact(problem: Problem, values: Values) -> tuple[Array, Array, Array, Array]:
    """Loss and gradient, each with the size at whose unit it is held: its own, or its largest term's where that is larger."""
    y, x = problem.y_true.astype(Real), problem.y_pred.astype(Real)
    given = {name: np.asarray(value).astype(Real) for name, value in values.items()}
    smoothing, gamma = given.get("label_smoothing", Real(0)), given.get("focal_gamma", Real(0))
    alpha, epsilon = given.get("focal_alpha"), given.get("poly_epsilon", Real(0))
    sample, upstream = given.get("sample_weights", Real(1)), given.get("upstream", Real(1))
    shares = (1, 1) if alpha is None else (alpha, 1 - alpha)
    targets = [(1 - smoothing) * t + smoothing / 2 for t in (y, 1 - y)]
    weights = [targets[0] * given.get("pos_weight", Real(1)) * shares[0], targets[1] * shares[1]]
    of = classes(problem.input, x)
    losses: list[Array] = []
    slopes: list[Array] = []
    for own, other, sign in ((0, 1, -1), (1, 0, 1)):
        modulation = of.p[other] ** gamma
        losses += [
            product(sample, weights[own], modulation, of.loss[own]),
            product(sample, epsilon, targets[own], of.p[other]),
        ]
        change = of.slope[own] + product(gamma, of.loss[own], of.slope[other])
        slopes += [
            sign * upstream * product(sample, weights[own], modulation, change),
            sign * upstream * product(sample, epsilon, targets[own], of.derivative),
        ]
    return sum(losses), size(losses), sum(slopes), size(slopes)


def size(terms: list[Array]) -> Array:
    """Of the largest term, where the two classes' log terms are one, and so are their poly terms."""
    return np.max(np.abs([*terms, terms[0] + terms[2], terms[1] + terms[3], sum(terms)]), axis=0)


@dataclass
class OptionResult:
    input: str
    name: str
    quantity: str
    bound: float
    tally: Tally = field(default_factory=Tally)

    @property
    def exceeded(self) -> bool:
        return not self.tally.maximum <= self.bound


def measure(size: int, library: Library) -> Iterator[OptionResult]:
    """Float32 losses with every set of options, on problems of about `size` elements."""
    for input in INPUTS:
        for name, values in option_sets(size).items():
            factor = 1 + float(np.max(values.get("focal_gamma", 0.0)))
            results = [
                OptionResult(input, name, quantity, factor * BOUNDS[quantity, "float32"])
                for quantity in ("row loss", "gradient")
            ]
            for problem in binary_problems(input, np.dtype(np.float32), size):
                found = library(problem, "none", values)
                loss, loss_size, gradient, gradient_size = exact(problem, values)
                results[0].tally.add(errors(found[0], loss, loss_size), problem.describe_row)
                results[1].tally.add(errors(found[1], gradient, gradient_size), problem.describe_row)
            yield from results
