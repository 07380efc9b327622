"""Binary losses with options on so many elements that the float32 kernels take them: against long double, and against
each other in every layout and type."""

import numpy as np
import pytest
import reference_options
from option_cases import error
from test_types import SHORT, type_of

import xent

COUNT = 5003  # more than the exact kernels take; neither whole vectors nor whole blocks
INPUTS = ["probabilities", "logits", "log_probabilities"]
GAMMAS = {"focal_gamma": 2.0, "focal_alpha": 0.25}


def problem(input, seed=0):
    random = np.random.default_rng(seed)
    y = np.where(random.uniform(size=COUNT) < 0.5, random.integers(0, 2, COUNT), random.uniform(size=COUNT))
    if input == "logits":
        x = random.normal(0, 1, COUNT) * random.choice([0.1, 3, 20, 60], COUNT)
    else:
        x = random.choice([1e-3, 0.5, 1 - 1e-3], COUNT) ** random.uniform(0.2, 2, COUNT)
        x = np.log(x) if input == "log_probabilities" else x
    return y.astype(np.float32), x.astype(np.float32)


def weights(seed, dtype=np.float32):
    random = np.random.default_rng(seed)
    return (random.uniform(0.1, 5, COUNT) * random.choice([-1, 0, 1, 1, 1], COUNT)).astype(dtype)


OPTIONS = {
    "pos_weight": {"pos_weight": 3.7},
    "pos_weight each": {"pos_weight": weights(1)},
    "sample_weights": {"sample_weights": weights(2)},
    "float64 sample_weights": {"sample_weights": weights(3, np.float64)},
    "one sample weight": {"sample_weights": np.array([0.3], np.float32)},
    "label_smoothing": {"label_smoothing": 0.1},
    "upstream": {"upstream": 1.7},
    "upstream each": {"upstream": weights(4)},
    "focal_alpha": {"focal_alpha": 0.3},
    "focal": GAMMAS,
    "focal below one": {"focal_gamma": 0.5},
    "focal above two": {"focal_gamma": 3.3},
    "poly": {"poly_epsilon": 1.5},
    "divergence": {"measure": "kl_divergence", "label_smoothing": 0.2},
    "weights": {
        "pos_weight": weights(5), "sample_weights": weights(6), "upstream": weights(7), "label_smoothing": 0.1,
        "focal_alpha": 0.4,
    },
    "all": {"pos_weight": 2.0, "sample_weights": weights(8), "label_smoothing": 0.1, "poly_epsilon": -0.5, **GAMMAS},
}  # fmt: skip
each_options = pytest.mark.parametrize("options", OPTIONS.values(), ids=[name.replace(" ", "_") for name in OPTIONS])
each_input = pytest.mark.parametrize("input", INPUTS)


@each_options
@each_input
def test_bounds(input, options):
    y, x = problem(input)
    got = xent.binary_cross_entropy(y, x, input=input, reduction="none", gradient=True, **options)
    exact = reference_options.binary(y, x, input=input, reduction="none", **options)
    gamma = 1 + options.get("focal_gamma", 0)
    # The reference's logarithms are of the rounded 1 - p, and the entropy of a divergence is a term of its own.
    assert error(got.loss, exact.loss, exact.loss_terms, np.float32, 2.5 * gamma) <= 1
    assert error(got.gradient, exact.gradient, exact.gradient_terms, np.float32, 4 * gamma) <= 1


@each_options
@each_input
def test_layouts_change_no_bit(input, options):
    y, x = problem(input)
    expected = xent.binary_cross_entropy(y, x, input=input, reduction="none", gradient=True, **options)
    wide = np.full((2, COUNT, 3), 0.5, np.float32)
    wide[0, :, 1], wide[1, :, 1] = y, x
    gradient = np.zeros((COUNT, 2), np.float32)[:, 1]
    strided = xent.binary_cross_entropy(
        wide[0, :, 1], wide[1, :, 1], input=input, reduction="none", gradient=gradient, **options
    )
    in_place = x.copy()
    xent.binary_cross_entropy(y, in_place, input=input, reduction="none", gradient=in_place, **options)
    double = xent.binary_cross_entropy(
        y.astype(np.float64), x, input=input, reduction="none", gradient=True, **options
    )
    for loss, gradient in ((strided.loss, gradient), (expected.loss, in_place), (double.loss, double.gradient)):
        np.testing.assert_array_equal(loss, expected.loss)
        np.testing.assert_array_equal(gradient, expected.gradient)


@each_options
@each_input
@pytest.mark.parametrize("name", SHORT)
def test_short_floats_are_the_float32_call_rounded_once(name, input, options):
    dtype = type_of(name)
    y, x = (array.astype(dtype) for array in problem(input))
    if input != "logits":
        x = np.minimum(x, dtype.type(1))
    short = xent.binary_cross_entropy(y, x, input=input, reduction="none", gradient=True, **options)
    wide = xent.binary_cross_entropy(
        y.astype(np.float32), x.astype(np.float32), input=input, reduction="none", gradient=True, **options
    )
    np.testing.assert_array_equal(short.loss, wide.loss)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(short.gradient.astype(np.float32), wide.gradient.astype(dtype).astype(np.float32))


@each_options
@each_input
def test_gradients_are_added(input, options):
    y, x = problem(input)
    single = xent.binary_cross_entropy(y, x, input=input, reduction="none", gradient=True, **options).gradient
    before = np.random.default_rng(9).normal(size=COUNT).astype(np.float32)
    added = before.copy()
    xent.binary_cross_entropy(
        y, x, input=input, reduction="none", gradient=added, accumulate_gradient=True, **options
    )
    terms = np.abs(before) + np.abs(single)
    assert error(added, before + single.astype(np.longdouble), terms, np.float32, 1.5) <= 1


@pytest.mark.parametrize("options", [{"pos_weight": 2.0}, GAMMAS, {"focal_gamma": 0.5}, {"poly_epsilon": 1.0}])
def test_infinite_logits_are_the_probabilities_zero_and_one(options):
    y = np.tile(np.array([1, 0, 1, 0], np.float32), 2000)
    x = np.tile(np.array([np.inf, -np.inf, -np.inf, np.inf], np.float32), 2000)
    got = xent.binary_cross_entropy(y, x, input="logits", reduction="none", gradient=True, **options)
    one = xent.binary_cross_entropy(y[:4], x[:4], input="logits", reduction="none", gradient=True, **options)
    np.testing.assert_array_equal(got.loss[:4], [0, 0, np.inf, np.inf])
    np.testing.assert_array_equal(got.gradient[:4], one.gradient)


@each_input
@pytest.mark.parametrize("options", [{"pos_weight": 2.0}, {"focal_gamma": 2.0}])
def test_a_nan_that_is_read_makes_its_element_nan(input, options):
    y, x = problem(input)
    y[:2], x[:4] = [0, 1], np.nan
    got = xent.binary_cross_entropy(y, x, input=input, reduction="none", gradient=True, **options)
    assert np.isnan(got.loss[:4]).all() and np.isnan(got.gradient[:4]).all()
    assert not np.isnan(got.loss[4:]).any() and not np.isnan(got.gradient[4:]).any()


@each_input
@pytest.mark.parametrize("worst", [np.nan, -np.inf])
def test_weights_of_zero_leave_out_anything(input, worst):
    y, x = problem(input)
    if input == "probabilities" and worst == -np.inf:
        worst = 0
    y[:2], x[:2] = 1, worst
    sample = np.ones(COUNT, np.float32)
    sample[:2] = 0
    for options in ({"sample_weights": sample}, {"sample_weights": sample, **GAMMAS}):
        got = xent.binary_cross_entropy(y, x, input=input, reduction="none", gradient=True, **options)
        assert not got.loss[:2].any() and not got.gradient[:2].any()
    got = xent.binary_cross_entropy(y, x, input=input, reduction="none", gradient=True, pos_weight=0.0)
    assert not got.loss[:2].any() and not got.gradient[:2].any()


@each_input
@pytest.mark.parametrize("place", [0, 1000, COUNT - 1])
def test_offenders_are_found(input, place):
    y, x = problem(input)
    y[place] = 1.5
    with pytest.raises(xent.TargetError, match=str(place)):
        xent.binary_cross_entropy(y, x, input=input, pos_weight=2.0)
    y[place] = 1
    if input != "logits":
        x[place] = 7
        with pytest.raises(xent.ProbabilityError, match=str(place)):
            xent.binary_cross_entropy(y, x, input=input, pos_weight=2.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("count", [1, 7, 8, 127, 128, 1000])
def test_weight_sums(dtype, count):
    s = (np.random.default_rng(10).normal(size=count) * 10.0 ** (np.arange(count) % 9)).astype(dtype)
    zeros = np.zeros(count, dtype)
    result = xent.binary_cross_entropy(zeros, zeros, input="logits", sample_weights=s)
    exact = s.astype(np.longdouble).sum()
    assert abs(result.weight_sum - exact) <= 4 * np.spacing(np.abs(s).astype(np.float64).sum())
    s[count // 2] = np.inf
    with pytest.raises(xent.OptionError, match=str(count // 2)):
        xent.binary_cross_entropy(zeros, zeros, input="logits", sample_weights=s)
