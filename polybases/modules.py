"""Flax NNX modules: bases whose parameters are learned. The only file here that knows flax."""

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike

from polybases.constraints import exponent, raw_exponent
from polybases.jacobi import check_exponent, jacobi
from polybases.recurrence import Recurrence


class Jacobi(nnx.Module):
    """Orthonormal Jacobi basis of order K with learnable alpha, beta > -1.

    Calling it gives the :class:`~polybases.Recurrence` at the current parameters.

    Args:
        order: K >= 0.
        alpha: initial exponent at x = 1, scalar or array (see ``polybases.jacobi``).
        beta: initial exponent at x = -1.
        dtype: of the parameters.

    Raises:
        ValueError: if order < 0, or a concrete alpha or beta is not > -1.
    """

    def __init__(
        self,
        order: int,
        alpha: ArrayLike = 0.0,
        beta: ArrayLike = 0.0,
        *,
        dtype: DTypeLike = jnp.float32,
    ) -> None:
        check_exponent("alpha", alpha)
        check_exponent("beta", beta)
        self.order = order
        self.raw_alpha = nnx.Param(raw_exponent(alpha).astype(dtype), group="basis")
        self.raw_beta = nnx.Param(raw_exponent(beta).astype(dtype), group="basis")

    @property
    def alpha(self) -> Array:
        """Current exponent at x = 1."""
        return exponent(self.raw_alpha[...])

    @property
    def beta(self) -> Array:
        """Current exponent at x = -1."""
        return exponent(self.raw_beta[...])

    def __call__(self) -> Recurrence:
        """The basis at the current parameters."""
        return jacobi(self.order, self.alpha, self.beta)
