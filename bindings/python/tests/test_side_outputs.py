"""log_sum_exp, argmax, and the totals."""

import numpy as np
import pytest

import xent

inf, nan = np.inf, np.nan
TYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])
SHAPES = pytest.mark.parametrize("shape", [(1, 1), (5, 2), (70, 10), (9, 65), (3, 1000)])


def problem(shape, dtype, seed=0):
    random = np.random.default_rng(seed)
    return random.integers(0, shape[-1], shape[:-1]), random.normal(0, 4, shape).astype(dtype)


def call(y, x, **options):
    return xent.categorical_cross_entropy(y, x, **{"input": "logits", **options})


@TYPES
@SHAPES
def test_log_sum_exp_is_that_of_scaled_and_capped_logits(dtype, shape):
    y, z = problem(shape, dtype)
    for options, counted in (
        ({}, z.astype(np.longdouble)),
        ({"logit_scale": 0.5}, 0.5 * z.astype(np.longdouble)),
        ({"logit_scale": 0.5, "logit_softcap": 3.0}, 3 * np.tanh(0.5 * z.astype(np.longdouble) / 3)),
    ):
        exact = np.log(np.exp(counted).sum(-1))
        for target in (y, np.eye(shape[-1], dtype=dtype)[y]):
            got = call(target, z, log_sum_exp=True, **options).log_sum_exp
            assert got.dtype == dtype and got.shape == y.shape
            ulps = (8 if "logit_softcap" in options else 4) * np.finfo(dtype).eps
            assert (np.abs(got - exact) <= ulps * np.maximum(1, np.abs(exact))).all()


@TYPES
def test_log_sum_exp_of_infinities(dtype):
    z = np.array([[-inf, -inf], [-inf, 2], [inf, 0], [inf, -inf], [nan, 0], [nan, inf]], dtype)
    got = call(np.zeros(6, int), z, log_sum_exp=True, reduction="none").log_sum_exp
    np.testing.assert_array_equal(got, np.array([-inf, 2, inf, inf, nan, nan], dtype))


@TYPES
def test_log_sum_exp_does_not_overflow(dtype):
    far = 1e30 if dtype is np.float32 else 1e300
    z = np.array([[far, far], [-far, -far], [far, -far], [1000, 999]], dtype)
    got = call(np.zeros(4, int), z, log_sum_exp=True).log_sum_exp
    np.testing.assert_allclose(got, [far, -far, far, 1000 + np.log1p(np.exp(-1))], rtol=1e-6)


@TYPES
@SHAPES
@pytest.mark.parametrize("input", ["logits", "probabilities", "log_probabilities"])
def test_argmax(dtype, shape, input):
    y, z = problem(shape, dtype)
    x = {"logits": z, "probabilities": np.exp(z - 30), "log_probabilities": z - 30}[input]
    for target in (y, np.eye(shape[-1], dtype=dtype)[y]):
        result = call(target, x, input=input, argmax=True)
        assert result.argmax.dtype == np.int64
        np.testing.assert_array_equal(result.argmax, z.argmax(-1))
    assert result.correct == -1 and result.accuracy is None  # a distribution has no label to meet
    result = call(y, x, input=input, argmax=True)
    assert result.correct == (z.argmax(-1) == y).sum()
    assert result.accuracy == result.correct / y.size


@TYPES
@pytest.mark.parametrize("classes", [2, 7, 40, 300])
def test_argmax_takes_the_lowest_of_equals_and_the_first_nan(dtype, classes):
    random = np.random.default_rng(2)
    z = random.integers(0, 3, (50, classes)).astype(dtype)
    z[::4, classes // 2] = nan
    z[::8, classes - 1] = nan
    z[1::4] = -inf
    z[2::8, classes // 2 :] = inf
    z[3, :] = [-0.0, *np.zeros(classes - 1)]
    got = call(np.zeros(50, int), z, argmax=True, reduction="none").argmax
    np.testing.assert_array_equal(got, np.argmax(z, -1))


@TYPES
def test_side_outputs_of_ignored_rows_and_of_weight_zero(dtype):
    y, z = problem((9, 6), dtype)
    plain = call(y, z, log_sum_exp=True, argmax=True)
    y[::2] = -1
    got = call(y, z, log_sum_exp=True, argmax=True, ignore_index=-1, sample_weights=np.zeros(9))
    # The sum is taken around the label, of which an ignored row has none.
    np.testing.assert_allclose(got.log_sum_exp, plain.log_sum_exp, rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(got.argmax, plain.argmax)
    assert got.correct == (z.argmax(-1) == y).sum() and got.count == 4
    assert got.accuracy == got.correct / 4


def test_correct_needs_labels_and_argmax():
    y, z = problem((9, 6), np.float64)
    assert call(y, z).correct == -1 and call(y, z).argmax is None and call(y, z).log_sum_exp is None
    assert call(y, z, argmax=True).correct >= 0


def test_log_sum_exp_needs_logits():
    y, z = problem((3, 2), np.float64)
    for input in ("probabilities", "log_probabilities"):
        with pytest.raises(xent.OptionError, match="log_sum_exp"):
            call(y, z - 100, input=input, log_sum_exp=True)


@TYPES
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_side_outputs_have_the_labels_shape(dtype, axis):
    z = np.random.default_rng(3).normal(size=(3, 4, 5)).astype(dtype)
    y = np.zeros(np.delete(z.shape, axis), int)
    got = call(y, z, axis=axis, log_sum_exp=True, argmax=True, reduction="none")
    np.testing.assert_array_equal(got.argmax, z.argmax(axis))
    np.testing.assert_allclose(got.log_sum_exp, np.log(np.exp(z).sum(axis)), rtol=1e-5)
    assert got.loss.shape == y.shape


@TYPES
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_totals_add(dtype, reduction):
    random = np.random.default_rng(4)
    y, z = problem((60, 7), dtype)
    y[::5] = -100
    s, w = random.uniform(0, 2, 60), random.uniform(0, 2, 7)

    def totals(part):
        result = call(
            y[part], z[part], reduction=reduction, sample_weights=s[part], class_weights=w, ignore_index=-100,
            argmax=True, z_loss=0.01, label_smoothing=0.1,
        )  # fmt: skip
        return np.array([result.loss_sum, result.weight_sum, result.count, result.correct])

    whole = totals(slice(None))
    np.testing.assert_allclose(totals(slice(0, 17)) + totals(slice(17, 60)), whole, rtol=2e-7)
    joined = call(
        y, z, sample_weights=s, class_weights=w, ignore_index=-100, z_loss=0.01, label_smoothing=0.1, reduction="mean"
    ).loss
    np.testing.assert_allclose(whole[0] / whole[1], joined, rtol=2e-7)


@TYPES
def test_loss_sum_is_that_of_the_rows(dtype):
    y, z = problem((33, 5), dtype)
    s = np.random.default_rng(5).uniform(0, 2, 33)
    each = call(y, z, reduction="none", sample_weights=s)
    for reduction, normalizer in (("mean", 3.0), ("sum", None), ("none", None)):
        options = {"upstream": 5.0, "gradient": True, "sample_weights": s, "reduction": reduction}
        result = call(y, z, **options, **({"normalizer": normalizer} if normalizer else {}))
        np.testing.assert_allclose(result.loss_sum, each.loss.astype(float).sum(), rtol=1e-6)
        np.testing.assert_allclose(result.weight_sum, s.sum(), rtol=1e-14)
    binary = xent.binary_cross_entropy(np.eye(5, dtype=dtype)[y], z, input="logits", sample_weights=s[:, None])
    np.testing.assert_allclose(binary.weight_sum, 5 * s.sum(), rtol=1e-14)
    assert binary.count == z.size and binary.correct == -1 and binary.accuracy is None


@TYPES
def test_every_output_at_once_is_each_by_itself(dtype):
    y, z = problem((20, 33), dtype)
    wanted = ("gradient", "hessian", "log_sum_exp", "argmax")
    together = call(y, z, reduction="none", **dict.fromkeys(wanted, True))
    for name in wanted:
        alone = call(y, z, reduction="none", **{name: True})
        # To rounding: what is asked for may decide how it is computed.
        ulps = 8 * np.finfo(dtype).eps
        for one, other in ((getattr(alone, name), getattr(together, name)), (alone.loss, together.loss)):
            np.testing.assert_allclose(one, other, rtol=ulps, atol=ulps if name == "log_sum_exp" else 0)
        assert [getattr(alone, other) is None for other in wanted] == [other != name for other in wanted]
