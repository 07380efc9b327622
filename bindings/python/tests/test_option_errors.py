"""What the options refuse: values, lengths, types, meaning; targets; and outputs that overlap."""

import numpy as np
import pytest

import xent

inf, nan = np.inf, np.nan
Z = np.zeros((4, 3))
Y = np.array([0, 1, 2, 0])
T = np.eye(3)[Y]


def refused(kind, match, y, x, **options):
    function = xent.categorical_cross_entropy if options.pop("categorical", True) else xent.binary_cross_entropy
    with pytest.raises(kind, match=match) as caught:
        function(y, x, **{"input": "logits", **options})
    assert type(caught.value) is kind
    return caught.value


def test_the_label_error_names_index_value_and_range():
    y = np.zeros(20, np.int32)
    y[17], y[19] = 12, 99
    error = refused(xent.LabelError, r"^labels\[17\] is 12, outside \[0, 10\)", y, np.zeros((20, 10)))
    assert error.index == 17
    error = refused(xent.LabelError, r"^labels\[17\] is 12, outside", y, np.zeros((20, 10)), ignore_index=99)
    assert error.index == 17
    y[17] = -100
    assert refused(xent.LabelError, r"^labels\[19\] is 99, outside", y, np.zeros((20, 10)), ignore_index=-100).index == 19


def test_a_bad_label_leaves_outputs_alone():
    gradient, hessian = np.full_like(Z, 7), np.full_like(Z, 8)
    refused(xent.LabelError, "labels", np.array([0, 1, 2, 3]), Z, gradient=gradient, hessian=hessian)
    assert (gradient == 7).all() and (hessian == 8).all()


RANGES = {
    "label_smoothing": [-0.1, 1.1, nan, inf],
    "logit_scale": [0.0, -1.0, nan, inf],
    "logit_softcap": [-1.0, nan, inf],
    "z_loss": [-0.1, nan, inf],
    "focal_gamma": [-0.5, nan, inf],
    "focal_alpha": [1.1, nan, inf],
    "poly_epsilon": [nan, inf, -inf],
    "normalizer": [-1.0, nan, inf],
    "probability_floor": [-1e-9, 0.5, 0.7, nan, inf],
}


@pytest.mark.parametrize("name,value", [(name, value) for name, values in RANGES.items() for value in values])
def test_values_out_of_range(name, value):
    options = {name: value, "categorical": name != "focal_alpha"}
    options["input"] = "probabilities" if name == "probability_floor" else "logits"
    error = refused(xent.OptionError, name, T, Z, **options)
    assert str(error).startswith(f"{name} is {value:g}"), error


def test_ends_of_the_ranges():
    for options in ({"label_smoothing": 0}, {"label_smoothing": 1}, {"logit_softcap": 0}, {"z_loss": 0},
                    {"focal_gamma": 0}, {"logit_scale": 1e-300}, {"poly_epsilon": -1e300}):  # fmt: skip
        xent.categorical_cross_entropy(Y, Z, input="logits", **options)
    for alpha in (0, 1, -1, -inf):
        xent.binary_cross_entropy(T, Z, input="logits", focal_alpha=alpha)
    xent.binary_cross_entropy(T, Z, probability_floor=0)
    off = xent.binary_cross_entropy(T, Z, input="logits", focal_alpha=-1)
    assert off.loss == xent.binary_cross_entropy(T, Z, input="logits").loss


# Which arrays an option takes (by shape) and which not, of 4 rows of 3 classes.
LENGTHS = [
    ("class_weights", True, [(3,)], [(2,), (4,), (1, 3), (4, 3)]),
    ("sample_weights", True, [(4,)], [(3,), (5,), (4, 3), (4, 1)]),
    ("sample_weights", False, [(4, 3), (3,), (1, 3), (4, 1), ()], [(4,), (2, 3), (1, 4, 3), (3, 4)]),
    ("pos_weight", False, [(), (1,), (3,)], [(2,), (4,), (4, 3)]),
    ("upstream", True, [(), (1,), (4,)], [(3,), (4, 3), (5,)]),
    ("upstream", False, [(), (1,), (4, 3)], [(3,), (4,), (12,)]),
]


@pytest.mark.parametrize("name,categorical,good,bad", LENGTHS)
def test_lengths(name, categorical, good, bad):
    function = xent.categorical_cross_entropy if categorical else xent.binary_cross_entropy
    for shape in good:
        plain = function(T, Z, input="logits", reduction="none", gradient=True)
        ones = function(T, Z, input="logits", reduction="none", gradient=True, **{name: np.ones(shape)})
        np.testing.assert_allclose(ones.gradient, plain.gradient, rtol=1e-14, atol=1e-15)
    for shape in bad:
        options = {"reduction": "none", "gradient": True, "categorical": categorical, name: np.ones(shape)}
        refused(xent.ShapeError, name, T, Z, **options)


@pytest.mark.parametrize("name,categorical", sorted({(name, categorical) for name, categorical, _, _ in LENGTHS}))
def test_weights_are_finite_floating_numbers(name, categorical):
    shape = {"class_weights": (3,), "pos_weight": (3,), "sample_weights": (4,), "upstream": (4,)}[name]
    shape = (4, 3) if not categorical and name != "pos_weight" else shape
    # An upstream gradient is no weight: it may well have become infinite.
    for value in () if name == "upstream" else (nan, inf, -inf):
        weights = np.ones(shape)
        weights[-1] = value
        options = {"reduction": "none", "gradient": True, "categorical": categorical, name: weights}
        error = refused(xent.OptionError, name, T, Z, **options)
        assert f"{value:g}" in str(error), error
    for kind in ("complex128", "U3", "O"):
        options = {"reduction": "none", "gradient": True, "categorical": categorical, name: np.ones(shape).astype(kind)}
        refused(xent.ElementTypeError, name, T, Z, **options)


MEANINGLESS = [
    ("ignore_index", {"ignore_index": 0}, T, {}),
    ("ignore_index", {"ignore_index": 0}, T, {"categorical": False}),
    ("class_weights", {"class_weights": np.ones(3)}, T, {"categorical": False}),
    ("axis", {"axis": 0}, T, {"categorical": False}),
    ("pos_weight", {"pos_weight": 2.0}, T, {}),
    ("pos_weight", {"pos_weight": 2.0}, Y, {}),
    ("focal_alpha", {"focal_alpha": 0.25}, T, {}),
    ("z_loss", {"z_loss": 0.1}, T, {"categorical": False}),
    ("z_loss", {"z_loss": 0.1}, T, {"input": "log_probabilities"}),
    ("logit_scale", {"logit_scale": 2.0}, T, {"input": "probabilities"}),
    ("logit_softcap", {"logit_softcap": 2.0}, T, {"input": "log_probabilities", "categorical": False}),
    ("log_sum_exp", {"log_sum_exp": True}, T, {"input": "probabilities"}),
    ("log_sum_exp", {"log_sum_exp": True}, T, {"input": "log_probabilities"}),
    ("probability_floor", {"probability_floor": 0.1}, T, {}),
    ("normalizer", {"normalizer": 3.0, "reduction": "sum"}, T, {}),
    ("divisor", {"divisor": "count", "reduction": "none"}, T, {}),
    ("accumulate_gradient", {"accumulate_gradient": True}, T, {}),
    ("hessian", {"hessian": True, "focal_gamma": 1.0}, T, {}),
    ("hessian", {"hessian": True, "poly_epsilon": 1.0}, T, {}),
    ("hessian", {"hessian": True, "logit_softcap": 1.0}, T, {}),
]


@pytest.mark.parametrize("name,options,y,call", MEANINGLESS)
def test_options_without_meaning(name, options, y, call):
    refused(xent.OptionError, name, y, Z, **call, **options)


def test_distributions_are_not_negative_nor_nan():
    for value in (-0.25, nan, inf, -inf):
        t = T.copy()
        t[2, 1] = value
        error = refused(xent.TargetError, rf"y_true\[2, 1\] is {value:g}", t, Z)
        assert error.index == 7
        assert refused(xent.TargetError, "y_true", t, Z, sample_weights=np.ones(4), label_smoothing=0.1).index == 7
    for value in (-0.25, 1.5, nan):
        t = T.copy()
        t[1, 2] = value
        assert refused(xent.TargetError, "y_true", t, Z, categorical=False).index == 5


# ---- Overlap


def test_outputs_do_not_overlap_inputs_or_each_other():
    memory = np.zeros(40)
    x, before = memory[4:16].reshape(4, 3), memory[2:14].reshape(4, 3)
    refused(xent.OverlapError, "gradient", Y, x, gradient=before)
    refused(xent.OverlapError, "hessian", Y, x, hessian=before)
    refused(xent.OverlapError, "hessian", Y, x, hessian=x)
    apart = memory[20:32].reshape(4, 3)
    refused(xent.OverlapError, "gradient|hessian", Y, x, gradient=apart, hessian=apart)
    t = T.copy()
    refused(xent.OverlapError, "gradient", t, Z, gradient=t)
    for name, weights in (("class_weights", memory[20:23]), ("sample_weights", memory[20:24])):
        weights[:] = 1
        refused(xent.OverlapError, "gradient", Y, x, gradient=apart, **{name: weights})
    assert not memory[:20].any()


def test_an_output_does_not_overlap_itself():
    one = np.zeros((4, 1))
    repeated = np.lib.stride_tricks.as_strided(one, (4, 3), (8, 0))
    refused(xent.OverlapError, "gradient", Y, Z, gradient=repeated)
    refused(xent.OverlapError, "hessian", Y, Z, hessian=repeated)
    # An extent of 1 may have any stride.
    column = np.lib.stride_tricks.as_strided(np.zeros((4, 1)), (4, 1), (8, 0))
    xent.categorical_cross_entropy(np.zeros(4, int), np.zeros((4, 1)), input="logits", gradient=column)


def test_the_same_view_in_other_strides_is_no_in_place_gradient():
    square = np.zeros((3, 3))
    refused(xent.OverlapError, "gradient", Y[:3], square, gradient=square.T)
    narrow = np.zeros((4, 3))
    half = narrow.reshape(-1).view(np.float32)[:12].reshape(4, 3)
    refused(xent.OverlapError, "gradient", Y, narrow, gradient=half)
