"""Generalised Laguerre polynomials, orthogonal under x^alpha exp(-x) on [0, inf)."""

from typing import SupportsIndex

import jax.numpy as jnp
from jax.scipy.special import gammaln

from polybases._birth_death import degrees
from polybases.parameters import check_inside, check_representable
from polybases.recurrence import Recurrence, check_order
from polybases.scales import Scale, scaled
from polybases.shapes import Numbers


def laguerre(
    order: SupportsIndex, alpha: Numbers = 0.0, scale: Scale = "orthonormal"
) -> Recurrence:
    """Recurrence of the Laguerre polynomials L_k^(alpha) of degrees 0 .. K.

    The weight x^alpha exp(-x) has the mass Gamma(alpha + 1). Differentiable in alpha. Source:
    DLMF 18.3, table 18.3.1, and 18.9.1 with table 18.9.1; R. Koekoek and R. F. Swarttouw, TU Delft
    report 98-17, eqs. 1.11.2 to 1.11.4.

    Args:
        order: K >= 0.
        alpha: [...] real, > -1.
        scale: "orthonormal", "monic" (both with positive leading coefficients) or "standard"
            (scipy's ``eval_genlaguerre``, with leading coefficients (-1)^k / k!).

    Returns:
        Recurrence with leaves [K, ...] in the dtype of alpha.

    Raises:
        ValueError: if order < 0, the scale is unknown, a concrete alpha is not > -1, or the mass
            or a squared norm is outside the range of the dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> L = polybases.laguerre(2, 0.0, "standard")
        >>> print(polybases.evaluate(L, jnp.array(2.0)))  # 1, 1 - x, 1 - 2 x + x^2 / 2
        [ 1. -1. -1.]
    """
    order = check_order(order)
    check_inside("alpha", alpha, -1)
    alpha = jnp.asarray(alpha, jnp.result_type(alpha, float))
    k, p = degrees(order, alpha), 1 + alpha
    upper = jnp.sqrt((k + 1) * (k + p))
    lower = jnp.concatenate([jnp.zeros_like(upper[:1]), upper[:-1]])[:order]
    orthonormal = Recurrence(jnp.exp(-0.5 * gammaln(p)), 2 * k + p, upper, lower)
    basis = scaled(orthonormal, scale, lambda: -jnp.sqrt((k + p) / (k + 1)))
    return check_representable(basis, f"laguerre with alpha = {alpha}")
