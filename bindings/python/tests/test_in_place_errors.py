"""Refused data of calls in place: the gradients that already stand in `y_pred` do not change what is reported."""

import numpy as np
import pytest

import xent

try:
    import ml_dtypes
except ImportError:
    ml_dtypes = None

TYPES = [np.float32, np.float64, np.float16] + ([] if ml_dtypes is None else [ml_dtypes.bfloat16])
# What y_true is, the input, and whether a prediction can be refused. Labels of logits have nothing that can be.
CALLS = [
    ("binary", "probabilities", True), ("binary", "logits", False), ("binary", "log_probabilities", True),
    ("labels", "probabilities", True), ("distributions", "probabilities", True), ("distributions", "logits", False),
    ("distributions", "log_probabilities", False),
]  # fmt: skip
OPTIONS = {
    "binary": [{}, {"focal_gamma": 2.0}, {"pos_weight": 3.0}, {"hessian": True}],
    "labels": [{}, {"label_smoothing": 0.1}, {"ignore_index": 1}, {"focal_gamma": 2.0}],
    "distributions": [{}, {"label_smoothing": 0.1}, {"focal_gamma": 2.0}, {"measure": "kl_divergence"}],
}
# Shapes with the class axis; a binary call takes every axis for one of elements. The large ones are cut into chunks.
SHAPES = {
    "small": [((37, 5), 1), ((5, 203), 0), ((4, 6, 9), 1), ((700, 1), 1), ((3, 2, 300), 2)],
    "large": [((9000, 7), 1), ((11, 8000), 0), ((30, 20, 130), 1), ((40, 3000), 1)],
}


def laid_out(values, layout):
    """The same values with other distances between them."""
    if layout == "gaps":
        memory = np.zeros([2 * length for length in values.shape], values.dtype)
        view = memory[tuple(slice(None, None, 2) for _ in values.shape)]
    elif layout == "reversed":
        view = np.zeros(values.shape, values.dtype)[..., ::-1]
    elif layout == "column_major":
        view = np.zeros(values.shape, values.dtype, order="F")
    else:
        return values.copy()
    view[...] = values
    return view


class Case:
    """A call with up to five elements that it refuses, at random places, and what it must say of them."""

    def __init__(self, target, input, refuses_predictions, type, shape, axis, options, random):
        self.function = xent.binary_cross_entropy if target == "binary" else xent.categorical_cross_entropy
        self.options = {"input": input, **options}
        prediction = random.uniform(0.05, 0.95, shape).astype(type)
        if input == "log_probabilities":
            prediction = -prediction
        given = random.uniform(0.05, 0.95, shape).astype(type)
        counts = np.ones(shape, bool)
        if target != "binary":
            self.options["axis"] = axis
        if target == "labels":
            given = random.integers(0, shape[axis], [n for i, n in enumerate(shape) if i != axis])
            if not options.get("label_smoothing"):
                number = np.arange(shape[axis]).reshape([-1 if i == axis else 1 for i in range(len(shape))])
                counts = np.expand_dims(given, axis) == number
            if "ignore_index" in options:
                counts = counts & (np.expand_dims(given, axis) != options["ignore_index"])
        wrong_predictions, wrong_targets = np.zeros(shape, bool), np.zeros(shape, bool)
        for place in random.choice(np.flatnonzero(counts), random.integers(1, 6)):
            wrong_target = target != "labels" and (not refuses_predictions or random.integers(2))
            if wrong_target:
                wrong_targets.flat[place] = True
                given.flat[place] = random.choice([-1, np.nan, np.inf] + [1.5] * (target == "binary"))
            else:
                wrong_predictions.flat[place] = True
                prediction.flat[place] = 7 if input == "log_probabilities" else random.choice([7, -3])
        self.index = int(np.flatnonzero(wrong_predictions | wrong_targets)[0])
        self.error = xent.TargetError if wrong_targets.flat[self.index] else xent.ProbabilityError
        self.y_true, self.y_pred = given, prediction

    def refusal(self, layout, is_in_place, threads):
        y_pred = laid_out(self.y_pred, layout)
        with pytest.raises(xent.XentError) as caught:
            self.function(
                self.y_true, y_pred, gradient=y_pred if is_in_place else True, num_threads=threads, **self.options
            )
        # What the message says of it can be looked up.
        assert str(y_pred[np.unravel_index(self.index, y_pred.shape)]) == str(self.y_pred.flat[self.index])
        return type(caught.value), caught.value.index, str(caught.value)


@pytest.mark.parametrize("size", SHAPES)
@pytest.mark.parametrize("type", TYPES, ids=lambda type: type.__name__)
@pytest.mark.parametrize("target, input, refuses_predictions", CALLS)
def test_in_place(target, input, refuses_predictions, type, size):
    random = np.random.default_rng(0)
    for shape, axis in SHAPES[size]:
        for options in OPTIONS[target]:
            case = Case(target, input, refuses_predictions, type, shape, axis, options, random)
            reduction = {"reduction": str(random.choice(["mean", "sum", "none"]))}
            case.options.update(reduction)
            expected = case.refusal("c_order", False, 1)
            assert expected[:2] == (case.error, case.index), (shape, options)
            layouts = ["c_order", str(random.choice(["gaps", "reversed", "column_major"]))]
            for layout in layouts:
                for threads in (1, 4) if size == "large" else (1,):
                    assert case.refusal(layout, True, threads) == expected, (shape, options, layout, threads)


@pytest.mark.parametrize("accumulates", [False, True])
@pytest.mark.parametrize("type", [np.float32, np.float64])
def test_every_place(type, accumulates):
    for place in range(0, 300, 7):
        p = np.full(300, 0.3, type)
        p[place] = 7
        with pytest.raises(xent.ProbabilityError, match=rf"^y_pred\[{place}\] is 7, ") as caught:
            xent.binary_cross_entropy(
                np.zeros(300, type), p, reduction="sum", gradient=p, accumulate_gradient=accumulates, pos_weight=2.0
            )
        assert caught.value.index == place
        assert p[place] == 7
