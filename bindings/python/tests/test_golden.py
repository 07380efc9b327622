"""Every golden vector within the library's error bounds."""

from pathlib import Path

import numpy as np
import pytest

import xent

PATH = Path(__file__).resolve().parents[3] / "Tests" / "Vectors" / "golden.txt"

TYPES = {"f32": np.float32, "f64": np.float64}
# Largest error, in ulp: of one row's loss, of a reduced loss, of an element of the gradient.
BOUNDS = {"f32": (2, 1, 4), "f64": (4, 4, 5)}


def records():
    if not PATH.exists():
        return []
    lines = [line for line in PATH.read_text().splitlines() if not line.startswith("#")]
    blocks = [block.splitlines() for block in "\n".join(lines).split("\n\n")]
    return [dict((line + " ").split(" ", 1) for line in block if line) for block in blocks if any(block)]


def numbers(text):
    return np.array([float.fromhex(word) for word in text.split()], np.float64)


def error_in_ulp(got, expected, magnitude, scalar_type):
    """The largest error, in units in the last place of magnitude; that is never taken below the smallest normal."""
    info = np.finfo(scalar_type)
    got = np.asarray(got, np.float64)
    expected = np.where(np.abs(expected) > info.max, np.copysign(np.inf, expected), expected)
    _, exponent = np.frexp(np.maximum(np.minimum(np.abs(magnitude), info.max), info.tiny))
    with np.errstate(invalid="ignore"):
        # Divided by a power of two in two steps: the smallest ulp of all is itself not a normal number.
        error = np.ldexp(np.ldexp(np.abs(got - expected), -(exponent - 1)), info.nmant)
    same = (got == expected) | (np.isnan(got) & np.isnan(expected))
    error = np.where(same, 0.0, error)
    return np.where(np.isnan(error), np.inf, error).max(initial=0.0)


RECORDS = records()


@pytest.mark.skipif(not RECORDS, reason=f"{PATH} is not there: the tests run outside the repository")
@pytest.mark.parametrize("record", RECORDS, ids=[record["name"].strip() for record in RECORDS])
def test_golden(record):
    record = {key: value.strip() for key, value in record.items()}
    scalar_type = TYPES[record["type"]]
    rows, classes = int(record["rows"]), int(record["classes"])
    is_binary = record["function"] == "binary"
    shape = (rows,) if is_binary else (rows, classes)
    y_pred = numbers(record["y_pred"]).astype(scalar_type).reshape(shape)
    if record["function"] == "sparse_categorical":
        y_true = np.array(record["labels"].split(), np.int64)
    else:
        y_true = numbers(record["y_true"]).astype(scalar_type).reshape(shape)
    function = xent.binary_cross_entropy if is_binary else xent.categorical_cross_entropy
    options = {key: float.fromhex(record[key]) for key in ("normalizer", "probability_floor") if key in record}
    if "divisor" in record:
        options["divisor"] = record["divisor"]

    result = function(y_true, y_pred, input=record["input"], reduction=record["reduction"], gradient=True, **options)

    row_bound, loss_bound, gradient_bound = BOUNDS[record["type"]]
    losses = numbers(record["losses"])
    if record["reduction"] == "none":
        assert result.loss.dtype == scalar_type
        assert error_in_ulp(result.loss, losses, losses, scalar_type) <= row_bound
    else:
        loss = numbers(record["loss"])
        assert isinstance(result.loss, float)
        assert error_in_ulp(result.loss, loss, loss, scalar_type) <= loss_bound
        options.pop("normalizer", None)
        options.pop("divisor", None)
        each = function(y_true, y_pred, input=record["input"], reduction="none", **options).loss
        assert error_in_ulp(each, losses, losses, scalar_type) <= row_bound
    gradient, magnitude = numbers(record["gradient"]), numbers(record["gradient_magnitude"])
    assert result.gradient.dtype == scalar_type and result.gradient.shape == shape
    assert error_in_ulp(result.gradient.ravel(), gradient, magnitude, scalar_type) <= gradient_bound
