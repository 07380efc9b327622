"""Checks the references themselves against the definitions in arbitrary precision. Needs mpmath."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mpmath
import numpy as np
from mpmath import mpf

from cases import PROBABILITY_FLOOR, Problem, problems
from references import reference
from ulp import unit, working_type

#: Bits: enough for log-sum-exp minus a logit to be exact in float64 although the two agree to e^-750.
PRECISION = 1400


def number(value: Any) -> mpf:
    """Exactly the value of a NumPy scalar, long double included."""
    if not np.isfinite(value):
        return mpf(float(value))
    significand, exponent = np.frexp(value)
    high = float(significand)
    return mpmath.ldexp(mpf(high) + mpf(float(significand - type(significand)(high))), int(exponent))


def term(factor: mpf, value: mpf) -> mpf:
    return mpf(0) if factor == 0 else factor * value


def binary(input: str, y: mpf, x: mpf) -> tuple[mpf, mpf]:
    if input == "logits":
        p, complement = 1 / (1 + mpmath.exp(-x)), 1 / (1 + mpmath.exp(x))
        return -term(y, mpmath.log(p)) - term(1 - y, mpmath.log(complement)), p - y
    if input == "probabilities":
        p, floor = min(max(x, 0), 1), mpf(PROBABILITY_FLOOR)
        p, complement = max(p, floor), max(1 - p, floor)
        loss = -term(y, mpmath.log(p)) - term(1 - y, mpmath.log(complement))
        return loss, (1 - y) / complement - y / p
    q = min(x, 0)
    p = mpmath.exp(q)
    return -term(y, q) - term(1 - y, mpmath.log(1 - p)), term(1 - y, p / (1 - p) if p < 1 else mpmath.inf) - y


def categorical(input: str, t: list[mpf], x: list[mpf]) -> tuple[mpf, list[mpf]]:
    if input == "log-probabilities":
        return -mpmath.fsum(term(a, b) for a, b in zip(t, x)), [-a for a in t]
    if input == "probabilities":
        p = [max(min(b, 1), mpf(PROBABILITY_FLOOR)) for b in x]
        return -mpmath.fsum(term(a, mpmath.log(b)) for a, b in zip(t, p)), [-a / b for a, b in zip(t, p)]
    exponentials = [mpmath.exp(b) for b in x]
    total = mpmath.fsum(exponentials)
    lse, weight = mpmath.log(total), mpmath.fsum(t)
    loss = mpmath.fsum(term(a, lse - b) for a, b in zip(t, x))
    return loss, [weight * e / total - a for a, e in zip(t, exponentials)]


def definition(problem: Problem) -> tuple[list[mpf], list[mpf]]:
    """Row losses and the flat gradient."""
    losses: list[mpf] = []
    gradient: list[mpf] = []
    for target, x in zip(problem.y_true, problem.y_pred):
        if problem.target == "binary":
            loss, slope = binary(problem.input, number(target), number(x))
            slopes = [slope]
        else:
            t = target if problem.target == "distribution" else np.arange(x.size) == target
            loss, slopes = categorical(problem.input, [number(a) for a in t], [number(b) for b in x])
        losses.append(loss)
        gradient += slopes
    return losses, gradient


def largest_error(problem: Problem) -> float:
    """Of the problem's reference, in ulp of the type that it is a reference for; values that are not finite, or would
    not be in the type, are left out."""
    exact, dtype = reference(problem), problem.y_pred.dtype
    losses, gradient = definition(problem)
    worst = 0.0
    for value, size, true in zip(
        [*exact.loss, *exact.gradient.flat], [*exact.loss, *exact.size.flat], [*losses, *gradient]
    ):
        if not np.isfinite(value) or abs(value) > np.finfo(dtype).max:
            continue
        worst = max(worst, float(abs(number(value) - true) / number(unit(np.array(size), dtype)[()])))
    return worst


def references_error(dtypes: Sequence[np.dtype], targets: Sequence[str], inputs: Sequence[str]) -> tuple[float, str]:
    """The largest error over samples of all problems of up to 100 classes, and where it was met."""
    worst = (0.0, "")
    with mpmath.workprec(PRECISION):
        for target, input, dtype in ((t, i, d) for t in targets for i in inputs for d in dtypes):
            rows = 12 if target == "binary" else 4
            for problem in problems(target, input, dtype, 100, (1, 2, 10, 100)):
                sample = problem.head(rows if problem.y_pred.ndim == 1 or problem.y_pred.shape[1] < 100 else 1)
                worst = max(worst, (largest_error(sample), sample.title))
    return worst


def working_precision() -> str:
    """What the exact values are held in."""
    bits = np.finfo(working_type(np.dtype(np.float64))).nmant + 1
    return f"float64 for float32; long double with {bits} bits of significand for float64"
