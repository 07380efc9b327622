#!/usr/bin/env python3
"""Makes the polynomial coefficients of Sources/Kernels: near-minimax fits by Chebyshev interpolation.

Prints every coefficient as a hexadecimal float, lowest power first, with the relative error that the polynomial
alone (its coefficients rounded, the arithmetic exact) leaves in the function. Needs mpmath.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import mpmath

mpmath.mp.dps = 60
LN2 = mpmath.log(2)


def fit(function: Callable[[mpmath.mpf], mpmath.mpf], low: float, high: float, degree: int) -> list[float]:
    """The polynomial of the degree through the Chebyshev points, each coefficient rounded to float64."""
    highest_first = mpmath.chebyfit(function, [low, high], degree + 1)
    return [float(c) for c in reversed(highest_first)]


def exponential_tail(r: mpmath.mpf) -> mpmath.mpf:
    """Q with e^r = 1 + r + r^2 Q(r)."""
    if abs(r) < 1e-12:
        return mpmath.mpf(1) / 2 + r / 6
    return (mpmath.exp(r) - 1 - r) / r**2


def logarithm_tail(z: mpmath.mpf) -> mpmath.mpf:
    """P with log((1 + s) / (1 - s)) = 2 s + s^3 P(s^2), z = s^2."""
    if abs(z) < 1e-12:
        return mpmath.mpf(2) / 3 + 2 * z / 5
    s = mpmath.sqrt(z)
    return (2 * mpmath.atanh(s) - 2 * s) / s**3


def value(coefficients: list[float], x: mpmath.mpf) -> mpmath.mpf:
    return mpmath.polyval([mpmath.mpf(c) for c in reversed(coefficients)], x)


def worst(error: Callable[[mpmath.mpf], mpmath.mpf], low: float, high: float) -> str:
    points = [low + (high - low) * mpmath.mpf(i) / 2001 for i in range(2002)]
    return f"2^{math.log2(max(abs(error(x)) for x in points if x)):.1f}"


def show(name: str, coefficients: list[float], error: str) -> None:
    print(f"{name}   relative error {error}")
    for power, coefficient in enumerate(coefficients):
        print(f"  {power:2d}  {coefficient.hex()}")


def main() -> None:
    half = float(LN2 / 2) * 1.0001
    tail = fit(exponential_tail, -half, half, 10)
    show("exponential Q", tail, worst(lambda r: (1 + r + r * r * value(tail, r)) / mpmath.exp(r) - 1, -half, half))

    # s = f / (2 + f) for 1 + f in [sqrt(1/2), sqrt(2)].
    s = float((mpmath.sqrt(2) - 1) / (mpmath.sqrt(2) + 1)) * 1.0001
    tail_log = fit(logarithm_tail, 0, s * s, 6)
    show(
        "logarithm P",
        tail_log,
        worst(lambda x: (2 * x + x**3 * value(tail_log, x * x)) / (2 * mpmath.atanh(x)) - 1, -s, s),
    )

    # The high part keeps 40 bits, so that its product with an integer below 2^13 is exact.
    high = float(mpmath.floor(LN2 * 2**40) / 2**40)
    print("ln 2 high", high.hex(), " low", float(LN2 - mpmath.mpf(high)).hex(), " log2 e", float(1 / LN2).hex())


if __name__ == "__main__":
    main()
