"""Ulp of each vector function of the kernels, and of its like in other libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from peers import Peer
from probe import Probe
from ulp import PeerTally, Tally, errors, working_type

Array = np.ndarray
CHUNK = 1 << 19
LN2 = np.log(2.0)


@dataclass(frozen=True)
class Function:
    """A vector function: its arguments, the exact value, and the NumPy-like name that other libraries have it by."""

    name: str
    domain: str
    inputs: Callable[[np.random.Generator, np.dtype, int], tuple[Array, ...]]
    special: Callable[[np.dtype], tuple[Array, ...]]
    exact: Callable[..., Array]
    peer_name: str | None = None


@dataclass
class FunctionResult:
    name: str
    domain: str
    dtype: np.dtype
    tally: Tally = field(default_factory=Tally)
    peers: dict[str, PeerTally] = field(default_factory=dict)


# --- inputs -----------------------------------------------------------------------------------------------


def log_uniform(rng: np.random.Generator, low: float, high: float, count: int) -> Array:
    """Positive numbers whose exponents are spread evenly from `low` to `high`, in float64."""
    return np.exp2(rng.uniform(np.log2(low), np.log2(high), count))


def near(points: Array, rng: np.random.Generator, dtype: np.dtype, count: int) -> Array:
    """Numbers a few units beside randomly chosen points."""
    chosen = rng.choice(points, count).astype(dtype)
    return (chosen + rng.integers(-4, 5, count).astype(dtype) * np.spacing(chosen)).astype(dtype)


def smallest(dtype: np.dtype) -> float:
    return float(np.finfo(dtype).smallest_subnormal)


def negative_numbers(lowest: dict[str, float]) -> Callable[[np.random.Generator, np.dtype, int], tuple[Array, ...]]:
    """x <= 0 down to a lowest one a type: evenly, by magnitude, and where the reduction by ln 2 changes its integer."""

    def inputs(rng: np.random.Generator, dtype: np.dtype, count: int) -> tuple[Array, ...]:
        low = lowest[dtype.name]
        changes = -(np.arange(int(-low / LN2)) + 0.5) * LN2
        parts = [
            rng.uniform(low, 0, count // 2).astype(dtype),
            rng.uniform(-2, 0, count // 8).astype(dtype),
            -log_uniform(rng, smallest(dtype), -low, count // 4).astype(dtype),
            near(changes, rng, dtype, count // 8),
        ]
        return (np.minimum(np.concatenate(parts), 0).astype(dtype),)

    return inputs


def special_negative(dtype: np.dtype) -> tuple[Array, ...]:
    information = np.finfo(dtype)
    values = [0.0, -0.0, -np.inf, -1e4, -smallest(dtype), -float(information.tiny), float(information.min), np.nan]
    return (np.array(values, dtype),)


def positive_numbers(rng: np.random.Generator, dtype: np.dtype, count: int) -> tuple[Array, ...]:
    """x > 0: every binade, subnormal ones included, densely around 1, and at the ends of the significand's range."""
    information = np.finfo(dtype)
    distance = log_uniform(rng, float(information.eps) / 2, 0.5, count // 4) * rng.choice([-1, 1], count // 4)
    bits = rng.integers(1, int(np.array(information.max).view(f"i{dtype.itemsize}")), count // 4, endpoint=True)
    parts = [
        bits.astype(f"i{dtype.itemsize}").view(dtype),
        rng.uniform(0.5, 2, count // 4).astype(dtype),
        (1 + distance).astype(dtype),
        near(np.sqrt([0.5, 2]), rng, dtype, count // 8),
        log_uniform(rng, smallest(dtype), float(information.tiny), count // 8).astype(dtype),
    ]
    return (np.abs(np.concatenate(parts)),)


def special_positive(dtype: np.dtype) -> tuple[Array, ...]:
    information = np.finfo(dtype)
    values = [0.0, 1.0, np.inf, smallest(dtype), float(information.tiny), float(information.max), 2.0, 0.5, np.nan]
    return (np.array(values, dtype),)


def sums(rng: np.random.Generator, dtype: np.dtype, count: int) -> tuple[Array, ...]:
    """x > 0 with a remainder of at most half a unit of x."""
    information = np.finfo(dtype)
    distance = log_uniform(rng, float(information.eps) / 2, 0.5, count // 3) * rng.choice([-1, 1], count // 3)
    x = np.concatenate([(1 + distance).astype(dtype), rng.uniform(0, 1, count // 3).astype(dtype),
                        log_uniform(rng, 1e-30, 1e30, count // 3).astype(dtype)])  # fmt: skip
    # The lower of a power of two's two neighbours is the nearer one.
    half = (x - np.nextafter(x, dtype.type(0))) / 2
    return x, (half * rng.uniform(-1, 1, x.size)).astype(dtype)


def special_sums(dtype: np.dtype) -> tuple[Array, ...]:
    tiny = np.finfo(dtype).tiny
    return np.ones(5, dtype), np.array([0.0, 1e-10, -1e-12, tiny, -tiny], dtype) * np.finfo(dtype).eps


def tails(rng: np.random.Generator, dtype: np.dtype, count: int) -> tuple[Array, ...]:
    """x > 0, tiny to huge."""
    return (
        np.concatenate([
            log_uniform(rng, smallest(dtype), float(np.finfo(dtype).max), count // 4).astype(dtype),
            log_uniform(rng, 1e-12, 1e4, count // 4).astype(dtype),
            rng.uniform(0, 1, count // 4).astype(dtype),
            rng.uniform(0, 8, count // 8).astype(dtype),
            near(np.exp2(np.arange(1, 20.0)) - 1, rng, dtype, count // 8),
        ]),
    )  # fmt: skip


def negative_tails(rng: np.random.Generator, dtype: np.dtype, count: int) -> tuple[Array, ...]:
    """-1 < x < 0."""
    one = dtype.type(1)
    parts = [rng.uniform(-1, 0, count // 2), -log_uniform(rng, smallest(dtype), 0.5, count // 4),
             log_uniform(rng, float(np.finfo(dtype).eps), 0.5, count // 4) - 1]  # fmt: skip
    return (np.maximum(np.concatenate(parts).astype(dtype), np.nextafter(-one, one)),)


def no_special(dtype: np.dtype) -> tuple[Array, ...]:
    return (np.zeros(1, dtype),)


FUNCTIONS = [
    Function("exponentialOfNegative", "x <= 0", negative_numbers({"float32": -110, "float64": -760}),
             special_negative, np.exp, "exp"),
    Function("complementOfExponential", "x <= 0", negative_numbers({"float32": -30, "float64": -60}),
             special_negative, lambda x: -np.expm1(x)),
    Function("logarithm", "x >= 0", positive_numbers, special_positive, np.log, "log"),
    Function("logarithmOfSum", "x + remainder", sums, special_sums, lambda x, r: np.log(x) + np.log1p(r / x)),
    Function("logarithmOnePlus", "x >= 0", tails, special_positive, np.log1p, "log1p"),
    Function("logarithmOnePlus", "-1 < x < 0", negative_tails, no_special, np.log1p, "log1p"),
]  # fmt: skip


# --- measuring --------------------------------------------------------------------------------------------


def chunks(function: Function, dtype: np.dtype, count: int) -> Iterator[tuple[Array, ...]]:
    rng = np.random.default_rng(len(function.name))
    yield function.special(dtype)
    for _ in range(max(1, count // CHUNK)):
        yield function.inputs(rng, dtype, min(count, CHUNK))


def measure_function(
    function: Function, dtype: np.dtype, count: int, probe: Probe, peers: Sequence[Peer]
) -> FunctionResult:
    result = FunctionResult(function.name, function.domain, dtype, peers={peer.name: PeerTally() for peer in peers})
    wide = working_type(dtype)
    for arguments in chunks(function, dtype, count):
        with np.errstate(all="ignore"):
            exact = function.exact(*(x.astype(wide) for x in arguments))
        ulp = errors(probe(function.name, arguments), exact)
        result.tally.add(ulp, lambda index: ", ".join(float(x[index]).hex() for x in arguments))  # noqa: B023
        for peer in peers:
            if function.peer_name and (value := peer.function(function.peer_name, arguments[0])) is not None:
                result.peers[peer.name].add(errors(value, exact))
    return result


def measure_scaled_exponential(dtype: np.dtype, count: int, probe: Probe) -> FunctionResult:
    """e^(x - base) 2^-shift for rows of several references, from the smallest normal result to as far above the
    reference as x may be; a result below the normal numbers may be 0."""
    result = FunctionResult("scaledExponential", "x <= reference + reach", dtype)
    rng = np.random.default_rng(7)
    wide, tiny = working_type(dtype), np.finfo(dtype).tiny
    depth = 130.0 if dtype == np.float32 else 1000.0
    rows = [0, 1, -0.25, 7.3, -50.3, 88.7, -103, 700, -745, 1e3, -1e3, 1e4, -1e4, 1e30, -1e30, *rng.uniform(-50, 50, 9)]
    size = max(1 << 12, count // len(rows))
    for reference in (float(dtype.type(row)) for row in rows):
        _, scale = probe.scaled_exponential(np.zeros(1, dtype), reference)
        distances = [rng.uniform(-scale.reach, depth, size), log_uniform(rng, 1e-8, depth, size // 4),
                     np.array([0, np.inf, np.nan, 1e7])]  # fmt: skip
        x = (reference - np.concatenate(distances)).astype(dtype)
        value, _ = probe.scaled_exponential(x, reference)
        with np.errstate(all="ignore"):
            exact = np.ldexp(np.exp(x.astype(wide) - wide.type(scale.base)), -scale.shift)
            ulp = errors(value, exact)
            ulp[(exact < tiny) & (value >= 0) & (value <= tiny)] = 0
        result.tally.add(ulp, lambda i: f"{float(x[i]).hex()}, reference {reference:.6g}")  # noqa: B023
    return result


def measure(
    dtypes: Sequence[np.dtype], counts: dict[str, int], probe: Probe, peers: Sequence[Peer]
) -> Iterator[FunctionResult]:
    for dtype in dtypes:
        yield measure_scaled_exponential(dtype, counts[dtype.name], probe)
        for function in FUNCTIONS:
            yield measure_function(function, dtype, counts[dtype.name], probe, peers)
