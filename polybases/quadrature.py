"""Gauss, Gauss-Radau and Gauss-Lobatto rules from the recurrence of a basis.

Source: G. H. Golub and J. H. Welsch, Math. Comp. 23 (1969) 221; G. H. Golub, SIAM Rev. 15 (1973)
318; Gautschi (2004), sections 3.1.1 and 3.1.2.
"""

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from polybases.recurrence import Recurrence, evaluate


def gauss(recurrence: Recurrence) -> tuple[Array, Array]:
    """The n-point rule of a basis of order n, exact for degrees up to 2n - 1.

    Differentiable in the parameters of the basis.

    Args:
        recurrence: orthogonal basis of order n >= 1, any scale.

    Returns:
        (nodes [n, ...] ascending, weights [n, ...] positive); the weights sum to the mass of the
        weight function.

    Raises:
        ValueError: if the order is 0.
    """
    return _rule(recurrence, recurrence.diagonal, _off_diagonal(recurrence))


def gauss_radau(recurrence: Recurrence, node: ArrayLike) -> tuple[Array, Array]:
    """The n-point rule with one node prescribed, exact for degrees up to 2n - 2.

    Args:
        recurrence: orthogonal basis of order n >= 1, any scale.
        node: an end of the interval of orthogonality.
    """
    off = _off_diagonal(recurrence)
    last = node - _tail(recurrence, off, node)
    return _rule(recurrence, recurrence.diagonal.at[-1].set(last), off)


def gauss_lobatto(recurrence: Recurrence, left: ArrayLike, right: ArrayLike) -> tuple[Array, Array]:
    """The n-point rule with both ends as nodes, exact for degrees up to 2n - 3.

    Args:
        recurrence: orthogonal basis of order n >= 2, any scale.
        left, right: the ends of the interval of orthogonality.

    Raises:
        ValueError: if the order is below 2.
    """
    if recurrence.order < 2:
        raise ValueError(f"a Lobatto rule needs order >= 2 (its two ends), got {recurrence.order}")
    off = _off_diagonal(recurrence)
    # tail(x) = b P_{n-2}(x) / P_{n-1}(x) with the old b; both ends must be zeros of the new P_n
    unit_left, unit_right = (_tail(recurrence, off, x) / off[-1] ** 2 for x in (left, right))
    squared = (jnp.asarray(right) - left) / (unit_right - unit_left)
    diagonal = recurrence.diagonal.at[-1].set(left - squared * unit_left)
    return _rule(recurrence, diagonal, off.at[-1].set(jnp.sqrt(squared)))


def mass(recurrence: Recurrence) -> Array:
    """[...] integral of the weight function."""
    squared = 1 if recurrence.norms is None else recurrence.norms[0]
    return squared / recurrence.first**2


def _off_diagonal(recurrence: Recurrence) -> Array:
    """[n-1, ...] of the symmetric Jacobi matrix, whatever the scale."""
    if recurrence.order < 1:
        raise ValueError("a quadrature rule needs a basis of order >= 1, one for each node")
    return jnp.sqrt(recurrence.upper[:-1] * recurrence.lower[1:])


def _tail(recurrence: Recurrence, off: Array, x: ArrayLike) -> Array:
    """b_{n-1} P_{n-2}(x) / P_{n-1}(x) of the monic polynomials; 0 for n = 1."""
    if recurrence.order == 1:
        return jnp.zeros_like(recurrence.diagonal[0])
    p = evaluate(recurrence, jnp.asarray(x, recurrence.diagonal.dtype))
    return recurrence.lower[-1] * p[-3] / p[-2]


def _rule(recurrence: Recurrence, diagonal: Array, off: Array) -> tuple[Array, Array]:
    n = recurrence.order
    step = jnp.arange(n - 1)
    matrix = jnp.zeros((n, n, *diagonal.shape[1:]), diagonal.dtype)
    matrix = matrix.at[jnp.arange(n), jnp.arange(n)].set(diagonal)
    matrix = matrix.at[step + 1, step].set(off).at[step, step + 1].set(off)
    matrix = jnp.moveaxis(matrix, (0, 1), (-2, -1))
    nodes, vectors = jnp.linalg.eigh(matrix, symmetrize_input=False)
    weights = vectors[..., 0, :] ** 2
    return jnp.moveaxis(nodes, -1, 0), mass(recurrence) * jnp.moveaxis(weights, -1, 0)
