"""What the trainer needs of a model."""

from typing import Protocol

from flax import nnx
from jax import Array

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
