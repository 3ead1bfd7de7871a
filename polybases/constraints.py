"""Unconstrained parameters for exponents in (-1, inf)."""

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from polybases.jacobi import check_exponent

FLOOR = 1e-3
"""Distance kept from -1, where the mass of the weight diverges."""


def exponent(raw: ArrayLike) -> Array:
    """R -> (-1 + FLOOR, inf): softplus(raw) + FLOOR - 1.

    The slope is sigmoid(raw): below 1, and small near -1, so a learning rate of ``raw`` means
    less there than a learning rate of the exponent itself.

    Args:
        raw: [...] any real.

    Returns:
        [...] exponent, > -1.
    """
    return jax.nn.softplus(jnp.asarray(raw)) + (FLOOR - 1)


def raw_exponent(value: ArrayLike) -> Array:
    """Inverse of :func:`exponent`; values closer to -1 than FLOOR come back as near it as they can.

    Args:
        value: [...] exponent, > -1.

    Returns:
        [...] raw parameter.

    Raises:
        ValueError: if a concrete value is <= -1 or not finite.
    """
    check_exponent("an exponent", value)
    value = jnp.asarray(value, jnp.result_type(value, float))
    excess = jnp.maximum(value + (1 - FLOOR), 1e-6)
    return excess + jnp.log(-jnp.expm1(-excess))
