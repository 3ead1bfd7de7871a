"""Gauss, Gauss-Radau and Gauss-Lobatto rules from the recurrence of a basis.

Source: G. H. Golub and J. H. Welsch, Math. Comp. 23 (1969) 221; G. H. Golub, SIAM Rev. 15 (1973)
318; Gautschi (2004), sections 3.1.1 and 3.1.2.
"""

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float

from polybases.ranges import check_positive
from polybases.recurrence import Recurrence, evaluate, squared_norms
from polybases.shapes import Scalar, Values
from polybases.tridiagonal import spectral_measure

Rule = tuple[Float[Array, "n *basis"], Float[Array, "n *basis"]]
"""Nodes and weights of a quadrature rule of n points."""


def gauss(recurrence: Recurrence) -> Rule:
    """The n-point rule of a basis of order n, exact for degrees up to 2n - 1.

    Differentiable in the parameters of the basis.

    Args:
        recurrence: orthogonal basis of order n >= 1, any scale.

    Returns:
        (nodes [n, ...] ascending, weights [n, ...] positive); the weights sum to the mass of the
        weight function.

    Raises:
        ValueError: if the order is 0, or the basis has no weight.

    Example:
        >>> import polybases
        >>> nodes, weights = polybases.gauss(polybases.legendre(2))
        >>> print(nodes.round(4), weights.round(4))
        [-0.5774  0.5774] [1. 1.]
    """
    return _rule(recurrence, recurrence.diagonal, _off_diagonal(recurrence))


def gauss_radau(recurrence: Recurrence, node: Scalar) -> Rule:
    """The n-point rule with one node prescribed, exact for degrees up to 2n - 2.

    Args:
        recurrence: orthogonal basis of order n >= 1, any scale.
        node: an end of the interval of orthogonality.

    Example:
        >>> import polybases
        >>> nodes, weights = polybases.gauss_radau(polybases.legendre(2), -1.0)
        >>> print(nodes.round(4), weights.round(4))
        [-1.      0.3333] [0.5 1.5]
    """
    off = _off_diagonal(recurrence)
    last = node - _tail(recurrence, off, node)
    return _rule(recurrence, recurrence.diagonal.at[-1].set(last), off)


def gauss_lobatto(recurrence: Recurrence, left: Scalar, right: Scalar) -> Rule:
    """The n-point rule with both ends as nodes, exact for degrees up to 2n - 3.

    Args:
        recurrence: orthogonal basis of order n >= 2, any scale.
        left, right: the ends of the interval of orthogonality.

    Raises:
        ValueError: if the order is below 2.

    Example:
        >>> import polybases
        >>> nodes, weights = polybases.gauss_lobatto(polybases.legendre(3), -1.0, 1.0)
        >>> print(abs(nodes).round(4), weights.round(4))
        [1. 0. 1.] [0.3333 1.3333 0.3333]
    """
    if recurrence.order < 2:
        raise ValueError(f"a Lobatto rule needs order >= 2 (its two ends), got {recurrence.order}")
    off = _off_diagonal(recurrence)
    # tail(x) = b P_{n-2}(x) / P_{n-1}(x) with the old b; both ends must be zeros of the new P_n
    unit_left, unit_right = (_tail(recurrence, off, x) / off[-1] ** 2 for x in (left, right))
    squared = (jnp.asarray(right) - left) / (unit_right - unit_left)
    diagonal = recurrence.diagonal.at[-1].set(left - squared * unit_left)
    return _rule(recurrence, diagonal, off.at[-1].set(jnp.sqrt(squared)))


def mass(recurrence: Recurrence) -> Values:
    """[...] integral of the weight function.

    Raises:
        ValueError: if the basis has no weight, or its dtype does not hold the concrete integral.

    Example:
        >>> import polybases
        >>> print(polybases.mass(polybases.chebyshev(2, "T")).round(4))  # pi
        3.1416
    """
    norms = squared_norms(recurrence)
    total = (1 if norms is None else norms[0]) / recurrence.first**2
    check_positive("the integral of the weight", total, "smaller exponents")
    return total


def _off_diagonal(recurrence: Recurrence) -> Array:
    """[n-1, ...] of the symmetric Jacobi matrix, whatever the scale."""
    squared_norms(recurrence)
    if recurrence.order < 1:
        raise ValueError("a quadrature rule needs a basis of order >= 1, one for each node")
    return jnp.sqrt(recurrence.upper[:-1] * recurrence.lower[1:])


def _tail(recurrence: Recurrence, off: Array, x: ArrayLike) -> Array:
    """b_{n-1} P_{n-2}(x) / P_{n-1}(x) of the monic polynomials; 0 for n = 1."""
    if recurrence.order == 1:
        return jnp.zeros_like(recurrence.diagonal[0])
    p = evaluate(recurrence, jnp.asarray(x, recurrence.diagonal.dtype))
    return recurrence.lower[-1] * p[-3] / p[-2]


def _rule(recurrence: Recurrence, diagonal: Array, off: Array) -> Rule:
    nodes, fractions = spectral_measure(diagonal, off)
    return nodes, mass(recurrence) * fractions
