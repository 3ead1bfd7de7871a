"""Lanczos' iteration for a symmetric operator: vectors v_k with

    length_{k+1} v_{k+1} = S v_k - a_k v_k - length_k v_{k-1},    v_0 = x / length_0.

There are two of it, because rounding leaves no single one that serves all. :func:`three_term` keeps
two vectors, takes many channels at once, and loses the orthogonality of distant vectors, which
filters and Gauss rules do not need (they only use what neighbours say of each other). Where all
vectors must be orthogonal to the end (coefficients of high order, bounds of a spectrum) each is
cleaned of all before it by :func:`reorthogonalised_step`, for one start vector, on the device or
on the host. Source: G. H. Golub and C. F. Van Loan, Matrix Computations (2013), sections 10.1
and 10.3.
"""

from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from polybases.operators import MatVec

Host = TypeVar("Host", np.ndarray, Array)
Number = np.floating | Float[Array, ""]


class ThreeTerm(NamedTuple):
    """Lanczos vectors of each channel and the recurrence that they obey.

    Attributes:
        vectors: [K+1, N, ...] v_k.
        diagonal: [K, ...] a_k.
        lengths: [K+1, ...] length_k, and 0 from where the Krylov space of a channel is exhausted.
    """

    vectors: Float[Array, "terms N *channels"]
    diagonal: Float[Array, "K *channels"]
    lengths: Float[Array, "terms *channels"]


def three_term(matvec: MatVec, order: int, x: Float[Array, "N *channels"]) -> ThreeTerm:
    """K Lanczos steps from each channel of x.

    Args:
        matvec: t -> S t for a symmetric S.
        order: K >= 0.
        x: [N, ...] start vectors; a channel of zeros gives zeros.

    Returns:
        Vectors and coefficients in the dtype of x.

    Example:
        >>> S = jnp.array([[0.0, 1.0], [1.0, 0.0]])
        >>> found = three_term(lambda t: S @ t, 1, jnp.array([2.0, 0.0]))
        >>> print(found.vectors, found.lengths)
        [[1. 0.]
         [0. 1.]] [2. 1.]
    """
    first, length = unit(x, jnp.zeros_like(x[0]))

    def step(carry, _):
        previous, current, length = carry
        following, a, length = three_term_step(matvec, previous, current, length)
        return (current, following, length), (following, a, length)

    start = (jnp.zeros_like(x), first, jnp.zeros_like(length))
    _, (vectors, diagonal, lengths) = jax.lax.scan(step, start, length=order)
    return ThreeTerm(
        jnp.concatenate([first[None], vectors]),
        diagonal,
        jnp.concatenate([length[None], lengths]),
    )


def three_term_step(
    matvec: MatVec,
    previous: Float[Array, "N *channels"],
    current: Float[Array, "N *channels"],
    length: Float[Array, "*channels"],
) -> tuple[Float[Array, "N *channels"], Float[Array, "*channels"], Float[Array, "*channels"]]:
    """One step of the iteration.

    Args:
        matvec: t -> S t.
        previous: [N, ...] v_{k-1}, zeros for k = 0.
        current: [N, ...] v_k.
        length: [...] length_k, 0 for k = 0.

    Returns:
        (v_{k+1} [N, ...], a_k [...], length_{k+1} [...]).
    """
    v = matvec(current)
    a = inner(v, current)
    following, length = unit(v - a * current - length * previous, jnp.ones_like(a))
    return following, a, length


def unit(
    v: Float[Array, "N *channels"], relative_to: Float[Array, "*channels"]
) -> tuple[Float[Array, "N *channels"], Float[Array, "*channels"]]:
    """(v / |v|, |v|), both 0 where v is rounding error of something of length ``relative_to``."""
    square = inner(v, v)
    noise = 16 * jnp.finfo(v.dtype).eps * relative_to
    alive = square > noise**2 + jnp.finfo(v.dtype).tiny
    length = jnp.sqrt(jnp.where(alive, square, 1))
    return jnp.where(alive, v / length, 0), jnp.where(alive, length, 0)


def inner(
    u: Float[Array, "N *channels"], v: Float[Array, "N *channels"]
) -> Float[Array, "*channels"]:
    """Inner product of each channel."""
    return jnp.sum(u * v, axis=0)


def reorthogonalised_step(product: Host, current: Host, basis: Host) -> tuple[Host, Number, Number]:
    """One step that keeps the vectors orthogonal to rounding, in numpy or in jax.

    Twice against all vectors is enough (B. N. Parlett, The Symmetric Eigenvalue Problem (1998),
    section 6.9).

    Args:
        product: [N] S v_k.
        current: [N] v_k.
        basis: [M, N] orthonormal rows, v_0 to v_k among them; rows of zeros do nothing.

    Returns:
        (length_{k+1} v_{k+1} [N], a_k, length_{k+1}).
    """
    diagonal = product @ current
    for _ in range(2):
        product = product - basis.T @ (basis @ product)
    return product, diagonal, (product @ product) ** 0.5
