"""What comes in as an array, what is copied, and what is written where."""

import array
import ctypes
import gc
import sys

import numpy as np
import pytest

import xent
import xent._arrays
import xent._dlpack

Z = np.array([[0.5, -1.0, 2.0], [0.0, 0.25, -3.0]])
LABELS = np.array([2, 0])
EXPECTED = xent.categorical_cross_entropy(LABELS, Z, input="logits", gradient=True)


class Interface:
    """An object that exports its memory through __array_interface__ alone."""

    def __init__(self, values):
        self._values = values
        self.__array_interface__ = values.__array_interface__


class DLPack:
    """An object that exports its memory through DLPack alone."""

    def __init__(self, values):
        self._values = values

    def __dlpack__(self, **options):
        return self._values.__dlpack__(**options)

    def __dlpack_device__(self):
        return self._values.__dlpack_device__()


def read_only(values):
    values = values.copy()
    values.flags.writeable = False
    return values


def strided(values):
    wide = np.zeros((*values.shape, 2), values.dtype)
    wide[..., 0] = values
    return wide[..., 0]


def swapped(values):
    return values.astype(values.dtype.newbyteorder())


def unaligned(values):
    memory = np.zeros(values.nbytes + 1, np.uint8)
    view = memory[1:].view(values.dtype).reshape(values.shape)
    view[...] = values
    return view


def subclass(values):
    class Sub(np.ndarray):
        pass

    return values.view(Sub)


FORMS = [
    np.ndarray.tolist,
    lambda values: tuple(map(tuple, values.tolist())) if values.ndim > 1 else tuple(values.tolist()),
    Interface,
    DLPack,
    memoryview,
    read_only,
    strided,
    swapped,
    unaligned,
    subclass,
    np.asfortranarray,
    lambda values: values[::-1].copy()[::-1],
]
IDS = "list tuple interface dlpack memoryview read_only strided swapped unaligned subclass fortran reversed".split()


@pytest.mark.parametrize("form", FORMS, ids=IDS)
def test_forms_of_input(form):
    for labels, z in ((form(LABELS), Z), (LABELS, form(Z)), (form(LABELS), form(Z))):
        result = xent.categorical_cross_entropy(labels, z, input="logits", gradient=True)
        assert result.loss == EXPECTED.loss
        assert type(result.gradient) is np.ndarray
        np.testing.assert_array_equal(result.gradient, EXPECTED.gradient)


def test_buffer_of_the_standard_library():
    p = array.array("f", [0.9, 0.1])
    result = xent.binary_cross_entropy(array.array("f", [1, 0]), p, gradient=True)
    assert result.gradient.dtype == np.float32
    written = array.array("f", [0, 0])
    xent.binary_cross_entropy([1, 0], p, gradient=written)
    np.testing.assert_array_equal(written, result.gradient)


def test_scalars():
    result = xent.binary_cross_entropy(1, 0.5, gradient=True)
    assert result.loss == pytest.approx(np.log(2))
    assert result.gradient.shape == () and result.gradient == -2
    each = xent.binary_cross_entropy(True, np.float32(0.5), reduction="none")
    assert each.loss.shape == () and each.loss.dtype == np.float32
    assert xent.categorical_cross_entropy(1, [0.25, 0.75]).loss == pytest.approx(-np.log(0.75))


def test_lists_of_integers():
    assert xent.binary_cross_entropy([1, 0], [1, 0]).loss == 0
    assert xent.categorical_cross_entropy([[0, 1], [1, 0]], [[0, 1], [1, 0]]).loss == 0
    one_hot = xent.categorical_cross_entropy([[0, 1]], np.array([[0.5, 0.5]], np.float32), gradient=True)
    assert one_hot.gradient.dtype == np.float32
    np.testing.assert_array_equal(one_hot.gradient, [[0, -2]])
    assert xent.categorical_cross_entropy([], np.empty((0, 3))).loss == 0


@pytest.mark.parametrize("name", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"])
def test_label_types(name):
    result = xent.categorical_cross_entropy(LABELS.astype(name), Z, input="logits")
    assert result.loss == EXPECTED.loss
    assert xent.categorical_cross_entropy(swapped(LABELS.astype(name)), Z, input="logits").loss == EXPECTED.loss


@pytest.mark.parametrize("name", ["int8", "int64", "uint64", "bool", ">i4", ">f8"])
@pytest.mark.parametrize("scalar_type", [np.float16, np.float32, np.float64])
def test_binary_targets_are_converted(name, scalar_type):
    p = np.array([0.75, 0.25], scalar_type)
    expected = xent.binary_cross_entropy(np.array([1, 0], scalar_type), p, gradient=True)
    result = xent.binary_cross_entropy(np.array([1, 0], name), p, gradient=True)
    assert result.loss == expected.loss
    assert result.gradient.dtype == scalar_type


@pytest.mark.parametrize("name", ["float16", "float32", "float64", ">f4"])
@pytest.mark.parametrize("scalar_type", [np.float16, np.float32, np.float64])
def test_targets_of_another_floating_type(name, scalar_type):
    t = np.array([[0.25, 0.75, 0], [1, 0, 0.5]])
    z = Z.astype(scalar_type)
    expected = xent.categorical_cross_entropy(t.astype(scalar_type), z, input="logits", gradient=True)
    result = xent.categorical_cross_entropy(t.astype(name), z, input="logits", gradient=True)
    # Beside float64 other kernels are chosen: 4 units in the last place of either type.
    rtol = 0 if scalar_type == np.float16 else 4 * np.finfo(scalar_type).eps
    np.testing.assert_allclose(result.loss, expected.loss, rtol=rtol)
    assert result.gradient.dtype == scalar_type
    np.testing.assert_allclose(result.gradient, expected.gradient, rtol=rtol)
    expected = xent.binary_cross_entropy(t.astype(scalar_type), z, input="logits", gradient=True)
    result = xent.binary_cross_entropy(t.astype(name), z, input="logits", gradient=True)
    np.testing.assert_allclose(result.loss, expected.loss, rtol=rtol)
    np.testing.assert_allclose(result.gradient, expected.gradient, rtol=rtol)


def test_the_inputs_are_not_changed():
    labels, z = LABELS.copy(), Z.copy()
    xent.categorical_cross_entropy(labels, z, input="logits", gradient=True, reduction="none")
    np.testing.assert_array_equal(labels, LABELS)
    np.testing.assert_array_equal(z, Z)


@pytest.mark.parametrize("form", [lambda values: values, subclass, Interface, DLPack, memoryview],
                         ids="array subclass interface dlpack memoryview".split())  # fmt: skip
def test_preallocated_gradient(form):
    memory = np.full_like(Z, 7)
    given = form(memory)
    result = xent.categorical_cross_entropy(LABELS, Z, input="logits", gradient=given)
    np.testing.assert_array_equal(memory, EXPECTED.gradient)
    assert result.gradient is given
    assert repr(result).startswith("Result(loss=")


@pytest.mark.parametrize(
    "form", [lambda values: values, Interface, memoryview], ids="array interface memoryview".split()
)
def test_in_place(form):
    z = Z.copy()
    exported = form(z)
    result = xent.categorical_cross_entropy(LABELS, exported, input="logits", gradient=exported)
    assert result.loss == EXPECTED.loss
    np.testing.assert_array_equal(z, EXPECTED.gradient)


def test_binary_in_place():
    p = np.array([0.75, 0.25], np.float32)
    xent.binary_cross_entropy([1, 1], p, gradient=p, reduction="sum")
    np.testing.assert_allclose(p, [-4 / 3, -4], rtol=1e-6)


def test_gradient_none_and_numpy_bools():
    assert xent.binary_cross_entropy(1.0, 0.5, gradient=None).gradient is None
    assert xent.binary_cross_entropy(1.0, 0.5, gradient=np.False_).gradient is None
    assert xent.binary_cross_entropy(1.0, 0.5, gradient=np.True_).gradient is not None


def test_large_rank():
    shape = (1,) * 30 + (2,)
    result = xent.categorical_cross_entropy(np.zeros(shape[:-1], int), np.full(shape, 0.5), gradient=True)
    assert result.loss == pytest.approx(np.log(2))
    assert result.gradient.shape == shape


def test_gradient_descent_converts_the_gradient():
    for gradient in ([1, 2], np.array([1, 2], np.float16), np.array([1.0, 0, 2, 0])[::2], np.array([1, 2], ">f8")):
        theta = np.zeros(2, np.float32)
        xent.gradient_descent(theta, gradient, 0.5)
        np.testing.assert_array_equal(theta, [-0.5, -1])


# Zeros of shape (2, 3), differently laid out.
VIEWS = {
    "C order": lambda dtype: np.zeros((2, 3), dtype),
    "Fortran order": lambda dtype: np.zeros((2, 3), dtype, order="F"),
    "columns": lambda dtype: np.zeros((2, 9), dtype)[:, 1::3],
    "rows": lambda dtype: np.zeros((4, 3), dtype)[::2],
    "reversed": lambda dtype: np.zeros((2, 3), dtype)[::-1, ::-1],
    "transposed": lambda dtype: np.zeros((4, 5), dtype)[1:, 1:3].T,
}


def described(view):
    """The numbers of an xent_array: address, type, shape, strides."""

    def numbers(pointer):
        return None if not pointer else tuple((ctypes.c_int64 * view.ndim).from_address(pointer))

    return view.data, view.type, numbers(view.shape), numbers(view.strides)


@pytest.mark.parametrize("name", VIEWS)
def test_views_are_described_and_not_copied(name):
    values = VIEWS[name](np.float64)
    values[...] = Z
    strides = None if name == "C order" else tuple(stride // 8 for stride in values.strides)
    expected = (values.__array_interface__["data"][0], 1, (2, 3), strides)
    for read in (
        xent._arrays.read("y_pred", values),
        xent._arrays.read_target("y_true", values, values),
        xent._arrays.read_labels_or_distribution("y_true", values, values),
        xent._arrays.read_weights("sample_weights", values),
        xent._arrays.write("gradient", values),
    ):
        assert described(xent._arrays.view(read)) == expected


def test_broadcast_and_read_only_inputs_are_described_and_not_copied():
    values = np.broadcast_to(np.zeros(3, np.float16), (2, 3))
    address, element_type, shape, strides = described(xent._arrays.view(xent._arrays.read("y_pred", values)))
    assert (element_type, shape, strides) == (2, (2, 3), (0, 1))
    assert address == values.__array_interface__["data"][0]
    labels = read_only(np.zeros(4, np.uint16))[::-2]
    read = xent._arrays.read_labels_or_distribution("y_true", labels, values)
    assert np.shares_memory(read, labels)
    assert described(xent._arrays.view(read))[1:] == (9, (2,), (-2,))


def test_strides_that_are_no_whole_elements():
    records = np.zeros((2, 3), [("value", "f8"), ("flag", "u1")])
    records["value"] = Z
    result = xent.categorical_cross_entropy(LABELS, records["value"], input="logits", gradient=True)
    np.testing.assert_array_equal(result.gradient, EXPECTED.gradient)
    with pytest.raises(xent.ShapeError, match="^gradient is not aligned to its elements"):
        xent.categorical_cross_entropy(LABELS, Z, input="logits", gradient=records["value"])


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("scalar_type", [np.float16, np.float32, np.float64])
def test_strided_gradient_and_hessian(name, scalar_type):
    expected = xent.categorical_cross_entropy(LABELS, Z, input="logits", gradient=True, hessian=True)
    z, gradient, hessian = (VIEWS[name](dtype) for dtype in (np.float64, scalar_type, scalar_type))
    z[...] = Z
    wholes = [array if array.base is None else array.base for array in (gradient, hessian)]
    for whole in wholes:
        whole[...] = 7
    result = xent.categorical_cross_entropy(LABELS, z, input="logits", gradient=gradient, hessian=hessian)
    assert result.loss == EXPECTED.loss
    assert result.gradient is gradient and result.hessian is hessian
    np.testing.assert_array_equal(gradient, expected.gradient.astype(scalar_type))
    np.testing.assert_array_equal(hessian, expected.hessian.astype(scalar_type))
    gradient[...] = hessian[...] = 7
    assert all((whole == 7).all() for whole in wholes)  # nothing was written beside them


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_class_axis(axis):
    z = np.arange(24.0).reshape(2, 3, 4) % 5
    labels = np.ones(np.delete(z.shape, axis), np.int8)
    last = np.ascontiguousarray(np.moveaxis(z, axis, -1))
    options = {"input": "logits", "reduction": "none", "gradient": True, "log_sum_exp": True, "argmax": True}
    expected = xent.categorical_cross_entropy(labels, last, **options)
    result = xent.categorical_cross_entropy(labels, z, axis=axis, **options)
    for name in ("loss", "log_sum_exp", "argmax"):
        # Another layout may have another kernel: the bound of the loss.
        np.testing.assert_allclose(getattr(result, name), getattr(expected, name), rtol=4 * np.finfo(z.dtype).eps)
        assert getattr(result, name).shape == labels.shape
    eps = np.finfo(z.dtype).eps
    np.testing.assert_allclose(np.moveaxis(result.gradient, axis, -1), expected.gradient, rtol=5 * eps, atol=eps)


@pytest.mark.parametrize("name", ["float16", "float32", "float64"])
def test_types_of_outputs(name):
    options = {"input": "logits", "reduction": "none", "gradient": True, "hessian": True, "log_sum_exp": True}
    result = xent.categorical_cross_entropy(LABELS, Z.astype(name), argmax=True, **options)
    row_type = "float64" if name == "float64" else "float32"
    assert (result.loss.dtype, result.log_sum_exp.dtype, result.argmax.dtype) == (row_type, row_type, "int64")
    assert result.gradient.dtype == result.hessian.dtype == name
    assert (result.correct, result.count, result.accuracy) == (1, 2, 0.5)
    assert "argmax=<int64 array of shape (2,)>" in repr(result) and "correct=1" in repr(result)


def test_accuracy_is_none_unless_counted():
    assert (EXPECTED.correct, EXPECTED.accuracy) == (-1, None)
    distribution = xent.categorical_cross_entropy(np.eye(3)[LABELS], Z, input="logits", argmax=True)
    assert (distribution.correct, distribution.accuracy) == (-1, None)
    ignored = xent.categorical_cross_entropy([-1, -1], Z, input="logits", argmax=True, ignore_index=-1)
    assert (ignored.correct, ignored.count, ignored.accuracy) == (0, 0, None)


WEIGHTS = [
    lambda values: values.astype(int).tolist(),
    lambda values: values.astype(np.int8),
    lambda values: values.astype(np.float16),
    lambda values: values.astype(">f4"),
    lambda values: np.repeat(values, 2)[::2],
    lambda values: values[::-1].copy()[::-1],
]


@pytest.mark.parametrize("form", WEIGHTS, ids="list int8 float16 swapped strided reversed".split())
def test_forms_of_weights(form):
    rows, classes = np.array([1.0, 3]), np.array([2.0, 1, 4])
    options = {"input": "logits", "gradient": True, "reduction": "none"}
    expected = xent.categorical_cross_entropy(
        LABELS, Z, sample_weights=rows, class_weights=classes, upstream=rows, **options
    )
    result = xent.categorical_cross_entropy(
        LABELS, Z, sample_weights=form(rows), class_weights=form(classes), upstream=form(rows), **options
    )
    np.testing.assert_array_equal(result.loss, expected.loss)
    np.testing.assert_array_equal(result.gradient, expected.gradient)
    expected = xent.binary_cross_entropy(Z > 0, Z, pos_weight=classes, input="logits")
    assert xent.binary_cross_entropy(Z > 0, Z, pos_weight=form(classes), input="logits").loss == expected.loss


def test_scalar_and_boolean_weights():
    one = xent.binary_cross_entropy([1.0, 0.0], [0.5, 0.25], gradient=True, pos_weight=2, upstream=np.float32(3))
    np.testing.assert_allclose(one.gradient, [-6, 2], rtol=1e-15)
    masked = xent.categorical_cross_entropy(LABELS, Z, input="logits", sample_weights=[True, False])
    assert masked.loss == xent.categorical_cross_entropy(LABELS[:1], Z[:1], input="logits").loss


def test_accumulation():
    memory = np.full((4, 3), 7.0)
    memory[::2] = 1
    xent.categorical_cross_entropy(LABELS, Z, input="logits", gradient=memory[::2], accumulate_gradient=True)
    np.testing.assert_allclose(memory[::2], 1 + EXPECTED.gradient, rtol=1e-15)
    assert (memory[1::2] == 7).all()


def test_another_device():
    class OnDevice(DLPack):
        device = "cuda:0"

        def __dlpack_device__(self):
            return 2, 0

        def __array__(self, *arguments, **options):
            raise AssertionError("must not be copied from the device")

    message = "lies on cuda:0, expected an array in the memory of the CPU"
    with pytest.raises(xent.ElementTypeError, match=f"^y_pred {message}"):
        xent.categorical_cross_entropy(LABELS, OnDevice(Z), input="logits")
    with pytest.raises(xent.ElementTypeError, match=f"^gradient {message}"):
        xent.categorical_cross_entropy(LABELS, Z, input="logits", gradient=OnDevice(Z))


def test_bfloat16_of_ml_dtypes():
    bfloat16 = pytest.importorskip("ml_dtypes", reason="ml_dtypes is not installed").bfloat16
    z = Z.astype(bfloat16)  # exactly
    single = xent.categorical_cross_entropy(LABELS, Z.astype(np.float32), input="logits", gradient=True)
    result = xent.categorical_cross_entropy(LABELS, z, input="logits", gradient=True)
    assert type(result.loss) is float and result.loss == single.loss
    assert result.gradient.dtype == bfloat16
    np.testing.assert_array_equal(result.gradient, single.gradient.astype(bfloat16))
    memory = np.zeros((3, 4), bfloat16).T[::2]
    xent.categorical_cross_entropy(LABELS, Z.astype(np.float32), input="logits", gradient=memory)
    np.testing.assert_array_equal(memory, result.gradient)
    assert described(xent._arrays.view(xent._arrays.write("gradient", memory)))[1:] == (3, (2, 3), (2, 4))


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch is not installed")


class Legacy(DLPack):
    """An exporter older than DLPack's versions."""

    def __dlpack__(self):
        return self._values.__dlpack__()


def test_torch(torch):
    z = torch.tensor(Z)
    result = xent.categorical_cross_entropy(torch.tensor(LABELS), z, input="logits", gradient=True)
    np.testing.assert_array_equal(result.gradient, EXPECTED.gradient)
    memory = torch.zeros_like(z)
    result = xent.categorical_cross_entropy(torch.tensor(LABELS), z, input="logits", gradient=memory)
    assert result.gradient is memory
    np.testing.assert_array_equal(memory.numpy(), EXPECTED.gradient)
    xent.categorical_cross_entropy(LABELS, z, input="logits", gradient=z)
    np.testing.assert_array_equal(z.numpy(), EXPECTED.gradient)


def test_torch_tensors_that_cannot_be_had(torch):
    for name in ("float32", "bfloat16"):
        tensor = torch.tensor([0.5], dtype=getattr(torch, name), requires_grad=True)
        with pytest.raises(xent.ElementTypeError, match="^y_pred cannot be read as an array: .*grad"):
            xent.binary_cross_entropy([1.0], tensor)
        with pytest.raises(xent.ElementTypeError, match="^gradient cannot be written as an array: .*grad"):
            xent.binary_cross_entropy([1.0], [0.5], gradient=tensor)
    with pytest.raises(xent.ElementTypeError, match="y_pred cannot be read as an array: .*meta"):
        xent.binary_cross_entropy([1.0], torch.zeros(1, device="meta"))
    with pytest.raises(xent.ElementTypeError, match="y_pred cannot be read as an array: .*Float8"):
        xent.binary_cross_entropy([1.0], torch.zeros(1, dtype=torch.float8_e4m3fn))


def test_torch_bfloat16_is_described_and_not_copied(torch):
    whole = torch.arange(24, dtype=torch.bfloat16).reshape(4, 6)
    views = [whole, whole[:, 1::2], whole.T, whole[2:], whole[1].expand(3, 6), whole[2, 3], whole[:0]]
    for tensor in views:
        array = xent._arrays.read("y_pred", tensor)
        np.testing.assert_array_equal(xent._dlpack.widened(array), tensor.float().numpy())
        address, element_type, shape, strides = described(xent._arrays.view(array))
        assert (element_type, shape) == (3, tuple(tensor.shape))
        assert strides == (None if tensor.is_contiguous() else tensor.stride())
        if tensor.numel():
            assert address == tensor.data_ptr()
    array = xent._arrays.read("y_pred", Legacy(whole))
    assert described(xent._arrays.view(array))[0] == whole.data_ptr()
    with pytest.raises(xent.OptionError, match="gradient is a read-only array"):
        xent._arrays.write("gradient", Legacy(whole))


def test_torch_bfloat16_memory_lives_as_long_as_its_view(torch):
    array = xent._arrays.read("y_pred", torch.full((100_000,), 3, dtype=torch.bfloat16))
    gc.collect()
    others = [torch.full((100_000,), 5, dtype=torch.bfloat16) for _ in range(8)]
    assert (xent._dlpack.widened(array) == 3).all() and others


def test_torch_bfloat16(torch):
    single = xent.categorical_cross_entropy(LABELS, Z.astype(np.float32), input="logits", gradient=True)
    expected = torch.tensor(single.gradient).bfloat16()
    z = torch.tensor(Z).bfloat16()
    memory = torch.full((4, 3), 7, dtype=torch.bfloat16)
    result = xent.categorical_cross_entropy(torch.tensor(LABELS), z, input="logits", gradient=memory[::2])
    assert result.loss == single.loss
    assert torch.equal(memory[::2], expected) and bool((memory[1::2] == 7).all())
    xent.categorical_cross_entropy(LABELS, z, input="logits", gradient=z)
    assert torch.equal(z, expected)


def test_torch_bfloat16_in_gradient_descent(torch):
    theta = np.zeros(2)
    xent.gradient_descent(theta, torch.tensor([1.5, -2]).bfloat16(), 0.5)
    np.testing.assert_array_equal(theta, [-0.75, 1])
    with pytest.raises(xent.ElementTypeError, match="theta has element type bfloat16"):
        xent.gradient_descent(torch.zeros(2).bfloat16(), theta, 0.5)


def test_new_bfloat16_gradient(torch, monkeypatch):
    z = torch.tensor(Z).bfloat16()
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    with pytest.raises(xent.ElementTypeError, match="^gradient is True, .*bfloat16.* pass an array to write to"):
        xent.categorical_cross_entropy(LABELS, z, input="logits", gradient=True)
    monkeypatch.undo()
    bfloat16 = pytest.importorskip("ml_dtypes", reason="ml_dtypes is not installed").bfloat16
    assert xent.categorical_cross_entropy(LABELS, z, input="logits", gradient=True).gradient.dtype == bfloat16


def test_jax():
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    for name in ("float32", "bfloat16"):
        z = jax.numpy.asarray(Z, dtype=name)
        result = xent.categorical_cross_entropy(jax.numpy.asarray(LABELS), z, input="logits", gradient=True)
        assert result.gradient.dtype == name
        np.testing.assert_allclose(result.gradient.astype(float), EXPECTED.gradient, atol=1e-6, rtol=2**-8)
        with pytest.raises(xent.OptionError, match="gradient is a read-only array"):
            xent.categorical_cross_entropy(LABELS, z, input="logits", gradient=z)
