"""Linear systems with a positive definite operator, given by its products."""

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Inexact

from polybases.operators import MatVec
from polybases.signals import is_complex


def positive_solve(
    matvec: MatVec, x: Inexact[Array, "*shape"], max_steps: int
) -> Inexact[Array, "*shape"]:
    """A^-1 x by conjugate gradients; derivatives of every order by further solves.

    All entries of x are one vector, so columns converge together. Source: G. H. Golub and C. F. Van
    Loan, Matrix Computations (2013), algorithm 11.3.3.

    Args:
        matvec: t -> A t, symmetric (Hermitian where x is complex) and positive definite.
        x: [...] right-hand side.
        max_steps: products with A at most.

    Returns:
        [...] solution, with a residual of a few roundings of x; NaN where the residual is above the
        square root of a rounding, rather than a number that is wrong.

    Example:
        >>> print(positive_solve(lambda t: jnp.array([1.0, 4.0]) * t, jnp.array([3.0, 2.0]), 10))
        [3.  0.5]
    """
    solve = lambda product, right: _checked(product, right, max_steps)  # noqa: E731
    symmetric = not is_complex(x.dtype)  # a Hermitian operator is not its transpose
    return jax.lax.custom_linear_solve(matvec, x, solve, solve, symmetric=symmetric)


def _checked(product: MatVec, right: Array, max_steps: int) -> Array:
    eps = float(jnp.finfo(right.dtype).eps)
    # for x of any size, whose square might leave the range of the dtype
    size = jnp.max(jnp.abs(right), initial=0)
    size = jnp.where(size > 0, size, 1).astype(right.dtype)
    unit = right / size
    found, _ = jax.scipy.sparse.linalg.cg(product, unit, tol=4 * eps, maxiter=max_steps)
    square = jnp.sum(jnp.abs(unit - product(found)) ** 2)
    solved = square <= eps * jnp.sum(jnp.abs(unit) ** 2)
    return size * jnp.where(solved, found, jnp.nan)
