"""Unconstrained parameters for exponents in (-1, inf)."""

import jax
import jax.numpy as jnp
from jax import Array

from polybases._jacobi import check_exponent
from polybases.shapes import Numbers, Values

FLOOR = 1e-3
"""Distance kept from -1, where the mass of the weight diverges; more in bfloat16."""

SHARPNESS = 10.0
"""How close to -1 the parameter departs from the exponent: within a few 1/SHARPNESS."""


def exponent(raw: Numbers) -> Values:
    """R -> (-1 + FLOOR, inf): softplus(s (raw - low)) / s + low with low = FLOOR - 1.

    Away from -1 this is the identity (to 5e-6 at 0, 7e-4 at -0.5), so a learning rate means
    what it means for the exponent itself; the slope sigmoid(s (raw - low)) is 0.92 at -0.75 and
    0.63 at -0.9. A plain softplus (s = 1) has slope 0.22 at -0.75 and hardly learns there.

    Args:
        raw: [...] any real.

    Returns:
        [...] exponent, > -1.

    Example:
        >>> import polybases
        >>> print(f"{polybases.exponent(0.5):.3f} {polybases.exponent(-3.0):.3f}")
        0.500 -0.999
    """
    raw = jnp.asarray(raw, jnp.result_type(raw, float))
    floor = _floor(raw)
    return jax.nn.softplus(SHARPNESS * (raw + (1 - floor))) / SHARPNESS + (floor - 1)


def raw_exponent(value: Numbers) -> Values:
    """Inverse of :func:`exponent`; values closer to -1 than FLOOR come back as near it as they can.

    Args:
        value: [...] exponent, > -1.

    Returns:
        [...] raw parameter.

    Raises:
        ValueError: if a concrete value is <= -1 or not finite.

    Example:
        >>> import polybases
        >>> print(f"{polybases.exponent(polybases.raw_exponent(-0.9)):.3f}")
        -0.900
    """
    check_exponent("an exponent", value)
    value = jnp.asarray(value, jnp.result_type(value, float))
    floor = _floor(value)
    excess = jnp.maximum(value + (1 - floor), 1e-6)
    return excess + jnp.log(-jnp.expm1(-SHARPNESS * excess)) / SHARPNESS + (floor - 1)


def _floor(like: Array) -> float:
    """Large enough that floor - 1 is not rounded to -1."""
    return max(FLOOR, float(jnp.finfo(like.dtype).eps))
