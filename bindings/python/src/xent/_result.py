"""What the loss functions return."""

from __future__ import annotations

import math
from typing import Any, Optional, Union

import numpy as np
from numpy.typing import NDArray


class Result:
    """A loss, and what else was asked for.

    Attributes
    ----------
    loss : float or ndarray
        In nats. A float for ``reduction="mean"`` and ``"sum"``; for ``"none"`` one loss a row (binary: an element),
        float64 if `y_pred` is and float32 otherwise.
    gradient : ndarray or None
        Derivative of the loss in `y_pred` (``"none"``: of each row's own loss times `upstream`), of its shape and type.
        The very object that the caller passed, if one was.
    hessian : ndarray or None
        Second derivative of the loss in each element of `y_pred`; else as `gradient`.
    log_sum_exp : ndarray or None
        Log-sum-exp of the logits of each row, after scale and soft cap; of the type that losses have.
    argmax : ndarray or None
        Index of the largest class of each row, int64.
    loss_sum : float
        Sum of all losses, whatever the reduction.
    weight_sum : float
        What ``divisor="weights"`` divides the mean by, whatever `divisor` is.
    count : int
        Number of rows (binary: elements) that are not ignored.
    correct : int
        Number of rows whose argmax is their label; -1 unless argmax was asked for and targets are labels.
    """

    __slots__ = (
        "argmax",
        "correct",
        "count",
        "gradient",
        "hessian",
        "log_sum_exp",
        "loss",
        "loss_sum",
        "weight_sum",
    )

    def __init__(
        self,
        loss: Union[float, NDArray[Any]],
        gradient: Optional[NDArray[Any]],
        hessian: Optional[NDArray[Any]],
        log_sum_exp: Optional[NDArray[Any]],
        argmax: Optional[NDArray[np.int64]],
        loss_sum: float,
        weight_sum: float,
        count: int,
        correct: int,
    ) -> None:
        self.loss = loss
        self.gradient = gradient
        self.hessian = hessian
        self.log_sum_exp = log_sum_exp
        self.argmax = argmax
        self.loss_sum = loss_sum
        self.weight_sum = weight_sum
        self.count = count
        self.correct = correct

    @property
    def perplexity(self) -> Union[float, NDArray[Any]]:
        """e to the power of the loss."""
        if isinstance(self.loss, np.ndarray):
            with np.errstate(over="ignore"):
                power: NDArray[Any] = np.exp(self.loss)
            return power
        try:
            return math.exp(self.loss)
        except OverflowError:
            return math.inf

    @property
    def bits(self) -> Union[float, NDArray[Any]]:
        """The loss in bits: loss / ln 2."""
        return self.loss / math.log(2)

    @property
    def accuracy(self) -> Optional[float]:
        """correct / count; None if `correct` was not counted, or if every row is ignored."""
        if self.correct < 0 or self.count == 0:
            return None
        return self.correct / self.count

    def __repr__(self) -> str:
        given = [f"loss={self.loss!r}"]
        for name in ("gradient", "hessian", "log_sum_exp", "argmax"):
            array = getattr(self, name)
            if isinstance(array, np.ndarray):
                given.append(f"{name}=<{array.dtype} array of shape {array.shape}>")
            elif array is not None:
                given.append(f"{name}=<{type(array).__name__}>")
        given.append(f"count={self.count}")
        if self.correct >= 0:
            given.append(f"correct={self.correct}")
        return f"Result({', '.join(given)})"
