"""What the trainer needs of a model."""

from typing import Protocol, runtime_checkable

from flax import nnx
from jax import Array
from jaxtyping import Float

from longnn.models.dropout import Key
from longnn.models.features import Features
from longnn.operators.protocol import Operator


@runtime_checkable
class Model(Protocol):
    """A Flax NNX module that classifies nodes, or predicts a value at each.

    The trainer calls ``Model(in_features, classes, dtype=..., rngs=..., **settings)``. Settings
    given as floats are traced (a sweep over them compiles once), so they must not decide shapes.
    A parameter names its optimizer group by ``nnx.Param(value, group="coefficients")``;
    without one it belongs to "mlp". Four methods are optional:

    - ``scalars() -> dict[str, Array]`` returns values that are worth a curve; they are recorded at
      each epoch.
    - ``response(x) -> [..., C]`` returns the filter at x = 1 - lambda, for figures.
    - ``theta() -> [K+1, C]`` returns the filter's coefficients, which ``decay=theta`` needs.
    - ``hops() -> int | None`` returns how many edges away the output of a node looks, so that few
      nodes can be predicted by the part of the graph around them; None: the whole graph decides.

    So are four attributes of the class: ``needs_edges = True`` asks for an operator that keeps the
    edges, ``self_loops = 1.0`` for a loop of this weight at every node, ``degree_exponent = 1.0``
    for averages over the neighbours, and ``takes_directions = True`` says that the model takes
    operators of directed graphs, with the setting ``directed=True`` (all read by ``longnn.fit``).
    """

    def __call__(
        self, operator: Operator, features: Features, key: Key | None = None
    ) -> Float[Array, "N C"]:
        """Returns logits, whose log-softmax the trainer takes, or values [N, 1] for regression.

        Dropout is on exactly where a key is given.
        """


class Setting(nnx.Variable):
    """A hyperparameter that is traced but not trained, such as a dropout rate."""
