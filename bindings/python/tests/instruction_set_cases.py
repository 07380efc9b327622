"""Calls that reach every kernel, with ordinary and with edge values, and all that they write.

    python instruction_set_cases.py FILE [SEED]   runs them all, and pickles the instruction set and the outcomes

The library chooses its instruction set once a process; XENT_INSTRUCTION_SET makes it another.
"""

import pickle
import sys
import zlib
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import descriptor_calls
import numpy as np
from descriptor_calls import TYPES, bits, nans
from option_cases import INPUTS, KINDS, OPTIONS, REDUCTIONS, Problem, base, has_meaning, rules_out_hessian

# Up to 4096 elements are computed in float64; above, float32 has kernels of its own, and rows of up to 32 and of up to 80
# classes have. From 2^15 elements on threads share out the rows, and from 2^17 classes on the row.
SMALL = [(1, 1), (7, 5), (16, 10), (70, 3), (33, 40), (5, 17), (2, 700)]
LARGE = [(600, 10), (130, 33), (66, 70), (50, 100), (9, 1100)]
SHARED = (1300, 30)
LONG = (3, 140_001)
LAYOUTS = ("last", "first", "middle", "strided", "reversed", "padded", "in place", "other types")
WANTED = ("loss", "gradient", "gradient", "everything", "everything")
LABEL_TYPES = ("int64", "int64", "int32", "int16", "uint8")

# Beside NaN: infinities, both zeros, numbers near the ends of the types' ranges and of those of their exponentials.
EDGES = {
    "logits": [np.inf, -np.inf, 0.0, -0.0, 1e-44, -1e-39, 88.7, -104, 700, -746, 6e4, -3e4, 3e38, -1e38, 1e300, -1e300],
    "probabilities": [0.0, -0.0, 1, 1e-320, 1e-44, 6e-8, 1e-38, 1 - 2**-24, 1 - 2**-53, 1.0005, -0.0005, 1e-15, 2e-15],
    "log_probabilities": [-np.inf, 0.0, -0.0, -1e-44, -1e-310, -1e-39, -87.5, -104, -746, -6e4, -3e38, -1e300, 5e-4],
}


def one_a_row(name, *choice):
    return lambda problem: {name: problem.random.choice(choice, problem.row_shape)}


# Values of options that are legal and no more than that.
EDGE_OPTIONS = {
    "upstream NaN": lambda problem: {"upstream": -np.nan},
    "upstream infinite": lambda problem: {"upstream": np.inf},
    "upstream edges each": one_a_row("upstream", np.inf, -np.inf, np.nan, -np.nan, 1e300, -1e-300, 0.0, -0.0, 1e-44),
    "sample_weights edges": one_a_row("sample_weights", 1e300, -1e300, 1e-310, 0.0, -0.0, 1.0, 3.0),
    "normalizer small": lambda problem: {"normalizer": 1e-300},
    "normalizer large": lambda problem: {"normalizer": 1e42},
    "logit_scale large": lambda problem: {"logit_scale": 1e30},
    "logit_softcap small": lambda problem: {"logit_softcap": 1e-3},
    "z_loss large": lambda problem: {"z_loss": 1e300},
    "probability_floor 0": lambda problem: {"probability_floor": 0.0},
}
ALL_OPTIONS = {**OPTIONS, **EDGE_OPTIONS}


class Case(NamedTuple):
    kind: str
    input: str
    type: str
    shape: tuple
    layout: str
    has_edges: bool
    options: tuple
    reduction: str
    wanted: str
    number: int


@dataclass
class Outcome:
    """What a call writes: bits and their types by name. The sum of the losses counts as an array."""

    case: Case
    status: int
    arrays: dict
    totals: bytes = b""


def cases(seed=0):
    random = np.random.default_rng(seed)

    def one_of(choice):
        return choice[random.integers(len(choice))]

    for kind, input, type in product(KINDS, INPUTS, TYPES):
        shapes = [*product(SMALL + LARGE, LAYOUTS), (SHARED, "last"), (SHARED, "first")]
        if kind == "labels" and type in ("float32", "float64"):
            shapes.append((LONG, "last"))
        for number, (shape, layout) in enumerate(shapes):
            wanted = "gradient" if shape == LONG else one_of(WANTED)
            yield Case(kind, input, type, shape, layout, number % 3 > 0, (), one_of(REDUCTIONS), wanted, seed)
        for reduction in REDUCTIONS:
            for options in combinations(kind, input, reduction, random):
                shape = one_of(LARGE) if random.uniform() < 0.25 else one_of(SMALL)
                layout = one_of(LAYOUTS) if random.uniform() < 0.5 else "last"
                has_edges = random.uniform() < 0.6
                yield Case(kind, input, type, shape, layout, has_edges, options, reduction, one_of(WANTED), seed)


def combinations(kind, input, reduction, random):
    """Each option alone, and some pairs."""

    def is_allowed(name):
        has_rows = reduction == "none" or not (base(name) == "upstream" and name.endswith("each"))
        return has_rows and has_meaning(name, kind, input, reduction)

    names = [name for name in ALL_OPTIONS if is_allowed(name)]
    pairs = [pair for pair in product(names, names) if pair[0] < pair[1] and base(pair[0]) != base(pair[1])]
    return [(name,) for name in names] + [pairs[number] for number in random.choice(len(pairs), 20, replace=False)]


def sprinkle(random, array, edges):
    """Puts edge values into about half of the rows of an array of bits."""
    flat = array.reshape(-1, array.shape[-1])
    rows = np.flatnonzero(random.uniform(size=len(flat)) < 0.5)
    for _ in range(2):
        flat[rows, random.integers(0, flat.shape[1], rows.size)] = random.choice(edges, rows.size)


def lay_out(array, layout, has_classes):
    """A copy in another layout; of an array with classes these are last before."""
    if layout in ("first", "middle"):
        if layout == "middle" and array.shape[0] % 2 == 0:
            array = array.reshape(2, -1, *array.shape[1:])
        return np.ascontiguousarray(np.moveaxis(array, -1, array.ndim - 2) if has_classes else array)
    if layout == "strided":
        room = np.zeros([3 * size for size in array.shape], array.dtype)[(slice(1, None, 3),) * array.ndim]
    elif layout == "reversed":
        room = np.zeros_like(array)[(slice(None, None, -1),) * array.ndim]
    elif layout == "padded":
        room = np.zeros([size + 5 for size in array.shape], array.dtype)[tuple(slice(size) for size in array.shape)]
    else:
        return array.copy()
    room[...] = array
    return room


class Inputs(NamedTuple):
    """Of a call; arrays are pairs of bits and a type."""

    y_true: tuple
    y_pred: tuple
    keywords: dict
    outputs: dict


def inputs_of(case):
    """The same ones for the same case, with outputs that nothing has been written to."""
    seed = zlib.crc32(repr(tuple(case)).encode())
    problem = Problem(case.kind, case.input, case.shape, np.float64 if case.type == "float64" else np.float32, seed)
    random, has_classes = problem.random, case.kind != "binary"
    keywords = {}
    for option in case.options:
        keywords.update(ALL_OPTIONS[option](problem))
    for name in ("sample_weights", "upstream"):
        if np.ndim(keywords.get(name)):
            keywords[name] = lay_out(keywords[name], case.layout, False)

    def type_beside(type):
        return TYPES[random.integers(4)] if case.layout == "other types" else type

    y_type = problem.y_true.dtype.name
    if case.kind != "labels":
        y_type = type_beside(case.type)
    elif y_type == "int64" and problem.classes < 128 and "ignore_index" not in keywords:
        y_type = LABEL_TYPES[random.integers(len(LABEL_TYPES))]
    x, y = bits(problem.y_pred, case.type), bits(problem.y_true, y_type)
    if case.has_edges:
        sprinkle(random, x, np.concatenate([bits(EDGES[case.input], case.type), nans(case.type)]))
    x = lay_out(x, case.layout, has_classes)
    y = lay_out(y, case.layout, case.kind == "distribution")
    axis = x.ndim - 2 if has_classes and case.layout in ("first", "middle") else -1
    rows = np.delete(x.shape, axis) if has_classes else x.shape

    outputs = {}

    def want(name, shape, type):
        array = np.zeros(shape, np.uint16 if type == "bfloat16" else f"u{np.dtype(type).itemsize}")
        layout = case.layout if array.ndim and case.layout in ("strided", "reversed") else "last"
        outputs[name] = lay_out(array, layout, False), type

    wide = "float64" if case.type == "float64" else "float32"
    want("loss", rows if case.reduction == "none" else (), wide)
    accumulates = keywords.get("accumulate_gradient", False)
    if case.wanted != "loss":
        want("gradient", x.shape, type_beside(case.type))
        if case.layout == "in place" and not accumulates:
            outputs["gradient"] = x, case.type
    if accumulates and "gradient" in outputs:
        gradient, type = outputs["gradient"]
        gradient[...] = bits(random.normal(size=x.shape), type)
        if case.has_edges:
            sprinkle(random, gradient, np.concatenate([bits([np.inf, -np.inf, 0.0], type), nans(type)]))
    if case.wanted == "everything":
        if not rules_out_hessian(case.options):
            want("hessian", x.shape, type_beside(case.type))
        if has_classes:
            want("argmax", rows, "int64")
            if case.input == "logits":
                want("log_sum_exp", rows, wide)
    keywords = {**keywords, "input": case.input, "reduction": case.reduction, "axis": axis}
    return Inputs((y, y_type), (x, case.type), keywords, outputs)


def run(case):
    y_true, y_pred, keywords, outputs = inputs_of(case)
    keywords = {**keywords, "num_threads": 2}
    status, totals = descriptor_calls.call(case.kind != "binary", y_true, y_pred, keywords, outputs)
    arrays = {name: (array.copy(), type) for name, (array, type) in outputs.items()}
    arrays["loss_sum"] = np.frombuffer(totals[:8], np.uint64), "float64"
    return Outcome(case, status, arrays, totals[8:])


def descents(seed=0):
    """Gradient descent: what stands in theta afterwards, and what stood there and in the gradient before."""
    random = np.random.default_rng(seed)
    for type, count, rate in product(("float32", "float64"), (1, 7, 8, 33, 5000), (0.1, -1e3, 1e-300, 0.0)):
        before = [bits(random.normal(size=(count, 1)), type) for _ in range(2)]
        for array in before:
            sprinkle(random, array, np.concatenate([bits(EDGES["logits"], type), nans(type)]))
        theta = before[0].copy()
        status = descriptor_calls.descend(theta, before[1], type, rate)
        case = Case("descent", str(rate), type, (count,), "last", True, (), "none", "theta", seed)
        yield Outcome(case, status, {"theta": (theta, type), "before": (np.hstack(before), type)})


if __name__ == "__main__":
    # Under the name by which the reader of the file knows the classes.
    import instruction_set_cases

    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    outcomes = [*map(instruction_set_cases.run, instruction_set_cases.cases(seed)), *instruction_set_cases.descents(seed)]
    with open(sys.argv[1], "wb") as file:
        pickle.dump((descriptor_calls.instruction_set(), outcomes), file, pickle.HIGHEST_PROTOCOL)
