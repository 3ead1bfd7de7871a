"""JacobiConv: a filter of each output channel in a fixed basis of Jacobi polynomials."""

from typing import Unpack

from jax.typing import ArrayLike

from longnn.layers.filtered import Filtered
from longnn.layers.linear import Linear, Weights
from longnn.models.jacobiconv import FixedJacobi


class JacobiConv(Filtered):
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
        >>> import jax.numpy as jnp
        >>> from flax import nnx
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
        linear = Linear(in_features, out_features, **weights)
        basis = FixedJacobi(order, alpha, beta, dtype=linear.kernel.dtype)
        super().__init__(linear, basis, order, gamma0)
