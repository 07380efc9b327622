"""Objects that are not what they say they are: a right answer or an exception that says what is wrong, and never more."""

import os
import subprocess
import sys
import unittest.mock
from pathlib import Path

import hostile_objects as hostile
import numpy as np
import pytest
from guarded_memory import guarded

import xent
from xent import boosting
from xent.sklearn import log_loss

P = np.full((2, 3), 0.5)
LABELS = np.array([0, 2])

# How many examples, or rounds, a campaign has here. More of them, from a seed: see hostile_campaign.py.
CAMPAIGNS = {
    "arguments": 900, "options": 400, "sizes": 20, "layouts": 250, "aliases": 250, "reentrances": 120, "leaks": 200, "threads": 20, "labels": 40,
    "files": 250,
}  # fmt: skip


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_campaign(name):
    pytest.importorskip("hypothesis", reason="hypothesis is not installed")
    script = Path(__file__).with_name("hostile_campaign.py")
    # Memory that is not initialised, or no longer in use, holds no number that looks right.
    environment = {**os.environ, "MALLOC_PERTURB_": "165"}
    done = subprocess.run(
        [sys.executable, script, name, str(CAMPAIGNS[name])], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"exit status {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-6000:]}"


def test_the_guard_of_the_campaigns():
    """A byte read beside guarded memory ends a process."""
    for place in ("4096", "-1"):
        program = (
            "import ctypes, guarded_memory; memory = guarded_memory.guarded_bytes(4096); "
            f"ctypes.string_at(memory.ctypes.data + {place}, 1)"
        )
        done = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parent, timeout=60)
        assert done.returncode < 0


def refused(kind, match, function, *arguments, **options):
    with pytest.raises(kind, match=match) as caught:
        function(*arguments, **options)
    assert type(caught.value) is kind and len(str(caught.value)) < 500


def categorical(kind, match, y_true=LABELS, y_pred=P, **options):
    refused(kind, match, xent.categorical_cross_entropy, y_true, y_pred, **options)


@pytest.mark.parametrize("field", [{"shape": (2**70, 3)}, {"strides": (2**70, 8)}, {"data": (2**80, False)}], ids=str)
def test_interfaces_with_numbers_too_large(field):
    described = hostile.Interface({**P.__array_interface__, **field}, P)
    categorical(xent.ElementTypeError, "^y_pred cannot be read as an array: .*too large", y_pred=described)
    categorical(xent.ElementTypeError, "^gradient cannot be read as an array: .*too large", gradient=described)


@pytest.mark.parametrize("error", [AttributeError, BufferError, KeyError, OverflowError, RuntimeError, TypeError])
def test_conversions_that_fail(error):
    categorical(xent.ElementTypeError, "^y_pred cannot be read as an array: .*hostile", y_pred=hostile.Conversion(None, error))


def test_errors_of_the_callers_own_are_let_through():
    with pytest.raises(hostile.Mine):
        xent.categorical_cross_entropy(LABELS, hostile.Conversion(None, hostile.Mine))
    with pytest.raises(hostile.Mine):
        xent.categorical_cross_entropy(LABELS, P, label_smoothing=hostile.Number(0.5, hostile.Mine))


class WithoutDevice:
    def __dlpack__(self, **options):
        raise AttributeError("hostile")


@pytest.mark.parametrize(
    "exporter", [WithoutDevice(), hostile.Exporter(WithoutDevice().__dlpack__, (np.zeros(2), 0)), hostile.Exporter(lambda: 5)]
)
def test_exporters_that_fail(exporter):
    categorical(xent.ElementTypeError, "^y_pred cannot be read as an array", y_pred=exporter)
    categorical(xent.ElementTypeError, "^gradient cannot be written as an array", gradient=exporter)


# What is wrong with a tensor of bfloat16, which is read here and not by NumPy.
TENSORS = {
    "no memory": {"data": None}, "-1 dimensions": {"ndim": -1}, "65 dimensions": {"ndim": 65},
    "2147483647 dimensions": {"ndim": 2**31 - 1}, "too large": {"byte_offset": 2**64 - 1},
    "not in the memory of the CPU": {"device_type": 2}, "element type": {"lanes": 2},
}  # fmt: skip


@pytest.mark.parametrize("message", TENSORS)
@pytest.mark.parametrize("name", [b"dltensor", b"dltensor_versioned"])
def test_tensors_that_make_no_sense(name, message):
    exporter = hostile.Capsules(name, {"code": 4, "bits": 16, **TENSORS[message]}, (2, 3), None)
    categorical(xent.ElementTypeError, f"^y_pred cannot be read as an array: .*{message}", y_pred=exporter)


def test_tensors_without_memory():
    """NumPy makes arrays of new memory of them."""
    exporter = hostile.Capsules(b"dltensor_versioned", {"data": None}, (2, 3), None)
    categorical(xent.ElementTypeError, "^y_pred cannot be read as an array: .*no memory", y_pred=exporter)
    categorical(xent.ElementTypeError, "^gradient cannot be written as an array: .*no memory", gradient=exporter)


def test_memory_that_appears_only_once():
    """An interface that is gone when it is asked for again, so that NumPy asks for a copy."""

    class Once(hostile.Conversion):
        asked = 0

        @property
        def __array_interface__(self):
            self.asked += 1
            if self.asked > 1:
                raise AttributeError
            return {}

    categorical(xent.OptionError, "^gradient is of type Once, which exports no memory", gradient=Once(np.zeros((2, 3))))


@pytest.mark.parametrize("kind", [np.ndarray, list, float, bool, str])
def test_impostors(kind):
    impostor = hostile.Impostor(kind)
    categorical(xent.ElementTypeError, "^y_pred has element type object", y_pred=impostor)
    categorical(xent.ElementTypeError, "^y_true has element type object", y_true=impostor)
    categorical(xent.OptionError, "^label_smoothing is ", label_smoothing=impostor)
    categorical(xent.OptionError, "^input is ", input=impostor)
    categorical(xent.ShapeError, "^y_pred is not an array", y_pred=unittest.mock.MagicMock(spec=np.ndarray))


def test_bfloat16_scores_give_gradients_that_numpy_knows():
    tensor = hostile.Capsules(b"dltensor", {"code": 4, "bits": 16}, (2, 3), None)
    gradient, hessian = boosting.multiclass(3)(LABELS, tensor)
    assert gradient.dtype == hessian.dtype == np.float32
    np.testing.assert_allclose(gradient, 1 / 3 - np.eye(3)[LABELS], rtol=1e-6)


def test_masks():
    masked = np.ma.masked_array(P, P > 0)
    for values in (masked, list(masked), tuple(masked), [0.5, np.ma.masked], hostile.Conversion(masked)):
        categorical(xent.ElementTypeError, "^y_pred .*mask would be lost", y_pred=values)
        categorical(xent.ElementTypeError, "^class_weights .*mask would be lost", class_weights=values)
    refused(xent.ElementTypeError, "^y_pred is a masked array", log_loss, LABELS, masked)
    refused(xent.ElementTypeError, "^sample_weight is a masked array", log_loss, [0, 1], P[:, :2], sample_weight=masked[:, 0])
    refused(xent.ElementTypeError, "^y_pred is a masked array", boosting.multiclass(3), LABELS, masked)


def test_element_types_that_numpy_cannot_swap():
    if not hasattr(np.dtypes, "StringDType"):
        pytest.skip("NumPy has no strings of any length")
    text = np.array([["0.5"] * 3] * 2, np.dtypes.StringDType())
    for name in ("y_pred", "y_true", "gradient", "class_weights"):
        categorical(xent.ElementTypeError, f"^{name} has element type StringDType", **{name: text})


def test_element_types_that_are_only_called_bfloat16():
    named = np.dtype((type("bfloat", (np.void,), {}), [("a", "u1"), ("b", "u1")]))
    assert named.name == "bfloat16"
    categorical(xent.ElementTypeError, "^y_pred has element type", y_pred=np.zeros((2, 3), named), input="logits")


TOO_LONG = 10**5000  # for Python to print


@pytest.mark.parametrize("value", [
    "0.5", b"0.5", bytearray(b"0.5"), memoryview(b"1"), np.array("0.5"), np.array(b"1"), np.array("0.5", object), np.str_("1"), 1j,
    np.complex128(0.5 + 1j), np.timedelta64(1), np.datetime64(1, "s"), TOO_LONG, [0] * 10**5, hostile.Number(0.5, ValueError),
], ids=lambda value: type(value).__name__)  # fmt: skip
def test_what_is_no_number(value):
    categorical(xent.OptionError, "^label_smoothing is .*, expected a number$", label_smoothing=value)
    refused(xent.OptionError, "^learning_rate is .*, expected a number$", xent.gradient_descent, np.zeros(2), np.zeros(2), value)
    refused(xent.OptionError, "^hessian_scale is ", boosting.binary, hessian_scale=value)


def test_values_that_cannot_be_shown():
    for value in (TOO_LONG, "x" * 10**6, [0] * 10**5):
        for name in ("input", "axis", "num_threads", "ignore_index", "argmax"):
            categorical(xent.OptionError, f"^{name} is ", **{name: value})
    categorical(xent.OptionError, "^num_threads is of type int, outside the 32-bit integers", num_threads=TOO_LONG)

    class Unspeakable:
        def __repr__(self):
            raise hostile.Mine

    categorical(xent.OptionError, "^argmax is of type Unspeakable, expected True or False", argmax=Unspeakable())
    categorical(xent.OptionError, "^argmax is .*, expected True or False", argmax=hostile.Impostor(bool))
    categorical(xent.OptionError, "^gradient is of type Impostor, expected an array", gradient=hostile.Impostor(bool))
    categorical(xent.OptionError, "^input is of type Unspeakable, expected", input=Unspeakable())
    refused(xent.OptionError, "^num_class is of type int, outside", boosting.multiclass, TOO_LONG)


def test_more_elements_than_memory():
    labels, p = np.broadcast_to(np.int64(0), 2**40), np.broadcast_to(np.float32(0.5), (2**40, 3))
    for name in ("gradient", "hessian", "argmax"):
        categorical(xent.OutOfMemoryError, f"^there is no memory for {name}: ", labels, p, **{name: True})
    categorical(xent.OutOfMemoryError, "^there is no memory for loss: ", labels, p, reduction="none")
    ones = np.broadcast_to(True, (2**40, 3))
    refused(xent.OutOfMemoryError, "^there is no memory for a copy of y_true", xent.binary_cross_entropy, ones, p)
    # Where even the bytes cannot be counted.
    categorical(xent.ShapeError, "y_true|labels", np.broadcast_to(np.int64(0), 2**59), p)


class Acting:
    """An array-like or number whose conversion first does something else."""

    def __init__(self, found, action):
        self.found, self.action = found, action

    def __array__(self, dtype=None, copy=None):
        self.action()
        return self.found

    def __float__(self):
        self.action()
        return self.found


def test_memory_that_moves_while_later_arguments_are_read():
    """Addresses and shapes are those that arrays have when the last code of the caller's has run."""
    labels = np.zeros(1 << 15, np.int64)
    p, weights = np.full((1 << 15, 3), 0.5), np.ones(1 << 15)

    def shrink():
        for array, shape in ((labels, 2), (p, (2, 3)), (weights, 2)):
            array.resize(shape, refcheck=False)  # the rest of the memory is the system's again

    result = xent.categorical_cross_entropy(
        labels, p, gradient=True, hessian=True, sample_weights=weights, upstream=Acting(np.ones(1), shrink)
    )
    assert result.loss == pytest.approx(np.log(2)) and result.gradient.shape == result.hessian.shape == (2, 3)

    theta, gradient = np.ones((1 << 15, 3)), np.ones((1 << 15, 3))
    rate = Acting(0.5, lambda: theta.resize((2, 3), refcheck=False))
    refused(xent.ShapeError, r"^gradient has shape \(32768, 3\)", xent.gradient_descent, theta, gradient, rate)


def test_element_types_that_change_while_later_arguments_are_read():
    p = np.full((2, 3), 0.5)

    def retype():
        p.dtype = "S1"

    weights = Acting(np.ones(3), retype)
    categorical(xent.ElementTypeError, r"^the element type of an argument has become \|S1 during the call", y_pred=p, class_weights=weights)


def test_guarded_arrays_next_to_their_pages():
    for at_end in (True, False):
        p, _ = guarded(np.full((5, 7), 0.5, np.float32), at_end=at_end)
        labels, _ = guarded(np.arange(5, dtype=np.uint8), at_end=at_end)
        gradient, memory = guarded(np.zeros((5, 7), np.float16), [14, 2], at_end=at_end)
        assert xent.categorical_cross_entropy(labels, p, gradient=gradient).loss == pytest.approx(np.log(2), rel=1e-6)
        assert (memory.view(np.uint16)[1::2] == 0xA5A5).all()


def test_numpy_that_raises_what_it_would_warn_of():
    with np.errstate(all="raise"):
        theta = np.ones(2, np.float32)
        xent.gradient_descent(theta, np.array([1e-300, 1e300]), 1)
        np.testing.assert_array_equal(theta, [1, -np.inf])
        refused(xent.LabelError, r"labels\[1\]", boosting.multiclass(3), [0, 1e300], P)


def test_boosting_and_log_loss_say_what_is_wrong():
    ragged = [[0.5, 0.5], [0.5]]
    refused(xent.ShapeError, "^y_pred is not an array", boosting.multiclass(3), LABELS, ragged)
    refused(xent.ShapeError, "^sample_weight is not an array", boosting.multiclass(3), LABELS, P, ragged)
    refused(xent.ShapeError, "^y_pred is not an array", log_loss, LABELS, ragged)
    refused(xent.ShapeError, "^y_true is not an array", log_loss, ragged, P)
    refused(xent.ShapeError, "^sample_weight is not an array", log_loss, [0, 1], [0.5, 0.5], sample_weight=ragged)
    refused(xent.OptionError, "^normalize is ", log_loss, [0, 1], [0.5, 0.5], normalize=np.zeros(2))
    refused(xent.ElementTypeError, "^y_true holds strings of what are no characters", log_loss, np.frombuffer(b"\xff" * 8, "<U1"), [0.5, 0.5])
    arrays = np.array([np.zeros(2), np.zeros(3)], object)
    refused(xent.ElementTypeError, "^y_true and labels hold labels of types", log_loss, arrays, [0.5, 0.5])
    for value in ("x", np.zeros(2), None, np.nan):
        refused(xent.OptionError, "^hessian_scale is ", boosting.binary, hessian_scale=value)
        refused(xent.OptionError, "^focal_gamma is ", boosting.multiclass(3, focal_gamma=value), LABELS, P)


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch is not installed")


def _short_and_strided(torch, dtype):
    tensor = torch.full((3, 2), 0.5, dtype=dtype).T
    tensor.untyped_storage().resize_(4)
    return tensor


def tensors_without_memory(torch):
    """Tensors whose numbers are not, or not all, in their memory, and what PyTorch or xent says of them."""
    for dtype in (torch.float32, torch.bfloat16):
        gone, short = torch.full((2, 3), 0.5, dtype=dtype), torch.full((2, 3), 0.5, dtype=dtype)
        gone.untyped_storage().resize_(0)
        short.untyped_storage().resize_(4)
        yield "no memory", gone
        yield "storage is smaller", short
        yield "storage is smaller", _short_and_strided(torch, dtype)
        yield "ZeroTensor", torch._efficientzerotensor((2, 3), dtype=dtype)
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        yield "not supported for tensor subclasses", torch.zeros(2, 3)
    yield "negative bit", torch._neg_view(torch.full((2, 3), 0.5))


def test_tensors_of_torch_without_memory(torch):
    for words, tensor in tensors_without_memory(torch):
        categorical(xent.ElementTypeError, f"^y_pred cannot be read as an array: .*{words}", y_pred=tensor)
        categorical(xent.ElementTypeError, f"^gradient cannot be written as an array: .*{words}", gradient=tensor)


def test_xent_torch_without_memory(torch):
    import xent.torch

    labels = torch.tensor([0, 2])
    for words, tensor in tensors_without_memory(torch):
        if not tensor.is_neg():
            refused(xent.ElementTypeError, f"^input cannot be read as an array: .*{words}", xent.torch.cross_entropy, tensor, labels)
    # The negative of another tensor is read as what it stands for.
    logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, 0.5, 0.0]])
    assert xent.torch.cross_entropy(torch._neg_view(-logits), labels) == xent.torch.cross_entropy(logits, labels)


def test_options_of_xent_torch(torch):
    import xent.torch

    logits, labels = torch.zeros(2, 3), torch.tensor([0, 2])
    for value in ("x", None, torch.zeros(2), TOO_LONG):
        refused(xent.OptionError, "^ignore_index is ", xent.torch.cross_entropy, logits, logits, ignore_index=value)
    words = np.array(["mean", "sum"])
    refused(xent.OptionError, "^reduction is ", xent.torch.binary_cross_entropy_with_logits, logits, logits, reduction=words)
    refused(xent.OptionError, "^reduction is ", xent.torch.cross_entropy, logits, labels, reduction=words)
    refused(xent.OptionError, "^size_average is ", xent.torch.cross_entropy, logits, labels, size_average=words)
    impostor = unittest.mock.MagicMock(spec=torch.Tensor)
    with pytest.raises((xent.ElementTypeError, xent.ShapeError), match="^y_pred "):
        xent.categorical_cross_entropy(LABELS, impostor)
