"""What comes in as an array, what is copied, and what is written where."""

import array

import numpy as np
import pytest

import xent

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


@pytest.mark.parametrize("name", ["int8", "int64", "uint64", "bool", "float16", "float32", "float64", ">f8", ">i4"])
@pytest.mark.parametrize("scalar_type", [np.float32, np.float64])
def test_binary_targets_are_converted(name, scalar_type):
    p = np.array([0.75, 0.25], scalar_type)
    expected = xent.binary_cross_entropy(np.array([1, 0], scalar_type), p, gradient=True)
    result = xent.binary_cross_entropy(np.array([1, 0], name), p, gradient=True)
    assert result.loss == expected.loss
    assert result.gradient.dtype == scalar_type


@pytest.mark.parametrize("name", ["float16", "float32", "float64"])
@pytest.mark.parametrize("scalar_type", [np.float32, np.float64])
def test_distributions_are_converted(name, scalar_type):
    t = np.array([[0.25, 0.75, 0], [1, 0, 0.5]])
    z = Z.astype(scalar_type)
    expected = xent.categorical_cross_entropy(t.astype(scalar_type), z, input="logits", gradient=True)
    result = xent.categorical_cross_entropy(t.astype(name), z, input="logits", gradient=True)
    assert result.loss == expected.loss
    np.testing.assert_array_equal(result.gradient, expected.gradient)


def test_the_inputs_are_not_changed():
    labels, z = LABELS.copy(), Z.copy()
    xent.categorical_cross_entropy(labels, z, input="logits", gradient=True, reduction="none")
    np.testing.assert_array_equal(labels, LABELS)
    np.testing.assert_array_equal(z, Z)


@pytest.mark.parametrize("form", [lambda values: values, subclass, Interface, DLPack, memoryview],
                         ids="array subclass interface dlpack memoryview".split())  # fmt: skip
def test_preallocated_gradient(form):
    memory = np.full_like(Z, 7)
    result = xent.categorical_cross_entropy(LABELS, Z, input="logits", gradient=form(memory))
    np.testing.assert_array_equal(memory, EXPECTED.gradient)
    assert np.shares_memory(result.gradient, memory)


def test_preallocated_gradient_is_returned_itself():
    memory = np.empty_like(Z)
    assert xent.categorical_cross_entropy(LABELS, Z, input="logits", gradient=memory).gradient is memory


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


def test_torch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    z = torch.tensor(Z)
    result = xent.categorical_cross_entropy(torch.tensor(LABELS), z, input="logits", gradient=True)
    np.testing.assert_array_equal(result.gradient, EXPECTED.gradient)
    memory = torch.zeros_like(z)
    xent.categorical_cross_entropy(torch.tensor(LABELS), z, input="logits", gradient=memory)
    np.testing.assert_array_equal(memory.numpy(), EXPECTED.gradient)
    xent.categorical_cross_entropy(LABELS, z, input="logits", gradient=z)
    np.testing.assert_array_equal(z.numpy(), EXPECTED.gradient)
    with pytest.raises(xent.ElementTypeError, match="y_pred cannot be read as an array: .*grad"):
        xent.binary_cross_entropy([1.0], torch.tensor([0.5], requires_grad=True))
    with pytest.raises(xent.ElementTypeError, match="y_pred"):
        xent.binary_cross_entropy([1.0], torch.tensor([0.5], dtype=torch.bfloat16))


def test_jax():
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    z = jax.numpy.asarray(Z, dtype="float32")
    result = xent.categorical_cross_entropy(jax.numpy.asarray(LABELS), z, input="logits", gradient=True)
    assert result.gradient.dtype == np.float32
    np.testing.assert_allclose(result.gradient, EXPECTED.gradient, atol=1e-6)
    with pytest.raises(xent.OptionError, match="gradient is a read-only array"):
        xent.categorical_cross_entropy(LABELS, z, input="logits", gradient=z)
