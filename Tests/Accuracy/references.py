"""Losses and gradients in a wider type, by formulas that add only numbers of one sign wherever that can be had."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cases import PROBABILITY_FLOOR, Problem
from ulp import working_type

Array = np.ndarray


@dataclass(frozen=True)
class Exact:
    """Row losses, gradient, and the size at whose unit the gradient is held: its own, or where it is the difference
    of two inexact numbers the larger one's. The rows' losses have one too where it is not their own."""

    loss: Array
    gradient: Array
    size: Array
    loss_size: Array | None = None


def reference(problem: Problem) -> Exact:
    wide = working_type(problem.y_pred.dtype)
    y_pred = problem.y_pred.astype(wide)
    y_true = problem.y_true if problem.target == "labels" else problem.y_true.astype(wide)
    with np.errstate(all="ignore"):
        function = REFERENCES[problem.target, problem.input]
        if problem.options:
            return of_transformed(function, y_true, y_pred, **dict(problem.options))
        return function(y_true, y_pred)


def of_transformed(
    function: Callable[[Array, Array], Exact], y_true: Array, z: Array, logit_scale: float = 1, logit_softcap: float = 0
) -> Exact:
    """The loss of u = a z, or of u = k tanh(a z / k), and its derivative in z. A cap may cost the effect of its own
    rounding, which grows with u."""
    u = logit_scale * z
    slope = np.full_like(z, logit_scale)
    granted = np.ones((z.shape[0], 1), z.dtype)
    if logit_softcap:
        q = np.exp(-2 * np.abs(u / logit_softcap))
        u, slope = logit_softcap * np.tanh(u / logit_softcap), 4 * logit_scale * q / (1 + q) ** 2
        granted = 1 + np.abs(u).max(axis=1, keepdims=True)
    exact = function(y_true, u)
    size, loss_size = exact.size * slope * granted, exact.loss * granted[:, 0]
    return Exact(exact.loss, exact.gradient * slope, size, loss_size)


def product(factor: Array, value: Array) -> Array:
    """0 where the factor is 0, whatever the value is."""
    return np.where(factor == 0, 0, factor * value)


def difference_size(positive: Array, negative: Array) -> Array:
    """The size of `positive - negative`: the larger term's, which is the difference itself where a term is 0."""
    return np.maximum(np.abs(positive), np.abs(negative))


# --- binary -----------------------------------------------------------------------------------------------


def binary_probabilities(y: Array, prediction: Array) -> Exact:
    p, floor = np.clip(prediction, 0, 1), prediction.dtype.type(PROBABILITY_FLOOR)
    complement = 1 - p
    log_p = np.log(np.maximum(p, floor))
    log_complement = np.where(complement < floor, np.log(floor), np.log1p(-p))
    positive = product(1 - y, 1 / np.maximum(complement, floor))
    negative = product(y, 1 / np.maximum(p, floor))
    loss = -(product(y, log_p) + product(1 - y, log_complement))
    return Exact(loss, positive - negative, difference_size(positive, negative))


def binary_logits(y: Array, z: Array) -> Exact:
    wrong = product(y, np.maximum(-z, 0)) + product(1 - y, np.maximum(z, 0))
    loss = wrong + np.log1p(np.exp(-np.abs(z)))
    # sigmoid(z) - y = (1-y) sigmoid(z) - y sigmoid(-z).
    sigmoid, complement = 1 / (1 + np.exp(-z)), 1 / (1 + np.exp(z))
    gradient = (1 - y) * sigmoid - y * complement
    hard = (y == 0) | (y == 1)
    return Exact(loss, gradient, np.where(hard, gradient, difference_size(sigmoid, y)))


def binary_log_probabilities(y: Array, prediction: Array) -> Exact:
    q = np.minimum(prediction, 0)
    complement = 0 - np.expm1(q)
    log_complement = np.where(q < -0.5, np.log1p(-np.exp(q)), np.log(complement))
    positive = product(1 - y, np.exp(q) / complement)
    loss = -(product(y, q) + product(1 - y, log_complement))
    return Exact(loss, positive - y, difference_size(positive, y))


# --- categorical, pointwise -------------------------------------------------------------------------------


def distribution_probabilities(t: Array, prediction: Array) -> Exact:
    p = np.clip(prediction, prediction.dtype.type(PROBABILITY_FLOOR), 1)
    gradient = -product(t, 1 / p)
    return Exact(-product(t, np.log(p)).sum(axis=1), gradient, gradient)


def distribution_log_probabilities(t: Array, q: Array) -> Exact:
    return Exact(-product(t, q).sum(axis=1), -t, t)


def of_labels(distribution: Callable[[Array, Array], Exact]) -> Callable[[Array, Array], Exact]:
    """The loss of class indices, by the one-hot distribution."""

    def function(labels: Array, prediction: Array) -> Exact:
        one_hot = np.zeros_like(prediction)
        one_hot[np.arange(labels.size), labels] = 1
        return distribution(one_hot, prediction)

    return function


# --- categorical, logits ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Softmax:
    """With j the largest logit's class: e_c = e^(z_c - z_j), and their sum without class j."""

    largest: Array
    exponentials: Array
    others: Array

    def complement(self) -> Array:
        """1 - softmax, relatively exact: the sum of the other classes' exponentials over that of all."""
        # At j the sum is `others`; elsewhere it contains e_j = 1.
        sums = 1 + (self.others - self.exponentials)
        rows = np.arange(sums.shape[0])
        pivot = np.argmax(self.exponentials, axis=1)
        sums[rows, pivot] = self.others[:, 0]
        return sums / (1 + self.others)


def softmax(z: Array) -> Softmax:
    pivot = np.argmax(z, axis=1)[:, None]
    largest = np.take_along_axis(z, pivot, axis=1)
    # What the subtraction rounds off (TwoSum), as a factor of the exponential.
    distance = z - largest
    part = distance - z
    rest = (z - (distance - part)) - (largest + part)
    exponentials = np.exp(distance) * (1 + np.where(np.isfinite(rest), rest, 0))
    np.put_along_axis(exponentials, pivot, 0, axis=1)
    others = exponentials.sum(axis=1, keepdims=True)
    np.put_along_axis(exponentials, pivot, 1, axis=1)
    return Softmax(largest, exponentials, others)


def label_logits(labels: Array, z: Array) -> Exact:
    soft = softmax(z)
    column = labels[:, None]
    distance = soft.largest - np.take_along_axis(z, column, axis=1)
    gradient = soft.exponentials / (1 + soft.others)
    at_label = -np.take_along_axis(soft.complement(), column, axis=1)
    np.put_along_axis(gradient, column, at_label, axis=1)
    return Exact((distance + np.log1p(soft.others))[:, 0], gradient, gradient)


def distribution_logits(t: Array, z: Array) -> Exact:
    soft = softmax(z)
    total = t.sum(axis=1, keepdims=True)
    loss = total * np.log1p(soft.others) + product(t, soft.largest - z).sum(axis=1, keepdims=True)
    p = soft.exponentials / (1 + soft.others)
    # T p - t = (T - t) p - t (1 - p), of which the one-hot target has one term only.
    gradient = (total - t) * p - t * soft.complement()
    one_hot = np.count_nonzero(t, axis=1, keepdims=True) == 1
    return Exact(loss[:, 0], gradient, np.where(one_hot, gradient, difference_size(total * p, t)))


REFERENCES: dict[tuple[str, str], Callable[[Array, Array], Exact]] = {
    ("binary", "probabilities"): binary_probabilities,
    ("binary", "logits"): binary_logits,
    ("binary", "log-probabilities"): binary_log_probabilities,
    ("labels", "probabilities"): of_labels(distribution_probabilities),
    ("labels", "logits"): label_logits,
    ("labels", "log-probabilities"): of_labels(distribution_log_probabilities),
    ("distribution", "probabilities"): distribution_probabilities,
    ("distribution", "logits"): distribution_logits,
    ("distribution", "log-probabilities"): distribution_log_probabilities,
}
