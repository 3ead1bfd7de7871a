"""Charlier polynomials, orthogonal under the Poisson distribution."""

from typing import SupportsIndex

import jax.numpy as jnp

from polybases._birth_death import degrees, from_rates
from polybases.parameters import check_inside, check_representable
from polybases.recurrence import Recurrence, check_order
from polybases.scales import Scale
from polybases.shapes import Numbers


def charlier(order: SupportsIndex, a: Numbers, scale: Scale = "orthonormal") -> Recurrence:
    """Recurrence of the Charlier polynomials C_k(x; a) of degrees 0 .. K.

    The weight of x = 0, 1, 2, ... is exp(-a) a^x / x! of mass 1, the Poisson distribution with
    mean a (``jax.scipy.stats.poisson.pmf``). Differentiable in a. Source: R. Koekoek and R. F.
    Swarttouw, TU Delft report 98-17, eqs. 1.12.2 and 1.12.3, whose weight is exp(a) times as large.

    Args:
        order: K >= 0.
        a: [...] real, > 0.
        scale: "orthonormal", "monic" (both with positive leading coefficients) or "standard"
            (C_k(0) = 1, with leading coefficients (-1 / a)^k).

    Returns:
        Recurrence with leaves [K, ...] in the dtype of a.

    Raises:
        ValueError: if order < 0, the scale is unknown, a concrete a is not positive, or a squared
            norm is outside the range of the dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> C = polybases.charlier(2, 2.0, "standard")
        >>> print(polybases.evaluate(C, jnp.array([0.0, 3.0])).round(3))  # C_1 = 1 - x / 2
        [[ 1.   1. ]
         [ 1.  -0.5]
         [ 1.  -0.5]]
    """
    order = check_order(order)
    check_inside("a", a, 0)
    a = jnp.asarray(a, jnp.result_type(a, float))
    k = degrees(order, a)
    basis = from_rates(jnp.broadcast_to(a, (order, *a.shape)), k + 1 + 0 * a, scale)
    return check_representable(basis, f"charlier with a = {a}")
