"""Gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import _arrays
from ._errors import ElementTypeError, OptionError, OverlapError, ShapeError, raise_status
from ._library import Status, library
from ._options import number

_STEPS = {
    np.dtype("f4"): library.xent_gradient_descent_f32,
    np.dtype("f8"): library.xent_gradient_descent_f64,
}


def gradient_descent(theta: Any, gradient: ArrayLike, learning_rate: float) -> None:
    """Take one step of gradient descent, in place.

    ::

        theta <- theta - learning_rate * gradient

    Every element is computed in float64 and rounded once to the type of `theta`.

    Parameters
    ----------
    theta : ndarray of float32 or float64
        The parameters, of any shape; writable and C-contiguous. Overwritten.
    gradient : array_like
        Of the shape of `theta`, and not overlapping it. Numbers of another type are first converted to that of
        `theta`.
    learning_rate : float
        Any finite value.

    Returns
    -------
    None
        As NumPy's methods that work in place; `theta` itself has changed.

    Raises
    ------
    ShapeError
        The shapes differ, or `theta` is not C-contiguous.
    ElementTypeError
        `theta` is neither float32 nor float64, or `gradient` holds no numbers.
    OptionError
        `theta` cannot be written to, or `learning_rate` is not finite.
    OverlapError
        `theta` and `gradient` share memory.

    Notes
    -----
    Nothing is written if an error is raised. May be called from several threads at once for arrays that do not
    overlap; the GIL is released.

    Examples
    --------
    >>> import numpy as np, xent
    >>> theta = np.array([1.0, 2.0])
    >>> xent.gradient_descent(theta, [0.5, -0.5], 0.1)
    >>> theta
    array([0.95, 2.05])
    """
    rate = number("learning_rate", learning_rate)
    slope = _arrays.read_numbers("gradient", gradient)
    parameters = _arrays.write("theta", theta)
    # From here on no code of the caller's runs, which could change the arrays.
    step = _STEPS.get(parameters.dtype)
    if step is None:
        raise ElementTypeError(f"theta has element type {_arrays.type_name(parameters)}, expected float32 or float64")
    if not parameters.flags.c_contiguous:
        raise ShapeError("theta is not C-contiguous")
    slope = _arrays.converted("gradient", slope, parameters.dtype)
    if slope.shape != parameters.shape:
        raise ShapeError(f"gradient has shape {slope.shape}, expected theta's, {parameters.shape}")
    status = step(_arrays.address(parameters), _arrays.address(slope), parameters.size, rate)
    if status == Status.OPTION:
        raise OptionError(f"learning_rate is {rate}, expected a finite number")
    if status == Status.OVERLAP:
        raise OverlapError("theta and gradient overlap in memory")
    if status:
        raise_status(status)
