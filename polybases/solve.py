"""Linear systems with a positive definite operator, given by its products."""

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from polybases.recurrence import MatVec


def positive_solve(
    matvec: MatVec, x: Float[Array, "*shape"], max_steps: int
) -> Float[Array, "*shape"]:
    """A^-1 x by conjugate gradients; derivatives of every order by further solves.

    All entries of x are one vector, so columns converge together. Source: G. H. Golub and C. F. Van
    Loan, Matrix Computations (2013), algorithm 11.3.3.

    Args:
        matvec: t -> A t, symmetric and positive definite.
        x: [...] right-hand side.
        max_steps: products with A at most.

    Returns:
        [...] solution, with a residual of a few roundings of x; NaN where the residual is above the
        square root of a rounding, rather than a number that is wrong.

    Example:
        >>> print(positive_solve(lambda t: jnp.array([1.0, 4.0]) * t, jnp.array([3.0, 2.0]), 10))
        [3.  0.5]
    """
    return jax.lax.custom_linear_solve(
        matvec, x, lambda product, right: _checked(product, right, max_steps), symmetric=True
    )


def _checked(product: MatVec, right: Array, max_steps: int) -> Array:
    eps = float(jnp.finfo(right.dtype).eps)
    # for x of any size, whose square might leave the range of the dtype
    size = jnp.max(jnp.abs(right), initial=0)
    size = jnp.where(size > 0, size, 1)
    unit = right / size
    found, _ = jax.scipy.sparse.linalg.cg(product, unit, tol=4 * eps, maxiter=max_steps)
    square = jnp.sum((unit - product(found)) ** 2)
    solved = square <= eps * jnp.sum(unit**2)
    return size * jnp.where(solved, found, jnp.nan)
