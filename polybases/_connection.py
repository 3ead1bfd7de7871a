"""Change of basis: the coefficients of one three-term basis in another."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from polybases.recurrence import Recurrence, expand, with_rank


def connection(recurrence: Recurrence, anchor: Recurrence) -> Float[Array, "terms terms *basis"]:
    """Matrix C with p_k = sum_j C_kj q_j, from the recurrence of p run on the matrix of q.

    No quadrature, no Gamma function: row k+1 follows from rows k and k-1 by the action of x on
    the anchor's basis. C is lower triangular, and the identity (up to rounding) if both agree.

    Args:
        recurrence: basis p of order K, trailing shape [...].
        anchor: basis q of the same order, broadcasting against p.

    Returns:
        [K+1, K+1, ...] array C[k, j].

    Raises:
        ValueError: if the orders differ.

    Example:
        >>> import polybases
        >>> powers, T = polybases.monomial(2), polybases.chebyshev(2, "T", "standard")
        >>> print(polybases.connection(powers, T))  # x^2 = 1/2 T_0 + 1/2 T_2
        [[1.  0.  0. ]
         [0.  1.  0. ]
         [0.5 0.  0.5]]
    """
    order = recurrence.order
    if anchor.order != order:
        raise ValueError(
            f"connection needs two bases of one order, got {order} and {anchor.order}; "
            "build both with the larger one"
        )
    shape = jnp.broadcast_shapes(jnp.shape(recurrence.first), jnp.shape(anchor.first))
    q = with_rank(anchor, len(shape))
    one = jnp.zeros((order + 1, *shape), q.diagonal.dtype).at[0].set(1 / q.first)
    return expand(recurrence, lambda c: multiply_by_x(q, c), one)


def multiply_by_x(q: Recurrence, c: Float[Array, "terms *basis"]) -> Float[Array, "terms *basis"]:
    """Coefficients of x sum_j c_j q_j, cut off after degree K.

    Args:
        q: basis of order K, leaves of the trailing rank of ``c``.
        c: [K+1, ...] coefficients. The result is exact where the last one is zero.
    """
    up = jnp.concatenate([jnp.zeros_like(c[:1]), q.upper * c[:-1]])
    stay = jnp.concatenate([q.diagonal * c[:-1], jnp.zeros_like(c[:1])])
    down = jnp.concatenate([q.lower[1:] * c[1:-1], jnp.zeros_like(c[:2])])
    return up + stay + down[: q.order + 1]
