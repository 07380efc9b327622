"""The scoring command: its numbers against plain NumPy, and the same ones in whatever pieces."""

import math
import re

import numpy as np
import pytest
import reference_options
from score_command import command, problem, score, scored, softmax

import xent
from xent.score.arrays import WholeArray
from xent.score.problem import Problem

TOLERANCE = 1e-12  # float64 sums of 10,000 terms


def close(value, expected, tolerance=TOLERANCE):
    assert value == pytest.approx(float(expected), rel=tolerance, abs=1e-300)


def save(folder, **arrays):
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    return [folder / f"{name}.npy" for name in arrays]


def check_totals(results, expected, reference_loss):
    close(results["loss_sum"], expected.loss_sum)
    close(results["weight_sum"], expected.weight_sum)
    close(results["loss"], reference_loss)
    close(results["bits"], float(reference_loss) / math.log(2))
    close(results["perplexity"], math.exp(reference_loss))
    assert results["count"] == expected.count


def test_key_figures(tmp_path, capsys):
    logits, labels = problem()
    expected = reference_options.categorical(labels, logits, input="logits")
    results = scored(capsys, *save(tmp_path, logits=logits, labels=labels), "--input", "logits")
    check_totals(results, expected, expected.loss)
    assert results["complete"] is True
    assert (results["rows"], results["ignored"], results["classes"]) == (10_000, 0, 5)
    assert results["correct"] == expected.correct
    close(results["accuracy"], expected.correct / 10_000)


CATEGORICAL = {
    "probabilities": {},
    "floor": {"probability_floor": 0.01},
    "log_probabilities": {"input": "log_probabilities"},
    "smoothing": {"input": "logits", "label_smoothing": 0.1},
    "transformed": {"input": "logits", "logit_scale": 0.7, "logit_softcap": 3.0},
    "focal": {"input": "logits", "focal_gamma": 2.0},
    "poly": {"input": "logits", "poly_epsilon": 1.5},
    "z_loss": {"input": "logits", "z_loss": 0.01},
    "kl": {"input": "logits", "measure": "kl_divergence", "label_smoothing": 0.1},
    "count": {"input": "logits", "divisor": "count", "class_weights": [1, 2, 3, 0.5, 4]},
    "batch": {"input": "logits", "divisor": "batch", "ignore_index": 3},
    "normalizer": {"input": "logits", "normalizer": 123.5},
    "weights": {"input": "logits", "ignore_index": 3, "class_weights": [1, 2, 3, 0.5, 4]},
}


def words(options):
    for name, value in options.items():
        yield f"--{name.replace('_', '-')}={','.join(map(str, value)) if isinstance(value, list) else value}"


@pytest.mark.parametrize("targets, name", [
    (targets, name) for name, options in CATEGORICAL.items() for targets in ("indices", "distribution")
    if targets == "indices" or "ignore_index" not in options
])  # fmt: skip
@pytest.mark.parametrize("weighted", [False, True])
def test_categorical_options(tmp_path, capsys, name, targets, weighted):
    options = CATEGORICAL[name]
    logits, labels = problem()
    random = np.random.default_rng(1)
    y_pred = {"logits": logits, "probabilities": softmax(logits), "log_probabilities": np.log(softmax(logits))}
    y_pred = y_pred[options.get("input", "probabilities")]
    y_true = labels if targets == "indices" else random.dirichlet(np.ones(5), 10_000)
    weights = random.uniform(0, 2, 10_000) if weighted else None
    expected = reference_options.categorical(y_true, y_pred, **options, sample_weights=weights)
    rows = reference_options.categorical(
        y_true, y_pred, **{k: v for k, v in options.items() if k not in ("divisor", "normalizer")},
        sample_weights=weights, reduction="none",
    ).loss.astype(float)  # fmt: skip
    arguments = save(tmp_path, y_pred=y_pred, y_true=y_true)
    if weighted:
        arguments += ["--sample-weights", *save(tmp_path, weights=weights)]
    results = scored(capsys, *arguments, *words(options))
    check_totals(results, expected, expected.loss)
    check_rows(results, options, y_true, rows, expected.argmax, weights)


def check_rows(results, options, y_true, losses, predicted, weights):
    """Per-class sums, worst rows and accuracy, each computed in one go."""
    labels = y_true if y_true.ndim == 1 else y_true.argmax(-1)
    counted = labels != options.get("ignore_index", -1)
    row_weights = np.ones(len(labels)) if weights is None else weights
    if y_true.ndim == 1 and "class_weights" in options:
        row_weights = row_weights * np.array(options["class_weights"])[labels]
    assert results["correct"] == ((predicted == labels) & counted).sum()
    for entry in results["per_class"]:
        own = counted & (labels == entry["class"])
        assert entry["count"] == own.sum()
        if own.any():
            divisor = row_weights[own].sum() if options.get("divisor", "weights") == "weights" else own.sum()
            close(entry["loss"], losses[own].sum() / divisor)
            close(entry["accuracy"], (predicted == labels)[own].mean())
        else:
            assert entry["loss"] is None and entry["accuracy"] is None
    order = np.argsort(-np.where(counted, losses, -np.inf), kind="stable")[:10]
    assert [entry["row"] for entry in results["worst"]] == order.tolist()
    assert [entry["label"] for entry in results["worst"]] == labels[order].tolist()
    assert [entry["predicted"] for entry in results["worst"]] == predicted[order].tolist()
    for entry, row in zip(results["worst"], order):
        close(entry["loss"], losses[row])


BINARY = {
    "probabilities": {},
    "log_probabilities": {"input": "log_probabilities"},
    "logits": {"input": "logits"},
    "transformed": {"input": "logits", "logit_scale": 2.0, "logit_softcap": 4.0},
    "focal": {"input": "logits", "focal_gamma": 2.0, "focal_alpha": 0.25},
    "pos_weight": {"pos_weight": 3.0},
    "smoothing": {"label_smoothing": 0.2, "poly_epsilon": 0.5},
    "kl": {"measure": "kl_divergence"},
}


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("soft", [False, True])
def test_binary_options(tmp_path, capsys, name, soft):
    options = BINARY[name]
    random = np.random.default_rng(2)
    logits = random.normal(0, 2, (3000, 3))
    y_true = random.uniform(0, 1, logits.shape) if soft else random.integers(0, 2, logits.shape)
    p = 1 / (1 + np.exp(-logits))
    y_pred = {"probabilities": p, "log_probabilities": np.log(p), "logits": logits}
    y_pred = y_pred[options.get("input", "probabilities")]
    expected = reference_options.binary(y_true, y_pred, **options)
    rows = reference_options.binary(y_true, y_pred, **options, reduction="none").loss.astype(float).ravel()
    results = scored(capsys, *save(tmp_path, y_pred=y_pred, y_true=y_true), "--binary", *words(options))
    check_totals(results, expected, expected.loss)
    assert results["targets"] == "binary"
    yes = y_true.ravel() >= 0.5
    assert results["correct"] == ((logits.ravel() >= 0) == yes).sum()
    for entry in results["per_class"]:
        own = yes == entry["class"]
        assert entry["count"] == own.sum()
        close(entry["loss"], rows[own].mean())
    worst = np.argsort(-rows, kind="stable")[:10]
    assert [e["row"] for e in results["worst"]] == worst.tolist()
    assert [e["index"] for e in results["worst"]] == [[row // 3, row % 3] for row in worst.tolist()]
    assert [e["label"] for e in results["worst"]] == y_true.ravel()[worst].tolist()
    if name != "transformed":
        check_calibration(results["calibration"], p.ravel(), y_true.ravel())


def check_calibration(calibration, confidence, outcome):
    place = np.minimum((confidence * 15).astype(int), 14)
    error = 0
    for number, entry in enumerate(calibration["bins"]):
        own = place == number
        assert entry["count"] == own.sum()
        close(entry["to"], (number + 1) / 15)
        if own.any():
            close(entry["confidence"], confidence[own].mean(), 1e-6)
            close(entry["accuracy"], outcome[own].mean())
            error += own.mean() * abs(confidence[own].mean() - outcome[own].mean())
        else:
            assert entry["confidence"] is None and entry["accuracy"] is None
    assert calibration["expected_calibration_error"] == pytest.approx(error, abs=1e-9)


@pytest.mark.parametrize("input", ["probabilities", "log_probabilities", "logits"])
def test_calibration(tmp_path, capsys, input):
    logits, labels = problem()
    p = softmax(0.5 * logits)
    y_pred = {"probabilities": p, "log_probabilities": np.log(p), "logits": logits}[input]
    options = ["--logit-scale", 0.5] if input == "logits" else []
    results = scored(capsys, *save(tmp_path, y_pred=y_pred, y_true=labels), "--input", input, *options)
    check_calibration(results["calibration"], p.max(-1), p.argmax(-1) == labels)


@pytest.mark.parametrize("dtype", ["f2", "f4", ">f8"])
def test_element_types(tmp_path, capsys, dtype):
    logits, labels = problem(dtype=dtype)
    results = scored(capsys, *save(tmp_path, logits=logits, labels=labels.astype(np.uint8)), "--input", "logits")
    close(results["loss"], reference_options.categorical(labels, logits.astype(float), input="logits").loss, 3e-7)


@pytest.mark.parametrize("dtype", ["i1", "u4", "u8", "f4", ">i4", "?"])
def test_label_types(tmp_path, capsys, dtype):
    logits, labels = problem(classes=2)
    results = scored(capsys, *save(tmp_path, logits=logits, labels=labels.astype(dtype)), "--input", "logits")
    close(results["loss"], reference_options.categorical(labels, logits, input="logits").loss)


@pytest.mark.parametrize(
    "shape, axis", [((4, 9000), 0), ((700, 4, 3), 1), ((50, 4, 6, 5), -3), ((4, 70, 9), 0), ((90, 9, 4), -1)]
)
@pytest.mark.parametrize("distribution", [False, True])
@pytest.mark.parametrize("order", ["C", "F"])
def test_axes(tmp_path, capsys, shape, axis, distribution, order):
    random = np.random.default_rng(3)
    logits = np.asarray(random.normal(0, 2, shape), order=order)
    rows = shape[: axis % len(shape)] + shape[axis % len(shape) + 1 :]
    y_true = random.uniform(0, 1, shape) if distribution else random.integers(0, 4, rows)
    weights = random.uniform(0, 1, rows)
    paths = save(tmp_path, logits=logits, y_true=y_true, weights=weights)
    results = scored(capsys, *paths[:2], "--input=logits", f"--axis={axis}", "--sample-weights", paths[2])
    expected = reference_options.categorical(y_true, logits, input="logits", axis=axis, sample_weights=weights)
    losses = reference_options.categorical(
        y_true, logits, input="logits", axis=axis, sample_weights=weights, reduction="none"
    ).loss
    check_totals(results, expected, expected.loss)
    worst = results["worst"][0]
    assert worst["row"] == losses.argmax()
    assert tuple(worst["index"]) == np.unravel_index(losses.argmax(), rows)


def test_a_weight_for_each_position(tmp_path, capsys):
    random = np.random.default_rng(4)
    logits, labels, weights = random.normal(size=(40, 3, 6)), random.integers(0, 3, (40, 6)), random.uniform(size=40)
    paths = save(tmp_path, logits=logits, labels=labels, weights=weights)
    results = scored(capsys, *paths[:2], "--input=logits", "--axis=1", "--sample-weights", paths[2])
    spread = np.broadcast_to(weights[:, None], (40, 6))
    expected = reference_options.categorical(labels, logits, input="logits", axis=1, sample_weights=spread)
    check_totals(results, expected, expected.loss)


@pytest.mark.parametrize("shape", [(3000, 3), (3000, 1), (3000,)])
def test_binary_weights(tmp_path, capsys, shape):
    random = np.random.default_rng(6)
    p, y, weights = random.uniform(size=(3000, 3)), random.uniform(size=(3000, 3)), random.uniform(size=shape)
    paths = save(tmp_path, p=p, y=y, weights=weights)
    results = scored(capsys, *paths[:2], "--binary", "--sample-weights", paths[2])
    expected = reference_options.binary(y, p, sample_weights=weights.reshape(3000, -1))
    check_totals(results, expected, expected.loss)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_pieces_change_nothing(tmp_path, capsys, dtype):
    logits, labels = problem(30_000, 7, dtype=dtype)
    arguments = [*save(tmp_path, logits=logits, labels=labels), "--input=logits", "--ignore-index=2", "--json"]
    arguments += ["--class-weights=0.1,0.2,0.3,0.4,0.5,0.6,0.7"]
    whole = score(capsys, *arguments, "--batch-rows=1000000").out
    for other in (["--batch-rows=1"], ["--batch-rows=5000"], [], ["--num-threads=1"], ["--num-threads=2"]):
        assert score(capsys, *arguments, *other).out == whole


@pytest.mark.parametrize("shape, axis", [((30_000, 3), 1), ((3, 30_000), 0), ((5000, 3, 7), 1), ((9, 300_000), 1)])
def test_blocks_are_the_same_in_whatever_batches(shape, axis):
    """Sums seldom betray where they were cut, so this looks at the cuts."""
    logits, labels = np.zeros(shape), np.zeros(shape[:axis] + shape[axis + 1 :], int)

    def cuts(batch_rows):
        sources = WholeArray("z", logits), WholeArray("y", labels)
        blocks = Problem(*sources, None, axis, binary=False).blocks(batch_rows)
        return [(block.start, block.first_row, block.y_pred.shape, block.y_true.shape) for block in blocks]

    whole = cuts(10**9)
    assert len(whole) > 1
    assert cuts(1) == cuts(5000) == cuts(None) == whole


def test_pieces_change_nothing_across_formats(tmp_path, capsys):
    logits, labels = problem(9000, 3)
    np.savez(tmp_path / "a.npz", logits=logits, labels=labels)
    np.savez_compressed(tmp_path / "b.npz", logits=logits, labels=labels)

    def results(name, *more):
        found = scored(capsys, f"{tmp_path / name}:logits", f"{tmp_path / name}:labels", "--input=logits", *more)
        return {key: value for key, value in found.items() if key not in ("predictions", "labels")}

    assert results("a.npz") == results("b.npz", "--batch-rows=4096") == results("b.npz")


def test_total_is_the_library_s(tmp_path, capsys):
    """A file of one block is one call."""
    logits, labels = problem(4000, 10, dtype="f4")
    results = scored(capsys, *save(tmp_path, logits=logits, labels=labels), "--input=logits")
    result = xent.categorical_cross_entropy(labels, logits, input="logits", argmax=True)
    assert (results["loss_sum"], results["weight_sum"]) == (result.loss_sum, result.weight_sum)
    assert (results["count"], results["correct"]) == (result.count, result.correct)


def test_histogram_and_quantiles(tmp_path, capsys):
    logits, labels = problem()
    losses = reference_options.categorical(labels, logits, input="logits", reduction="none").loss.astype(float)
    results = scored(capsys, *save(tmp_path, logits=logits, labels=labels), "--input=logits")
    bins = results["histogram"]
    assert sum(b["count"] for b in bins) == 10_000
    for entry in bins:
        assert entry["count"] == ((losses >= entry["from"]) & (losses < entry["to"])).sum()
        assert entry["to"] <= entry["from"] * (1 + 1 / 64)
    for quantile, value in results["quantiles"].items():
        exact = np.sort(losses)[math.ceil(float(quantile) * 10_000) - 1]
        assert value == pytest.approx(exact, rel=0.01)


def test_special_losses(tmp_path, capsys):
    p = np.full((6, 2), 0.5)
    p[1] = np.nan
    p[2, 0] = 0
    paths = save(tmp_path, p=p, labels=np.zeros(6, int))
    results = scored(capsys, *paths, "--probability-floor=0")
    assert (results["nan_rows"], results["infinite_rows"]) == (1, 1)
    assert results["loss"] == "NaN"  # JSON has no such number
    assert [(e["row"], e["loss"]) for e in results["worst"][:2]] == [(1, "NaN"), (2, "Infinity")]
    assert sum(b["count"] for b in results["histogram"]) == 4
    assert sum(b["count"] for b in results["calibration"]["bins"]) == 5
    text = score(capsys, *paths, "--probability-floor=0").out
    assert "The loss of 1 row is NaN." in text and "The loss of 1 row is infinite." in text


def test_negative_and_zero_losses(tmp_path, capsys):
    y = np.array([0.0, 0.25, 0.5, 1.0])
    paths = save(tmp_path, p=y, y=y)
    results = scored(capsys, *paths, "--binary", "--poly-epsilon=-4")
    losses = reference_options.binary(y, y, poly_epsilon=-4, reduction="none").loss
    assert results["histogram"][-1] == {"from": 0.0, "to": 0.0, "count": 2}
    assert results["histogram"][0]["from"] < losses.min() <= results["histogram"][0]["to"] < 0


def test_everything_ignored(tmp_path, capsys):
    paths = save(tmp_path, p=np.full((3, 2), 7.0), labels=np.full(3, -100))
    results = scored(capsys, *paths, "--ignore-index=-100")
    assert (results["loss_sum"], results["count"], results["ignored"]) == (0, 0, 3)
    assert results["loss"] is results["bits"] is results["perplexity"] is None
    assert results["accuracy"] is None and results["worst"] == [] and results["quantiles"]["0.5"] is None
    for divisor in ("--divisor=weights", "--divisor=count", "--divisor=batch", "--normalizer=3"):
        text = score(capsys, *paths, "--ignore-index=-100", divisor).out
        assert "Every row is ignored." in text
        assert re.search(r"^  loss +-\n +-\n  perplexity +-\n  accuracy +-  ", text, re.MULTILINE)


def test_rows_without_weight(tmp_path, capsys):
    p = np.array([[0.5, 0.5], [0.25, 0.75], [0.1, 0.9]])
    paths = save(tmp_path, p=p, labels=np.array([0, 0, 1]))
    results = scored(capsys, *paths, "--class-weights=0,2")
    close(results["loss"], -math.log(0.9))
    assert results["per_class"][0]["loss"] is None and results["per_class"][0]["count"] == 2
    assert re.search(r"^ +0 +2 +- +50.00%$", score(capsys, *paths, "--class-weights=0,2").out, re.MULTILINE)
    results = scored(capsys, *paths, "--class-weights=0,0")
    assert results["loss"] is results["bits"] is results["perplexity"] is None
    assert (results["count"], results["loss_sum"], results["weight_sum"]) == (3, 0, 0)
    assert scored(capsys, *paths, "--class-weights=0,0", "--divisor=count")["loss"] == 0


def test_classes_without_a_mean_come_last(tmp_path, capsys):
    logits = np.zeros((30, 30))
    logits[7, 7] = np.nan
    paths = save(tmp_path, z=logits, labels=np.arange(30))
    weights = ",".join(["0"] * 5 + ["1"] * 25)
    shown = score(capsys, *paths, "--input=logits", f"--class-weights={weights}").out
    listed = re.findall(r"^ +(\d+) +1 +(\S+) +\S+%$", shown, re.MULTILINE)
    assert [int(number) for number, _ in listed] == [7, 5, 6, *range(8, 25)]
    assert listed[0][1] == "nan"


def test_ties_of_the_worst(tmp_path, capsys):
    paths = save(tmp_path, z=np.zeros((10_000, 4)), labels=np.zeros(10_000, int))
    results = scored(capsys, *paths, "--input=logits", "--worst=3")
    assert [e["row"] for e in results["worst"]] == [0, 1, 2]
    assert scored(capsys, *paths, "--input=logits", "--worst=0")["worst"] == []


JSON_KEYS = {
    "xent": str, "complete": bool, "predictions": str, "labels": str, "targets": str, "options": dict, "classes": int,
    "rows": int, "count": int, "ignored": int, "loss_sum": float, "weight_sum": float, "loss": float, "bits": float,
    "perplexity": float, "correct": int, "accuracy": float, "nan_rows": int, "infinite_rows": int, "quantiles": dict,
    "worst": list, "per_class": list, "histogram": list, "calibration": dict,
}  # fmt: skip


def test_json(tmp_path, capsys):
    logits, labels = problem(100)
    results = scored(capsys, *save(tmp_path, logits=logits, labels=labels), "--input=logits", "--label-smoothing=0.5")
    assert {key: type(value) for key, value in results.items()} == JSON_KEYS
    assert results["options"] == {"input": "logits", "label_smoothing": 0.5, "divisor": "weights"}
    assert set(results["worst"][0]) == {"row", "index", "label", "predicted", "loss"}
    assert set(results["per_class"][0]) == {"class", "count", "loss_sum", "weight_sum", "loss", "correct", "accuracy"}
    assert set(results["histogram"][0]) == {"from", "to", "count"}
    assert set(results["calibration"]) == {"bins", "expected_calibration_error"}
    assert set(results["calibration"]["bins"][0]) == {"from", "to", "count", "confidence", "accuracy"}


def test_text(tmp_path, capsys):
    paths = save(tmp_path, p=np.array([[0.5, 0.5], [0.25, 0.75], [0.1, 0.9]]), labels=np.array([0, 0, 1]))
    outcome = score(capsys, *paths)
    loss = -(math.log(0.5) + math.log(0.25) + math.log(0.9)) / 3
    assert outcome.code == 0 and outcome.err == ""
    for line in (
        f"loss               {loss:.10g} nats", f"{loss / math.log(2):.10g} bits",
        f"perplexity         {math.exp(loss):.10g}",
        "accuracy           66.67%  (2 of 3)", "  row  label  predicted      loss", "    1      0          1  1.386294",
        "  class  rows  mean loss  accuracy", "      0     2   1.039721    50.00%",
    ):  # fmt: skip
        assert line in outcome.out


def test_many_classes_are_cut_in_text_alone(tmp_path, capsys):
    paths = save(tmp_path, z=np.random.default_rng(5).normal(size=(500, 60)), labels=np.arange(500) % 60)
    assert "The 20 classes of 60 with the largest mean loss" in score(capsys, *paths, "--input=logits").out
    assert len(scored(capsys, *paths, "--input=logits")["per_class"]) == 60


def test_command(tmp_path, capsys):
    logits, labels = problem(100)
    paths = save(tmp_path, logits=logits, labels=labels)
    outcome = command("score", *paths, "--input=logits", "--json", "--progress")
    assert outcome.code == 0
    assert outcome.json == scored(capsys, *paths, "--input=logits")
    assert "100 rows of 100 (100%)" in outcome.err
    assert command("score", *paths, "--input=logits").err == ""  # no terminal, no progress
    assert command("--version").out.startswith("xent ")
    help = command("score", "--help").out
    for option in ("--batch-rows", "exit codes:", "130", '"NaN"'):
        assert option in help
