"""Scaled and capped logits and Hessians of class indices in rows that are not short, against extended precision."""

from __future__ import annotations

import numpy as np
import pytest

import xent

Real = np.longdouble
inf, nan = np.inf, np.nan
OPTIONS = [
    {}, {"logit_scale": 1.7}, {"logit_scale": 0.01}, {"logit_scale": 30.0},
    {"logit_softcap": 5.0}, {"logit_softcap": 30.0}, {"logit_softcap": 50.0, "logit_scale": 0.3},
]  # fmt: skip
ALL = pytest.mark.parametrize("options", OPTIONS, ids=str)


def transformed(z: np.ndarray, logit_scale: float = 1.0, logit_softcap: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """u(z) and du/dz."""
    a, k = Real(logit_scale), Real(logit_softcap)
    u = a * z.astype(Real)
    if not k:
        return u, np.full_like(u, a)
    q = np.exp(-2 * np.abs(u / k))
    return k * np.tanh(u / k), a * 4 * q / (1 + q) ** 2


def sums_without(e: np.ndarray) -> np.ndarray:
    """Of each entry of a row the sum of all others."""
    before, after = np.zeros_like(e), np.zeros_like(e)
    before[:, 1:] = np.cumsum(e, 1)[:, :-1]
    after[:, :-1] = np.cumsum(e[:, ::-1], 1)[:, ::-1][:, 1:]
    return before + after


def exact(labels: np.ndarray, z: np.ndarray, options: dict) -> dict[str, np.ndarray]:
    rows = np.arange(len(labels))
    u, slope = transformed(z, **options)
    largest = u.max(1, keepdims=True)
    e = np.exp(u - largest)
    others, total = sums_without(e), e.sum(1, keepdims=True)
    p, q = e / total, others / total
    gradient = p * slope
    gradient[rows, labels] = -(q * slope)[rows, labels]
    near = np.log1p(others[rows, labels] / np.maximum(e[rows, labels], Real(1e-4000)))
    far = largest[:, 0] - u[rows, labels] + np.log(total[:, 0])
    loss = np.where(e[rows, labels] > 1e-9, near, far)
    return {"loss": loss, "gradient": gradient, "hessian": p * q * slope**2, "peak": np.abs(u).max(1)}


def assert_close(got: np.ndarray, wanted: np.ndarray, ulps: object) -> None:
    unit = np.maximum(np.spacing(np.abs(wanted).astype(got.dtype)), np.finfo(got.dtype).smallest_subnormal)
    error = np.abs(got.astype(Real) - wanted) / unit
    assert (error <= ulps).all(), f"{np.max(error / ulps):.3g} of what is granted"


def call(labels: np.ndarray, z: np.ndarray, options: dict, **others: object) -> xent.Result:
    others.setdefault("hessian", "logit_softcap" not in options)
    return xent.categorical_cross_entropy(
        labels, z, input="logits", reduction="none", **{"gradient": True, **others}, **options
    )


def check(labels: np.ndarray, z: np.ndarray, options: dict) -> None:
    wanted = exact(labels, z, options)
    # A cap may cost the effect of its own rounding.
    granted = 1 + wanted["peak"] if "logit_softcap" in options else np.ones(len(labels))
    in_place = z.copy()
    for prediction, gradient in ((z, True), (in_place, in_place)):
        result = call(labels, prediction, options, gradient=gradient)
        assert_close(result.loss, wanted["loss"], 2 * granted)
        assert_close(result.gradient, wanted["gradient"], 4 * granted[:, None])
        if result.hessian is not None:
            assert_close(result.hessian, wanted["hessian"], 4)
    assert_close(call(labels, z, options, gradient=False).loss, wanted["loss"], 2 * granted)
    if "logit_softcap" not in options:
        assert_close(call(labels, z, options, gradient=False).hessian, wanted["hessian"], 4)


@ALL
@pytest.mark.parametrize("classes", [33, 65, 130, 1000, 32000])
@pytest.mark.parametrize("spread", [0.01, 3.0, 40.0])
def test_random_rows(options, classes, spread):
    rng = np.random.default_rng(classes)
    z = (spread / options.get("logit_scale", 1) * rng.normal(size=(11, classes))).astype(np.float32)
    labels = rng.integers(0, classes, 11)
    labels[::3] = z.argmax(1)[::3]
    check(labels, z, options)


@ALL
@pytest.mark.parametrize("classes", [65, 1000, 200_003])
@pytest.mark.parametrize("gap", [5.0, 15.0, 60.0])
def test_one_class_has_most_of_the_probability(options, classes, gap):
    rng = np.random.default_rng(1)
    z = rng.normal(size=(6, classes))
    place = rng.integers(0, classes, 6)
    z[np.arange(6), place] += gap
    labels = np.where(np.arange(6) % 2, place, (place + 1) % classes)
    check(labels, (z / options.get("logit_scale", 1)).astype(np.float32), options)


@ALL
@pytest.mark.parametrize("offset", [-3e4, -300.0, 300.0, 3e4])
def test_offsets_and_later_logits_far_above(options, offset):
    rng = np.random.default_rng(2)
    z = rng.normal(size=(8, 300)) + offset * ("logit_softcap" not in options)
    z[::2, 200] += 40
    check(rng.integers(0, 300, 8), (z / options.get("logit_scale", 1)).astype(np.float32), options)


@ALL
def test_an_infinite_logit(options):
    z = np.zeros((6, 65), np.float32)
    z[0, 3:60] = -inf
    z[1] = -inf
    z[2, 5] = inf
    z[3, 5] = nan
    z[4, :3] = -inf, inf, nan
    z[5, 0] = -inf
    labels = np.array([1, 1, 1, 1, 1, 0])
    result = call(labels, z, options, log_sum_exp=True)
    if "logit_softcap" not in options:
        a = options.get("logit_scale", 1)
        np.testing.assert_allclose(result.loss, [np.log(8), nan, nan, nan, nan, inf], rtol=1e-6)
        np.testing.assert_allclose(result.log_sum_exp, [np.log(8), -inf, inf, nan, nan, np.log(64)], rtol=1e-6)
        gradient = a * np.array([[1, -7, 1, 0], [-8, 1 / 8, 1 / 8, 1 / 8]]) / 8
        np.testing.assert_allclose(result.gradient[[0, 5], :4], gradient, rtol=1e-6)
        np.testing.assert_allclose(result.hessian[0, :4], a * a * np.array([7, 7, 7, 0]) / 64, rtol=1e-6)
        assert np.isnan(result.hessian[1:5]).all() and np.isnan(result.gradient[1:5]).all()
    else:
        a, k = Real(options.get("logit_scale", 1)), Real(options["logit_softcap"])
        low, high = np.exp(-k), np.exp(k)
        sums = np.array([8 + 57 * low, 65 * low, 64 + high, nan, nan, 64 + low])
        losses = np.array([np.log(sums[0]), np.log(Real(65)), np.log(sums[2]), nan, nan, np.log(sums[5]) + k])
        np.testing.assert_allclose(result.loss, losses.astype(float), rtol=1e-5)
        np.testing.assert_allclose(result.log_sum_exp, np.log(sums).astype(float), rtol=1e-5, atol=1e-5)
        gradient = a * np.array([1, 1 - sums[0], 1, 0]) / sums[0]
        np.testing.assert_allclose(result.gradient[0, :4], gradient.astype(float), rtol=1e-5)
        np.testing.assert_array_equal(result.gradient[1], 0)
        np.testing.assert_array_equal(result.gradient[2, 5], 0)
        assert np.isnan(result.gradient[3:5]).all()


@ALL
def test_sixteen_bits_are_those_of_float32(options):
    rng = np.random.default_rng(3)
    z = rng.normal(0, 3, (20, 129)).astype(np.float16)
    labels = rng.integers(0, 129, 20)
    short, long = call(labels, z, options), call(labels, z.astype(np.float32), options)
    np.testing.assert_array_equal(short.loss, long.loss)
    for name in ("gradient", "hessian"):
        if getattr(long, name) is not None:
            np.testing.assert_array_equal(getattr(short, name), getattr(long, name).astype(np.float16))


@ALL
def test_weights_and_gradients_that_are_added(options):
    rng = np.random.default_rng(4)
    z = rng.normal(0, 3 / options.get("logit_scale", 1), (20, 100)).astype(np.float32)
    labels = rng.integers(0, 100, 20)
    labels[::5] = -1
    z[5] = nan
    s, w = rng.uniform(0.5, 2, 20), rng.uniform(0.5, 2, 100)
    there = np.ones_like(z)
    for gradient, before in ((True, 0), (there, 1)):
        result = call(
            labels, z, options, gradient=gradient, accumulate_gradient=before == 1, ignore_index=-1, sample_weights=s,
            class_weights=w,
        )  # fmt: skip
        used = np.flatnonzero(labels >= 0)
        wanted = exact(labels[used], z[used], options)
        factor = (s * w[labels])[used]
        granted = 1e-6 * (1 + wanted["peak"].max() * ("logit_softcap" in options))
        np.testing.assert_allclose(result.loss[used], (wanted["loss"] * factor).astype(float), rtol=granted)
        gradient = before + wanted["gradient"] * factor[:, None]
        np.testing.assert_allclose(result.gradient[used], gradient.astype(float), rtol=granted, atol=1e-6 * before)
        np.testing.assert_array_equal(result.loss[::5], 0)
        np.testing.assert_array_equal(result.gradient[::5], before)
        if result.hessian is not None:
            hessian = wanted["hessian"] * factor[:, None]
            np.testing.assert_allclose(result.hessian[used], hessian.astype(float), rtol=1e-6)
            np.testing.assert_array_equal(result.hessian[::5], 0)
