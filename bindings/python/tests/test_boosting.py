"""xent.boosting: its numbers against the formulas, and boosters trained with it beside those of the libraries' own."""

import copy
import inspect
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest

import xent
from xent import boosting

DIGITS = Path(__file__).resolve().parents[3] / "Tests" / "Data" / "digits.csv"
RANDOM = np.random.default_rng(11)
SCORES = RANDOM.normal(0, 2, (20, 4))
LABELS = RANDOM.integers(0, 4, 20)
TARGETS = RANDOM.integers(0, 2, 20)
WEIGHTS = RANDOM.uniform(0.5, 2, 20)


class DMatrix:
    """What XGBoost passes, as far as it is used: labels are float32, and no weights are an empty array."""

    def __init__(self, labels, weights=()):
        self._labels, self._weights = np.asarray(labels, np.float32), np.asarray(weights, np.float32)

    def get_label(self):
        return self._labels

    def get_weight(self):
        return self._weights


class Dataset(DMatrix):
    """What LightGBM passes: no weights are None."""

    def get_weight(self):
        return self._weights if self._weights.size else None

    def get_init_score(self):
        return None


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def close(got, expected, rtol=1e-11):
    assert len(got) == len(expected)
    for one, other in zip(got, expected):
        np.testing.assert_allclose(one, other, rtol=rtol, atol=1e-13)


def test_multiclass():
    p, t = softmax(SCORES), np.eye(4)[LABELS]
    close(boosting.multiclass(4)(LABELS, SCORES), (p - t, p * (1 - p)))
    s = WEIGHTS[:, None]
    close(boosting.multiclass(4)(LABELS, SCORES, WEIGHTS), (s * (p - t), s * p * (1 - p)))
    close(boosting.multiclass(4, hessian_scale=2)(LABELS, SCORES), (p - t, 2 * p * (1 - p)))
    w = np.array([0.5, 1, 2, 3])
    each = w[LABELS][:, None]
    close(boosting.multiclass(4, class_weights=w)(LABELS, SCORES), (each * (p - t), each * p * (1 - p)))
    close(boosting.multiclass(4, label_smoothing=0.2)(LABELS, SCORES), (p - (0.8 * t + 0.05), p * (1 - p)))


def test_binary():
    z = SCORES[:, 0]
    p = sigmoid(z)
    close(boosting.binary()(TARGETS, z), (p - TARGETS, p * (1 - p)))
    close(boosting.binary()(TARGETS, z, WEIGHTS), (WEIGHTS * (p - TARGETS), WEIGHTS * p * (1 - p)))
    v = np.where(TARGETS == 1, 2.5, 1)
    close(boosting.binary(pos_weight=2.5, hessian_scale=3)(TARGETS, z), (v * (p - TARGETS), 3 * v * p * (1 - p)))
    close(boosting.binary(label_smoothing=0.2)(TARGETS, z), (p - (0.8 * TARGETS + 0.1), p * (1 - p)))
    soft = RANDOM.uniform(0, 1, 20)
    close(boosting.binary()(soft, z), (p - soft, p * (1 - p)))
    gradient, hessian = boosting.binary()(TARGETS, z[:, None])
    assert gradient.shape == hessian.shape == (20, 1)
    close((gradient[:, 0], hessian[:, 0]), boosting.binary()(TARGETS, z))


def test_focal():
    step = 1e-6
    p = softmax(SCORES)
    objective = boosting.multiclass(4, focal_gamma=2)
    gradient, hessian = objective(LABELS, SCORES)
    close([hessian], [p * (1 - p)])

    def loss(z):
        q = softmax(z)[np.arange(20), LABELS]
        return (1 - q) ** 2 * -np.log(q)

    for c in range(4):
        change = np.zeros(4)
        change[c] = step
        expected = (loss(SCORES + change) - loss(SCORES - change)) / (2 * step)
        np.testing.assert_allclose(gradient[:, c], expected, rtol=1e-6, atol=1e-8)
    assert objective.log_loss(LABELS, SCORES) == pytest.approx(loss(SCORES).mean(), rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_forms_of_one_call(dtype):
    """The same numbers from arrays and from either library's data, in the layout of the scores, which are only read."""
    objective, scores = boosting.multiclass(4), SCORES.astype(dtype)
    before = scores.copy()
    weights = WEIGHTS.astype(np.float32)
    expected = objective(LABELS, scores, weights)
    assert expected[0].dtype == expected[1].dtype == dtype
    for data in (DMatrix(LABELS, weights), Dataset(LABELS, weights)):
        close(objective(scores, data), expected, rtol=0)
        fortran = objective(np.asfortranarray(scores), data)
        close(fortran, expected, rtol=1e-6)
        assert fortran[0].flags.f_contiguous
        flat = objective(scores.ravel("F"), data)
        assert flat[0].flags.owndata or flat[0].base is not None
        close(flat, [array.ravel("F") for array in fortran], rtol=0)
    for data in (DMatrix(LABELS), Dataset(LABELS)):
        close(objective(scores, data), objective(LABELS, scores), rtol=0)
    np.testing.assert_array_equal(scores, before)


def test_log_loss():
    objective = boosting.multiclass(4)
    each = -np.log(softmax(SCORES)[np.arange(20), LABELS])
    assert objective.log_loss(LABELS, SCORES) == pytest.approx(each.mean(), rel=1e-13)
    expected = np.average(each, weights=WEIGHTS)
    assert objective.log_loss(LABELS, SCORES, WEIGHTS) == pytest.approx(expected, rel=1e-13)
    name, value = objective.log_loss(SCORES, DMatrix(LABELS, WEIGHTS))
    assert (name, value) == ("log_loss", pytest.approx(expected, rel=1e-6))
    name, value, higher_is_better = objective.log_loss(SCORES.ravel("F"), Dataset(LABELS))
    assert (name, value, higher_is_better) == ("log_loss", pytest.approx(each.mean(), rel=1e-12), False)
    assert objective.lightgbm_log_loss(LABELS, SCORES) == ("log_loss", objective.log_loss(LABELS, SCORES), False)
    p = sigmoid(SCORES[:, 0])
    expected = -np.where(TARGETS == 1, np.log(p), np.log(1 - p)).mean()
    assert boosting.binary().log_loss(TARGETS, SCORES[:, 0]) == pytest.approx(expected, rel=1e-13)


def test_copies():
    objective = boosting.multiclass(4, class_weights=[1, 2, 3, 4], focal_gamma=1)
    for twin in (copy.deepcopy(objective), pickle.loads(pickle.dumps(objective))):
        close(twin(LABELS, SCORES), objective(LABELS, SCORES), rtol=0)


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (xent.OptionError, "^num_class is 1,", lambda: boosting.multiclass(1)),
        (xent.OptionError, "^num_class is 2.0,", lambda: boosting.multiclass(2.0)),
        (xent.OptionError, "^hessian_scale is 0,", lambda: boosting.binary(hessian_scale=0)),
        (xent.OptionError, "label_smoothing", lambda: boosting.binary(label_smoothing=2)(TARGETS, SCORES[:, 0])),
        (xent.ShapeError, r"^scores have shape \(20, 4\), expected", lambda: boosting.multiclass(3)(LABELS, SCORES)),
        (xent.ShapeError, "^there are 80 scores for 20 samples", lambda: boosting.binary()(TARGETS, SCORES)),
        (xent.ShapeError, "^there are 3 sample", lambda: boosting.binary()(TARGETS, SCORES[:, 0], [1, 2, 3])),
        (xent.ElementTypeError, "fraction", lambda: boosting.multiclass(4)(LABELS + 0.5, SCORES)),
        (xent.LabelError, "outside", lambda: boosting.multiclass(4)(LABELS + 1, SCORES)),
        (xent.TargetError, "y_true", lambda: boosting.binary()(TARGETS * 2, SCORES[:, 0])),
    ],
)
def test_refused(error, message, call):
    with pytest.raises(error, match=message):
        call()


def test_documentation():
    assert set(boosting.__all__) == {"Objective", "binary", "multiclass"}
    for function in (boosting.binary, boosting.multiclass):
        for name in inspect.signature(function).parameters:
            assert f"    {name} : " in function.__doc__
        assert "    Raises\n    ------\n    OptionError\n" in function.__doc__


# Training. With the libraries' own factors in the Hessian, the boosters are the same but for rounding; with the exact
# Hessian they are different ones that classify about as well.


@pytest.fixture(scope="module")
def digits():
    """Features and labels of 1200 digits to train with, and of 597 others."""
    if not DIGITS.exists():
        pytest.skip("the digits are not beside the tests")
    table = np.loadtxt(DIGITS, delimiter=",", skiprows=1)
    pixels, labels = table[:, :-1], table[:, -1]
    return (pixels[:1200], labels[:1200]), (pixels[1200:], labels[1200:])


@pytest.fixture
def xgboost():
    return pytest.importorskip("xgboost", reason="XGBoost is not installed")


@pytest.fixture
def lightgbm():
    return pytest.importorskip("lightgbm", reason="LightGBM is not installed")


def accuracy(scores, labels):
    return np.mean(np.argmax(scores, 1) == labels)


def xgboost_scores(xgboost, digits, parameters, **options):
    (pixels, labels), (test_pixels, test_labels) = digits
    train, test = xgboost.DMatrix(pixels, labels), xgboost.DMatrix(test_pixels, test_labels)
    parameters = {"max_depth": 3, "nthread": 1, "seed": 1, "verbosity": 0, **parameters}
    record = {}
    booster = xgboost.train(
        parameters, train, 12, evals=[(test, "test")], evals_result=record, verbose_eval=False, **options
    )
    return booster.predict(test, output_margin=True), record["test"]


def test_xgboost_multiclass(xgboost, digits):
    labels = digits[1][1]
    common = {"num_class": 10, "base_score": 0.5}
    theirs, record = xgboost_scores(
        xgboost, digits, {**common, "objective": "multi:softprob", "eval_metric": "mlogloss"}
    )
    common["disable_default_eval_metric"] = True
    same = boosting.multiclass(10, hessian_scale=2)
    ours, our_record = xgboost_scores(xgboost, digits, common, obj=same, custom_metric=same.log_loss)
    np.testing.assert_allclose(ours, theirs, atol=0.02)
    np.testing.assert_allclose(our_record["log_loss"], record["mlogloss"], atol=1e-3)
    exact = boosting.multiclass(10)
    scores, _ = xgboost_scores(xgboost, digits, common, obj=exact, custom_metric=exact.log_loss)
    assert accuracy(theirs, labels) > 0.8
    assert accuracy(scores, labels) > accuracy(theirs, labels) - 0.02


def test_xgboost_binary(xgboost, digits):
    (pixels, labels), (test_pixels, test_labels) = digits
    digits = (pixels, labels >= 5), (test_pixels, test_labels >= 5)
    theirs, record = xgboost_scores(
        xgboost, digits, {"objective": "binary:logistic", "eval_metric": "logloss", "base_score": 0.5}
    )
    objective = boosting.binary()
    ours, our_record = xgboost_scores(
        xgboost, digits, {"base_score": 0.0, "disable_default_eval_metric": True}, obj=objective,
        custom_metric=objective.log_loss,
    )  # fmt: skip
    np.testing.assert_allclose(ours, theirs, atol=0.02)
    np.testing.assert_allclose(our_record["log_loss"], record["logloss"], atol=1e-3)


def test_xgboost_scikit_learn(xgboost, digits):
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    (pixels, labels), (test_pixels, test_labels) = digits
    weights = np.where(labels >= 5, 2.0, 1.0)
    options = {"n_estimators": 10, "max_depth": 3, "n_jobs": 1}
    theirs = xgboost.XGBClassifier(objective="binary:logistic", base_score=0.5, **options)
    theirs.fit(pixels, labels >= 5, sample_weight=weights)
    objective = boosting.binary()
    ours = xgboost.XGBRegressor(objective=objective, eval_metric=objective.log_loss, base_score=0.0, **options)
    evaluation = [(test_pixels, test_labels >= 5)]
    ours.fit(pixels, labels >= 5, sample_weight=weights, eval_set=evaluation, verbose=False)
    scores = ours.predict(test_pixels)
    np.testing.assert_allclose(scores, theirs.predict(test_pixels, output_margin=True), atol=0.02)
    expected = objective.log_loss(test_labels >= 5, scores)
    assert ours.evals_result()["validation_0"]["log_loss"][-1] == pytest.approx(expected, rel=1e-5)


def lightgbm_scores(lightgbm, digits, parameters, weight=None, **options):
    (pixels, labels), (test_pixels, test_labels) = digits
    train = lightgbm.Dataset(pixels, labels, weight=weight)
    test = lightgbm.Dataset(test_pixels, test_labels, reference=train)
    parameters = {"num_threads": 1, "num_leaves": 8, "verbosity": -1, "boost_from_average": False, **parameters}
    record = {}
    booster = lightgbm.train(
        parameters, train, 12, valid_sets=[test], callbacks=[lightgbm.record_evaluation(record)], **options
    )
    return booster.predict(test_pixels, raw_score=True), record.get("valid_0")


@pytest.mark.parametrize("weighted", [False, True])
def test_lightgbm_multiclass(lightgbm, digits, weighted):
    labels = digits[1][1]
    weight = np.where(digits[0][1] < 3, 3.0, 1.0) if weighted else None
    common = {"num_class": 10}
    theirs, record = lightgbm_scores(
        lightgbm, digits, {**common, "objective": "multiclass", "metric": "multi_logloss"}, weight
    )
    same = boosting.multiclass(10, hessian_scale=10 / 9)
    ours, our_record = lightgbm_scores(
        lightgbm, digits, {**common, "objective": same, "metric": "None"}, weight, feval=same.log_loss
    )
    np.testing.assert_allclose(ours, theirs, atol=0.02)
    np.testing.assert_allclose(our_record["log_loss"], record["multi_logloss"], atol=1e-3)
    exact = boosting.multiclass(10)
    scores, _ = lightgbm_scores(lightgbm, digits, {**common, "objective": exact, "metric": "None"}, weight)
    assert accuracy(theirs, labels) > 0.8
    assert accuracy(scores, labels) > accuracy(theirs, labels) - 0.02


def test_lightgbm_binary(lightgbm, digits):
    (pixels, labels), (test_pixels, test_labels) = digits
    digits = (pixels, labels >= 5), (test_pixels, test_labels >= 5)
    theirs, record = lightgbm_scores(lightgbm, digits, {"objective": "binary", "metric": "binary_logloss"})
    objective = boosting.binary()
    ours, our_record = lightgbm_scores(
        lightgbm, digits, {"objective": objective, "metric": "None"}, feval=objective.log_loss
    )
    np.testing.assert_allclose(ours, theirs, atol=0.02)
    np.testing.assert_allclose(our_record["log_loss"], record["binary_logloss"], atol=1e-3)


def test_lightgbm_scikit_learn(lightgbm, digits):
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    (pixels, labels), (test_pixels, test_labels) = digits
    labels, test_labels = labels.astype(int), test_labels.astype(int)
    weights = np.where(labels < 3, 3.0, 1.0)
    options = {"n_estimators": 12, "num_leaves": 8, "n_jobs": 1, "verbosity": -1, "boost_from_average": False}
    theirs = lightgbm.LGBMClassifier(objective="multiclass", **options)
    theirs.fit(pixels, labels, sample_weight=weights)
    objective = boosting.multiclass(10, hessian_scale=10 / 9)
    model = lightgbm.LGBMClassifier(objective=objective, metric="None", **options)
    evaluation = {"eval_set": [(test_pixels, test_labels)], "eval_metric": objective.lightgbm_log_loss}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # eval_set, deprecated since version 4.7
        model.fit(pixels, labels, sample_weight=weights, **evaluation)
    scores = model.predict(test_pixels, raw_score=True)
    np.testing.assert_allclose(scores, theirs.predict(test_pixels, raw_score=True), atol=0.02)
    expected = objective.log_loss(test_labels, scores)
    assert model.evals_result_["valid_0"]["log_loss"][-1] == pytest.approx(expected, rel=1e-6)
