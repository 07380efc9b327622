#!/usr/bin/env python3
"""Makes the polynomial coefficients of Sources/Kernels: weighted minimax fits.

Prints every coefficient as a hexadecimal float, lowest power first, with the relative error that the polynomial
alone (its coefficients rounded, the arithmetic exact) leaves in the function. Needs mpmath.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import mpmath

mpmath.mp.dps = 50
LN2 = mpmath.log(2)


def rounded(value: mpmath.mpf, bits: int) -> float:
    """The nearest number with a significand of so many bits."""
    if value == 0:
        return 0.0
    exponent = mpmath.floor(mpmath.log(abs(value), 2)) - bits + 1
    return float(mpmath.nint(value / mpmath.mpf(2) ** exponent) * mpmath.mpf(2) ** exponent)


def fit(
    function: Callable[[mpmath.mpf], mpmath.mpf],
    weight: Callable[[mpmath.mpf], mpmath.mpf],
    low: float,
    high: float,
    degree: int,
    bits: int,
) -> list[float]:
    """The polynomial of the degree with the least weighted error, each coefficient rounded, lowest power first.

    Lawson's algorithm: least squares whose weights grow where the error is large converge to the minimax fit.
    """
    count = 12 * (degree + 2)
    angles = [mpmath.pi * (i + mpmath.mpf(1) / 2) / count for i in range(count)]
    points = [(low + high) / mpmath.mpf(2) + (high - low) / mpmath.mpf(2) * mpmath.cos(a) for a in angles]
    targets = [function(x) for x in points]
    scales = [weight(x) for x in points]
    lawson = [mpmath.mpf(1)] * count
    coefficients = mpmath.matrix(degree + 1, 1)
    for _ in range(60):
        roots = [mpmath.sqrt(w) * s for w, s in zip(lawson, scales)]
        rows = [[root * x**k for k in range(degree + 1)] for root, x in zip(roots, points)]
        coefficients = mpmath.lu_solve(mpmath.matrix(rows), mpmath.matrix([r * t for r, t in zip(roots, targets)]))
        errors = [
            abs(s * (mpmath.polyval(list(coefficients)[::-1], x) - t)) for x, t, s in zip(points, targets, scales)
        ]
        lawson = [w * e for w, e in zip(lawson, errors)]
        total = sum(lawson)
        lawson = [w / total for w in lawson]
    return [rounded(c, bits) for c in coefficients]


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


def logarithm_cubic_tail(f: mpmath.mpf) -> mpmath.mpf:
    """P with log(1 + f) = f - f^2 / 2 + f^3 P(f)."""
    if abs(f) < 1e-12:
        return mpmath.mpf(1) / 3 - f / 4
    return (mpmath.log(1 + f) - f + f**2 / 2) / f**3


def tangent_tail(v: mpmath.mpf) -> mpmath.mpf:
    """P with tanh u = u + u^3 P(u^2), v = u^2."""
    if abs(v) < 1e-12:
        return -mpmath.mpf(1) / 3 + 2 * v / 15
    u = mpmath.sqrt(v)
    return (mpmath.tanh(u) - u) / u**3


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
    # s = f / (2 + f) for 1 + f in [sqrt(1/2), sqrt(2)].
    s = float((mpmath.sqrt(2) - 1) / (mpmath.sqrt(2) + 1)) * 1.0001
    for name, bits, exponential_degree, integer_bits in (("float32", 24, 4, 10), ("float64", 53, 10, 13)):
        q = fit(exponential_tail, lambda r: r * r / mpmath.exp(r), -half, half, exponential_degree, bits)
        error = worst(lambda r: (1 + r + r * r * value(q, r)) / mpmath.exp(r) - 1, -half, half)
        show(f"{name} exponential Q", q, error)
        if name == "float32":
            low, high = float(mpmath.sqrt(0.5) - 1) * 1.0001, float(mpmath.sqrt(2) - 1) * 1.0001
            c = fit(logarithm_cubic_tail, lambda f: f**3 / mpmath.log(1 + f) if f else f, low, high, 8, bits)
            error = worst(lambda f: (f - f * f / 2 + f**3 * value(c, f)) / mpmath.log(1 + f) - 1, low, high)
            show("float32 logarithm without division, P", c, error)
            weight = lambda v: v * mpmath.sqrt(v) / mpmath.tanh(mpmath.sqrt(v))  # noqa: E731
            t = fit(tangent_tail, weight, 1e-9, 0.75**2, 5, bits)
            error = worst(lambda u: (u + u**3 * value(t, u * u)) / mpmath.tanh(u) - 1, 0, 0.75)
            show("float32 hyperbolic tangent P", t, error)
        else:
            p = fit(logarithm_tail, lambda z: z, 0, s * s, 6, bits)
            error = worst(lambda x: (2 * x + x**3 * value(p, x * x)) / (2 * mpmath.atanh(x)) - 1, -s, s)
            show("float64 logarithm P", p, error)
        # The high part is short enough that its product with an integer of so many bits is exact.
        short = bits - integer_bits
        high = float(mpmath.floor(LN2 * 2**short) / 2**short)
        low = rounded(LN2 - mpmath.mpf(high), bits)
        print(f"{name} ln 2 high {high.hex()}  low {low.hex()}  log2 e {rounded(1 / LN2, bits).hex()}")
    q = fit(exponential_tail, lambda r: r * r / mpmath.exp(r), -half, half, 5, 53)
    error = worst(lambda r: (1 + r + r * r * value(q, r)) / mpmath.exp(r) - 1, -half, half)
    show("exponential of a row, Q", q, error)
    p = fit(logarithm_tail, lambda z: z, 0, s * s, 3, 53)
    error = worst(lambda x: (2 * x + x**3 * value(p, x * x)) / (2 * mpmath.atanh(x)) - 1, -s, s)
    show("logarithm of a row, P", p, error)


if __name__ == "__main__":
    main()
