"""Legendre polynomials, orthogonal under the weight 1 on [-1, 1]."""

from typing import SupportsIndex

import jax.numpy as jnp
from jax.typing import DTypeLike

from polybases._jacobi import jacobi
from polybases.recurrence import Recurrence
from polybases.scales import Scale


def legendre(
    order: SupportsIndex, scale: Scale = "orthonormal", *, dtype: DTypeLike | None = None
) -> Recurrence:
    """Recurrence of the Legendre polynomials of degrees 0 .. K: Jacobi at (0, 0), DLMF 18.7.9.

    Args:
        order: K >= 0.
        scale: "orthonormal", "monic" or "standard" (P_k(1) = 1, scipy's).
        dtype: of the coefficients; jax's default float if None.

    Raises:
        ValueError: if order < 0 or the scale is unknown.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> print(polybases.evaluate(polybases.legendre(2, "standard"), jnp.array(0.5)))
        [ 1.     0.5   -0.125]
    """
    zero = jnp.zeros((), dtype or jnp.result_type(float))
    return jacobi(order, zero, zero, scale)
