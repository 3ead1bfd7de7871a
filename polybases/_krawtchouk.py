"""Krawtchouk polynomials, orthogonal under the binomial distribution."""

from typing import SupportsIndex

import jax.numpy as jnp

from polybases._birth_death import degrees, from_rates
from polybases.parameters import check_inside, check_representable, check_support
from polybases.recurrence import Recurrence
from polybases.scales import Scale
from polybases.shapes import Numbers


def krawtchouk(
    order: SupportsIndex, p: Numbers, N: SupportsIndex, scale: Scale = "orthonormal"
) -> Recurrence:
    """Recurrence of the Krawtchouk polynomials K_k(x; p, N) of degrees 0 .. K.

    The weight of x = 0 .. N is binom(N, x) p^x (1 - p)^(N - x) of mass 1, the binomial
    distribution (``scipy.stats.binom.pmf(x, N, p)``). Differentiable in p. Values of degrees near
    N lose digits in the middle of 0 .. N, where they are tiny beside those at the ends. Source:
    R. Koekoek and R. F. Swarttouw, TU Delft report 98-17, eqs. 1.10.2 and 1.10.3.

    Args:
        order: K, from 0 to N.
        p: [...] real, in (0, 1).
        N: the largest point, an int >= 0.
        scale: "orthonormal", "monic" (both with positive leading coefficients) or "standard"
            (K_k(0) = 1).

    Returns:
        Recurrence with leaves [K, ...] in the dtype of p.

    Raises:
        ValueError: if the order is not in [0, N], the scale is unknown, a concrete p is not in
            (0, 1), or a squared norm is outside the range of the dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> K = polybases.krawtchouk(2, 0.5, 2, "standard")
        >>> print(polybases.evaluate(K, jnp.array([0.0, 2.0])).round(3))  # K_1 = 1 - x
        [[ 1.  1.]
         [ 1. -1.]
         [ 1.  1.]]
    """
    order, N = check_support(order, N)
    check_inside("p", p, 0, 1)
    p = jnp.asarray(p, jnp.result_type(p, float))
    k = degrees(order, p)
    basis = from_rates(p * (N - k), (k + 1) * (1 - p), scale)
    return check_representable(basis, f"krawtchouk with p = {p}, N = {N}")
