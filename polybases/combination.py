"""Bases that are fixed combinations of a three-term basis."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Real

from polybases.recurrence import Recurrence, expand
from polybases.signals import Signal


class Combination(NamedTuple):
    """R functions b_r = sum_k matrix_rk p_k of a three-term basis p of order K; a pytree.

    A series sum_r gamma_r b_r is the series of p with theta = matrix^T gamma
    (:meth:`coefficients`), so every algorithm for three-term bases serves it.

    Attributes:
        matrix: [R, K+1].
        recurrence: basis p of order K with scalar parameters.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> basis = polybases.bernstein(3)
        >>> print(basis.matrix.shape)
        (4, 4)
        >>> ones = basis.coefficients(jnp.ones(4))  # the terms sum to 1
        >>> p = polybases.evaluate(basis.recurrence, jnp.array(0.3))
        >>> print(f"{ones @ p:.4f}")
        1.0000
    """

    matrix: Float[Array, "R terms"]
    recurrence: Recurrence

    def expand(self, matvec: Any, x: Signal) -> Signal:
        """[R, ...] terms b_r(S) x, by K products with S, as ``polybases.expand``."""
        terms = expand(self.recurrence, matvec, x)
        return jax.tree.map(partial(_times, self.matrix), terms)

    def coefficients(self, gamma: Real[ArrayLike, "R *shape"]) -> Float[Array, "terms *shape"]:
        """theta [K+1, ...] of the series with coefficients gamma [R, ...].

        Raises:
            ValueError: if gamma has not R rows.
        """
        gamma = jnp.asarray(gamma)
        if gamma.ndim < 1 or gamma.shape[0] != self.matrix.shape[0]:
            raise ValueError(
                f"gamma must have R = {self.matrix.shape[0]} rows, got shape {gamma.shape}"
            )
        gamma = gamma.astype(jnp.result_type(gamma, float))
        return _times(self.matrix.T, gamma)


def _times(matrix: Array, x: Array) -> Array:
    # a GPU would round float32 to ten bits
    return jnp.tensordot(matrix.astype(x.dtype), x, axes=1, precision="highest")
