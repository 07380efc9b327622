"""The results as one plain object: what JSON, text and the page show."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Optional

from .. import __version__
from .problem import Problem
from .scorer import Scorer

QUANTILES = (0.5, 0.9, 0.99)


def summary(problem: Problem, scorer: Scorer, options: Mapping[str, Any], complete: bool) -> dict[str, Any]:
    """Everything there is to know, as numbers, strings, lists and dictionaries; None for what there is none of."""
    loss_sum, weight_sum = scorer.loss_sum.value, scorer.weight_sum.value
    divisor = options["divisor"]
    divisors = {"weights": weight_sum, "count": scorer.count, "batch": scorer.rows}
    loss = _mean(scorer.count, loss_sum, options.get("normalizer") or divisors[divisor])
    return {
        "xent": __version__,
        "complete": complete,
        "predictions": problem.predictions.name,
        "labels": problem.labels.name,
        "targets": "binary" if problem.binary else "distribution" if problem.has_distribution else "class_indices",
        "options": dict(options),
        "classes": problem.classes,
        "rows": scorer.rows,
        "count": scorer.count,
        "ignored": scorer.rows - scorer.count,
        "loss_sum": loss_sum,
        "weight_sum": weight_sum,
        "loss": loss,
        "bits": None if loss is None else loss / math.log(2),
        "perplexity": None if loss is None else _exponential(loss),
        "correct": scorer.correct,
        "accuracy": scorer.correct / scorer.count if scorer.count else None,
        "nan_rows": scorer.histogram.nan,
        "infinite_rows": scorer.histogram.infinite,
        "quantiles": {str(q): scorer.histogram.quantile(q) if scorer.count else None for q in QUANTILES},
        "worst": _worst(problem, scorer),
        "per_class": _per_class(scorer, divisor),
        "histogram": [{"from": low, "to": high, "count": count} for low, high, count in scorer.histogram.bins()],
        "calibration": _calibration(scorer),
    }


def without_special_numbers(value: Any) -> Any:
    """The same with strings for the numbers that JSON lacks."""
    if isinstance(value, dict):
        return {key: without_special_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_special_numbers(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _mean(count: int, loss_sum: float, divisor: float) -> Optional[float]:
    """None, where the library has 0, of no rows and of rows that weigh nothing."""
    return loss_sum / divisor if count and divisor else None


def _exponential(loss: float) -> float:
    try:
        return math.exp(loss)
    except OverflowError:
        return math.inf


def _worst(problem: Problem, scorer: Scorer) -> list[dict[str, Any]]:
    return [
        {"row": row, "index": list(problem.index(row)), "label": label, "predicted": predicted, "loss": loss}
        for row, loss, label, predicted in scorer.worst.entries()
    ]


def _per_class(scorer: Scorer, divisor: str) -> list[dict[str, Any]]:
    sums = scorer.classes
    columns = (sums.count.tolist(), sums.correct.tolist(), sums.loss_sum.tolist(), sums.weight_sum.tolist())
    return [
        {
            "class": number,
            "count": count,
            "loss_sum": loss_sum,
            "weight_sum": weight_sum,
            "loss": _mean(count, loss_sum, weight_sum if divisor == "weights" else count),
            "correct": correct,
            "accuracy": correct / count if count else None,
        }
        for number, (count, correct, loss_sum, weight_sum) in enumerate(zip(*columns))
    ]


def _calibration(scorer: Scorer) -> dict[str, Any]:
    bins = [
        {
            "from": low,
            "to": high,
            "count": count,
            "confidence": confidence if count else None,
            "accuracy": outcome if count else None,
        }
        for low, high, count, confidence, outcome in scorer.calibration.bins()
    ]
    error = scorer.calibration.expected_error()
    return {"bins": bins, "expected_calibration_error": None if math.isnan(error) else error}
