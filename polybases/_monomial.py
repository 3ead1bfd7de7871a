"""Powers of x: no weight, nothing orthogonal, and ill-conditioned beyond a few terms."""

from typing import SupportsIndex

import jax.numpy as jnp
from jax.typing import DTypeLike

from polybases.recurrence import NO_WEIGHT, Recurrence, check_order


def monomial(order: SupportsIndex, *, dtype: DTypeLike | None = None) -> Recurrence:
    """Recurrence of 1, x, ..., x^K.

    Args:
        order: K >= 0.
        dtype: of the coefficients; jax's default float if None.

    Raises:
        ValueError: if order < 0.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> print(polybases.evaluate(polybases.monomial(3), jnp.array(0.5)))
        [1.    0.5   0.25  0.125]
    """
    zero = jnp.zeros(check_order(order), dtype or jnp.result_type(float))
    return Recurrence(jnp.ones((), zero.dtype), zero, zero + 1, zero, NO_WEIGHT)
