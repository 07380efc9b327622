"""The problems that losses are measured on: families of predictions, each with several kinds of targets.

Every problem is drawn from a generator seeded by what it is called, so the same one is met again in any order.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

Array = np.ndarray
Generator = np.random.Generator
PROBABILITY_FLOOR = 1e-15
CLASSES = (1, 2, 3, 10, 100, 1000, 32000, 200003)
SCALES = (0.01, 0.1, 1, 10, 100, 1000)


@dataclass(frozen=True)
class Problem:
    """`target` is binary, labels or distribution; `input` probabilities, logits or log-probabilities."""

    target: str
    input: str
    family: str
    y_true: Array
    y_pred: Array
    #: The kinds of targets, which rows have in turn.
    kinds: tuple[str, ...] = ()
    #: Options of the call, by their names.
    options: tuple[tuple[str, float], ...] = ()
    #: False where other libraries clip differently by their documentation.
    for_peers: bool = True

    @property
    def title(self) -> str:
        return f"{self.target}, {self.input}, {self.y_pred.dtype.name}, {self.family}"

    def head(self, rows: int) -> Problem:
        """The problem of the first rows."""
        return replace(self, y_true=self.y_true[:rows], y_pred=self.y_pred[:rows])

    def describe_row(self, row: int) -> str:
        if self.target == "binary":
            return f"{self.family}: y = {float(self.y_true[row]).hex()}, x = {float(self.y_pred[row]).hex()}"
        return f"{self.y_pred.shape[1]} classes, {self.family}, row {row} (target {self.kinds[row % len(self.kinds)]})"

    def describe_element(self, index: int) -> str:
        if self.target == "binary":
            return self.describe_row(index)
        row, column = divmod(index, self.y_pred.shape[1])
        return f"{self.describe_row(row)}, class {column}"


def log_uniform(rng: Generator, low: float, high: float, size: int | tuple[int, ...]) -> Array:
    return np.exp2(rng.uniform(np.log2(low), np.log2(high), size))


def log_softmax(z: Array) -> Array:
    wide = z.astype(np.longdouble)
    distance = wide - wide.max(axis=1, keepdims=True)
    return distance - np.log(np.exp(distance).sum(axis=1, keepdims=True))


def generator(*name: object) -> Generator:
    return np.random.default_rng(zlib.crc32(repr(name).encode()))


# --- binary -----------------------------------------------------------------------------------------------


def binary_targets(rng: Generator, p: Array, dtype: np.dtype) -> Array:
    """Hard, right, soft, next to 0, next to 1, and next to the prediction, in equal parts."""
    size, eps = p.size, float(np.finfo(dtype).eps)
    kinds = [
        rng.integers(0, 2, size),
        p > 0.5,
        rng.uniform(0, 1, size),
        log_uniform(rng, 1e-20, 1e-3, size),
        1 - log_uniform(rng, eps / 2, 1e-3, size),
        np.clip(p * (1 + rng.integers(-2, 3, size) * eps), 0, 1),
    ]
    return np.choose(rng.integers(0, len(kinds), size), kinds).astype(dtype)


def binary_logit_families(rng: Generator, dtype: np.dtype, size: int) -> Iterator[tuple[str, Array, bool]]:
    for scale in SCALES:
        yield f"scale {scale:g}", scale * rng.standard_normal(size), True
    for offset in (1e4, -1e4):
        yield f"offset {offset:+g}", offset + rng.standard_normal(size), True
    yield "every magnitude", log_uniform(rng, 1e-30, 1e4, size) * rng.choice([-1, 1], size), True
    yield "around 0", rng.uniform(-3, 3, size), True
    tail = 104.0 if dtype == np.float32 else 746.0
    yield "confident", rng.uniform(1, tail, size) * rng.choice([-1, 1], size), True
    yield "infinite", rng.choice([-np.inf, np.inf, 0.0, -0.0], size), True


def binary_probability_families(rng: Generator, dtype: np.dtype, size: int) -> Iterator[tuple[str, Array, bool]]:
    eps = float(np.finfo(dtype).eps)
    yield "uniform", rng.uniform(1e-6, 1, size), True
    yield "next to 0", log_uniform(rng, 2e-15, 0.5, size), True
    yield "next to 1", 1 - log_uniform(rng, max(eps / 2, 2e-15), 0.5, size), True
    yield "units below 1", 1 - rng.integers(1, 100, size) * (eps / 2), dtype == np.float32
    yield "floored", log_uniform(rng, float(np.finfo(dtype).tiny), 2e-15, size), False
    ends = [0, 1, PROBABILITY_FLOOR, 0.5, -1e-4, 1 + 1e-4, eps / 2, 1 - eps / 2]
    yield "ends", rng.choice(np.array(ends), size), False


def binary_log_probability_families(rng: Generator, dtype: np.dtype, size: int) -> Iterator[tuple[str, Array, bool]]:
    lowest = 104.0 if dtype == np.float32 else 746.0
    yield "log of uniform", np.log(rng.uniform(1e-9, 1, size)), True
    yield "even", -rng.uniform(0.01, lowest, size), True
    yield "around -ln 2", -rng.uniform(0.3, 1.5, size), True
    yield "next to 0", -log_uniform(rng, 4 * float(np.finfo(dtype).tiny), 1, size), True
    yield "every magnitude", -log_uniform(rng, 1e-9, 1e4, size), True
    yield "ends", rng.choice(np.array([0.0, -0.0, 1e-4, -np.inf]), size), True


BINARY_FAMILIES = {
    "probabilities": binary_probability_families,
    "logits": binary_logit_families,
    "log-probabilities": binary_log_probability_families,
}


def binary_problems(input: str, dtype: np.dtype, size: int) -> Iterator[Problem]:
    rng = generator("binary", input, dtype.name)
    for family, values, for_peers in BINARY_FAMILIES[input](rng, dtype, size):
        y_pred = values.astype(dtype)
        if input == "probabilities":
            p = np.clip(values, 0, 1)
        else:
            p = np.exp(-np.logaddexp(0, -values)) if input == "logits" else np.exp(np.minimum(values, 0))
        yield Problem("binary", input, family, binary_targets(rng, p, dtype), y_pred, for_peers=for_peers)


# --- categorical: predictions -----------------------------------------------------------------------------


def logit_families(rng: Generator, dtype: np.dtype, rows: int, classes: int) -> Iterator[tuple[str, Array]]:
    shape, row = (rows, classes), np.arange(rows)
    tail = 100.0 if dtype == np.float32 else 740.0

    def apart(gap: Array, noise: float) -> Array:
        """One class at about 0 and all others lower by the row's gap."""
        z = noise * rng.standard_normal(shape) - gap[:, None]
        z[row, rng.integers(0, classes, rows)] = noise * rng.standard_normal(rows)
        return z

    for scale in (*SCALES, 1e5):
        yield f"scale {scale:g}", scale * rng.standard_normal(shape)
    for offset in (1e4, -1e4):
        yield f"offset {offset:+g}", offset + 3 * rng.standard_normal(shape)
    yield "one far above", apart(rng.uniform(1, tail, rows), 1.0)
    yield "one above", apart(rng.uniform(10, 20, rows), 1.0)
    yield "many small", apart(rng.uniform(8, 30, rows), 0.1)
    yield "many tiny and equal", apart(rng.uniform(10, 40, rows), 0.0)
    ladder = -np.linspace(0, 1, classes)[None, :] * log_uniform(rng, 1, 2 * tail, (rows, 1))
    yield "ladder", rng.permuted(ladder, axis=1)
    yield "equal", np.repeat(rng.uniform(-20, 20, (rows, 1)), classes, axis=1)
    blocked = 3 * rng.standard_normal(shape)
    blocked[rng.uniform(0, 1, shape) < 0.3] = -np.inf
    blocked[row, rng.integers(0, classes, rows)] = 1.0
    yield "-inf entries", blocked


def probability_families(rng: Generator, dtype: np.dtype, rows: int, classes: int) -> Iterator[tuple[str, Array]]:
    shape, row = (rows, classes), np.arange(rows)
    for scale in (0.1, 1, 10, 100):
        yield f"softmax of scale {scale:g}", np.exp(log_softmax(scale * rng.standard_normal(shape)))
    rest = log_uniform(rng, float(np.finfo(dtype).eps) / 2, 0.5, rows)
    p = np.repeat(rest[:, None] / max(1, classes - 1), classes, axis=1)
    p[row, rng.integers(0, classes, rows)] = 1 - rest
    yield "next to 0 and 1", p
    yield "ends", rng.choice(np.array([0, 1, PROBABILITY_FLOOR, 1e-20, -1e-4, 1 + 1e-4]), shape)


def log_probability_families(rng: Generator, dtype: np.dtype, rows: int, classes: int) -> Iterator[tuple[str, Array]]:
    for family, z in logit_families(rng, dtype, rows, classes):
        yield f"of logits: {family}", log_softmax(z)


FAMILIES: dict[str, Callable[[Generator, np.dtype, int, int], Iterator[tuple[str, Array]]]] = {
    "probabilities": probability_families,
    "logits": logit_families,
    "log-probabilities": log_probability_families,
}


# --- categorical: targets ---------------------------------------------------------------------------------


def label_kinds(rng: Generator, x: Array) -> dict[str, int]:
    """Class indices for one row: any class, the most and the second most likely one; never a class of -inf."""
    order = np.argpartition(x, max(0, x.size - 2))
    largest, second = int(np.argmax(x)), int(order[max(0, x.size - 2)])
    any_class = int(rng.integers(0, x.size))

    def possible(label: int) -> int:
        return label if x[label] > -np.inf else largest

    return {"any class": possible(any_class), "argmax": largest, "second": possible(second)}


def distribution_kinds(rng: Generator, x: Array, dtype: np.dtype) -> dict[str, Callable[[], Array]]:
    """Distributions for one row."""
    classes = x.size

    def one_hot(label: int) -> Array:
        return (np.arange(classes) == label).astype(np.float64)

    def normalised(t: Array) -> Array:
        return t / t.sum()

    def sparse() -> Array:
        t = np.zeros(classes)
        t[rng.integers(0, classes, 3)] = rng.uniform(0, 1, 3)
        return t

    any_class, largest = int(rng.integers(0, classes)), int(np.argmax(x))
    return {
        "soft": lambda: normalised(rng.standard_exponential(classes)),
        "one-hot of any class": lambda: one_hot(any_class),
        "one-hot of argmax": lambda: one_hot(largest),
        "smoothed": lambda: 0.9 * one_hot(any_class) + 0.1 / classes,
        "smoothed argmax": lambda: 0.9 * one_hot(largest) + 0.1 / classes,
        "three classes": sparse,
        "sum not 1": lambda: rng.uniform(0, 5, classes),
        "softmax": lambda: np.exp(log_softmax(x[None, :])[0]).astype(np.float64),
        "tiny": lambda: 1e-20 * rng.uniform(0, 1, classes),
    }


def targets(target: str, rng: Generator, y_pred: Array) -> tuple[tuple[str, ...], Array]:
    """The kinds of targets that the rows have in turn, and the targets."""
    probe = np.zeros(1)
    names = tuple(label_kinds(rng, probe) if target == "labels" else distribution_kinds(rng, probe, y_pred.dtype))
    first = int(rng.integers(0, len(names)))
    kinds = names[first:] + names[:first]
    if target == "labels":
        values = [label_kinds(rng, x)[kinds[i % len(kinds)]] for i, x in enumerate(y_pred)]
        return kinds, np.array(values, np.int64)
    rows = []
    for i, x in enumerate(y_pred.astype(np.float64)):
        t = distribution_kinds(rng, x, y_pred.dtype)[kinds[i % len(kinds)]]()
        rows.append(np.where(x == -np.inf, 0, t).astype(y_pred.dtype))
    return kinds, np.array(rows)


def categorical_problems(target: str, input: str, dtype: np.dtype, size: int, classes: int) -> Iterator[Problem]:
    """Problems of about `size` elements each."""
    rng = generator(target, input, dtype.name, classes)
    rows = min(max(1, size // classes), max(8192, size // 64))
    for family, values in FAMILIES[input](rng, dtype, rows, classes):
        y_pred = values.astype(dtype)
        kinds, y_true = targets(target, rng, y_pred)
        yield Problem(target, input, family, y_true, y_pred, kinds)
    if (target, input) == ("labels", "logits") and classes > 1:
        z = rng.standard_normal((rows, classes)).astype(dtype)
        z[:, 0] = -np.inf
        yield Problem(target, input, "label at -inf", np.zeros(rows, np.int64), z, ("class 0",))


def problems(
    target: str, input: str, dtype: np.dtype, size: int, classes: Sequence[int] = CLASSES
) -> Iterator[Problem]:
    """All problems of one loss, input and type, of about `size` elements each, and at least a row."""
    if target == "binary":
        yield from binary_problems(input, dtype, size)
    else:
        for count in classes:
            yield from categorical_problems(target, input, dtype, size, count)
