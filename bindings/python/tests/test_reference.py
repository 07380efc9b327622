"""Losses and gradients against plain NumPy and central differences, over shapes, types and inputs."""

import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st

import xent

INPUTS = ("probabilities", "logits", "log_probabilities")
REDUCTIONS = ("mean", "sum", "none")
# The reference is no better than this where its own terms cancel; the exact bounds are test_golden's matter.
TOLERANCE = {np.float32: 2e-5, np.float64: 1e-11}


def predictions(random, shape, input, scalar_type, is_categorical):
    if input == "logits":
        return random.normal(0, 3, shape).astype(scalar_type)
    p = random.uniform(0.02, 0.98, shape)
    if is_categorical and p.size:
        p /= p.sum(-1, keepdims=True)
    return (np.log(p) if input == "log_probabilities" else p).astype(scalar_type)


def check(result, expected, scalar_type):
    loss, gradient = expected
    tolerance = TOLERANCE[scalar_type]
    np.testing.assert_allclose(result.loss, loss, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(result.gradient, gradient, rtol=tolerance, atol=tolerance)
    assert result.gradient.dtype == scalar_type
    assert result.gradient.shape == gradient.shape


calls = {
    "seed": st.integers(0, 2**32 - 1),
    "scalar_type": st.sampled_from([np.float32, np.float64]),
    "input": st.sampled_from(INPUTS),
    "reduction": st.sampled_from(REDUCTIONS),
}


@settings(deadline=None, max_examples=200)
@given(shape=st.lists(st.integers(0, 9), max_size=4).map(tuple), **calls)
def test_binary(shape, seed, scalar_type, input, reduction):
    random = np.random.default_rng(seed)
    x = predictions(random, shape, input, scalar_type, False)
    y = random.uniform(0, 1, shape).astype(scalar_type)
    result = xent.binary_cross_entropy(y, x, input=input, reduction=reduction, gradient=True)
    losses, gradient = reference.binary(y, x, input)
    check(result, reference.reduced(losses, gradient, reduction), scalar_type)
    assert result.count == x.size
    assert result.weight_sum == x.size
    np.testing.assert_allclose(result.loss_sum, losses.sum(), rtol=TOLERANCE[scalar_type], atol=1e-6)


@settings(deadline=None, max_examples=300)
@given(
    rows=st.lists(st.integers(0, 6), max_size=3).map(tuple),
    classes=st.integers(1, 40),
    target=st.sampled_from(["labels", "one-hot", "soft"]),
    **calls,
)
def test_categorical(rows, classes, target, seed, scalar_type, input, reduction):
    random = np.random.default_rng(seed)
    x = predictions(random, (*rows, classes), input, scalar_type, True)
    if target == "soft":
        t = random.uniform(0, 1, x.shape).astype(scalar_type)
    else:
        t = random.integers(0, classes, rows)
        if target == "one-hot":
            t = np.eye(classes, dtype=scalar_type)[t]
    result = xent.categorical_cross_entropy(t, x, input=input, reduction=reduction, gradient=True)
    losses, gradient = reference.categorical(t, x, input)
    check(result, reference.reduced(losses, gradient, reduction), scalar_type)
    assert result.count == losses.size
    assert result.correct == -1 and result.accuracy is None


@pytest.mark.parametrize("input", INPUTS)
@pytest.mark.parametrize("kind", ["binary", "labels", "distribution"])
def test_central_differences(kind, input):
    random = np.random.default_rng(7)
    x = predictions(random, (5, 4), input, np.float64, kind != "binary")
    y = random.integers(0, 4, 5) if kind == "labels" else random.uniform(0, 1, (5, 4))
    function = xent.binary_cross_entropy if kind == "binary" else xent.categorical_cross_entropy
    got = function(y, x, input=input, gradient=True).gradient
    step = 1e-6
    for index in np.ndindex(x.shape):
        ends = []
        for sign in (1, -1):
            moved = x.copy()
            moved[index] += sign * step
            ends.append(function(y, moved, input=input).loss)
        assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(got[index], rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("scalar_type", [np.float32, np.float64])
def test_floor(scalar_type):
    p = np.array([1, 0, 1, 0], scalar_type)
    result = xent.binary_cross_entropy(np.array([1, 0, 0, 1], scalar_type), p, reduction="none", gradient=True)
    assert result.loss[0] == 0 and result.loss[1] == 0
    np.testing.assert_allclose(result.loss[2:], -np.log(1e-15), rtol=1e-6)
    np.testing.assert_allclose(result.gradient[2:], [1e15, -1e15], rtol=1e-6)
    raw = xent.binary_cross_entropy(np.array([1, 0, 0, 1], scalar_type), p, reduction="none", probability_floor=0)
    assert np.isinf(raw.loss[2:]).all()
    higher = xent.categorical_cross_entropy([0], np.array([[0, 1]], scalar_type), probability_floor=0.25)
    assert higher.loss == pytest.approx(np.log(4), rel=1e-6)


def test_divisors():
    labels, z = [0, 1, 2], np.zeros((3, 4))
    mean = xent.categorical_cross_entropy(labels, z, input="logits")
    assert mean.loss == pytest.approx(np.log(4))
    for divisor in ("weights", "count", "batch"):
        assert xent.categorical_cross_entropy(labels, z, input="logits", divisor=divisor).loss == mean.loss
    halves = xent.categorical_cross_entropy(labels, z, input="logits", normalizer=6, gradient=True)
    assert halves.loss == pytest.approx(np.log(4) / 2)
    assert halves.gradient[0, 0] == pytest.approx(-0.75 / 6)
    assert halves.loss_sum == pytest.approx(3 * np.log(4))


def test_no_rows():
    for reduction in REDUCTIONS:
        result = xent.categorical_cross_entropy(
            np.empty((0,), np.int64), np.empty((0, 3)), reduction=reduction, gradient=True
        )
        assert np.sum(result.loss) == 0
        assert result.gradient.shape == (0, 3)
        assert result.count == 0


def test_values_at_the_edge():
    inf, nan = np.inf, np.nan
    z = np.array([[0.0, -inf], [0.0, -inf], [-inf, -inf], [inf, 0.0], [nan, 0.0], [0.0, 0.0]])
    result = xent.categorical_cross_entropy([0, 1, 0, 0, 0, 0], z, input="logits", reduction="none", gradient=True)
    np.testing.assert_allclose(result.loss, [0, inf, nan, nan, nan, np.log(2)])
    assert np.isnan(result.gradient[2:5]).all()
    np.testing.assert_allclose(result.gradient[[0, 5]], [[0, 0], [-0.5, 0.5]])


def test_result():
    result = xent.categorical_cross_entropy([0, 1], [[0.5, 0.5], [0.5, 0.5]])
    assert result.perplexity == pytest.approx(2)
    assert result.bits == pytest.approx(1)
    assert result.gradient is None and result.hessian is None
    assert result.log_sum_exp is None and result.argmax is None
    assert repr(result).startswith("Result(loss=0.69")
    each = xent.categorical_cross_entropy([0, 1], [[0.5, 0.5], [0.5, 0.5]], reduction="none", gradient=True)
    np.testing.assert_allclose(each.perplexity, [2, 2])
    np.testing.assert_allclose(each.bits, [1, 1])
    assert "gradient=<float64 array of shape (2, 2)>" in repr(each)
    huge = xent.binary_cross_entropy(1.0, -1e4, input="logits")
    assert huge.perplexity == np.inf


@pytest.mark.parametrize("scalar_type", [np.float32, np.float64])
def test_gradient_descent(scalar_type):
    random = np.random.default_rng(1)
    theta = random.normal(size=(7, 3)).astype(scalar_type)
    gradient = random.normal(size=(7, 3)).astype(scalar_type)
    expected = (theta.astype(np.float64) - 0.1 * gradient.astype(np.float64)).astype(scalar_type)
    assert xent.gradient_descent(theta, gradient, 0.1) is None
    np.testing.assert_allclose(theta, expected, rtol=1e-6 if scalar_type is np.float32 else 1e-15)
