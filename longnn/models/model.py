"""What the trainer needs of a model."""

from typing import Any, Literal, Protocol, get_args

import jax
import numpy as np
from flax import nnx
from jax import Array
from jax.typing import ArrayLike

from longnn.models.dropout import Key
from longnn.models.features import Features
from longnn.operators.protocol import Operator


class Model(Protocol):
    """A Flax NNX module that classifies nodes, or predicts a value at each.

    The trainer calls ``Model(in_features, classes, dtype=..., rngs=..., **settings)``. Settings
    given as floats are traced (a sweep over them compiles once), so they must not decide shapes.
    A parameter names its optimizer group by ``nnx.Param(value, group="coefficients")``;
    without one it belongs to "mlp". Three methods are optional:

    - ``scalars() -> dict[str, Array]``: values worth a curve, recorded at each epoch;
    - ``response(x) -> [..., C]``: the filter at x = 1 - lambda, for figures;
    - ``theta() -> [K+1, C]``: filter coefficients, needed by ``decay=theta``.
    """

    def __call__(self, operator: Operator, features: Features, key: Key | None = None) -> Array:
        """[N, C] logits (the trainer takes their log-softmax), or [N, 1] values for regression;
        dropout is on exactly where a key is given."""


class Setting(nnx.Variable):
    """A hyperparameter that is traced but not trained, such as a dropout rate."""


def check_count(name: str, value: int) -> int:
    """Returns a whole number, or raises ValueError unless it is at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} must be an integer >= 1, got {value!r}")
    return value


Bounds = Literal["()", "[)", "[]"]
"""Brackets of an interval."""


def check_range(name: str, value: ArrayLike, low: float, high: float, bounds: Bounds) -> None:
    """Raises ValueError unless a concrete value lies between the bounds, of which a square bracket
    is allowed itself.

    Traced values pass.
    """
    if isinstance(value, jax.core.Tracer):
        return
    array = np.asarray(value)
    above = array >= low if bounds[0] == "[" else array > low
    below = array <= high if bounds[1] == "]" else array < high
    if not np.all(above & below):
        interval = f"{bounds[0]}{low:g}, {high:g}{bounds[1]}"
        raise ValueError(f"{name} must lie in {interval}, got {value}")


def check_word(name: str, value: str, words: Any) -> None:
    """Raises ValueError unless the value is one of those of a Literal."""
    if value not in get_args(words):
        raise ValueError(f"unknown {name} {value!r}; choose one of {', '.join(get_args(words))}")
