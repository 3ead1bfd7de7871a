"""Learnable coefficients theta of a filter in its basis."""

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Float

from longnn.graphs.checks import check_range
from longnn.models.model import Setting


class Free(nnx.Module):
    """Coefficients theta_kc = w_kc without a constraint, in the optimizer group "coefficients".

    Args:
        initial: [K+1] values that every channel starts with.
        channels: number C of channels, or 1 for coefficients that all channels share.
        dtype: data type of the parameters.
    """

    def __init__(
        self, initial: Float[Array, " K1"], channels: int, *, dtype: DTypeLike = jnp.float32
    ):
        self.w = nnx.Param(columns(initial, channels, dtype), group="coefficients")

    def __call__(self) -> Float[Array, "K1 C"]:
        """Returns theta [K+1, C]."""
        return self.w[...]


class Decomposed(nnx.Module):
    """Coefficients theta_kc = w_kc prod_{i<k} gamma0 tanh(eta_i), whose factors damp high orders.

    This is the polynomial coefficient decomposition (PCD) of JacobiConv (arXiv 2205.11172, eq. 12);
    order 0 has no factor. w belongs to the optimizer group "coefficients". eta, which starts at
    min(1/gamma0, 1), belongs to the group "decomposition".

    Args:
        initial: [K+1] values that every column of w starts with.
        channels: number C of channels, or 1 for a w that all channels share.
        gamma0: scale of the factors, > 0.
        dtype: data type of the parameters.

    Raises:
        ValueError: if gamma0 is not positive.
    """

    def __init__(
        self,
        initial: Float[Array, " K1"],
        channels: int,
        gamma0: ArrayLike = 1.0,
        *,
        dtype: DTypeLike = jnp.float32,
    ):
        check_range("gamma0", gamma0, 0, float("inf"), "()")
        self.gamma0 = Setting(jnp.asarray(gamma0, dtype))
        eta = jnp.full(len(initial) - 1, jnp.minimum(1 / self.gamma0[...], 1), dtype)
        self.eta = nnx.Param(eta, group="decomposition")
        self.w = nnx.Param(columns(initial, channels, dtype), group="coefficients")

    def __call__(self) -> Float[Array, "K1 C"]:
        """Returns theta [K+1, C]."""
        factors = jnp.cumprod(self.gamma0[...] * jnp.tanh(self.eta[...]))
        return self.w[...] * jnp.concatenate([jnp.ones_like(factors[:1]), factors])[:, None]


def columns(initial: Float[Array, " K1"], channels: int, dtype: DTypeLike) -> Float[Array, "K1 C"]:
    """Returns [K+1, C] coefficients whose columns are all the same [K+1] values."""
    column = jnp.asarray(initial, dtype)[:, None]
    return jnp.broadcast_to(column, (len(column), channels))
