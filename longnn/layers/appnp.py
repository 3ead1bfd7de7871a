"""APPNP: personalised PageRank of signals."""

from typing import Any

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Float

from longnn.layers.operator import check_operator
from longnn.models.appnp import PageRank
from polybases.recurrence import check_real


class APPNP(nnx.Module):
    """The layer X <- (1 - alpha) S X + alpha X_0, K times from X_0 (APPNP); nothing is learned.

    It equals ``torch_geometric.nn.APPNP`` on a graph with self-loops
    (``graph.with_self_loops()``), which that layer adds itself. Deviation: edges are not dropped
    out. Source: arXiv 1810.05997, eq. 4.

    Args:
        order: number K >= 1 of steps.
        alpha: probability of a teleport, in (0, 1).
        dtype: data type in which the weights of the steps are computed.

    Raises:
        ValueError: if a setting lies outside its range.

    Example:
        >>> ring = lambda t: (jnp.roll(t, 1, axis=0) + t + jnp.roll(t, -1, axis=0)) / 3  # S t
        >>> APPNP(order=10, alpha=0.1)(ring, jnp.ones((12, 3))).shape
        (12, 3)
    """

    def __init__(self, *, order: int = 10, alpha: ArrayLike = 0.1, dtype: DTypeLike = jnp.float32):
        self.filter = PageRank(order, alpha, dtype=dtype)

    def __call__(
        self, operator: Any, x: Float[ArrayLike, "N *channels"]
    ) -> Float[Array, "N *channels"]:
        """Applies the layer.

        Args:
            operator: S = D^-1/2 A D^-1/2 of a graph of N nodes, as published with self-loops.
            x: [N, ...] signals, for instance the outputs of a perceptron.

        Returns:
            [N, ...] array of the shape and dtype of x.

        Raises:
            TypeError: if the operator is none.
            ValueError: if shapes do not fit, or x is not real.
        """
        x = check_real(x)
        return self.filter(check_operator(operator, x.dtype), x)
