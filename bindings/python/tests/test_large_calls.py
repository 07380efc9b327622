"""Rows that are hard for the kernels of large calls, which compute in float32: repeated until a call is a large one. The expected
values are those of 60 decimal digits."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
import xent

# More than the elements up to which a call is computed in float64.
ELEMENTS = 8192


def exact_row(logits, label):
    """Loss and gradient of one row of logits, to 60 digits."""
    with localcontext() as context:
        context.prec = 60
        exponentials = [(Decimal(float(z)) - Decimal(float(logits[label]))).exp() for z in logits]
        total = sum(exponentials)
        gradient = [e / total for e in exponentials]
        gradient[label] = -sum(e for c, e in enumerate(exponentials) if c != label) / total
        return total.ln(), gradient


def ulps(value, expected):
    """The error in units in the last place of the expected value in float32."""
    unit = Decimal(float(np.spacing(np.float32(abs(expected)))))
    return abs(Decimal(float(value)) - expected) / unit


@pytest.mark.parametrize(
    ("logits", "label"),
    [
        # Other classes' exponentials 2^-24 of the largest one.
        ([9.395407676696777, 26.010520935058594, 57.21662521362305, 8.809541702270508], 2),
        ([-19.707441329956055, -26.610023498535156, -10.02782154083252, -26.66964340209961], 0),
        ([-26.210430145263672, -10.031919479370117, 28.102693557739258, -18.854545593261719], 2),
    ],
)
@pytest.mark.parametrize("layout", ["rows", "columns", "long rows"])
def test_one_exponential_far_above_the_others(logits, label, layout):
    row = np.array(logits, np.float32)
    if layout == "long rows":
        row = np.concatenate([row, np.full(96, -np.inf, np.float32)])
    rows = ELEMENTS // len(logits)
    y_pred = np.tile(row, (rows, 1))
    result = xent.categorical_cross_entropy(
        np.full(rows, label), np.ascontiguousarray(y_pred.T) if layout == "columns" else y_pred, input="logits",
        axis=0 if layout == "columns" else -1, reduction="none", gradient=True)
    gradient = result.gradient.T if layout == "columns" else result.gradient
    loss, expected = exact_row(row[: len(logits)], label)
    assert ulps(result.loss[5], loss) <= 2
    for c, value in enumerate(expected):
        assert ulps(gradient[5, c], value) <= 4


@pytest.mark.parametrize("options", [{}, {"focal_gamma": 1.0}])
@pytest.mark.parametrize("target", [0.5, 1.0])
def test_gradient_of_log_probabilities_next_to_0_is_finite_where_its_value_is(options, target):
    """The odds 1 / -q are above float32's numbers, but not what the mean leaves of them."""
    q = np.full(ELEMENTS, -0.5, np.float32)
    q[7] = -1e-39
    result = xent.binary_cross_entropy(
        np.full(ELEMENTS, target, np.float32), q, input="log_probabilities", gradient=True, **options)
    x = float(q[7])
    # Of y = 1 with gamma 1: d/dq [ -(1 - e^q) q ] = q e^q - (1 - e^q), about 2 q.
    expected = (1 - target) / -x - target if not options else (1 - target) / -x + 2 * target * x
    assert result.gradient[7] == pytest.approx(expected / ELEMENTS, rel=1e-6, abs=2e-45)


@pytest.mark.parametrize("classes", [10, 40, 100])
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("rows", [16, 1000])
def test_log_sum_exp_of_infinite_rows_whose_gradient_takes_their_place(rows, classes, axis):
    y_pred = np.zeros((rows, classes), np.float32)
    y_pred[3] = -np.inf
    y_pred[5, 2] = np.inf
    y_pred[6, 2:4] = np.inf, np.nan
    y_pred = np.ascontiguousarray(y_pred.T) if axis == 0 else y_pred
    result = xent.categorical_cross_entropy(
        np.zeros(rows, np.int64), y_pred, input="logits", axis=axis, gradient=y_pred, log_sum_exp=True)
    np.testing.assert_array_equal(result.log_sum_exp[[3, 5, 6]], [-np.inf, np.inf, np.nan])


@pytest.mark.parametrize("size", [1e15, 1e18, 1e20, 1e30])
@pytest.mark.parametrize("scale", [0.07, 0.3, 1.1, 1.7])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("classes", [10, 50])
def test_scaled_logits_far_from_0(size, scale, dtype, classes):
    """What scaling rounds off a logit is more than 1 there."""
    y_pred = np.full((ELEMENTS // classes, classes), size, dtype)
    y_pred[::2, 0] = -size
    labels = np.zeros(len(y_pred), np.int64)
    result = xent.categorical_cross_entropy(labels, y_pred, input="logits", logit_scale=scale, reduction="none", gradient=True)
    expected = np.where(y_pred[:, 0] < 0, 2 * float(dtype(size)) * scale, np.log(classes))
    np.testing.assert_allclose(result.loss, expected, rtol=1e-6)
    assert np.isfinite(result.gradient).all()


@pytest.mark.parametrize("classes", [10, 40, 100])
@pytest.mark.parametrize("normalizer", [1e-30, 1e-8])
def test_large_scales_bring_small_probabilities_back(classes, normalizer):
    y_pred = np.zeros((ELEMENTS // classes, classes), np.float32)
    y_pred[:, 1] = -115
    result = xent.categorical_cross_entropy(
        np.zeros(len(y_pred), np.int64), y_pred, input="logits", gradient=True, normalizer=normalizer)
    probability = np.exp(-115.0) / (classes - 1 + np.exp(-115.0))
    # Below the smallest normal number its unit in the last place holds.
    assert result.gradient[0, 1] == pytest.approx(probability / normalizer, rel=4 * 2.0**-23, abs=4 * 2.0**-149)
