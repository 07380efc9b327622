"""Every exception, and the words in it."""

import numpy as np
import pytest

import xent

P = np.full((2, 3), 0.5)
LABELS = np.array([0, 1])


def refused(kind, match, function, *arguments, **options):
    with pytest.raises(kind, match=match) as caught:
        function(*arguments, **options)
    assert type(caught.value) is kind
    return caught.value


def binary(kind, match, *arguments, **options):
    return refused(kind, match, xent.binary_cross_entropy, *arguments, **options)


def categorical(kind, match, *arguments, **options):
    return refused(kind, match, xent.categorical_cross_entropy, *arguments, **options)


def test_hierarchy():
    for kind in (xent.ShapeError, xent.OptionError, xent.LabelError, xent.ProbabilityError, xent.TargetError):
        assert issubclass(kind, xent.XentError) and issubclass(kind, ValueError)
    assert issubclass(xent.OverlapError, ValueError) and issubclass(xent.OverlapError, xent.XentError)
    assert issubclass(xent.ElementTypeError, TypeError) and issubclass(xent.ElementTypeError, xent.XentError)
    assert issubclass(xent.OutOfMemoryError, MemoryError) and issubclass(xent.OutOfMemoryError, xent.XentError)
    assert xent.LabelError.__module__ == "xent"


def test_label():
    labels = np.zeros(20, np.int64)
    labels[17] = 12
    error = categorical(xent.LabelError, r"^labels\[17\] is 12, outside \[0, 10\)", labels, np.zeros((20, 10)))
    assert error.index == 17
    error = categorical(xent.LabelError, r"labels\[1\] is -1, outside \[0, 3\)", [0, -1], P)
    assert error.index == 1
    categorical(xent.LabelError, r"labels\[0\] is 255, outside \[0, 3\)", np.array([255, 0], np.uint8), P)


def test_label_error_writes_nothing():
    gradient = np.full((2, 3), 7.0)
    categorical(xent.LabelError, "labels", [0, 3], P, gradient=gradient)
    assert (gradient == 7).all()


def test_probability():
    p = np.full((4, 5), 0.5)
    p[2, 3] = 7.25
    error = binary(xent.ProbabilityError, r"y_pred\[2, 3\] is 7\.25", np.zeros((4, 5)), p)
    assert error.index == 13
    categorical(xent.ProbabilityError, r"7\.25", np.array([0, 0, 3, 0]), p)
    categorical(xent.ProbabilityError, "-2", np.ones((1, 2)), np.array([[-2.0, 0.5]]))
    binary(xent.ProbabilityError, r"0\.5", [1.0], [0.5], input="log_probabilities")
    assert xent.binary_cross_entropy([1.0], [1.0005]).loss == 0
    # With labels, no other entry is read.
    assert np.isfinite(xent.categorical_cross_entropy(np.array([0, 0, 0, 0]), p).loss)


def test_target():
    error = binary(xent.TargetError, r"1\.5", [0, 1.5], [0.5, 0.5])
    assert error.index == 1
    binary(xent.TargetError, "2", np.array([2, 0]), np.array([0.5, 0.5]))
    binary(xent.TargetError, "nan", [0, np.nan], [0.5, 0.5])
    binary(xent.TargetError, "1e\\+?300", np.array([1e300]), np.array([0.5], np.float32))
    error = categorical(xent.TargetError, r"-0\.25", [[1.0, 0.0], [0.0, -0.25]], np.full((2, 2), 0.5))
    assert error.index == 3
    categorical(xent.TargetError, "inf", [[np.inf, 0.0]], [[0.5, 0.5]])


def test_shape():
    binary(xent.ShapeError, "y_true", np.zeros(3), np.zeros(4))
    binary(xent.ShapeError, "y_true", 1.0, np.zeros(4))
    categorical(xent.ShapeError, None, np.zeros((2, 3)), np.zeros((2, 4)))
    categorical(xent.ShapeError, None, np.zeros(3, np.int64), P)
    categorical(xent.ShapeError, "class", np.zeros(2, np.int64), np.zeros((2, 0)))
    categorical(xent.ShapeError, None, [0], 0.5)
    categorical(xent.ShapeError, "y_pred is not an array", [0, 1], [[0.5, 0.5], [0.5]])
    binary(xent.ShapeError, "gradient", [1.0, 0.0], [0.5, 0.5], gradient=np.zeros(3))
    categorical(xent.ShapeError, "gradient", [0, 1], P, gradient=np.zeros((3, 2)))
    categorical(xent.ShapeError, "hessian", [0, 1], P, hessian=np.zeros((2, 4)))
    categorical(xent.ShapeError, "class_weights", [0, 1], P, class_weights=[1, 2])
    categorical(xent.ShapeError, "sample_weights", [0, 1], P, sample_weights=[1, 2, 3])
    categorical(xent.ShapeError, "upstream", [0, 1], P, upstream=[1, 2, 3], reduction="none", gradient=True)
    categorical(xent.ShapeError, "upstream", [0, 1], P, upstream=[1, 2], gradient=True)
    categorical(xent.ShapeError, "labels", [0, 1, 1], P, axis=1)
    categorical(xent.ShapeError, "labels", [0, 1], P, axis=0)
    binary(xent.ShapeError, "sample_weights", np.zeros((2, 3)), P, sample_weights=[1, 2])
    binary(xent.ShapeError, "pos_weight", np.zeros((2, 3)), P, pos_weight=[1, 2])


def test_element_type():
    binary(xent.ElementTypeError, "y_pred has element type int64", [1, 0], np.array([1, 0]))
    categorical(xent.ElementTypeError, "y_pred has element type bool", [0, 1], np.eye(2, dtype=bool))
    categorical(xent.ElementTypeError, "y_true has element type uint64", LABELS.astype(np.uint64), P)
    categorical(xent.ElementTypeError, "y_true has element type bool", LABELS.astype(bool), P)
    categorical(xent.ElementTypeError, "y_true has element type bool", [True, False], P)
    for name in ("complex128", "U3", "M8[s]", "O"):
        binary(xent.ElementTypeError, "y_pred has element type", [1.0], np.zeros(1, name))
        binary(xent.ElementTypeError, "y_true has element type", np.zeros(1, name), [1.0])
        categorical(xent.ElementTypeError, "y_true has element type", np.zeros(2, name), P)
    binary(xent.ElementTypeError, "y_pred", None, None)
    binary(xent.ElementTypeError, "y_pred", [1.0], ["a"])
    binary(xent.ElementTypeError, "y_pred", [1.0], [1j])
    binary(xent.ElementTypeError, "masked", [1.0], np.ma.masked_invalid([0.5]))
    for name in ("class_weights", "sample_weights", "upstream"):
        categorical(xent.ElementTypeError, f"{name} has element type <U1", [0, 1], P, **{name: ["a"]})
        categorical(xent.ElementTypeError, f"{name} has element type complex128", [0, 1], P, **{name: [1j]})
    binary(xent.ElementTypeError, "gradient has element type int64", [1.0], [0.5], gradient=np.zeros(1, np.int64))
    binary(xent.ElementTypeError, "gradient has element type >f8", [1.0], [0.5], gradient=np.zeros(1, ">f8"))
    binary(xent.ElementTypeError, "hessian has element type int64", [1.0], [0.5], hessian=np.zeros(1, np.int64))


def test_overlap():
    memory = np.full(6, 0.5)
    binary(xent.OverlapError, "gradient", np.zeros(4), memory[:4], gradient=memory[2:])
    y_true = np.zeros(4)
    binary(xent.OverlapError, "gradient", y_true, memory[:4], gradient=y_true)
    p = memory[:4]
    binary(xent.OverlapError, "hessian", y_true, p, hessian=p)
    binary(xent.OverlapError, "gradient", y_true, p, gradient=p[::-1])
    binary(xent.OverlapError, "gradient", y_true, p, gradient=memory[2:], hessian=memory[2:])
    categorical(xent.OverlapError, "class_weights", [0], memory[:3].reshape(1, 3), class_weights=memory[3:],
                gradient=memory[3:].reshape(1, 3))  # fmt: skip


def test_words():
    message = r'^input is "logit", expected "probabilities", "logits" or "log_probabilities"$'
    binary(xent.OptionError, message, [1.0], [0.5], input="logit")
    categorical(xent.OptionError, message, [0, 1], P, input="logit")
    binary(xent.OptionError, r'^reduction is None, expected "mean", "sum" or "none"$', [1.0], [0.5], reduction=None)
    binary(xent.OptionError, r'^divisor is \[\], expected "weights", "count" or "batch"$', [1.0], [0.5], divisor=[])
    message = '^measure is "kl", expected "cross_entropy" or "kl_divergence"$'
    binary(xent.OptionError, message, [1.0], [0.5], measure="kl")


# 2**32 - 1 and 2**32 would be -1 and 0, both good values, in a 32-bit field that drops the upper bits.
@pytest.mark.parametrize("value", [2**63, -(2**64), 1.5, "1", np.zeros(2), 2**32 - 1, 2**32])
@pytest.mark.parametrize("name", ["num_threads", "axis", "ignore_index"])
def test_integers(name, value):
    if name == "ignore_index":
        value = value + 2**63 if isinstance(value, int) and value > 0 else value
    categorical(xent.OptionError, f"^{name} is ", [0, 1], P, **{name: value})


NUMBERS = [
    "normalizer", "probability_floor", "label_smoothing", "logit_scale", "logit_softcap", "z_loss", "focal_gamma",
    "focal_alpha", "poly_epsilon",
]  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["0.5", np.zeros(2), 1j, 10**400, float("nan"), float("inf")])
def test_numbers(name, value):
    for function in (binary, categorical):
        function(xent.OptionError, name, [0, 1], P[0, :2] if function is binary else P, **{name: value})


OUT_OF_RANGE = [
    ("label_smoothing", -0.1), ("label_smoothing", 1.5), ("logit_scale", 0), ("logit_scale", -1), ("logit_softcap", -1),
    ("z_loss", -1e-4), ("focal_gamma", -1),
]  # fmt: skip


def test_ranges():
    binary(xent.OptionError, "num_threads", [1.0], [0.5], num_threads=-1)
    binary(xent.OptionError, "normalizer", [1.0], [0.5], normalizer=-1)
    binary(xent.OptionError, "normalizer", [1.0], [0.5], normalizer=2, reduction="sum")
    binary(xent.OptionError, "divisor", [1.0], [0.5], divisor="count", reduction="none")
    binary(xent.OptionError, "probability_floor", [1.0], [0.5], probability_floor=0.5)
    binary(xent.OptionError, "probability_floor", [1.0], [0.5], probability_floor=0.1, input="logits")
    categorical(xent.OptionError, "axis", [0, 1], P, axis=2)
    categorical(xent.OptionError, "axis", [0, 1], P, axis=-3)
    categorical(xent.OptionError, "axis", [0, 1], P, axis=7, reduction="none")
    for name, value in OUT_OF_RANGE:
        categorical(xent.OptionError, name, [0, 1], P, input="logits", **{name: value})
    binary(xent.OptionError, "focal_alpha", [1.0], [0.5], focal_alpha=1.5)
    for value in (np.nan, np.inf):
        categorical(xent.OptionError, "class_weights", [0, 1], P, class_weights=[1, value, 1])
        categorical(xent.OptionError, "sample_weights", [0, 1], P, sample_weights=[1, value])
        binary(xent.OptionError, "pos_weight", [1.0], [0.5], pos_weight=value)


def test_options_without_meaning():
    binary(xent.OptionError, "axis", [1.0], [0.5], axis=0)
    binary(xent.OptionError, "ignore_index", [1.0], [0.5], ignore_index=-100)
    binary(xent.OptionError, "class_weights", [1.0], [0.5], class_weights=[1.0])
    categorical(xent.OptionError, "pos_weight", [0, 1], P, pos_weight=2.0)
    categorical(xent.OptionError, "focal_alpha", [0, 1], P, focal_alpha=0.25)
    binary(xent.OptionError, "z_loss", [1.0], [0.5], input="logits", z_loss=1e-4)
    categorical(xent.OptionError, "ignore_index", np.eye(3)[:2], P, ignore_index=-100)
    for input in ("probabilities", "log_probabilities"):
        for name, value in (("logit_scale", 2), ("logit_softcap", 30), ("z_loss", 1e-4), ("log_sum_exp", True)):
            categorical(xent.OptionError, name, [0, 1], P, input=input, **{name: value})
    for name in ("focal_gamma", "poly_epsilon", "logit_softcap"):
        categorical(xent.OptionError, name, [0, 1], P, input="logits", hessian=True, **{name: 2})
    categorical(xent.OptionError, "accumulate_gradient", [0, 1], P, accumulate_gradient=True)
    for gradient in (True, np.True_, None):
        categorical(xent.OptionError, "accumulate_gradient", [0, 1], P, accumulate_gradient=True, gradient=gradient)
    categorical(xent.OptionError, "^accumulate_gradient is 'yes'", [0, 1], P, accumulate_gradient="yes")
    categorical(xent.OptionError, "^argmax is 1, expected True or False", [0, 1], P, argmax=1)


def test_defaults_given_explicitly():
    result = xent.categorical_cross_entropy(
        [0, 1], P, axis=1, input="".join(["prob", "abilities"]), reduction="mean", gradient=False, hessian=False,
        log_sum_exp=False, argmax=False, divisor="weights", measure="cross_entropy", accumulate_gradient=False,
        num_threads=1, ignore_index=None, normalizer=None, probability_floor=1e-15, label_smoothing=0,
        logit_scale=np.float32(1), logit_softcap=0.0, z_loss=0.0, focal_gamma=0.0, focal_alpha=-1.0, poly_epsilon=0.0,
        class_weights=None, sample_weights=None, pos_weight=None, upstream=None,
    )  # fmt: skip
    assert result.loss == xent.categorical_cross_entropy([0, 1], P).loss


def test_arrays_to_write_to():
    frozen = np.zeros(1)
    frozen.flags.writeable = False
    binary(xent.OptionError, "^gradient is a read-only array", [1.0], [0.5], gradient=frozen)
    binary(xent.OptionError, "^gradient is a read-only array", [1.0], [0.5], gradient=memoryview(frozen))
    binary(xent.OptionError, "^gradient is of type list", [1.0], [0.5], gradient=[0.0])
    binary(xent.OptionError, "^gradient is of type int", [1.0], [0.5], gradient=1)
    binary(xent.OptionError, "^gradient is of type str", [1.0], [0.5], gradient="yes")
    binary(xent.OptionError, "^hessian is a read-only array", [1.0], [0.5], hessian=np.float64(0))
    unaligned = np.zeros(9, np.uint8)[1:].view(np.float64)
    binary(xent.ShapeError, "^gradient is not aligned", [1.0], [0.5], gradient=unaligned)


def test_gradient_descent():
    def descent(kind, match, *arguments):
        return refused(kind, match, xent.gradient_descent, *arguments)

    theta = np.zeros(4)
    descent(xent.ShapeError, r"gradient has shape \(3,\), expected theta's, \(4,\)", theta, np.zeros(3), 0.1)
    descent(xent.ShapeError, "theta is not C-contiguous", theta[::2], np.zeros(2), 0.1)
    descent(xent.ElementTypeError, "theta has element type float16", theta.astype(np.float16), theta, 0.1)
    descent(xent.ElementTypeError, "theta has element type int64", theta.astype(np.int64), theta, 0.1)
    descent(xent.ElementTypeError, "gradient has element type", theta, ["a"] * 4, 0.1)
    descent(xent.OptionError, "theta is of type list", [0.0], [0.0], 0.1)
    descent(xent.OptionError, "learning_rate is nan, expected a finite number", theta, np.ones(4), np.nan)
    descent(xent.OptionError, "learning_rate is 'fast', expected a number", theta, np.ones(4), "fast")
    descent(xent.OverlapError, "theta and gradient overlap", theta, theta, 0.1)
    descent(xent.OverlapError, "theta and gradient overlap", theta[:3], theta[1:], 0.1)
    assert (theta == 0).all()
    theta.flags.writeable = False
    descent(xent.OptionError, "theta is a read-only array", theta, np.ones(4), 0.1)
