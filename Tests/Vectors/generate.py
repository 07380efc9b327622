#!/usr/bin/env python3
"""Writes golden.txt: inputs of the losses with their exact results.

    python generate.py [OUTPUT]

Needs mpmath, nothing else. Every expected value is the formula of the documentation on exactly the stored inputs, computed
with 100 digits and rounded once, to float64. The same script gives the same file on every machine.
"""

import math
import pathlib
import random
import struct
import sys

import mpmath
from mpmath import mp, mpf

mp.dps = 100

HEADER = """\
# Golden vectors: cross-entropy losses and gradients, exact to the last bit of a float64. Written by generate.py.
#
# Records are separated by blank lines; a line is a key and its values, separated by single spaces. A key
# without values is an empty array. Keys, in this order:
#
#   name                what the record is about; unique
#   function            binary | categorical | sparse_categorical
#   type                f32 | f64: type of y_true, y_pred, loss and gradient
#   input               probabilities | logits | log_probabilities
#   reduction           mean | sum | none
#   normalizer          one value; absent = none
#   probability_floor   one value; absent = the default, 1e-15
#   divisor             count | batch; absent = the default
#   rows, classes       integers; binary: the number of elements, and 1
#   labels              rows integers (sparse_categorical)
#   y_true              rows x classes values (binary, categorical)
#   y_pred              rows x classes values
#   losses              rows values: every row's own loss, whatever the reduction
#   loss                the reduced loss; absent for reduction none
#   gradient            rows x classes values: of the reduced loss; for none, of every row's own loss
#   gradient_magnitude  rows x classes values: the size in whose ulp the gradient's error is counted. Where
#                       terms are added it is the largest of them, scaled as the gradient is; where there
#                       is one term, or the target is one-hot, it is the gradient's absolute value
#
# Numbers are hexadecimal floats, inf, -inf or nan. Values of y_true and y_pred are exactly of the record's type.
# Expected values are rounded to float64 even where the record is f32; one that is beyond the largest float32
# stands for an infinity there. The sign of a zero is not specified.
"""

DEFAULT_FLOOR = 1e-15
INF, NAN = math.inf, math.nan


# -- Numbers -------------------------------------------------------------------------------------

def to_type(kind, x):
    """x rounded to the element type (overflow to infinity is not needed here)."""
    return struct.unpack("f", struct.pack("f", x))[0] if kind == "f32" else float(x)


def to_float(x):
    """An mpf rounded to the nearest float64, subnormal results included."""
    if mpmath.isnan(x):
        return NAN
    if mpmath.isinf(x):
        return INF if x > 0 else -INF
    sign, mantissa, exponent, _ = x._mpf_
    mantissa = int(mantissa)
    if mantissa == 0 or mantissa.bit_length() + exponent < -1080:
        return 0.0
    try:  # the quotient of two integers is correctly rounded
        value = mantissa / 2**-exponent if exponent < 0 else float(mantissa * 2**exponent)
    except OverflowError:
        value = INF
    return -value if sign else value


def hexadecimal(x):
    """float.hex() without the zeros that end its fraction: 0x1.8p+1, 0x1p+3, 0x0p+0."""
    if not math.isfinite(x):
        return str(x)
    digits, exponent = x.hex().split("p")
    return f"{digits.rstrip('0').rstrip('.') if '.' in digits else digits}p{exponent}"


# -- Formulas ------------------------------------------------------------------------------------
# A row is (loss, gradient, magnitude), the latter two as lists.

def times(weight, value):
    """A class term: a weight of 0 contributes nothing, whatever it multiplies."""
    return mpf(0) if weight == 0 else weight * value


def minus_log(x):
    return mp.inf if x == 0 else -mp.log(x)


def divide(numerator, denominator):
    if numerator == 0:
        return mpf(0)
    return mp.inf if denominator == 0 else numerator / denominator


def nan_row(classes):
    return mp.nan, [mp.nan] * classes, [mp.nan] * classes


def binary_element(source, y, x, floor):
    if math.isnan(x):
        return nan_row(1)
    y, floor = mpf(y), mpf(floor)
    if source == "probabilities":
        p = min(max(mpf(x), mpf(0)), mpf(1))
        on, off = max(p, floor), max(1 - p, floor)
        # log(1-p) through log1p: 1-p of a subnormal p has more digits than are carried.
        log_off = -mp.log1p(-p) if 0 < p < 0.5 and floor < 0.5 else minus_log(off)
        loss = times(y, minus_log(on)) + times(1 - y, log_off)
        terms = [-divide(y, on), divide(1 - y, off)]
    elif source == "logits":
        z = mpf(x)
        softplus = lambda v: mp.inf if v == mp.inf else mpf(0) if v == -mp.inf else (
            mp.log1p(mp.exp(v)) if v < 0 else v + mp.log1p(mp.exp(-v)))
        sigmoid = lambda v: mpf(1) if v == mp.inf else mpf(0) if v == -mp.inf else (
            1 / (1 + mp.exp(-v)) if v > 0 else mp.exp(v) / (1 + mp.exp(v)))
        loss = times(y, softplus(-z)) + times(1 - y, softplus(z))
        terms = [-sigmoid(-z)] if y == 1 else [sigmoid(z), -y]
    else:
        q = min(mpf(x), mpf(0))
        p = mpf(0) if q == -mp.inf else mp.exp(q)
        off = mpf(1) if q == -mp.inf else -mp.expm1(q)
        log_off = mp.inf if q == 0 else -mp.log1p(-p) if p < 0.5 else minus_log(off)
        loss = times(y, -q) + times(1 - y, log_off)
        terms = [-y, mp.inf if y < 1 and q == 0 else times(1 - y, p / off if off else mpf(0))]
    return loss, [mp.fsum(terms)], [max(abs(t) for t in terms)]


def categorical_row(source, t, x, floor):
    classes = len(t)
    t = [mpf(v) for v in t]
    if source == "logits":
        return logit_row(t, x)
    if any(math.isnan(v) for v, weight in zip(x, t) if weight):
        return nan_row(classes)
    if source == "probabilities":
        p = [mpf(0) if math.isnan(v) else max(min(max(mpf(v), mpf(0)), mpf(1)), mpf(floor)) for v in x]
        loss = mp.fsum(times(w, minus_log(v)) for w, v in zip(t, p))
        gradient = [-divide(w, v) for w, v in zip(t, p)]
    else:
        loss = mp.fsum(times(w, -mpf(v)) for w, v in zip(t, x))
        gradient = [-w for w in t]
    return loss, gradient, [abs(g) for g in gradient]


def logit_row(t, x):
    classes = len(t)
    top = max(x) if not any(math.isnan(v) for v in x) else NAN
    if not math.isfinite(top):
        return nan_row(classes)
    e = [mpf(0) if v == -INF else mp.exp(mpf(v) - mpf(top)) for v in x]
    total, weight = mp.fsum(e), mp.fsum(t)
    others = lambda c: mp.fsum(e[:c]) + mp.fsum(e[c + 1:])  # never 1 - p: exact where p is next to 1
    loss = mp.fsum(times(t[c], mp.log1p(others(c) / e[c]) if e[c] else mp.inf) for c in range(classes) if t[c])
    gradient = [weight * v / total - w for v, w in zip(e, t)]
    magnitude = [max(weight * v / total, w) for v, w in zip(e, t)]
    if sorted(t)[-1] == 1 and weight == 1:
        target = t.index(1)
        gradient[target] = -others(target) / total
        magnitude[target] = abs(gradient[target])
    return loss, gradient, magnitude


# -- An independent check ------------------------------------------------------------------------

def textbook_loss(function, source, t, x, floor):
    """The loss as textbooks write it, with no care for cancellation: at 600 digits none is needed."""
    on = lambda p: -mp.log(max(p, floor))
    if function == "binary":
        y, p = t[0], x[0]
        if source == "logits":
            p = 1 / (1 + mp.exp(-p))
        elif source == "log_probabilities":
            p = mp.exp(p)
        return y * on(p) + (1 - y) * on(1 - p)
    if source == "logits":
        total = mp.fsum(mp.exp(v) for v in x)
        return mp.fsum(w * (mp.log(total) - v) for w, v in zip(t, x))
    if source == "log_probabilities":
        return -mp.fsum(w * v for w, v in zip(t, x))
    return mp.fsum(w * on(v) for w, v in zip(t, x))


def has_derivative(function, source, x, floor):
    """Whether the textbook loss is smooth around the input (no clamp, no floor, no infinity near)."""
    if source == "probabilities":
        low = max(floor, 1e-30)
        return all(low * 2 < v < (1 - low * 2 if function == "binary" else 1) for v in x)
    limit = -1e-12 if source == "log_probabilities" and function == "binary" else 600
    return all(-600 < v < limit for v in x)


def close(a, b):
    return abs(a - b) <= mpf(10)**-40 * max(abs(a), abs(b), mpf(10)**-60)


def check_against_textbook(r, targets, inputs, results, scale):
    """Losses, and gradients by central differences. Returns how many gradient elements were compared."""
    floor = r["probability_floor"] if r["probability_floor"] is not None else DEFAULT_FLOOR
    if r["input"] != "probabilities":
        floor = 0.0
    compared = 0
    for t, x, (loss, gradient, _) in list(zip(targets, inputs, results))[:4]:
        if not all(math.isfinite(v) for v in x) or not has_derivative(r["function"], r["input"], x, floor):
            continue
        with mp.workdps(600):
            t, x = [mpf(v) for v in t], [mpf(v) for v in x]
            arguments = (r["function"], r["input"], t)
            assert close(textbook_loss(*arguments, x, mpf(floor)), loss), r["name"]
            for c in range(min(len(x), 4)):
                h = mpf(10)**-120
                up = textbook_loss(*arguments, x[:c] + [x[c] + h] + x[c + 1:], mpf(floor))
                down = textbook_loss(*arguments, x[:c] + [x[c] - h] + x[c + 1:], mpf(floor))
                assert close((up - down) / (2 * h) * scale, gradient[c] * scale), (r["name"], c)
                compared += 1
    return compared


# -- Records -------------------------------------------------------------------------------------

class Writer:
    def __init__(self):
        self.lines = [HEADER.rstrip("\n")]
        self.names = set()
        self.records = 0
        self.compared = 0

    def add(self, name, function, kind, source, reduction, y_true, y_pred, *, classes=None, normalizer=None,
            probability_floor=None, divisor=None):
        """y_true: labels, or a flat list of targets; y_pred: a flat list. Values are rounded to the type."""
        assert name not in self.names, name
        self.names.add(name)
        y_pred = [to_type(kind, v) for v in y_pred]
        sparse = function == "sparse_categorical"
        if not sparse:
            y_true = [to_type(kind, v) for v in y_true]
        classes = 1 if function == "binary" else classes
        rows = len(y_pred) // classes
        assert rows * classes == len(y_pred) and len(y_true) == (rows if sparse else rows * classes), name
        inputs = [y_pred[r * classes:(r + 1) * classes] for r in range(rows)]
        targets = ([[1.0 if c == label else 0.0 for c in range(classes)] for label in y_true] if sparse else
                   [y_true[r * classes:(r + 1) * classes] for r in range(rows)])

        floor = DEFAULT_FLOOR if probability_floor is None else probability_floor
        results = [binary_element(source, t[0], x[0], floor) if function == "binary" else
                   categorical_row(source, t, x, floor) for t, x in zip(targets, inputs)]
        scale = mpf(1)
        if reduction == "mean":
            scale = 1 / mpf(normalizer) if normalizer is not None else 1 / mpf(max(rows, 1))
        record = dict(name=name, function=function, input=source, probability_floor=probability_floor)
        self.compared += check_against_textbook(record, targets, inputs, results, scale)

        def values(key, numbers):
            return " ".join([key] + [hexadecimal(v) for v in numbers])
        out = ["", f"name {name}", f"function {function}", f"type {kind}", f"input {source}", f"reduction {reduction}"]
        if normalizer is not None:
            out.append(values("normalizer", [float(normalizer)]))
        if probability_floor is not None:
            out.append(values("probability_floor", [probability_floor]))
        if divisor is not None:
            out.append(f"divisor {divisor}")
        out += [f"rows {rows}", f"classes {classes}"]
        out.append(" ".join(["labels"] + [str(v) for v in y_true]) if sparse else values("y_true", y_true))
        out.append(values("y_pred", y_pred))
        out.append(values("losses", [to_float(loss) for loss, _, _ in results]))
        if reduction != "none":
            total = sum((loss for loss, _, _ in results), mpf(0))
            out.append(values("loss", [to_float(total * scale)]))
        out.append(values("gradient", [to_float(g * scale) for _, row, _ in results for g in row]))
        out.append(values("gradient_magnitude", [to_float(g * scale) for _, _, row in results for g in row]))
        self.lines += out
        self.records += 1


INPUTS = ("probabilities", "logits", "log_probabilities")
REDUCTIONS = ("mean", "sum", "none")


class Data:
    """Random inputs. Only random() is used: its sequence is the same in every version of Python."""

    def __init__(self, kind, seed):
        self.kind = kind
        self.source = random.Random(seed)

    def uniform(self, low, high):
        return low + (high - low) * self.source.random()

    def bell(self):
        return sum(self.source.random() for _ in range(12)) - 6

    def logits(self, n, scale=2.0, offset=0.0):
        return [to_type(self.kind, offset + scale * self.bell()) for _ in range(n)]

    def distribution(self, classes):
        e = [math.exp(1.5 * self.bell()) for _ in range(classes)]
        return [to_type(self.kind, v / sum(e)) for v in e]

    def labels(self, rows, classes):
        return [int(self.source.random() * classes) for _ in range(rows)]

    def one_hot(self, rows, classes):
        return [1.0 if c == label else 0.0 for label in self.labels(rows, classes) for c in range(classes)]

    def soft(self, rows, classes):
        return [v for _ in range(rows) for v in self.distribution(classes)]

    def binary(self, source, n):
        if source == "logits":
            return self.logits(n, 3.0)
        p = [self.uniform(0.02, 0.98) for _ in range(n)]
        return p if source == "probabilities" else [math.log(v) for v in p]

    def categorical(self, source, rows, classes):
        if source == "logits":
            return self.logits(rows * classes)
        p = self.soft(rows, classes)
        return p if source == "probabilities" else [math.log(v) for v in p]


def ordinary(w, kind, d):
    """Every function with every input and reduction, on unremarkable values."""
    for source in INPUTS:
        for reduction in REDUCTIONS:
            tail = f"{kind}/{source}/{reduction}"
            n = {"mean": 9, "sum": 6, "none": 4}[reduction]
            w.add(f"binary/hard-labels/{tail}", "binary", kind, source, reduction,
                  [float(v) for v in d.labels(n, 2)], d.binary(source, n))
            w.add(f"binary/soft-targets/{tail}", "binary", kind, source, reduction,
                  [d.uniform(0, 1) for _ in range(n)], d.binary(source, n))
            rows, classes = {"mean": (3, 5), "sum": (2, 6), "none": (3, 3)}[reduction]
            w.add(f"categorical/one-hot/{tail}", "categorical", kind, source, reduction,
                  d.one_hot(rows, classes), d.categorical(source, rows, classes), classes=classes)
            w.add(f"categorical/soft/{tail}", "categorical", kind, source, reduction,
                  d.soft(rows, classes), d.categorical(source, rows, classes), classes=classes)
            w.add(f"sparse/labels/{tail}", "sparse_categorical", kind, source, reduction,
                  d.labels(rows, classes), d.categorical(source, rows, classes), classes=classes)
        unnormalised = [0.5, 2.0, 0.0, 1.5, 0, 0, 0, 0, 0.25, 0, 0, 0, 0, 0, 0.125, 0.125, 1, 1, 0, 0, 3, 0, 0, 0]
        for reduction in ("mean", "none"):
            w.add(f"categorical/unnormalised/{kind}/{source}/{reduction}", "categorical", kind, source, reduction,
                  unnormalised, d.categorical(source, 6, 4), classes=4)


def examples(w, kind):
    """Small sums that can be followed with a pocket calculator."""
    w.add(f"binary/four-elements/{kind}", "binary", kind, "probabilities", "mean", [1, 0, 1, 0], [0.9, 0.1, 0.8, 0.2])
    w.add(f"binary/three-elements/{kind}", "binary", kind, "probabilities", "mean", [1, 0, 1], [0.9, 0.1, 0.7])
    rows = [0.7, 0.2, 0.1, 0.1, 0.8, 0.1, 0.2, 0.3, 0.5]
    w.add(f"categorical/three-rows/{kind}", "categorical", kind, "probabilities", "mean",
          [1, 0, 0, 0, 1, 0, 0, 0, 1], rows, classes=3)
    w.add(f"sparse/three-rows/{kind}", "sparse_categorical", kind, "probabilities", "mean", [0, 1, 2], rows, classes=3)


def divisors(w, kind, d):
    for source in INPUTS:
        w.add(f"binary/normalizer/{kind}/{source}", "binary", kind, source, "mean", d.one_hot(3, 2),
              d.binary(source, 6), normalizer=8.0)
        w.add(f"sparse/normalizer/{kind}/{source}", "sparse_categorical", kind, source, "mean", d.labels(3, 4),
              d.categorical(source, 3, 4), classes=4, normalizer=0.3)
        w.add(f"categorical/normalizer/{kind}/{source}", "categorical", kind, source, "mean", d.soft(3, 4),
              d.categorical(source, 3, 4), classes=4, normalizer=1000.0)
    for divisor in ("count", "batch"):
        w.add(f"binary/divisor-{divisor}/{kind}", "binary", kind, "logits", "mean", d.soft(1, 5), d.logits(5), divisor=divisor)
        w.add(f"categorical/divisor-{divisor}/{kind}", "categorical", kind, "logits", "mean", d.soft(3, 3), d.logits(9),
              classes=3, divisor=divisor)
        w.add(f"sparse/divisor-{divisor}/{kind}", "sparse_categorical", kind, "logits", "mean", d.labels(3, 3), d.logits(9),
              classes=3, divisor=divisor)
    w.add(f"sparse/normalizer-over-divisor/{kind}", "sparse_categorical", kind, "logits", "mean", [2, 0], d.logits(6),
          classes=3, divisor="count", normalizer=5.0)


def empty(w, kind):
    for source in INPUTS:
        for reduction in REDUCTIONS:
            tail = f"{kind}/{source}/{reduction}"
            w.add(f"binary/zero-rows/{tail}", "binary", kind, source, reduction, [], [])
            w.add(f"categorical/zero-rows/{tail}", "categorical", kind, source, reduction, [], [], classes=3)
            w.add(f"sparse/zero-rows/{tail}", "sparse_categorical", kind, source, reduction, [], [], classes=3)
    w.add(f"sparse/zero-rows-normalizer/{kind}", "sparse_categorical", kind, "logits", "mean", [], [], classes=3,
          normalizer=4.0)


def edge_probabilities(w, kind, d):
    next_to_1 = 1 - 2.0**-24 if kind == "f32" else 1 - 2.0**-53
    above_half = 1 - 2.0**-23 if kind == "f32" else 1 - 2.0**-52
    smallest = 2.0**-149 if kind == "f32" else 2.0**-1074
    subnormal = 1e-40 if kind == "f32" else 1e-310
    tiny = 2.0**-126 if kind == "f32" else 2.0**-1022
    edges = [0.0, 1.0, next_to_1, above_half, smallest, subnormal, tiny, 1e-30, 1e-16, 9e-16, 1.1e-15, 1e-7, 0.5,
             0.49999, 0.5001, 0.999, 0.001, -0.0]
    outside = [-0.0005, 1.0005, -1e-9, 1 + 2.0**-23, 1.00099, -0.00099]
    for target in (0.0, 1.0, 0.25, next_to_1, smallest):
        for floor in (None, 0.0, 1e-7) if target in (0.0, 1.0) else (None, 0.0):
            tail = f"{kind}/target-{target!r}/floor-{floor}"
            w.add(f"binary/edge-probabilities/{tail}", "binary", kind, "probabilities", "none",
                  [target] * len(edges), edges, probability_floor=floor)
    for target in (0.0, 1.0, 0.5):
        w.add(f"binary/outside-within-tolerance/{kind}/target-{target}", "binary", kind, "probabilities", "none",
              [target] * len(outside), outside)
    w.add(f"binary/large-floor/{kind}", "binary", kind, "probabilities", "sum", [0, 1, 0.5, 0.3, 1, 0, 0.6],
          [0.1, 0.2, 0.3, 0.9, 1.0, 1.0, 0.5], probability_floor=0.25)
    # Without a floor a loss of +inf stays, in the reduced loss too; the other gradients are as ever.
    w.add(f"binary/infinite-mean/{kind}", "binary", kind, "probabilities", "mean", [1, 0, 0.5, 1], [0.0, 0.25, 0.5, 0.75],
          probability_floor=0.0)
    nan_elements = [0.1, NAN, 0.7, 0.4]
    for reduction in ("none", "mean"):
        w.add(f"binary/nan-probability/{kind}/{reduction}", "binary", kind, "probabilities", reduction, [0, 0, 1, 0.5],
              nan_elements)
    w.add(f"binary/nan-probability-positive/{kind}", "binary", kind, "probabilities", "none", [1, 1, 0.5], [NAN, 0.5, NAN])

    wide = [v for v in edges if v != 0.0] + [0.0]
    count = len(wide)
    for floor in (None, 0.0, 1e-7):
        w.add(f"categorical/edge-probabilities/{kind}/floor-{floor}", "categorical", kind, "probabilities", "none",
              [1.0] * count + d.distribution(count), wide + wide, classes=count, probability_floor=floor)
        w.add(f"sparse/edge-probabilities/{kind}/floor-{floor}", "sparse_categorical", kind, "probabilities", "none",
              [c % 2 for c in range(8)],
              [0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, next_to_1, smallest, subnormal, next_to_1, tiny, 1e-8, 1e-8, 1e-20],
              classes=2, probability_floor=floor)
    w.add(f"sparse/large-floor/{kind}", "sparse_categorical", kind, "probabilities", "mean", [0, 1, 2],
          [0.1, 0.2, 0.7, 0.1, 0.5, 0.4, 0.3, 0.3, 0.4], classes=3, probability_floor=0.45)
    w.add(f"sparse/outside-within-tolerance/{kind}", "sparse_categorical", kind, "probabilities", "none",
          [0, 1, 0, 1], [1.0005, -0.0005, 1.0005, -0.0005, -0.00099, 1.0, 0.0, 1.00099], classes=2)
    w.add(f"categorical/outside-within-tolerance/{kind}", "categorical", kind, "probabilities", "sum",
          [1, 0, 0.5, 0.5], [1.0005, -0.0005, 1.0005, -0.0005], classes=2)
    # Only the label's entry is read; a class with a target of 0 adds nothing, whatever stands there.
    w.add(f"sparse/unread-entries/{kind}", "sparse_categorical", kind, "probabilities", "mean",
          [0, 1, 2], [0.5, NAN, 7.0, INF, 0.25, -3.0, NAN, NAN, 0.125], classes=3)
    w.add(f"categorical/zero-target-of-nan/{kind}", "categorical", kind, "probabilities", "mean",
          [1, 0, 0, 0.5, 0, 0.5], [0.5, NAN, 0.2, 0.25, NAN, 0.5], classes=3)
    w.add(f"categorical/zero-target-of-zero/{kind}", "categorical", kind, "probabilities", "none",
          [1, 0, 0, 0.5, 0, 0.5], [0.5, 0.0, 0.5, 0.25, 0.0, 0.75], classes=3, probability_floor=0.0)
    w.add(f"sparse/nan-probability/{kind}", "sparse_categorical", kind, "probabilities", "none",
          [0, 1, 0], [0.5, 0.5, 0.5, NAN, 0.25, 0.75], classes=2)
    w.add(f"categorical/nan-probability/{kind}", "categorical", kind, "probabilities", "none",
          [0.5, 0.5, 0.5, 0.5, 1, 0], [0.5, 0.5, 0.5, NAN, 0.25, 0.75], classes=2)


def edge_log_probabilities(w, kind, d):
    smallest = 2.0**-149 if kind == "f32" else 2.0**-1074
    edges = [0.0, -INF, -smallest, -1e-30, -1e-7, -1e-3, -math.log(2), -0.6931, -1.0, -20.0, -88.0, -104.0, -700.0,
             -1000.0, 5e-4, 9.9e-4]
    for target in (0.0, 1.0, 0.5):
        w.add(f"binary/edge-log-probabilities/{kind}/target-{target}", "binary", kind, "log_probabilities", "none",
              [target] * len(edges), edges)
    w.add(f"binary/nan-log-probability/{kind}", "binary", kind, "log_probabilities", "none",
          [0, 1, 0.5, 1], [NAN, -0.5, NAN, NAN])
    w.add(f"categorical/edge-log-probabilities/{kind}", "categorical", kind, "log_probabilities", "none",
          [1, 0, 0, 0.5, 0.5, 0, 0, 0, 0, 0.5, 0, 0.5, 0, 1, 0],
          [-1.5, -INF, NAN, -INF, -1.0, -2.0, -INF, NAN, -1.0, -0.25, INF, -3.5, 0.0, -1000.0, -1.0], classes=3)
    w.add(f"categorical/nan-log-probability/{kind}", "categorical", kind, "log_probabilities", "none",
          [0.5, 0.5, 0.5, 0.5], [-1.0, NAN, -0.5, -2.0], classes=2)
    w.add(f"sparse/edge-log-probabilities/{kind}", "sparse_categorical", kind, "log_probabilities", "none",
          [0, 1, 0, 1, 0, 1], [-INF, -1.0, NAN, -smallest, 0.0, -1.0, -2.0, NAN, 0.75, -1.0, -1.0, 30.0], classes=2)


def edge_logits(w, kind, d):
    edges = [0.0, -0.0, INF, -INF, 1e-30, -1e-30, 1e-6, -1e-6, 0.5, -0.5, 1.0, -1.0, 16.0, -16.0, 17.5, -17.5, 36.0, -36.0,
             37.5, -37.5, 88.0, -88.0, 90.0, -90.0, 103.0, -103.0, 104.5, -104.5, 709.0, -709.0, 740.0, -740.0,
             746.0, -746.0, 1e4, -1e4]
    for target in (0.0, 1.0, 0.5):
        w.add(f"binary/edge-logits/{kind}/target-{target}", "binary", kind, "logits", "none", [target] * len(edges), edges)
    for scale in (0.01, 100.0, 1000.0):
        w.add(f"binary/scale-{scale}/{kind}", "binary", kind, "logits", "mean", d.one_hot(6, 2), d.logits(12, scale))
    for reduction in ("none", "mean"):
        w.add(f"binary/nan-logit/{kind}/{reduction}", "binary", kind, "logits", reduction, [0, 1, 0.5, 1, 0],
              [1.0, NAN, NAN, -2.0, NAN])

    for scale in (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0):
        w.add(f"sparse/scale-{scale}/{kind}", "sparse_categorical", kind, "logits", "mean", d.labels(3, 7),
              d.logits(21, scale), classes=7)
        w.add(f"categorical/scale-{scale}/{kind}", "categorical", kind, "logits", "none", d.soft(2, 5),
              d.logits(10, scale), classes=5)
    for offset in (1e4, -1e4):
        w.add(f"sparse/offset-{offset}/{kind}", "sparse_categorical", kind, "logits", "none", d.labels(3, 9),
              d.logits(27, 3.0, offset), classes=9)
        w.add(f"categorical/offset-{offset}/{kind}", "categorical", kind, "logits", "sum", d.soft(2, 9),
              d.logits(18, 3.0, offset), classes=9)
    # Rows that a rounded p would give a loss of 0: the label leads by `lead`.
    for lead in (10.0, 34.0, 80.0, 95.0, 300.0, 800.0):
        rows, classes = 2, 10
        x, labels = d.logits(rows * classes, 0.5), d.labels(rows, classes)
        for r, label in enumerate(labels):
            x[r * classes + label] += lead
        w.add(f"sparse/confident-{lead}/{kind}", "sparse_categorical", kind, "logits", "none", labels, x, classes=classes)
        hot = [1.0 if c == label else 0.0 for label in labels for c in range(classes)]
        w.add(f"categorical/confident-{lead}/{kind}", "categorical", kind, "logits", "mean", hot, x, classes=classes)

    blocked = [1.0, -INF, 2.0, 0.5, -INF, 1.5, -INF, 0.25, -1.0]
    w.add(f"sparse/minus-infinity/{kind}", "sparse_categorical", kind, "logits", "none", [0, 2, 2], blocked, classes=3)
    w.add(f"sparse/minus-infinity-target/{kind}", "sparse_categorical", kind, "logits", "none", [1, 1, 1], blocked, classes=3)
    w.add(f"sparse/minus-infinity-mean/{kind}", "sparse_categorical", kind, "logits", "mean", [0, 1, 2], blocked, classes=3)
    w.add(f"sparse/single-finite-logit/{kind}", "sparse_categorical", kind, "logits", "none", [1, 0],
          [-INF, 3.0, -INF, -INF, 3.0, -INF], classes=3)
    w.add(f"categorical/minus-infinity/{kind}", "categorical", kind, "logits", "none",
          [1, 0, 0, 0.5, 0, 0.5, 0, 0.75, 0.5], blocked, classes=3)
    w.add(f"categorical/minus-infinity-target/{kind}", "categorical", kind, "logits", "none",
          [0.5, 0.5, 0, 0, 1, 0, 0.25, 0.5, 0.25], blocked, classes=3)
    broken = [1.0, 2.0, 0.5, NAN, 0.0, 1.0, 0.5, INF, 0.0, -INF, -INF, -INF, INF, -INF, INF, NAN, INF, -INF, 0.5, 0.25, 0.0]
    for reduction in ("none", "mean"):
        w.add(f"sparse/nan-and-infinity/{kind}/{reduction}", "sparse_categorical", kind, "logits", reduction,
              [0, 1, 2, 0, 1, 2, 0], broken, classes=3)
        w.add(f"categorical/nan-and-infinity/{kind}/{reduction}", "categorical", kind, "logits", reduction,
              [1, 0, 0, 0, 0.5, 0.5, 0, 0, 1, 0.5, 0.5, 0, 0, 1, 0, 0, 0, 1, 0.25, 0.25, 0.5], broken, classes=3)
    # The same in rows longer than one vector, with the odd value out in the middle and in the tail.
    x = d.logits(4 * 19)
    x[9], x[19 + 18], x[2 * 19 + 5] = NAN, INF, -INF
    w.add(f"sparse/nan-in-long-rows/{kind}", "sparse_categorical", kind, "logits", "none", [3, 4, 6, 7], x, classes=19)
    w.add(f"categorical/one-class/{kind}", "categorical", kind, "logits", "none", [1, 0.5, 0, 1, 1, 1],
          [2.0, -3.0, 1.0, -INF, INF, NAN], classes=1)
    w.add(f"sparse/one-class/{kind}", "sparse_categorical", kind, "logits", "none", [0] * 5,
          [2.0, -1e4, -INF, INF, NAN], classes=1)


def sizes(w, kind, d):
    """Shapes around the widths of vectors and blocks."""
    for n in range(1, 21):
        if n > 10 and n % 2 == (kind == "f32"):
            continue
        classes = 2 + n % 2 if kind == "f32" else 3 - n % 2
        w.add(f"sparse/rows-{n}/{kind}", "sparse_categorical", kind, "logits", "mean", d.labels(n, classes),
              d.logits(n * classes), classes=classes)
        source = INPUTS[(n + (kind == "f32")) % 3]
        w.add(f"binary/rows-{n}/{kind}", "binary", kind, source, "mean", d.soft(1, n) if n % 2 else
              [float(v) for v in d.labels(n, 2)], d.binary(source, n))
    for classes in (1, 2, 3, 7, 8, 10, 15, 16, 17, 31, 33, 64, 65, 100, 257, 1000):
        if classes == (257 if kind == "f32" else 1000):  # each of the long ones once: they are most of the file
            continue
        rows = max(1, 24 // classes)
        w.add(f"sparse/classes-{classes}/{kind}", "sparse_categorical", kind, "logits", "sum", d.labels(rows, classes),
              d.logits(rows * classes, 3.0), classes=classes)
        if classes <= 33 or classes == (64 if kind == "f32" else 65):
            source = "probabilities" if classes in (7, 15, 33) else "logits"
            rows = max(1, 18 // classes)
            w.add(f"categorical/classes-{classes}/{kind}", "categorical", kind, source, "mean", d.soft(rows, classes),
                  d.categorical(source, rows, classes), classes=classes)


def main():
    w = Writer()
    for kind, seed in (("f32", 20240501), ("f64", 20240502)):
        d = Data(kind, seed)
        examples(w, kind)
        ordinary(w, kind, d)
        divisors(w, kind, d)
        empty(w, kind)
        edge_probabilities(w, kind, d)
        edge_log_probabilities(w, kind, d)
        edge_logits(w, kind, d)
        sizes(w, kind, d)
    assert w.compared > 1000, "too few gradients were compared with central differences"
    text = "\n".join(w.lines) + "\n"
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).with_name("golden.txt")
    path.write_text(text, encoding="ascii")
    print(f"{path}: {w.records} records, {len(text)} bytes; {w.compared} gradients agree with central differences")


if __name__ == "__main__":
    main()
