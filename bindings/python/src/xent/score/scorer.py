"""Blocks go to the library, what comes back goes to the statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

from .. import (
    LabelError,
    OptionError,
    ProbabilityError,
    Result,
    TargetError,
    XentError,
    binary_cross_entropy,
    categorical_cross_entropy,
)
from .arrays import AnyArray
from .failures import Exit, Failure
from .problem import Block, Problem
from .statistics import Calibration, ClassSums, Floats, Histogram, Integers, Mask, Total, Worst


class _Rows(NamedTuple):
    """What the statistics want to know of each row of a block."""

    counted: Mask
    losses: Floats
    classes: Integers
    labels: NDArray[Any]  # as a person calls them: of a binary problem, the target
    predicted: Integers
    correct: Mask
    weights: Floats
    confidence: Floats
    outcome: Floats  # what the confidence is to foretell


class Scorer:
    """Scores a problem's blocks in their order, and keeps the totals."""

    def __init__(self, problem: Problem, options: Mapping[str, Any], worst: int) -> None:
        self._problem = problem
        self._options = dict(options)
        if problem.axis is not None:
            self._options["axis"] = problem.axis
        self._input = options.get("input", "probabilities")
        weights = self._options.get("class_weights")
        self._class_weights: Optional[Floats] = None if weights is None else np.asarray(weights, np.float64)
        self.rows = self.count = self.correct = 0
        self.loss_sum, self.weight_sum = Total(), Total()
        self.classes = ClassSums(problem.classes)
        self.histogram, self.worst, self.calibration = Histogram(), Worst(worst), Calibration()

    def score(self, block: Block) -> tuple[Result, _Rows]:
        """Everything that can fail or take long; changes nothing."""
        options = dict(self._options, reduction="none")
        if block.sample_weights is not None:
            options["sample_weights"] = block.sample_weights
        try:
            if self._problem.binary:
                result = binary_cross_entropy(block.y_true, block.y_pred, **options)
                return result, self._binary_rows(block, result)
            options.update(argmax=True, log_sum_exp=self._input == "logits")
            result = categorical_cross_entropy(block.y_true, block.y_pred, **options)
            return result, self._categorical_rows(block, result)
        except XentError as error:
            raise self._failure(block, error) from error

    def add(self, block: Block, scored: tuple[Result, _Rows]) -> None:
        """Take a block into the totals."""
        result, rows = scored
        self.rows += len(rows.losses)
        self.count += result.count
        self.loss_sum.add(result.loss_sum)
        self.weight_sum.add(result.weight_sum)
        numbers = block.first_row + np.flatnonzero(rows.counted)
        if len(numbers) < len(rows.counted):
            rows = _Rows._make(column[rows.counted] for column in rows)
        self.correct += result.correct if result.correct >= 0 else int(rows.correct.sum())
        self.classes.add(rows.classes, rows.losses, rows.weights, rows.correct)
        self.histogram.add(rows.losses)
        self.worst.add(rows.losses, numbers, rows.labels, rows.predicted)
        self.calibration.add(rows.confidence, rows.outcome)

    def _categorical_rows(self, block: Block, result: Result) -> _Rows:
        problem = self._problem
        assert problem.axis is not None and result.argmax is not None
        predicted = result.argmax.reshape(-1)
        if problem.has_distribution:
            labels = np.argmax(block.y_true, axis=problem.axis).reshape(-1)
            counted = np.ones(len(labels), np.bool_)
        else:
            labels = block.y_true.reshape(-1).astype(np.int64)
            counted = labels != self._options.get("ignore_index", -1)  # a negative label has been refused by now
        weights = np.ones(len(labels)) if block.sample_weights is None else block.sample_weights.reshape(-1)
        if self._class_weights is not None and not problem.has_distribution:
            weights = weights * self._class_weights[np.where(counted, labels, 0)]
        correct = predicted == labels
        return _Rows(
            counted, _doubles(result.loss), labels, labels, predicted, correct, weights.astype(np.float64),
            self._confidence(block.y_pred, result), correct.astype(np.float64),
        )  # fmt: skip

    def _confidence(self, y_pred: AnyArray, result: Result) -> Floats:
        """The probability of the class that is predicted."""
        axis = self._problem.axis
        assert axis is not None and result.argmax is not None
        largest = _doubles(np.take_along_axis(y_pred, np.expand_dims(result.argmax, axis), axis))
        with np.errstate(over="ignore", invalid="ignore"):
            if self._input == "logits":
                return np.exp(self._transformed(largest) - _doubles(result.log_sum_exp))
            return np.exp(largest) if self._input == "log_probabilities" else largest

    def _binary_rows(self, block: Block, result: Result) -> _Rows:
        targets, values = _doubles(block.y_true), _doubles(block.y_pred)
        with np.errstate(over="ignore", invalid="ignore"):
            if self._input == "logits":
                predicted, probability = values >= 0, 1 / (1 + np.exp(-self._transformed(values)))
            elif self._input == "log_probabilities":
                predicted, probability = values >= np.log(0.5), np.exp(values)
            else:
                predicted, probability = values >= 0.5, values
        classes = targets >= 0.5
        correct = (predicted == classes) & ~np.isnan(values)
        weights = np.ones(len(values)) if block.sample_weights is None else _doubles(block.sample_weights)
        return _Rows(
            np.ones(len(values), np.bool_), _doubles(result.loss), classes.astype(np.int64), targets,
            predicted.astype(np.int64), correct, weights, probability, targets,
        )  # fmt: skip

    def _transformed(self, logits: Floats) -> Floats:
        logits = logits * self._options.get("logit_scale", 1.0)
        cap = self._options.get("logit_softcap")
        return cap * np.tanh(logits / cap) if cap else logits

    def _failure(self, block: Block, error: XentError) -> Failure:
        """The library's complaint about a block, in terms of the files."""
        if isinstance(error, OptionError):
            return Failure(Exit.USAGE, str(error))
        index, problem = error.index, self._problem
        if index is None:
            return Failure(Exit.DATA, str(error))
        wrong = block.y_pred if isinstance(error, ProbabilityError) else block.y_true
        place = [int(i) for i in np.unravel_index(index, wrong.shape)]
        value = wrong[tuple(place)]
        if isinstance(error, LabelError):
            where = problem.where(problem.labels, block.first_row + index)
            wrong_label = f"the label {value} is outside [0, {problem.classes})"
            return Failure(Exit.DATA, f"{problem.labels.name}, {where}: {wrong_label}")
        of_class, shape = "", wrong.shape
        if problem.axis is not None:
            of_class = f", class {place.pop(problem.axis)}"
            # The rows of a block are numbered in the order of the remaining axes.
            shape = wrong.shape[: problem.axis] + wrong.shape[problem.axis + 1 :]
        row = int(np.ravel_multi_index(place, shape))
        if isinstance(error, TargetError):
            source, expected = problem.labels, "a target in [0, 1]" if problem.binary else "a finite number >= 0"
        else:
            log = " below log 1 = 0" if self._input == "log_probabilities" else " in [0, 1]"
            logarithm = "log-probability" if self._input == "log_probabilities" else "probability"
            source, expected = problem.predictions, f"a {logarithm}{log}. If these are logits, say --input logits"
        where = problem.where(source, block.first_row + row)
        return Failure(Exit.DATA, f"{source.name}, {where}{of_class}: {value} is not {expected}")


def _doubles(values: Any) -> Floats:
    return np.asarray(values).reshape(-1).astype(np.float64)
