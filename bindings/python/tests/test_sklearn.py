"""xent.sklearn against scikit-learn where it is installed, and against the definition where it is not."""

import doctest
import subprocess
import sys
import warnings

import numpy as np
import pytest

import xent
from xent import sklearn as adapter

RANDOM = np.random.default_rng(7)
P = RANDOM.dirichlet(np.ones(4), 30)
LABELS = np.concatenate([np.arange(4), RANDOM.integers(0, 4, 26)])
WEIGHTS = RANDOM.uniform(0, 2, 30)
BINARY = RANDOM.integers(0, 2, 30)
NAMES = np.array(["ant", "bee", "cat", "dog"])


@pytest.fixture
def metrics():
    return pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")


CASES = {
    "integers": (LABELS, P, {}),
    "lists": (LABELS.tolist(), P.tolist(), {}),
    "strings": (NAMES[LABELS], P, {}),
    "objects": (NAMES[LABELS].astype(object), P, {}),
    "gaps": (LABELS * 3 - 7, P, {}),
    "whole floats": (LABELS.astype(float), P, {}),
    "column": (LABELS[:, None], P, {}),
    "labels given": (LABELS[LABELS < 3], P[LABELS < 3], {"labels": range(4)}),
    "names given": (["bee"] * 30, P, {"labels": NAMES}),
    "weights": (LABELS, P, {"sample_weight": WEIGHTS}),
    "integer weights": (LABELS, P, {"sample_weight": np.arange(30)}),
    "sum": (LABELS, P, {"sample_weight": WEIGHTS, "normalize": False}),
    "sum without weights": (LABELS, P, {"normalize": False}),
    "indicators": (np.eye(4, dtype=int)[LABELS], P, {}),
    "several labels": (RANDOM.integers(0, 2, P.shape), P, {"sample_weight": WEIGHTS}),
    "binary": (BINARY, P[:, 0], {}),
    "binary column": (BINARY, P[:, :1], {"sample_weight": WEIGHTS}),
    "binary, two columns": (BINARY, np.stack([1 - P[:, 0], P[:, 0]], 1), {}),
    "binary strings": (NAMES[BINARY], P[:, 0], {}),
    "booleans": (BINARY.astype(bool), P[:, 0], {"normalize": False}),
    "one label of two": (np.ones(30, int), P[:, 0], {"labels": [0, 1]}),
    "two indicators": (np.eye(2, dtype=int)[BINARY], P[:, 0], {}),
    "zeros": ([0, 1, 1], [[1.0, 0.0], [1.0, 0.0], [0.5, 0.5]], {}),
    "integers for probabilities": ([0, 1, 1], [[1, 0], [1, 0], [0, 1]], {}),
    "float32": (LABELS, P.astype(np.float32), {}),
    "float32 zeros": ([0, 1], np.array([[1, 0], [1, 0]], np.float32), {}),
}


@pytest.mark.parametrize("case", CASES)
def test_scikit_learn(metrics, case):
    y_true, y_pred, options = CASES[case]
    rtol = 2e-6 if getattr(y_pred, "dtype", None) == np.float32 else 1e-12
    expected = metrics.log_loss(y_true, y_pred, **options)
    loss = adapter.log_loss(y_true, y_pred, **options)
    assert isinstance(loss, float)
    # scikit-learn clips probabilities of 1 as well.
    assert loss == pytest.approx(expected, rel=rtol, abs=1e-7 if "zeros" in case else 0)
    assert adapter.log_loss(y_true, y_proba=y_pred, **options) == loss


def test_sparse_indicators(metrics):
    sparse = pytest.importorskip("scipy.sparse", reason="SciPy is not installed")
    indicators = np.eye(4, dtype=int)[LABELS]
    assert adapter.log_loss(sparse.csr_matrix(indicators), P) == adapter.log_loss(indicators, P)


def test_definition():
    each = -np.log(P[np.arange(30), LABELS])
    assert adapter.log_loss(LABELS, P) == pytest.approx(each.mean(), rel=1e-14)
    assert adapter.log_loss(NAMES[LABELS], P, normalize=False) == pytest.approx(each.sum(), rel=1e-14)
    expected = np.average(each, weights=WEIGHTS)
    assert adapter.log_loss(LABELS, P, sample_weight=WEIGHTS) == pytest.approx(expected, rel=1e-14)


def test_weights_of_zero():
    assert adapter.log_loss([0, 1], [0.5, 0.5], sample_weight=[0, 0]) == 0


def test_clipping():
    eps = np.finfo(float).eps
    assert adapter.log_loss([0, 1], [[1.0, 0.0], [0.0, 1.0]]) == 0
    assert adapter.log_loss([1, 0], [[1.0, 0.0], [0.0, 1.0]]) == pytest.approx(-np.log(eps), rel=1e-14)
    single = np.eye(2, dtype=np.float32)
    assert adapter.log_loss([1, 0], single) == pytest.approx(-np.log(np.finfo(np.float32).eps), rel=1e-6)


@pytest.mark.parametrize(
    ("error", "message", "y_true", "y_pred", "options"),
    [
        (xent.ShapeError, "one label only", [1, 1], [0.5, 0.5], {}),
        (xent.ShapeError, "expected two at least", [1, 1], [0.5, 0.5], {"labels": [1]}),
        (xent.ShapeError, "y_true has 3 classes, but y_pred is for 4", [0, 1, 2], P[:3], {}),
        (xent.ShapeError, "labels has 3 classes, but y_pred is for 4", [0, 1, 2], P[:3], {"labels": [0, 1, 2]}),
        (xent.ShapeError, "y_true has 3 classes, but y_pred is for 2", [0, 1, 2], [0.1, 0.2, 0.3], {}),
        (xent.ShapeError, "y_true has 2 samples, but y_pred has 3", [0, 1], [0.1, 0.2, 0.3], {}),
        (xent.ShapeError, "sample_weight has 1 samples", [0, 1], [0.1, 0.2], {"sample_weight": [1]}),
        (xent.ShapeError, "is empty", [], [], {}),
        (xent.ShapeError, "indicator matrix", np.eye(2), [0.1, 0.2], {"labels": [0, 1]}),
        (xent.LabelError, r"y_true holds \[2\], which labels do not", [0, 2], [0.1, 0.2], {"labels": [0, 1]}),
        (xent.LabelError, "labels are .* more than once", [0, 1], [0.1, 0.2], {"labels": [0, 1, 1]}),
        (xent.LabelError, "y_true mixes strings", ["a", 1], [0.1, 0.2], {}),
        (xent.LabelError, "y_true mixes strings", [[b"a"], [True]], [0.1, 0.2], {}),
        (xent.LabelError, "y_true mixes strings", ["a", b"b"], [0.1, 0.2], {}),
        (xent.LabelError, "labels mixes strings", ["a", "1"], [0.1, 0.2], {"labels": ["a", 1]}),
        (xent.ProbabilityError, "from -0.5 to 1.0", [0, 1], [-0.5, 1.0], {}),
        (xent.ProbabilityError, "from 0.5 to 1.5", [0, 1], [0.5, 1.5], {}),
        (xent.ProbabilityError, "nan", [0, 1], [0.5, np.nan], {}),
        (xent.ElementTypeError, "fraction", [0.5, 1], [0.5, 0.5], {}),
        (xent.ElementTypeError, "zeros and ones", [[0, 2], [1, 0]], np.full((2, 2), 0.5), {}),
        (xent.ElementTypeError, "y_pred has element type", [0, 1], ["a", "b"], {}),
        (xent.ElementTypeError, "cannot be compared", np.array([0, "a"], object), [0.5, 0.5], {}),
    ],
)
def test_refused(error, message, y_true, y_pred, options):
    with pytest.raises(error, match=message):
        adapter.log_loss(y_true, y_pred, **options)


def test_scikit_learn_refuses_the_same(metrics):
    for y_true, y_pred, options in [
        ([1, 1], [0.5, 0.5], {}),
        ([0, 1, 2], P[:3], {}),
        ([0, 2], [0.1, 0.2], {"labels": [0, 1]}),
        (["a", 1], [[0.5, 0.5], [0.5, 0.5]], {}),
        ([0, 1], [[0.5, 0.5], [0.5, 0.5]], {"labels": [0, 1, 1]}),
        ([0, 1], [[0.5, 0.5], [0.5, 0.5]], {"labels": ["a", 1]}),
        ([0, 1], [0.5, 1.0000001], {}),
        ([0, 1], [0.5, np.nan], {}),
        (np.eye(2, dtype=int), np.eye(2), {"labels": [0, 1]}),
    ]:
        for log_loss in (adapter.log_loss, metrics.log_loss):
            with pytest.raises(ValueError):
                log_loss(y_true, y_pred, **options)


def test_probabilities_are_given_once():
    with pytest.raises(xent.OptionError, match="either y_pred or y_proba"):
        adapter.log_loss([0, 1])
    with pytest.raises(xent.OptionError, match="either y_pred or y_proba"):
        adapter.log_loss([0, 1], [0.5, 0.5], y_proba=[0.5, 0.5])


def test_warnings():
    with pytest.warns(UserWarning, match="do not sum to one") as record:
        loss = adapter.log_loss([0, 1], [[0.5, 0.2], [0.2, 0.5]])
    assert loss == pytest.approx(-np.log(0.5))
    assert record[0].filename == __file__
    with pytest.warns(UserWarning, match="sorted order"):
        adapter.log_loss(["b", "a"], [0.5, 0.25], labels=["b", "a"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        adapter.log_loss(LABELS, P.astype(np.float32))


def test_docstrings():
    assert doctest.testmod(adapter).failed == 0


def test_xent_alone_imports_no_adapter_and_no_library_of_one():
    names = "torch sklearn scipy xgboost lightgbm xent.torch xent.sklearn xent.boosting"
    program = f"import sys, xent; print(sorted(set({names.split()}) & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
