"""Element types: 16-bit floats, labels of every integer type, operands and outputs of other types than y_pred."""

import numpy as np
import pytest
from option_cases import INPUTS, KINDS

import xent

try:
    import ml_dtypes
except ImportError:
    ml_dtypes = None

needs_ml_dtypes = pytest.mark.skipif(ml_dtypes is None, reason="ml_dtypes, which defines bfloat16, is not installed")
SHORT = ["float16", pytest.param("bfloat16", marks=needs_ml_dtypes)]
FLOATING = ["float16", "float32", "float64", pytest.param("bfloat16", marks=needs_ml_dtypes)]
LABELS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"]


def type_of(name):
    return np.dtype(getattr(ml_dtypes, name)) if name == "bfloat16" else np.dtype(name)


def problem(kind, input, shape, dtype, seed=0):
    random = np.random.default_rng(seed)
    if input == "logits":
        x = random.normal(0, 3, shape)
    else:
        x = random.uniform(0.05, 0.9, shape)
        x = np.log(x) if input == "log_probabilities" else x
    y = random.integers(0, shape[-1], shape[:-1]) if kind == "labels" else random.uniform(0, 1, shape).astype(dtype)
    return y, x.astype(dtype)


def call(kind, y, x, **options):
    return (xent.binary_cross_entropy if kind == "binary" else xent.categorical_cross_entropy)(y, x, **options)


def assert_same(got, expected):
    """Bit for bit, but for the sign of a NaN."""
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got.astype(np.float64), expected.astype(np.float64))


def assert_close(got, expected, computed_in):
    """Within a few units of the type computed in; after the rounding to a shorter one, within one of that."""
    shorter = [epsilon(array.dtype) for array in (got, expected) if array.dtype != computed_in]
    ulps = max(8 * epsilon(computed_in), *shorter, 0)
    np.testing.assert_allclose(got.astype(np.float64), expected.astype(np.float64), rtol=ulps, atol=ulps / 8)


def epsilon(dtype):
    return 2.0**-7 if dtype.name == "bfloat16" else float(np.finfo(dtype).eps)


def computed_in(dtype):
    return np.dtype(np.float64 if dtype == np.float64 else np.float32)


OPTIONS = [
    {},
    {"label_smoothing": 0.1},
    {"measure": "kl_divergence", "sample_weights": np.array([0.5, 2, 0, 1, 3], np.float32)[:, None]},
    {"focal_gamma": 2.0},
    {"poly_epsilon": 1.0},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "+".join(options) or "none")
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("input", INPUTS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SHORT)
def test_short_floats_are_the_float32_call_rounded_once(name, kind, input, reduction, options):
    dtype, options = type_of(name), dict(options)
    for classes in (1, 3, 10, 67):
        y, x = problem(kind, input, (5, classes), dtype)
        if kind != "binary" and "sample_weights" in options:
            options["sample_weights"] = options["sample_weights"].reshape(5)
        wide_y = y if kind == "labels" else y.astype(np.float32)
        wanted = {"gradient": True, "hessian": not {"focal_gamma", "poly_epsilon"} & options.keys()}
        if kind != "binary":
            wanted.update(argmax=True, log_sum_exp=input == "logits")
        call_options = {"input": input, "reduction": reduction, **wanted, **options}
        short = call(kind, y, x, **call_options)
        wide = call(kind, wide_y, x.astype(np.float32), **call_options)
        assert_same(short.loss, wide.loss)
        assert short.gradient.dtype == dtype
        assert_same(short.gradient, wide.gradient.astype(dtype))
        if wanted["hessian"]:
            assert_same(short.hessian, wide.hessian.astype(dtype))
        if wanted.get("log_sum_exp"):
            assert_same(short.log_sum_exp, wide.log_sum_exp)
        if wanted.get("argmax"):
            assert_same(short.argmax, wide.argmax)
        for total in ("loss_sum", "weight_sum", "count", "correct"):
            assert getattr(short, total) == getattr(wide, total)


@pytest.mark.parametrize("name", SHORT)
def test_every_finite_value_of_a_short_float_is_widened_exactly(name):
    dtype = type_of(name)
    x = np.arange(2**16, dtype=np.uint16).view(dtype)
    x = x[np.isfinite(x.astype(np.float32))]
    y = np.zeros(x.shape, dtype)
    short = xent.binary_cross_entropy(y, x, input="logits", reduction="none", gradient=True)
    wide = xent.binary_cross_entropy(
        y.astype(np.float32), x.astype(np.float32), input="logits", reduction="none", gradient=True
    )
    assert_same(short.loss, wide.loss)
    assert_same(short.gradient, wide.gradient.astype(dtype))


@pytest.mark.parametrize("name", SHORT)
def test_short_gradients_overflow_to_infinity_and_round_subnormals(name):
    dtype = type_of(name)
    y, x = problem("labels", "logits", (6, 9), np.float32)
    for upstream in (1e30, 3e38, 1e-7, 3e-8, 1e-39, 1e-41):
        wide = call("labels", y, x, input="logits", reduction="sum", gradient=True, upstream=upstream)
        short = np.empty(x.shape, dtype)
        call("labels", y, x, input="logits", reduction="sum", gradient=short, upstream=upstream)
        with np.errstate(over="ignore"):
            assert_same(short, wide.gradient.astype(dtype))


@pytest.mark.parametrize("name", SHORT)
def test_probabilities_of_short_floats_have_a_wider_range(name):
    dtype = type_of(name)
    one = np.ones(1, dtype)
    assert xent.binary_cross_entropy(one, np.array([1.0078125], dtype)).loss == 0
    with pytest.raises(xent.ProbabilityError):
        xent.binary_cross_entropy(one, np.array([1.015625], dtype))
    with pytest.raises(xent.ProbabilityError):
        xent.binary_cross_entropy(np.ones(1, np.float32), np.array([1.0078125], np.float32))


@pytest.mark.parametrize("name", LABELS)
def test_labels_at_both_ends_of_their_type(name):
    limits = np.iinfo(name)
    classes = min(int(limits.max) + 1, 300)
    x = np.random.default_rng(1).normal(size=(4, classes))
    largest = classes - 1
    y = np.array([0, largest, largest // 2, 1])
    expected = xent.categorical_cross_entropy(y, x, input="logits", gradient=True)
    result = xent.categorical_cross_entropy(y.astype(name), x, input="logits", gradient=True)
    assert result.loss == expected.loss
    np.testing.assert_array_equal(result.gradient, expected.gradient)
    for end in (int(limits.min), int(limits.max)):
        outside = y.astype(name)
        outside[2] = end
        if not 0 <= end < classes:
            with pytest.raises(xent.LabelError, match=rf"labels\[2\] is {end}, outside \[0, {classes}\)"):
                xent.categorical_cross_entropy(outside, x, input="logits")
        # Both ends can be ignored, and an index that the type cannot hold ignores nothing.
        ignoring = xent.categorical_cross_entropy(outside, x, input="logits", ignore_index=end)
        assert ignoring.count == 4 - int((outside == end).sum())
    beyond = xent.categorical_cross_entropy(y.astype(name), x, input="logits", ignore_index=-(2**62))
    assert beyond.count == 4 and beyond.loss == expected.loss
    if limits.bits < 64:
        wrapped = int(largest) + 2**limits.bits  # equal in the low bits alone
        assert xent.categorical_cross_entropy(y.astype(name), x, input="logits", ignore_index=wrapped).count == 4


@pytest.mark.parametrize("name", FLOATING)
@pytest.mark.parametrize("of_prediction", FLOATING)
@pytest.mark.parametrize("kind", ["binary", "distribution"])
def test_targets_of_another_floating_type(name, of_prediction, kind):
    target, prediction = type_of(name), type_of(of_prediction)
    _, x = problem(kind, "logits", (7, 5), prediction)
    y = np.random.default_rng(2).integers(0, 9, (7, 5)) / 8  # exact in every type
    expected = call(kind, y.astype(prediction), x, input="logits", gradient=True)
    result = call(kind, y.astype(target), x, input="logits", gradient=True)
    assert result.loss == pytest.approx(expected.loss, rel=8 * epsilon(computed_in(prediction)))
    assert result.gradient.dtype == prediction
    assert_close(result.gradient, expected.gradient, computed_in(prediction))


def test_a_float64_target_loses_nothing_beside_float64_predictions():
    y, x = np.array([1e-12, 0.3]), np.array([2.0, -1.0])
    result = xent.binary_cross_entropy(y, x, input="logits", reduction="none")
    np.testing.assert_allclose(result.loss, y * np.logaddexp(0, -x) + (1 - y) * np.logaddexp(0, x), rtol=1e-15)


@pytest.mark.parametrize("name", FLOATING)
@pytest.mark.parametrize("of_prediction", FLOATING)
@pytest.mark.parametrize("kind", KINDS)
def test_gradients_of_another_floating_type(name, of_prediction, kind):
    y, x = problem(kind, "logits", (7, 5), type_of(of_prediction))
    written, curved = np.empty(x.shape, type_of(name)), np.empty(x.shape, type_of(name))
    result = call(kind, y, x, input="logits", gradient=written, hessian=curved)
    assert result.gradient is written and result.hessian is curved
    wide = computed_in(x.dtype)
    exact = call(
        kind, y if kind == "labels" else y.astype(wide), x.astype(wide), input="logits", gradient=True, hessian=True
    )
    assert result.loss == pytest.approx(exact.loss, rel=8 * epsilon(wide))
    assert_close(written, exact.gradient, wide)
    assert_close(curved, exact.hessian, wide)


@pytest.mark.parametrize("name", FLOATING)
@pytest.mark.parametrize("of_prediction", ["float32", "float64", "float16"])
def test_weights_of_another_floating_type(name, of_prediction):
    random = np.random.default_rng(3)
    y, x = problem("labels", "logits", (8, 5), type_of(of_prediction))
    s, w, up = (random.integers(1, 32, size) / 16 for size in (8, 5, 8))

    def result(dtype):
        return xent.categorical_cross_entropy(
            y, x, input="logits", reduction="none", gradient=True, sample_weights=s.astype(dtype),
            class_weights=w.astype(dtype), upstream=up.astype(dtype),
        )  # fmt: skip

    got, expected = result(type_of(name)), result(np.float64)
    assert_close(got.loss, expected.loss, got.loss.dtype)
    assert_close(got.gradient, expected.gradient, got.loss.dtype)


@pytest.mark.parametrize("name,expected", [("float16", "float32"), ("float32", "float32"), ("float64", "float64")])
def test_types_of_results(name, expected):
    y, x = problem("labels", "logits", (3, 4), np.dtype(name))
    result = call("labels", y, x, input="logits", reduction="none", gradient=True, hessian=True, log_sum_exp=True)
    assert result.loss.dtype == result.log_sum_exp.dtype == expected
    assert result.gradient.dtype == result.hessian.dtype == name
