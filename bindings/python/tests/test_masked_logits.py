"""Scaled logits of any finite size, as masks use them, against exact differences: rounding their products costs more than 1."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import xent

Real = np.longdouble
SCALES = [0.07, 0.1, 0.3, 0.7, 1.1, 1.3, 1.7, 2.0, np.pi, 7.1, 30.0]
# What scaling rounds off is at least 1 from about 2^53 on.
SIZES = {
    np.float32: [1e10, 1e15, 1.3e16, 1e17, 1e20, 1e25, 1e30, 3.4e38],
    np.float64: [1e15, 1.3e16, 1e17, 1e20, 1e30, 1e100, 1e200, 1e300],
}
# The accuracy that is promised, in units in the last place; focal multiplies it by 1 + gamma.
LOSS = {np.float32: 2, np.float64: 4}
GRADIENT = {np.float32: 4, np.float64: 5}
TYPES = pytest.mark.parametrize("dtype", SIZES, ids=lambda dtype: dtype.__name__)
CLASSES = pytest.mark.parametrize("classes", [2, 3, 10, 30, 40, 100, 1000])
ALL_SCALES = pytest.mark.parametrize("scale", SCALES)


def rows_of(dtype: type, classes: int) -> np.ndarray:
    """Rows whose first class is to be the label, eight of a kind together, as eight may share what is done to one of them."""
    sizes = np.array(SIZES[dtype])
    ordinary = np.resize([0.5, 1.0, -2.25, 3.0, 0.1], classes)
    rows = np.tile(ordinary, (7, len(sizes), 1))
    rows[0, :, 0] = -sizes
    rows[1, :, :-1] = -sizes[:, None]
    rows[2, :, -1] = sizes
    rows[3, :, 1:] = -sizes[:, None]
    rows[4] = -sizes[:, None]
    rows[5, :, 0] = sizes
    rows[6] = sizes[:, None]
    rows[6, :, 0] = -sizes
    return rows.reshape(-1, classes).astype(dtype)


def real(x: Fraction) -> Real:
    high = float(x)
    return Real(high) + Real(float(x - Fraction(high)))


class Softmax:
    """Of every class -log p, p and 1 - p, by exact differences from the largest of the scaled logits."""

    def __init__(self, z: np.ndarray, scale: float) -> None:
        below = np.empty(z.shape, Real)
        for row, of_row in zip(z, below):
            values, places = np.unique(row, return_inverse=True)
            largest = Fraction(float(values[-1]))
            of_row[:] = np.array([real(Fraction(scale) * (largest - Fraction(float(v)))) for v in values])[places]
        e = np.exp(-below)
        total = e.sum(1, keepdims=True)
        before, after = np.zeros_like(e), np.zeros_like(e)
        before[:, 1:] = np.cumsum(e, 1)[:, :-1]
        after[:, :-1] = np.cumsum(e[:, ::-1], 1)[:, ::-1][:, 1:]
        others = before + after
        rest = np.take_along_axis(others, below.argmin(1)[:, None], 1)
        self.loss = below + np.log1p(rest)
        self.p, self.q = e / total, others / total


def assert_close(got: np.ndarray, wanted: np.ndarray, ulps: float, terms: np.ndarray | None = None) -> None:
    """Within units in the last place of what is wanted, or of the terms that it is the difference of."""
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = wanted.astype(got.dtype)
        size = np.abs(wanted if terms is None else terms).astype(got.dtype)
        unit = np.maximum(np.spacing(size), np.finfo(got.dtype).smallest_subnormal)
        error = np.where(got == rounded, 0, np.abs(got - wanted) / unit)
    assert (error <= ulps).all(), f"{np.max(error):.3g} ulp, at {np.unravel_index(error.argmax(), error.shape)}"


def layouts(z: np.ndarray) -> list[tuple[np.ndarray, int]]:
    """The rows one behind the other, beside each other, and with gaps."""
    wide = np.zeros((len(z), 2 * z.shape[1]), z.dtype)
    wide[:, ::2] = z
    return [(z, 1), (np.ascontiguousarray(z.T), 0), (wide[:, ::2], 1)]


def results(targets: np.ndarray, z: np.ndarray, **options: object) -> list[tuple[np.ndarray, np.ndarray]]:
    """Losses and gradients, in every layout, with and without the gradient."""
    found = []
    for prediction, axis in layouts(z):
        y = targets if targets.ndim == 1 or axis == 1 else np.ascontiguousarray(targets.T)
        given = {"input": "logits", "reduction": "none", "axis": axis, **options}
        result = xent.categorical_cross_entropy(y, prediction, gradient=True, **given)
        gradient = result.gradient if axis == 1 else result.gradient.T
        alone = xent.categorical_cross_entropy(y, prediction, **given)
        found += [(result.loss, gradient), (alone.loss, gradient)]
    return found


@TYPES
@CLASSES
@ALL_SCALES
def test_labels(dtype, classes, scale):
    z = rows_of(dtype, classes)
    softmax = Softmax(z, scale)
    gradient = scale * softmax.p
    gradient[:, 0] = -scale * softmax.q[:, 0]
    for loss, found in results(np.zeros(len(z), np.int64), z, logit_scale=scale):
        assert_close(loss, softmax.loss[:, 0], LOSS[dtype])
        assert_close(found, gradient, GRADIENT[dtype])


@TYPES
@ALL_SCALES
def test_the_sum_of_losses(dtype, scale):
    z = rows_of(dtype, 10)
    wanted = Softmax(z, scale).loss[:, 0].sum()
    result = xent.categorical_cross_entropy(np.zeros(len(z), np.int64), z, input="logits", logit_scale=scale)
    assert_close(np.float64(result.loss_sum), wanted, 4)


@TYPES
@CLASSES
@ALL_SCALES
@pytest.mark.parametrize("gamma", [2.0, 0.5])
def test_focal_labels(dtype, classes, scale, gamma):
    z = rows_of(dtype, classes)
    softmax = Softmax(z, scale)
    loss, p, q = softmax.loss[:, 0], softmax.p[:, 0], softmax.q[:, 0]
    slope = q**gamma + gamma * p * loss * np.where(q == 0, 0, np.maximum(q, np.finfo(Real).tiny) ** (gamma - 1))
    gradient = scale * slope[:, None] * softmax.p
    gradient[:, 0] = -scale * slope * q
    for found_loss, found in results(np.zeros(len(z), np.int64), z, logit_scale=scale, focal_gamma=gamma):
        assert_close(found_loss, q**gamma * loss, LOSS[dtype] * (1 + gamma))
        assert_close(found, gradient, GRADIENT[dtype] * (1 + gamma))


@TYPES
@CLASSES
@ALL_SCALES
def test_smoothed_labels_and_distributions(dtype, classes, scale):
    z = rows_of(dtype, classes)
    softmax = Softmax(z, scale)
    smoothing = 0.125
    smoothed = np.full(z.shape, Real(smoothing) / classes)
    smoothed[:, 0] += 1 - smoothing
    spread = np.zeros(z.shape, dtype)
    spread[:, 0], spread[:, -1] = 0.75, 0.25
    certain = np.zeros(z.shape, dtype)
    certain[:, 0] = 1
    labels = np.zeros(len(z), np.int64)
    for y, t, options in (
        (labels, smoothed, {"label_smoothing": smoothing}), (certain, smoothed, {"label_smoothing": smoothing}),
        (certain, certain.astype(Real), {}), (spread, spread.astype(Real), {}),
    ):  # fmt: skip
        wanted = np.where(t == 0, 0, t * softmax.loss).sum(1)
        gradient, terms = scale * (softmax.p - t), scale * (softmax.p + t)
        for loss, found in results(y, z, logit_scale=scale, **options):
            assert_close(loss, wanted, LOSS[dtype])
            assert_close(found, gradient, GRADIENT[dtype], terms)


@TYPES
@ALL_SCALES
@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_binary(dtype, scale, gamma):
    sizes = np.array([*SIZES[dtype], 3.0])
    z = np.concatenate([sizes, -sizes]).astype(dtype)
    softmax = Softmax(np.stack([np.zeros_like(z), z], 1), scale)
    for y in (0, 1):
        loss, p, q = softmax.loss[:, y], softmax.p[:, y], softmax.q[:, y]
        wanted = q**gamma * loss
        gradient = (1 - 2 * y) * scale * q * (q**gamma + gamma * p * loss * q ** max(gamma - 1, 0))
        for prediction in (z, np.repeat(z, 2)[::2]):
            result = xent.binary_cross_entropy(
                np.full(len(z), y, dtype), prediction, input="logits", reduction="none", gradient=True, logit_scale=scale,
                focal_gamma=gamma)
            assert_close(result.loss, wanted, LOSS[dtype] * (1 + gamma))
            assert_close(result.gradient, gradient, GRADIENT[dtype] * (1 + gamma))


@TYPES
@CLASSES
@pytest.mark.parametrize("scale", [1.0, 0.3, 1.3])
@pytest.mark.parametrize("cap", [1.0, 30.0])
def test_capped_labels(dtype, classes, scale, cap):
    """Far off, a capped logit is the cap: what is left are small numbers."""
    z = rows_of(dtype, classes)
    x = Real(scale) * z.astype(Real) / cap
    u = cap * np.tanh(x)
    slope = scale / np.cosh(np.minimum(np.abs(x), 5000)) ** 2
    p = np.exp(u - u.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    target = np.zeros_like(p)
    target[:, 0] = 1
    wanted = np.log(np.exp(u - u[:, :1]).sum(1))
    # A cap may cost the effect of its own rounding, and the logarithm here that of its sum.
    granted = 4 * (1 + cap)
    for loss, found in results(np.zeros(len(z), np.int64), z, logit_scale=scale, logit_softcap=cap):
        assert_close(loss, wanted, granted, np.maximum(wanted, np.finfo(Real).eps / np.finfo(dtype).eps))
        assert_close(found, slope * (p - target), granted, slope * (p + target))


@ALL_SCALES
@pytest.mark.parametrize("cap", [1e20, 1e200])
def test_caps_that_are_large_themselves(scale, cap):
    """Of a logit far above it the cap is left, of one far below the logit."""
    z = np.array([[-1e300, 0.5, 1.0], [1e300, 0.5, 1.0], [0.5, 1e300, -1e300]])
    result = xent.categorical_cross_entropy(
        np.zeros(3, np.int64), z, input="logits", reduction="none", logit_scale=scale, logit_softcap=cap, gradient=True)
    assert_close(result.loss, np.array([cap, 0, cap], Real), 2)
    np.testing.assert_allclose(result.gradient[:, 0], [0, 0, -scale], rtol=1e-15)
    assert np.isfinite(result.gradient).all()
