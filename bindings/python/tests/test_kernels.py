"""Inputs that take the kernels' less trodden paths, against extended precision."""

from __future__ import annotations

import numpy as np
import pytest

import xent

TYPES = [np.float32, np.float64]


def reference(labels: np.ndarray, logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Losses and gradients of the rows in long double, the label left out of the sum."""
    rows = np.arange(len(labels))
    z = logits.astype(np.longdouble)
    z = z - z.max(axis=1, keepdims=True)
    e = np.exp(z)
    target = e[rows, labels].copy()
    e[rows, labels] = 0
    others = e.sum(axis=1)
    # Where the target's exponential underflows, the sum alone is the rest of the loss.
    with np.errstate(divide="ignore"):
        near, far = np.log1p(others / target), np.log(others) - z[rows, labels]
    gradient = e / (others + target)[:, None]
    gradient[rows, labels] = -others / (others + target)
    return np.where(target > 1e-4000, near, far), gradient


def assert_close(got: np.ndarray, exact: np.ndarray, ulps: float) -> None:
    unit = np.maximum(np.spacing(np.abs(exact).astype(got.dtype)), np.spacing(np.finfo(got.dtype).tiny))
    assert np.all(np.abs(got.astype(np.longdouble) - exact) <= ulps * unit)


def check(labels: np.ndarray, logits: np.ndarray) -> None:
    losses, gradient = reference(labels, logits)
    double = logits.dtype == np.float64
    for destination in (True, logits.copy()):
        prediction = logits if destination is True else destination
        result = xent.categorical_cross_entropy(
            labels, prediction, input="logits", reduction="none", gradient=destination
        )
        assert isinstance(result.loss, np.ndarray) and result.gradient is not None
        assert_close(result.loss, losses, 4 if double else 2)
        assert_close(result.gradient, gradient, 5 if double else 4)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("jump", [1.0, 27.5, 29.0, 88.0, 399.0, 401.0, 2000.0])
@pytest.mark.parametrize("classes", [65, 130, 1000])
def test_later_logits_far_above_the_first(dtype: type, jump: float, classes: int) -> None:
    rng = np.random.default_rng(5)
    logits = rng.normal(size=(9, classes)).astype(dtype)
    logits[:, classes - 1] += dtype(jump)
    check(np.array([0, classes - 1, 64, 3, 1, 2, 63, 5, classes - 2]), logits)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("apart", [10.0, 300.0, 3000.0, 1e30])
def test_short_rows_far_apart(dtype: type, apart: float) -> None:
    rng = np.random.default_rng(6)
    logits = rng.normal(size=(19, 10)).astype(dtype)
    logits[::3] -= dtype(apart)
    check(rng.integers(0, 10, 19), logits)


@pytest.mark.parametrize("dtype", TYPES)
def test_few_long_rows(dtype: type) -> None:
    rng = np.random.default_rng(7)
    logits = (5 * rng.normal(size=(3, 140001))).astype(dtype)
    logits[1, 100000] = 60
    check(np.array([0, 100000, 140000]), logits)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("offset", [-1e4, -1500.0, -256.0, 256.0, 1e4])
def test_offsets(dtype: type, offset: float) -> None:
    rng = np.random.default_rng(8)
    logits = (rng.normal(size=(8, 100)) + offset).astype(dtype)
    check(rng.integers(0, 100, 8), logits)


def test_many_classes_beside_a_one_hot_target() -> None:
    classes = 100_000
    target = np.zeros((1, classes))
    target[0, 5] = 1
    result = xent.categorical_cross_entropy(target, np.zeros((1, classes)), input="logits", gradient=True)
    assert result.gradient is not None
    assert abs(result.gradient[0, 0] - 1e-5) <= 5 * np.spacing(1e-5)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("classes", [3, 50, 140_000])
@pytest.mark.parametrize("normalizer", [1e-50, 1e40, 1e250])
def test_extreme_normalizers(dtype: type, classes: int, normalizer: float) -> None:
    logits = np.zeros((2, classes), dtype)
    logits[:, 2] = -np.inf
    result = xent.categorical_cross_entropy([0, 0], logits, input="logits", gradient=True, normalizer=normalizer)
    assert result.gradient is not None
    share = np.longdouble(1) / (classes - 1)
    with np.errstate(over="ignore", under="ignore"):
        exact = np.array([(share - 1) / normalizer, share / normalizer, 0]).astype(dtype)
    np.testing.assert_allclose(result.gradient[0, :3], exact, rtol=1e-6, atol=np.finfo(dtype).tiny)


def test_binary_scales_that_float32_does_not_hold() -> None:
    count = 8192
    zero = xent.binary_cross_entropy(
        np.zeros(count, np.float32), np.full(count, -200, np.float32), input="logits", gradient=True, normalizer=1e-39
    )
    assert zero.gradient is not None and not zero.gradient.any()
    small = xent.binary_cross_entropy(
        np.ones(count, np.float32), np.full(count, 1e-12, np.float32), gradient=True, normalizer=1e40
    )
    assert small.gradient is not None
    np.testing.assert_allclose(small.gradient, -1e-28, rtol=1e-6)
