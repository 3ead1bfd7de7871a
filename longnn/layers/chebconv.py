"""ChebConv: Chebyshev polynomials of the Laplacian with a matrix for each degree."""

from typing import Any, SupportsIndex, Unpack

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float

from longnn.graphs.checks import check_range
from longnn.layers.linear import Linear, Weights
from longnn.layers.operator import matvec_of
from longnn.models.model import Setting
from polybases import chebyshev, combine, expand
from polybases.recurrence import check_order


class ChebConv(nnx.Module):
    """The layer sum_k T_k(L') X W_k + b with L' = 2 L / lambda_max - I and L = I - S (ChebNet).

    The K products with the operator run at the width of the input or of the output, whichever is
    smaller. The layer is linear: put an activation behind it. With the same weights it equals
    ``torch_geometric.nn.ChebConv`` of K+1 matrices (its ``K`` counts matrices), where
    ``linear.kernel[k]`` is ``lins[k].weight.T``. Source: arXiv 1606.09375, eqs. 4 and 5.

    Args:
        in_features: number F of input features of each node.
        out_features: number C of output features of each node.
        order: highest degree K >= 0, the distance that the layer sees; it has K+1 matrices.
        lambda_max: largest eigenvalue of L, > 0; 2 is an upper bound for every graph.
        weights: the settings of the weights, see :class:`longnn.layers.Linear`.

    Raises:
        ValueError: if a setting lies outside its range.

    Example:
        >>> ring = lambda t: (jnp.roll(t, 1, axis=0) + jnp.roll(t, -1, axis=0)) / 2  # S t
        >>> layer = ChebConv(5, 3, order=2, rngs=nnx.Rngs(0))
        >>> layer(ring, jnp.ones((12, 5))).shape
        (12, 3)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        order: SupportsIndex = 2,
        lambda_max: ArrayLike = 2.0,
        **weights: Unpack[Weights],
    ):
        self.order = check_order(order)
        check_range("lambda_max", lambda_max, 0, float("inf"), "()")
        self.linear = Linear(in_features, out_features, (self.order + 1,), **weights)
        self.lambda_max = Setting(jnp.asarray(lambda_max, self.linear.kernel.dtype))

    def __call__(self, operator: Any, x: Float[ArrayLike, "N F"]) -> Float[Array, "N C"]:
        """Applies the layer.

        Args:
            operator: S = D^-1/2 A D^-1/2 of a graph of N nodes, without self-loops.
            x: [N, F] features.

        Returns:
            [N, C] array of the dtype of x.

        Raises:
            TypeError: if the operator is none.
            ValueError: if shapes do not fit, or x is not real.
        """
        x = self.linear.checked(x)
        matvec = matvec_of(operator, x.dtype)
        factor = 2 / self.lambda_max[...].astype(x.dtype)

        def laplacian(t: Array) -> Array:
            return (factor - 1) * t - factor * matvec(t)

        basis = chebyshev(self.order, "T", "standard", dtype=x.dtype)
        if self.linear.narrows:
            return self.linear.shift(combine(basis, laplacian, self.linear.project(x)))
        kernel = self.linear.kernel[...].astype(x.dtype)
        terms = expand(basis, laplacian, x)
        return self.linear.shift(jnp.einsum("knf,kfc->nc", terms, kernel))
