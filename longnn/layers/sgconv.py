"""SGConv: a linear layer on smoothed features."""

from typing import Any, Unpack

from flax import nnx
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float

from longnn.layers.linear import Linear, Weights
from longnn.layers.operator import check_operator
from longnn.models.sgc import Power


class SGConv(nnx.Module):
    """The layer S^K X W + b (SGC); nothing of the filter is learned.

    The K products with the operator run at the width of the input or of the output, whichever is
    smaller. With the same weights it equals ``torch_geometric.nn.SGConv``, where ``linear.kernel``
    is ``lin.weight.T``, on a graph with self-loops (``graph.with_self_loops()``), which that layer
    adds itself. Source: arXiv 1902.07153, eq. 8.

    Args:
        in_features: number F of input features of each node.
        out_features: number C of output features of each node.
        order: number K >= 1 of smoothing steps.
        weights: the settings of the weights, see :class:`longnn.layers.Linear`.

    Raises:
        ValueError: if a setting lies outside its range.

    Example:
        >>> import jax.numpy as jnp
        >>> ring = lambda t: (jnp.roll(t, 1, axis=0) + t + jnp.roll(t, -1, axis=0)) / 3  # S t
        >>> layer = SGConv(5, 3, order=2, rngs=nnx.Rngs(0))
        >>> layer(ring, jnp.ones((12, 5))).shape
        (12, 3)
    """

    def __init__(
        self, in_features: int, out_features: int, *, order: int = 1, **weights: Unpack[Weights]
    ):
        self.linear = Linear(in_features, out_features, **weights)
        self.filter = Power(order, dtype=self.linear.kernel.dtype)

    def __call__(self, operator: Any, x: Float[ArrayLike, "N F"]) -> Float[Array, "N C"]:
        """Applies the layer.

        Args:
            operator: S = D^-1/2 A D^-1/2 of a graph of N nodes, as published with self-loops.
            x: [N, F] features.

        Returns:
            [N, C] array of the dtype of x.

        Raises:
            TypeError: if the operator is none.
            ValueError: if shapes do not fit, or x is not real.
        """
        x = self.linear.checked(x)
        operator = check_operator(operator, x.dtype)
        if self.linear.narrows:
            return self.linear.shift(self.filter(operator, self.linear.project(x)))
        return self.linear(self.filter(operator, x))
