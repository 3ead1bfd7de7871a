"""LonConv: a filter of each output channel in a learned orthonormal basis."""

from typing import Unpack

from jax.typing import ArrayLike

from longnn.layers.filtered import Filtered
from longnn.layers.linear import Linear, Weights
from polybases.modules import Jacobi


class LonConv(Filtered):
    """The layer sum_k theta_kc p_k(S) (X W + b)_c with a learned orthonormal basis (LON-GNN).

    p_k are the Jacobi polynomials that are orthonormal under (1-x)^alpha (1+x)^beta, whose
    exponents are learned with the coefficients theta_kc = w_kc prod_{i<k} gamma0 tanh(eta_i). The
    current exponents are ``layer.filter.basis.alpha`` and ``.beta``, the response g_c of the
    filters is ``layer.filter.response(x)`` at x = 1 - lambda. Source: arXiv 2303.13750.

    Args:
        in_features: number F of input features of each node.
        out_features: number C of output features of each node.
        order: highest degree K >= 1 of the filter, which has K+1 terms.
        alpha: initial exponent at x = 1 (low frequencies), > -1.
        beta: initial exponent at x = -1 (high frequencies), > -1.
        gamma0: scale of the factors of the decomposition, > 0.
        weights: the settings of the weights, see :class:`longnn.layers.Linear`.

    Raises:
        ValueError: if a setting lies outside its range.

    Example:
        >>> import jax.numpy as jnp
        >>> from flax import nnx
        >>> ring = lambda t: (jnp.roll(t, 1, axis=0) + jnp.roll(t, -1, axis=0)) / 2  # S t
        >>> layer = LonConv(5, 3, order=4, alpha=0.5, rngs=nnx.Rngs(0))
        >>> print(layer(ring, jnp.ones((12, 5))).shape, layer.filter.basis.alpha.round(3))
        (12, 3) 0.5
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        order: int = 10,
        alpha: ArrayLike = 0.0,
        beta: ArrayLike = 0.0,
        gamma0: ArrayLike = 1.0,
        **weights: Unpack[Weights],
    ):
        linear = Linear(in_features, out_features, **weights)
        basis = Jacobi(order, alpha, beta, dtype=linear.kernel.dtype)
        super().__init__(linear, basis, order, gamma0)
