"""Argument orders that users of scipy and numpy know."""

from typing import SupportsIndex

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Real

from polybases._jacobi import jacobi
from polybases.recurrence import evaluate
from polybases.scales import Scale
from polybases.shapes import Numbers, Scalar, Values


def eval_jacobi(n: SupportsIndex, alpha: Numbers, beta: Numbers, x: Numbers) -> Values:
    """P_n^(alpha, beta)(x) in the standard scale, as ``scipy.special.eval_jacobi``.

    Args:
        n: degree >= 0, a Python int.
        alpha, beta: > -1, broadcasting with x.
        x: [...] real points.

    Raises:
        ValueError: if n < 0, or a concrete alpha or beta is not > -1.

    Example:
        >>> import polybases
        >>> print(polybases.eval_jacobi(2, 0.0, 0.0, 0.5).round(3))  # (3 x^2 - 1) / 2
        -0.125
    """
    x, alpha, beta = _floating(x, alpha, beta)
    return evaluate(jacobi(n, alpha, beta, "standard"), x)[-1]


def vander(
    x: Real[ArrayLike, "*points"],
    deg: SupportsIndex,
    alpha: Scalar = 0.0,
    beta: Scalar = 0.0,
    scale: Scale = "orthonormal",
) -> Float[Array, "*points terms"]:
    """Pseudo-Vandermonde matrix V[..., k] = p_k(x), degree last, as ``numpy.polynomial``'s.

    Args:
        x: [...] real points.
        deg: K >= 0.
        alpha, beta: > -1, scalars.
        scale: "orthonormal", "monic" or "standard".

    Returns:
        [..., K+1].

    Raises:
        ValueError: if deg < 0, the scale is unknown, or a concrete exponent is not > -1.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> print(polybases.vander(jnp.array([0.0, 0.5]), 2, scale="standard"))
        [[ 1.     0.    -0.5  ]
         [ 1.     0.5   -0.125]]
    """
    x, alpha, beta = _floating(x, alpha, beta)
    return jnp.moveaxis(evaluate(jacobi(deg, alpha, beta, scale), x), 0, -1)


def _floating(*values: ArrayLike) -> tuple[Array, ...]:
    """All in one floating dtype: the largest among them, or jax's default float."""
    dtype = jnp.result_type(*values, float)
    return tuple(jnp.asarray(value, dtype) for value in values)
