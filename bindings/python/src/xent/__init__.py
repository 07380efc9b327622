"""Cross-entropy losses and their gradients on the CPU.

>>> import xent
>>> result = xent.categorical_cross_entropy([2, 0], [[0.1, 0.2, 0.7], [0.6, 0.3, 0.1]], gradient=True)
>>> round(result.loss, 6)
0.43375
>>> result.gradient.shape
(2, 3)

Losses are in nats. Every function may be called from any number of threads at once, as long as no two calls
write the same array; the GIL is released while the library computes.
"""

from ._descent import gradient_descent
from ._errors import (
    ElementTypeError,
    LabelError,
    OptionError,
    OutOfMemoryError,
    OverlapError,
    ProbabilityError,
    ShapeError,
    TargetError,
    XentError,
)
from ._library import VERSION as __version__
from ._losses import binary_cross_entropy, categorical_cross_entropy
from ._result import Result

__all__ = [
    "ElementTypeError",
    "LabelError",
    "OptionError",
    "OutOfMemoryError",
    "OverlapError",
    "ProbabilityError",
    "Result",
    "ShapeError",
    "TargetError",
    "XentError",
    "__version__",
    "binary_cross_entropy",
    "categorical_cross_entropy",
    "gradient_descent",
]

# Tracebacks and help() shall name what a caller can import.
for _name in __all__:
    if hasattr(globals()[_name], "__module__"):
        globals()[_name].__module__ = __name__
del _name
