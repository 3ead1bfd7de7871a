"""Interpolation at Chebyshev nodes (ChebNetII)."""

from typing import SupportsIndex

import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike
from jaxtyping import Float64

from polybases._chebyshev import chebyshev
from polybases.combination import Combination
from polybases.recurrence import check_order


def chebyshev_nodes(count: int) -> Float64[np.ndarray, " count"]:
    """[count] zeros of T_count, descending: x_j = cos((j + 1/2) pi / count).

    Example:
        >>> import polybases
        >>> print(polybases.chebyshev_nodes(2).round(4))
        [ 0.7071 -0.7071]
    """
    return np.cos((np.arange(count) + 0.5) * np.pi / count)


def chebyshev_interpolation(order: SupportsIndex, *, dtype: DTypeLike | None = None) -> Combination:
    """Lagrange polynomials l_j at the K+1 Chebyshev nodes, l_j(x_i) = [i = j].

    Coefficient j of a series is its value at x_j. l_j = 2/(K+1) sum_k' T_k(x_j) T_k, the first
    term halved. Source: He et al. (arXiv 2202.03580), eq. 8; Gil, Segura and Temme, Numerical
    Methods for Special Functions (2007), eq. 3.50.

    Args:
        order: K >= 0.
        dtype: of the coefficients; jax's default float if None.

    Raises:
        ValueError: if order < 0.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> basis = polybases.chebyshev_interpolation(2)
        >>> values = jnp.asarray(polybases.chebyshev_nodes(3)) ** 2  # of x^2
        >>> theta = basis.coefficients(values)
        >>> x = jnp.array(0.5)
        >>> print(jnp.round(theta @ polybases.evaluate(basis.recurrence, x), 6))
        0.25
    """
    order = check_order(order)
    angle = (np.arange(order + 1) + 0.5) * np.pi / (order + 1)
    matrix = 2 / (order + 1) * np.cos(np.outer(angle, np.arange(order + 1)))
    matrix[:, 0] /= 2
    basis = chebyshev(order, "T", "standard", dtype=dtype)
    return Combination(jnp.asarray(matrix, basis.diagonal.dtype), basis)
