"""Any rank, class axis and strides give what contiguous arrays give, and write nothing but their own elements."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from option_cases import INPUTS, KINDS

import xent

many = settings(deadline=None, max_examples=150)
few = settings(deadline=None, max_examples=60)


@st.composite
def laid_out(draw, values):
    """The same values in other strides, and the memory that they are a part of."""
    order = draw(st.permutations(range(values.ndim)))
    steps = [draw(st.sampled_from([1, 1, 2, 3, -1, -2])) for _ in range(values.ndim)]
    before = [draw(st.integers(0, 2)) for _ in range(values.ndim)]
    extents = [size * abs(step) + 2 for size, step in zip(values.shape, steps)]
    if values.dtype.kind in "iu":
        filling = 99  # no label: whoever reads it fails
    else:
        filling = np.nan
    memory = np.full([extents[axis] for axis in order], filling, values.dtype)
    view = memory.transpose(np.argsort(order))
    for axis, (size, step, start) in enumerate(zip(values.shape, steps, before)):
        index = [slice(None)] * values.ndim
        index[axis] = slice(start, start + size * abs(step), abs(step))
        view = view[tuple(index)]
        index[axis] = slice(0, size)
        view = view[tuple(index)]
        if step < 0:
            view = np.flip(view, axis)
    assert view.shape == values.shape
    view[...] = values
    return view, memory


def repeated(values, axes):
    """Values that do not differ along the axes, as a view with strides of 0."""
    first = values[tuple(slice(0, 1) if axis in axes else slice(None) for axis in range(values.ndim))]
    return np.broadcast_to(first.copy(), values.shape)


@st.composite
def problems(draw):
    kind, input = draw(st.sampled_from(KINDS)), draw(st.sampled_from(INPUTS))
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=5)))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    if draw(st.booleans()):
        wide = draw(st.sampled_from([7, 19, 40]))
        shape = tuple(wide if place == axis % len(shape) else min(size, 3) for place, size in enumerate(shape))
    dtype = draw(st.sampled_from([np.float32, np.float64, np.float16]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = random.normal(0, 3, shape) if input == "logits" else random.uniform(0.05, 0.95, shape)
    x = (np.log(x) if input == "log_probabilities" else x).astype(dtype)
    rows = tuple(np.delete(shape, axis)) if kind != "binary" else shape
    if kind == "labels":
        y = random.integers(0, shape[axis], rows).astype(draw(st.sampled_from(["i1", "i4", "i8", "u2"])))
    else:
        y = random.uniform(0, 1, shape).astype(draw(st.sampled_from([np.float32, np.float64])))
    options = {"input": input, "reduction": draw(st.sampled_from(["mean", "sum", "none"]))}
    if kind != "binary":
        options["axis"] = axis
    if draw(st.booleans()):
        options["sample_weights"] = random.uniform(0.1, 2, rows).astype(draw(st.sampled_from([np.float32, np.float64])))
    if draw(st.booleans()) and options["reduction"] == "none":
        options["upstream"] = random.uniform(-1, 2, rows)
    if kind != "binary" and draw(st.booleans()):
        options["class_weights"] = random.uniform(0.1, 2, shape[axis])
    if draw(st.booleans()):
        options["label_smoothing"] = 0.125
    return kind, y, x, options


def call(kind, y, x, **options):
    return (xent.binary_cross_entropy if kind == "binary" else xent.categorical_cross_entropy)(y, x, **options)


def in_order(array):
    """A copy in C order, of rank 0 too."""
    return np.array(array, order="C")


def contiguous(kind, y, x, options, **wanted):
    """The plain call: the class axis last, everything in C order, results with the axis where it was."""
    options = {
        name: in_order(value) if isinstance(value, np.ndarray) else value for name, value in options.items()
    }
    if kind == "binary":
        return call(kind, in_order(y), in_order(x), **options, **wanted)
    axis = options.pop("axis")
    x = in_order(np.moveaxis(x, axis, -1))
    y = in_order(y if kind == "labels" else np.moveaxis(y, axis, -1))
    result = call(kind, y, x, **options, **wanted)
    for name in ("gradient", "hessian"):
        if getattr(result, name) is not None:
            setattr(result, name, np.moveaxis(getattr(result, name), -1, axis))
    return result


def assert_close(got, expected, terms=1.0):
    """To rounding: lanes and sums may be taken in another order, elements are the same."""
    if expected is None:
        assert got is None
        return
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape
    coarser = min(got.dtype, expected.dtype, key=lambda dtype: dtype.itemsize)
    tolerance = {2: 2e-3, 4: 2e-6, 8: 4e-15}[coarser.itemsize]
    np.testing.assert_allclose(
        got.astype(np.float64), expected.astype(np.float64), rtol=tolerance, atol=tolerance * terms
    )


def wanted_of(kind, input):
    wanted = {"gradient": True, "hessian": True}
    if kind != "binary":
        wanted.update(argmax=True, log_sum_exp=input == "logits")
    return wanted


def assert_same_results(got, expected, x):
    double = x.dtype == np.float64
    scale = 1.0 + (0 if expected.gradient is None or not x.size else np.abs(expected.gradient.astype(float)).max())
    loss = np.asarray(expected.loss, np.float64 if double else np.float32)
    assert_close(np.asarray(got.loss, loss.dtype), loss)
    assert_close(got.gradient, expected.gradient, scale)
    assert_close(got.hessian, expected.hessian, scale**2)
    assert_close(got.log_sum_exp, expected.log_sum_exp)
    if expected.argmax is not None:
        np.testing.assert_array_equal(got.argmax, expected.argmax)
    np.testing.assert_allclose(got.loss_sum, expected.loss_sum, rtol=1e-14 if double else 2e-6)
    np.testing.assert_allclose(got.weight_sum, expected.weight_sum, rtol=1e-14)
    assert (got.count, got.correct) == (expected.count, expected.correct)


@many
@given(st.data())
def test_strided_inputs(data):
    kind, y, x, options = data.draw(problems())
    expected = contiguous(kind, y, x, options, **wanted_of(kind, options["input"]))
    y, x = data.draw(laid_out(y))[0], data.draw(laid_out(x))[0]
    for name in ("sample_weights", "upstream", "class_weights"):
        if name in options:
            options[name] = data.draw(laid_out(options[name]))[0]
    got = call(kind, y, x, **options, **wanted_of(kind, options["input"]))
    assert_same_results(got, expected, x)


@many
@given(st.data())
def test_strided_outputs_leave_their_neighbours_alone(data):
    kind, y, x, options = data.draw(problems())
    expected = contiguous(kind, y, x, options, gradient=True, hessian=True)
    outputs = {}
    for name in ("gradient", "hessian"):
        dtype = data.draw(st.sampled_from([x.dtype, np.dtype(np.float32), np.dtype(np.float64)]))
        outputs[name] = data.draw(laid_out(np.full(x.shape, 7, dtype)))
    before = {name: memory.copy() for name, (_, memory) in outputs.items()}
    x = data.draw(laid_out(x))[0]
    got = call(kind, y, x, **options, gradient=outputs["gradient"][0], hessian=outputs["hessian"][0])
    for name, (view, memory) in outputs.items():
        assert getattr(got, name) is view
        # With the view's own elements as they were, so has to be the whole memory.
        values = view.copy()
        assert_close(values, getattr(expected, name), 1.0 + np.abs(values.astype(float)).max(initial=0) ** 2)
        view[...] = 7
        np.testing.assert_array_equal(memory, before[name])
    kind = np.float64 if x.dtype == np.float64 else np.float32
    assert_close(np.asarray(got.loss, kind), np.asarray(expected.loss, kind))


@few
@given(st.data())
def test_inputs_with_zero_strides(data):
    kind, y, x, options = data.draw(problems())
    axes = [axis for axis in range(x.ndim) if data.draw(st.booleans())]
    x = repeated(x, axes)
    if data.draw(st.booleans()) and y.ndim:
        y = repeated(y, [axis for axis in range(y.ndim) if data.draw(st.booleans())])
    wanted = wanted_of(kind, options["input"])
    assert_same_results(call(kind, y, x, **options, **wanted), contiguous(kind, y, x, options, **wanted), x)


@few
@given(st.data())
def test_in_place_through_strides(data):
    kind, y, x, options = data.draw(problems())
    expected = contiguous(kind, y, x, options, gradient=True)
    view, memory = data.draw(laid_out(x))
    before = memory.copy()
    assert call(kind, y, view, **options, gradient=view).gradient is view
    assert_close(view.copy(), expected.gradient, 1.0 + np.abs(expected.gradient.astype(float)).max(initial=0))
    view[...] = x
    np.testing.assert_array_equal(memory, before)


@few
@given(st.data())
def test_accumulation_through_strides(data):
    kind, y, x, options = data.draw(problems())
    x = x.astype(np.float64)
    expected = contiguous(kind, y, x, options, gradient=True)
    initial = np.random.default_rng(0).normal(size=x.shape)
    view, _ = data.draw(laid_out(initial))
    call(kind, y, data.draw(laid_out(x))[0], **options, gradient=view, accumulate_gradient=True)
    size = 1.0 + np.abs(expected.gradient).max(initial=0)
    assert_close(view, initial + expected.gradient, size)


@pytest.mark.parametrize("axis", range(-4, 4))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_axis_of_an_image(axis, dtype):
    random = np.random.default_rng(6)
    x = random.normal(0, 3, (3, 21, 9, 17)).astype(dtype)
    y = random.integers(0, x.shape[axis], tuple(np.delete(x.shape, axis)))
    options = {"input": "logits", "reduction": "none", "axis": axis}
    wanted = wanted_of("labels", "logits")
    assert_same_results(
        call("labels", y, x, **options, **wanted), contiguous("labels", y, x, options, **wanted), x
    )


def test_an_axis_outside_is_an_option_error():
    x, y = np.zeros((2, 3)), np.zeros(2, int)
    for axis in (2, -3, 100):
        with pytest.raises(xent.OptionError, match="axis"):
            xent.categorical_cross_entropy(y, x, input="logits", axis=axis)


def test_results_do_not_depend_on_the_alignment_of_the_data():
    random = np.random.default_rng(7)
    memory = np.zeros(5 * 37 + 16, np.float32)
    x, y = random.normal(0, 3, (5, 37)).astype(np.float32), random.integers(0, 37, 5)
    expected = xent.categorical_cross_entropy(y, x, input="logits", gradient=True)
    for start in range(16):
        shifted = memory[start : start + x.size].reshape(x.shape)
        shifted[...] = x
        result = xent.categorical_cross_entropy(y, shifted, input="logits", gradient=True)
        assert result.loss == expected.loss
        np.testing.assert_array_equal(result.gradient, expected.gradient)


def test_reversed_rows_give_reversed_results():
    random = np.random.default_rng(8)
    x, y = random.normal(0, 3, (50, 12)), random.integers(0, 12, 50)
    plain = xent.categorical_cross_entropy(y, x, input="logits", reduction="none", gradient=True)
    turned = xent.categorical_cross_entropy(y[::-1], x[::-1], input="logits", reduction="none", gradient=True)
    np.testing.assert_array_equal(turned.loss[::-1], plain.loss)
    np.testing.assert_array_equal(turned.gradient[::-1], plain.gradient)


@pytest.mark.parametrize("family", ["usual", "confident", "apart"])
@pytest.mark.parametrize("classes", [2, 19, 64])
@pytest.mark.parametrize("option", [None, "ignore_index", "class_weights"])
def test_images_with_the_channels_first_are_within_the_bounds(classes, family, option):
    """Sizes that the kernel for rows side by side takes, against extended precision: loss 2 ulp, gradient 4."""
    random = np.random.default_rng(classes)
    shape = (2, 45, 47)
    y = random.integers(0, classes, shape)
    z = random.normal(0, 40 if family == "apart" else 3, (*shape, classes)).astype(np.float32)
    column = y[..., None]
    if family == "confident":
        raised = np.take_along_axis(z, column, -1) + random.uniform(0, 60, (*shape, 1)).astype(np.float32)
        np.put_along_axis(z, column, raised, -1)
    weight = np.ones((*shape, 1), np.longdouble)
    options = {}
    labels = y
    if option == "ignore_index":
        is_ignored = random.random(shape) < 0.3
        labels = np.where(is_ignored, -100, y)
        options = {option: -100}
        weight[is_ignored] = 0
    elif option == "class_weights":
        weights = random.uniform(0.1, 2, classes).astype(np.float32)
        options = {option: weights}
        weight = weights.astype(np.longdouble)[column]

    wide = z.astype(np.longdouble)
    others = wide.copy()
    np.put_along_axis(others, column, -np.inf, -1)
    others = np.exp(others - np.take_along_axis(wide, column, -1))
    ratio = others.sum(-1, keepdims=True)
    loss = weight[..., 0] * np.log1p(ratio)[..., 0]
    np.put_along_axis(others, column, -ratio, -1)
    gradient = weight * (others / (1 + ratio))

    result = xent.categorical_cross_entropy(
        labels, np.ascontiguousarray(np.moveaxis(z, -1, 1)), axis=1, input="logits", reduction="none", gradient=True,
        **options,
    )  # fmt: skip
    for found, exact, bound in (result.loss, loss, 2), (np.moveaxis(result.gradient, 1, -1), gradient, 4):
        unit = np.spacing(np.maximum(np.abs(exact).astype(np.float32), np.finfo(np.float32).tiny))
        assert np.max(np.abs(found - exact) / unit) <= bound
