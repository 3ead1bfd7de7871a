"""How a basis moves with its coefficients, with no product with the operator."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from polybases import Recurrence


def connection_change(
    recurrence: Recurrence, change: Recurrence, *, written_out: int = 0
) -> Float[Array, "terms terms *basis"]:
    """dC, with dp_k = sum_j dC_kj p_j for a change of the coefficients of p.

    A basis that moves is C p with the connection matrix C (``polybases.connection``), which is the
    identity where it starts. Its rows obey, u, d and l being the leaves upper, diagonal and lower
    and X the matrix of x in the basis,

        u_k dC_{k+1} = dC_k (X - d_k) - l_k dC_{k-1} - du_k e_{k+1} - dd_k e_k - dl_k e_{k-1}.

    Linear in the change: the transpose, which reverse mode takes, is Clenshaw's algorithm.

    Args:
        recurrence: of order K, leaves [K, ...] of one trailing shape.
        change: of the leaves.
        written_out: how many steps of the loop are compiled one after the other.
    """
    first, diagonal, upper, lower, *_ = recurrence
    dfirst, ddiagonal, dupper, dlower, *_ = change
    order, rest = recurrence.order, first.shape

    def on(offset: int, leaf: Array) -> Array:  # -leaf_k e_{k+offset}, for each k
        unit = jnp.eye(order, order + 1, offset, dtype=leaf.dtype)
        return -unit.reshape(order, order + 1, *(1,) * len(rest)) * leaf[:, None]

    pushed = on(1, dupper) + on(0, ddiagonal) + on(-1, dlower)
    none = jnp.zeros_like(first)[None]

    def step(carry: Any, inputs: Any) -> tuple[Any, Array]:
        before, row = carry
        push, d, u, low = inputs
        up = jnp.concatenate([none, upper * row[:-1]])
        down = jnp.concatenate([lower[1:] * row[1:-1], none, none][: order + 1])
        here = jnp.concatenate([diagonal * row[:-1], none])
        following = (push + up + here + down - d * row - low * before) / u
        return (row, following), following

    start = jnp.concatenate([(dfirst / first)[None], jnp.zeros((order, *rest), first.dtype)])
    unroll = max(min(written_out, order), 1)
    steps = (pushed, diagonal, upper, lower)
    _, following = jax.lax.scan(step, (jnp.zeros_like(start), start), steps, unroll=unroll)
    return jnp.concatenate([start[None], following])
