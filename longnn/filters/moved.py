"""The derivative of a series in its basis, with no product with the operator."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from polybases import Recurrence


def moved_basis(
    recurrence: Recurrence,
    theta: Float[Array, "terms *channels"],
    dtheta: Float[Array, "terms *channels"],
    *,
    written_out: int = 0,
) -> Recurrence:
    """The cotangent of the basis of sum_k theta_k p_k, from that of theta.

    A basis that moves is C p with the connection matrix C (``polybases.connection``), which is the
    identity where it starts. So dp_k = sum_j dC_kj p_j, with rows that obey, u, d and l being the
    leaves upper, diagonal and lower and X the matrix of x in the basis,

        u_k dC_{k+1} = (X - d_k) dC_k - l_k dC_{k-1} - du_k e_{k+1} - dd_k e_k - dl_k e_{k-1}.

    This is the transpose of that, by Clenshaw's algorithm on rows theta_k dtheta.

    Args:
        recurrence: of order K, leaves [K, ...] that broadcast against the channels.
        theta: [K+1, ...].
        dtheta: [K+1, ...] the cotangent of theta.
        written_out: how many steps of the loop are compiled one after the other.

    Returns:
        Cotangents of the leaves.
    """
    first, diagonal, upper, lower, *_ = recurrence
    rows = _summed_to(theta[:, None] * dtheta[None], first.shape)  # [K+1, K+1, *basis]
    following = jnp.concatenate([lower[1:] / upper[1:], jnp.zeros_like(lower[:1])])

    def step(carry: Any, inputs: Any) -> tuple[Any, Array]:
        y1, y2 = carry
        row, d, u, f = inputs
        before = jnp.concatenate([jnp.zeros_like(y1[:1]), y1[:-2]])
        moved = upper * y1[1:] + (diagonal - d) * y1[:-1] + lower * before
        y0 = row + jnp.concatenate([moved / u, -d / u * y1[-1:]]) - f * y2
        return (y0, y1), y0

    start = (rows[-1], jnp.zeros_like(rows[-1]))
    steps = (rows[:-1], diagonal, upper, following)
    unroll = max(min(written_out, recurrence.order), 1)
    _, stacked = jax.lax.scan(step, start, steps, reverse=True, unroll=unroll)
    stacked = jnp.concatenate([stacked, rows[-1:]])  # of the rows of C
    k = jnp.arange(recurrence.order)
    dlower = stacked[k[1:] + 1, k[1:] - 1] / -upper[1:]
    return Recurrence(
        stacked[0, 0] / first,
        stacked[k + 1, k] / -upper,
        stacked[k + 1, k + 1] / -upper,
        jnp.concatenate([jnp.zeros_like(lower[:1]), dlower]),
    )


def _summed_to(x: Array, shape: tuple[int, ...]) -> Array:
    """The sum over the trailing axes along which a leaf of this shape is broadcast."""
    at = x.ndim - len(shape)
    axes = tuple(at + i for i, size in enumerate(shape) if size == 1)
    return jnp.sum(x, axis=axes, keepdims=True)
