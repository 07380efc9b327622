"""Edge values and divisors: one test for each sentence of the contract."""

import numpy as np
import pytest

import xent

inf, nan = np.inf, np.nan
LN2 = np.log(2)
TYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def labels(y, z, **options):
    """Of logits, every row's loss by itself, with its gradient."""
    options = {"input": "logits", "reduction": "none", "gradient": True, **options}
    return xent.categorical_cross_entropy(np.asarray(y), z, **options)


def binary(y, x, **options):
    options = {"input": "logits", "reduction": "none", "gradient": True, **options}
    return xent.binary_cross_entropy(np.asarray(y, x.dtype), x, **options)


def near(got, expected):
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-12)


# ---- Edge values


@TYPES
def test_zero_times_infinity_is_zero_in_a_class_term(dtype):
    p = np.array([[0.5, nan, 0.25], [0.5, 0.5, 0.25]], dtype)
    t = np.array([[1, 0, 0], [0.5, 0.5, 0]], dtype)
    result = xent.categorical_cross_entropy(t, p, reduction="none", gradient=True)
    near(result.loss, [LN2, LN2])
    near(result.gradient, [[-2, 0, 0], [-1, -1, 0]])
    q = np.array([[-LN2, -inf, nan]], dtype)
    result = xent.categorical_cross_entropy(
        np.array([[1, 0, 0]], dtype), q, input="log_probabilities", reduction="none", gradient=True
    )
    near(result.loss, [LN2])
    near(result.gradient, [[-1, 0, 0]])


@TYPES
def test_a_class_weight_of_zero_contributes_nothing(dtype):
    p = np.array([[0.5, nan, 0.25]], dtype)
    result = xent.categorical_cross_entropy(
        np.array([[0.5, 0.5, 0]], dtype), p, class_weights=[1, 0, 1], reduction="none", gradient=True
    )
    near(result.loss, [LN2 / 2])
    near(result.gradient, [[-1, 0, 0]])


@TYPES
def test_a_label_of_class_weight_zero_contributes_nothing(dtype):
    z = np.array([[0, 0], [0, -inf]], dtype)
    result = labels([1, 1], z, class_weights=[1, 0], z_loss=0.5)
    np.testing.assert_array_equal(result.loss, [0, 0])
    np.testing.assert_array_equal(result.gradient, np.zeros((2, 2)))
    assert result.weight_sum == 0 and result.count == 2


@TYPES
@pytest.mark.parametrize("input", ["logits", "probabilities", "log_probabilities"])
def test_a_sample_weight_of_zero_adds_nothing_but_counts(dtype, input):
    x = np.array([[nan, nan], [0.5, 0.5]], dtype)
    x = np.log(x) if input != "probabilities" else x
    for y in (np.array([0, 0]), np.array([[0.5, 0.5], [1, 0]], dtype)):
        result = xent.categorical_cross_entropy(
            y, x, input=input, sample_weights=[0, 3], reduction="none", gradient=True, hessian=True
        )
        near(result.loss, [0, 3 * LN2])
        np.testing.assert_array_equal(result.gradient[0], 0)
        np.testing.assert_array_equal(result.hessian[0], 0)
        assert np.isfinite(result.gradient).all() and result.count == 2 and result.weight_sum == 3
    result = xent.binary_cross_entropy(
        np.array([1, 1], dtype), x[:, 0].copy(), input=input, sample_weights=[0, 3], gradient=True, divisor="count"
    )
    assert np.isfinite(result.loss) and result.gradient[0] == 0 and result.count == 2


@TYPES
@pytest.mark.parametrize("bad", [nan, inf, -inf, 7.0, -3.0])
@pytest.mark.parametrize("input", ["logits", "probabilities", "log_probabilities"])
def test_an_ignored_row_is_not_even_checked(dtype, bad, input):
    x = np.full((3, 4), 0.25, dtype)
    x[1] = bad
    x[0] = x[2] = np.log(0.25) if input == "log_probabilities" else 0.25
    result = xent.categorical_cross_entropy(
        np.array([1, -100, 2]), x, input=input, ignore_index=-100, gradient=np.full((3, 4), 9, dtype), hessian=True
    )
    near(result.loss, 2 * LN2)
    np.testing.assert_array_equal(result.gradient[1], 0)
    np.testing.assert_array_equal(result.hessian[1], 0)
    assert np.isfinite(result.gradient).all() and result.count == 2 and result.weight_sum == 2


def test_an_ignored_label_inside_the_range_is_ignored_too():
    result = labels([0, 1, 0], np.zeros((3, 2)), ignore_index=0, reduction="mean")
    near(result.loss, LN2)
    assert result.count == 1
    near(result.gradient, [[0, 0], [0.5, -0.5], [0, 0]])


@TYPES
def test_a_logit_of_minus_infinity_is_a_class_of_probability_zero(dtype):
    result = labels([0, 1], np.array([[0, -inf, 0], [-inf, 0, -inf]], dtype))
    near(result.loss, [LN2, 0])
    near(result.gradient, [[-0.5, 0, 0.5], [0, 0, 0]])


@TYPES
def test_a_logit_of_minus_infinity_with_a_positive_target_costs_infinity(dtype):
    z = np.array([[0, -inf], [0, 0]], dtype)
    result = labels([1, 0], z)
    near(result.loss, [inf, LN2])
    near(result.gradient[1], [-0.5, 0.5])
    soft = xent.categorical_cross_entropy(
        np.array([[0.5, 0.5], [1, 0]], dtype), z, input="logits", reduction="none", gradient=True
    )
    near(soft.loss, [inf, LN2])
    near(soft.gradient, [[0.5, -0.5], [-0.5, 0.5]])
    smoothed = labels([0, 0], z, label_smoothing=0.1)
    assert smoothed.loss[0] == inf and np.isfinite(smoothed.loss[1])


@TYPES
@pytest.mark.parametrize("row", [[-inf, -inf], [inf, 0], [0, inf], [inf, inf], [nan, 0], [0, nan], [-inf, nan]])
@pytest.mark.parametrize("options", [{}, {"z_loss": 0.1}, {"label_smoothing": 0.1}, {"focal_gamma": 2.0}])
def test_a_bad_logit_spoils_its_row_alone(dtype, row, options):
    z = np.array([[0, 0], row, [0, 0]], dtype)
    alone = labels([0], np.zeros((1, 2), dtype), **options)
    for y in ([0, 0, 0], [0, 1, 0]):
        result = labels(y, z, **options)
        np.testing.assert_array_equal(np.isnan(result.loss), [False, True, False])
        assert np.isnan(result.gradient[1]).all()
        for good in (0, 2):
            near(result.loss[good], alone.loss[0])
            near(result.gradient[good], alone.gradient[0])
        assert np.isnan(labels(y, z, reduction="mean", **options).loss)


@TYPES
def test_a_single_logit_of_minus_infinity_is_nan(dtype):
    result = labels([0, 0], np.array([[-inf], [5]], dtype))
    np.testing.assert_array_equal(result.loss, [nan, 0])
    np.testing.assert_array_equal(result.gradient, [[nan], [0]])


@TYPES
def test_a_soft_cap_is_plain_arithmetic(dtype):
    capped = labels([0, 1, 0], np.array([[inf, -inf], [0, -inf], [nan, 0]], dtype), logit_softcap=3.0, log_sum_exp=True)
    near(capped.loss[:2], [np.log1p(np.exp(-6)), np.logaddexp(0, 3)])
    near(capped.log_sum_exp[:2], [np.logaddexp(3, -3), np.logaddexp(0, -3)])
    assert np.isnan(capped.loss[2]) and np.isfinite(capped.gradient[:2]).all()
    assert (capped.gradient[0] == 0).all()  # the cap's slope is 0 there


@TYPES
def test_a_nan_probability_that_is_read_makes_its_row_nan(dtype):
    p = np.array([[nan, 0.5], [0.5, nan]], dtype)
    result = xent.categorical_cross_entropy(np.array([0, 0]), p, reduction="none", gradient=True)
    np.testing.assert_array_equal(np.isnan(result.loss), [True, False])  # the second row's is not read
    assert np.isnan(result.gradient[0, 0])
    near(result.gradient[1], [-2, 0])
    result = binary([1, 0, 1], np.array([nan, nan, 0.5], dtype), input="probabilities")
    np.testing.assert_array_equal(np.isnan(result.loss), [True, True, False])
    np.testing.assert_array_equal(np.isnan(result.gradient), [True, True, False])


@TYPES
def test_binary_logits_of_infinity_are_the_probabilities_zero_and_one(dtype):
    result = binary([0, 1, 1, 0, 0.5], np.array([-inf, inf, -inf, inf, inf], dtype))
    np.testing.assert_array_equal(result.loss, [0, 0, inf, inf, inf])
    near(result.gradient, [0, 0, -1, 1, 0.5])
    assert np.isnan(binary([1], np.array([nan], dtype)).loss[0])


@TYPES
def test_one_class_is_legal(dtype):
    result = labels([0, 0], np.array([[5], [-1e4]], dtype), hessian=True, log_sum_exp=True, argmax=True)
    np.testing.assert_array_equal(result.loss, [0, 0])
    np.testing.assert_array_equal(result.gradient, [[0], [0]])
    np.testing.assert_array_equal(result.hessian, [[0], [0]])
    near(result.log_sum_exp, [5, -1e4])
    assert result.correct == 2
    smoothed = labels([0], np.array([[5]], dtype), label_smoothing=0.5, focal_gamma=0.5, poly_epsilon=1.0)
    assert smoothed.loss[0] == 0 and smoothed.gradient[0, 0] == 0


@TYPES
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_zero_rows_are_legal(dtype, reduction):
    options = {"reduction": reduction, "gradient": True, "hessian": True, "sample_weights": np.empty(0, dtype)}
    for y in (np.empty(0, np.int64), np.empty((0, 3), dtype)):
        result = xent.categorical_cross_entropy(y, np.empty((0, 3), dtype), argmax=True, **options)
        assert np.sum(result.loss) == 0 and result.count == 0 and result.weight_sum == 0
        assert result.gradient.shape == (0, 3) and result.argmax.shape == (0,)
    result = xent.binary_cross_entropy(np.empty(0, dtype), np.empty(0, dtype), **options)
    assert np.sum(result.loss) == 0 and result.count == 0


@pytest.mark.parametrize("rows", [0, 3])
def test_zero_classes_are_not(rows):
    with pytest.raises(xent.ShapeError, match="class"):
        xent.categorical_cross_entropy(np.zeros(rows, np.int64), np.zeros((rows, 0)))


@TYPES
def test_probability_one_on_a_positive_target_costs_exactly_zero(dtype):
    one = np.ones((1, 1), dtype)
    for options in ({}, {"focal_gamma": 2.0}):
        assert binary([[1]], one, input="probabilities", **options).loss[0, 0] == 0
        assert labels([0], one, input="probabilities", **options).loss[0] == 0


@TYPES
def test_probabilities_outside_the_range_are_clipped_if_near(dtype):
    clipped = binary([1, 0], np.array([1.0009, -0.0009], dtype), input="probabilities")
    np.testing.assert_array_equal(clipped.loss, [0, 0])
    near(clipped.gradient, [-1, 1])
    for value in (1.002, -0.002, inf, -inf):
        with pytest.raises(xent.ProbabilityError):
            binary([1], np.array([value], dtype), input="probabilities")


def test_the_gradient_may_be_written_over_the_input():
    random = np.random.default_rng(0)
    for input, options in (("logits", {"z_loss": 0.1, "label_smoothing": 0.1, "logit_softcap": 4.0}),
                           ("probabilities", {"focal_gamma": 2.0}), ("log_probabilities", {"poly_epsilon": 1.0})):  # fmt: skip
        x = random.uniform(0.1, 0.9, (9, 5))
        x = np.log(x) if input == "log_probabilities" else x
        for y in (random.integers(0, 5, 9), random.uniform(0, 1, (9, 5))):
            apart = labels(y, x, input=input, **options)
            over = x.copy()
            inside = labels(y, over, input=input, gradient=over, **options)
            np.testing.assert_array_equal(over, apart.gradient)
            np.testing.assert_array_equal(inside.loss, apart.loss)


# ---- Divisors

Z = np.array([[1.0, -1.0], [0.5, 2.0], [0.0, 0.0], [3.0, -2.0]])
EACH = np.logaddexp(0, [-2.0, -1.5, 0.0, 5.0])  # of the labels below
Y = np.array([0, 1, 0, 1])
S = np.array([2.0, 0.5, 0.0, 1.0])
W = np.array([3.0, 0.25])


def mean(y=Y, **options):
    return labels(y, Z, reduction="mean", **options)


def test_the_default_divisor_of_labels_is_the_sum_of_both_weights():
    near(mean().loss, EACH.sum() / 4)
    near(mean(class_weights=W).loss, (W[Y] * EACH).sum() / W[Y].sum())
    near(mean(sample_weights=S).loss, (S * EACH).sum() / S.sum())
    both = mean(class_weights=W, sample_weights=S)
    near(both.loss, (S * W[Y] * EACH).sum() / (S * W[Y]).sum())
    assert both.weight_sum == (S * W[Y]).sum()


def test_the_default_divisor_of_distributions_is_the_sum_of_sample_weights():
    t = np.eye(2)[Y]
    near(mean(t, class_weights=W).loss, (W[Y] * EACH).sum() / 4)
    near(mean(t, class_weights=W, sample_weights=S).loss, (S * W[Y] * EACH).sum() / S.sum())
    assert mean(t, class_weights=W, sample_weights=S).weight_sum == S.sum()


def test_without_weights_ignored_rows_do_not_divide():
    some = np.array([0, -1, 0, 1])
    result = mean(some, ignore_index=-1)
    near(result.loss, EACH[[0, 2, 3]].sum() / 3)
    assert result.weight_sum == 3 and result.count == 3
    weighted = mean(some, ignore_index=-1, sample_weights=S, class_weights=W)
    near(weighted.loss, (S * W[Y] * EACH)[[0, 2, 3]].sum() / (S * W[Y])[[0, 2, 3]].sum())


def test_divisor_count_is_the_rows_not_ignored():
    some = np.array([0, -1, 0, 1])
    near(mean(some, ignore_index=-1, sample_weights=S, divisor="count").loss, (S * EACH)[[0, 2, 3]].sum() / 3)


def test_divisor_batch_is_the_rows():
    some = np.array([0, -1, 0, 1])
    near(mean(some, ignore_index=-1, sample_weights=S, divisor="batch").loss, (S * EACH)[[0, 2, 3]].sum() / 4)


def test_a_normalizer_overrides():
    for divisor in ("weights", "count", "batch"):
        result = mean(sample_weights=S, divisor=divisor, normalizer=10)
        near(result.loss, (S * EACH).sum() / 10)
        assert result.weight_sum == S.sum()
    near(mean(normalizer=10).gradient, labels(Y, Z).gradient / 10)


def test_the_binary_mean_divides_by_elements_or_by_the_weights():
    y, p = np.array([1.0, 0.0, 1.0]), np.array([0.5, 0.5, 0.25])
    s = np.array([1.0, 2.0, 0.5])
    each = np.array([LN2, LN2, 2 * LN2])
    near(binary(y, p, input="probabilities", reduction="mean").loss, each.mean())
    result = binary(y, p, input="probabilities", reduction="mean", sample_weights=s)
    near(result.loss, (s * each).sum() / s.sum())
    near(result.gradient, s * np.array([-2, 2, -4]) / s.sum())
    near(binary(y, p, input="probabilities", reduction="mean", sample_weights=s, divisor="count").loss, (s * each).mean())


@TYPES
@pytest.mark.parametrize("divisor", ["weights", "count", "batch"])
def test_when_every_row_is_ignored_loss_and_gradient_are_zero(dtype, divisor):
    result = xent.categorical_cross_entropy(
        np.full(3, 255, np.uint8), np.full((3, 2), nan, dtype), input="logits", ignore_index=255, divisor=divisor,
        gradient=True, hessian=True, argmax=True,
    )  # fmt: skip
    assert result.loss == 0 and result.loss_sum == 0 and result.weight_sum == 0 and result.count == 0
    assert result.correct == 0 and result.accuracy is None
    assert (result.gradient == 0).all() and (result.hessian == 0).all()


@TYPES
def test_when_the_divisor_is_zero_loss_and_gradient_are_zero(dtype):
    z = Z.astype(dtype)
    for weights in (np.zeros(4), np.array([1.0, -1.0, 2.0, -2.0])):
        for y in (Y, np.eye(2, dtype=dtype)[Y]):
            result = labels(y, z, reduction="mean", sample_weights=weights, hessian=True)
            assert result.loss == 0 and result.weight_sum == 0 and result.count == 4
            assert (result.gradient == 0).all() and (result.hessian == 0).all()
        near(result.loss_sum, (weights * EACH).sum())
    assert binary([1.0, 0.0], np.array([0.0, 0.0], dtype), reduction="mean", sample_weights=[1, -1]).loss == 0


@TYPES
@pytest.mark.parametrize("gamma", [1e20, 1e200, 1e308])
def test_a_focal_gamma_of_any_size_leaves_the_classes_of_probability_0(dtype, gamma):
    z = np.array([[-2000, 0, 0], [0, 0, 0], [40, 0, 0]], dtype)
    result = labels([0, 0, 0], z, focal_gamma=gamma)
    np.testing.assert_array_equal(result.loss, [2000 + np.log(dtype(2)), 0, 0])
    np.testing.assert_array_equal(result.gradient, [[-1, 0.5, 0.5], [0, 0, 0], [0, 0, 0]])
    result = binary([1, 1, 1], z[:, 0], focal_gamma=gamma)
    np.testing.assert_array_equal(result.loss, [2000, 0, 0])
    np.testing.assert_array_equal(result.gradient, [-1, 0, 0])
