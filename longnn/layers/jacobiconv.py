"""JacobiConv: a filter of each output channel in a fixed basis of Jacobi polynomials."""

from typing import Any, Unpack

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float

from longnn.graphs.checks import check_count
from longnn.layers.linear import Linear, Weights
from longnn.layers.operator import check_operator
from longnn.models.coefficients import Decomposed
from longnn.models.jacobiconv import FixedJacobi
from longnn.models.series import InBasis


class JacobiConv(nnx.Module):
    """The layer sum_k theta_kc P_k(S) (X W + b)_c with Jacobi polynomials P_k (JacobiConv).

    P_k are in the standard scale (DLMF 18.3.1); alpha and beta are fixed. The coefficients are
    decomposed, theta_kc = w_kc prod_{i<k} gamma0 tanh(eta_i) with learned w and eta. The response
    g_c of the filters is ``layer.filter.response(x)`` at x = 1 - lambda. Source: arXiv 2205.11172,
    section 4, with the recurrence of the Jacobi polynomials (DLMF 18.9.2).

    Args:
        in_features: number F of input features of each node.
        out_features: number C of output features of each node.
        order: highest degree K >= 1 of the filter, which has K+1 terms.
        alpha: exponent at x = 1 (low frequencies), > -1.
        beta: exponent at x = -1 (high frequencies), > -1.
        gamma0: scale of the factors of the decomposition, > 0.
        weights: the settings of the weights, see :class:`longnn.layers.Linear`.

    Raises:
        ValueError: if a setting lies outside its range.

    Example:
        >>> ring = lambda t: (jnp.roll(t, 1, axis=0) + jnp.roll(t, -1, axis=0)) / 2  # S t
        >>> layer = JacobiConv(5, 3, order=4, rngs=nnx.Rngs(0))
        >>> print(layer(ring, jnp.ones((12, 5))).shape, layer.filter.response(jnp.ones(7)).shape)
        (12, 3) (7, 3)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        order: int = 10,
        alpha: ArrayLike = 1.0,
        beta: ArrayLike = 1.0,
        gamma0: ArrayLike = 1.0,
        **weights: Unpack[Weights],
    ):
        self.linear = Linear(in_features, out_features, **weights)
        dtype, ones = self.linear.kernel.dtype, jnp.ones(check_count("order", order) + 1)
        self.filter = InBasis(
            FixedJacobi(order, alpha, beta, dtype=dtype),
            Decomposed(ones, out_features, gamma0, dtype=dtype),
        )

    def __call__(self, operator: Any, x: Float[ArrayLike, "N F"]) -> Float[Array, "N C"]:
        """Applies the layer.

        Args:
            operator: S = D^-1/2 A D^-1/2 of a graph of N nodes, or another symmetric operator
                with its spectrum in [-1, 1].
            x: [N, F] features.

        Returns:
            [N, C] array of the dtype of x.

        Raises:
            TypeError: if the operator is none.
            ValueError: if shapes do not fit, or x is not real.
        """
        x = self.linear(x)
        return self.filter(check_operator(operator, x.dtype), x)
