"""The formulas in plain float64 NumPy, written for reading and not for the last digits."""

import numpy as np


def xlogy(x, y):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(x == 0, 0.0, x * np.log(y))


def softplus(x):
    return np.logaddexp(0.0, x)


def log_sum_exp(z):
    largest = z.max(axis=-1, keepdims=True)
    return (largest + np.log(np.exp(z - largest).sum(axis=-1, keepdims=True)))[..., 0]


def floored(p, floor):
    return np.maximum(np.clip(p, 0.0, 1.0), floor)


def binary(y, x, input="probabilities", floor=1e-15):
    """One loss and one derivative an element."""
    y, x = np.asarray(y, np.float64), np.asarray(x, np.float64)
    if input == "logits":
        return y * softplus(-x) + (1 - y) * softplus(x), 1 / (1 + np.exp(-x)) - y
    if input == "log_probabilities":
        return -(y * x + xlogy(1 - y, -np.expm1(x))), -y + (1 - y) * np.exp(x) / -np.expm1(x)
    p, q = floored(x, floor), floored(1 - x, floor)
    return -(xlogy(y, p) + xlogy(1 - y, q)), -y / p + (1 - y) / q


def categorical(t, x, input="probabilities", floor=1e-15):
    """One loss a row, one derivative an element. Integers in t are labels."""
    x = np.asarray(x, np.float64)
    t = np.asarray(t)
    t = np.eye(x.shape[-1])[t] if t.dtype.kind in "iu" else t.astype(np.float64)
    if input == "logits":
        exponent = log_sum_exp(x)[..., None]
        return (t * (exponent - x)).sum(-1), t.sum(-1, keepdims=True) * np.exp(x - exponent) - t
    if input == "log_probabilities":
        return -(t * x).sum(-1), -t
    p = floored(x, floor)
    return -xlogy(t, p).sum(-1), -t / p


def reduced(losses, gradient, reduction):
    """The loss and its gradient, from those of the rows."""
    if reduction == "none":
        return losses, gradient
    divisor = max(losses.size, 1) if reduction == "mean" else 1
    return losses.sum() / divisor, gradient / divisor
