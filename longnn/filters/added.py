"""Sweeps in which each product is added to what its step has ready, for machines that launch.

A step is two kernels: one for all that is no product, and the product, which starts from it. Steps
are written out; in a loop each would launch more kernels for its counter and its coefficients.
"""

from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from polybases import Recurrence

KEPT = 1 << 26
"""Numbers in the terms of a backward sweep up to which they are kept, and summed up at once."""


@runtime_checkable
class Adding(Protocol):
    """An operator that adds a product to an array."""

    written_out: int
    """How many steps are written out one after the other; longer sweeps are loops of so many."""

    def add_product(
        self, total: Float[Array, "N W"], x: Float[Array, "N W"], factor: Float[Array, " W"]
    ) -> Float[Array, "N W"]:
        """total + S x diag(factor)."""


def added_sum(
    operator: Adding, recurrence: Recurrence, theta: Float[Array, "terms W"], x: Float[Array, "N W"]
) -> Float[Array, "N W"]:
    """sum_k theta_k p_k(S) x by Clenshaw's algorithm, as ``polybases.weighted_sum``.

    Args:
        operator: S.
        recurrence: leaves [K, W].
        theta: [K+1, W].
        x: [N, W].
    """
    first, diagonal, upper, lower, *_ = recurrence
    following = jnp.concatenate([lower[1:] / upper[1:], jnp.zeros_like(lower[:1])])
    theta = first * theta

    def step(carry: Any, coefficients: Any) -> tuple[Any, None]:
        y1, y2 = carry
        weight, d, u, f = coefficients
        return (operator.add_product(weight * x - d * y1 - f * y2, y1, u), y1), None

    start = (theta[-1] * x, jnp.zeros_like(x))
    steps = (theta[:-1], diagonal / upper, 1 / upper, following)
    return jax.lax.scan(step, start, steps, reverse=True, unroll=_unroll(operator, recurrence))[0][
        0
    ]


def added_adjoint(
    operator: Adding,
    recurrence: Recurrence,
    theta: Float[Array, "terms W"],
    x: Float[Array, "N W"],
    g: Float[Array, "N W"],
) -> tuple[Float[Array, "terms W"], Float[Array, "N W"]]:
    """(dtheta, dx) by the sweep Q_k = p_k(S) g: dtheta_k = <x, Q_k>, dx = sum_k theta_k Q_k.

    Args:
        operator: S.
        recurrence: leaves [K, W].
        theta: [K+1, W].
        x: [N, W].
        g: [N, W] cotangent.
    """
    first, diagonal, upper, lower, *_ = recurrence
    kept = recurrence.order * x.size <= KEPT

    def step(carry: Any, coefficients: Any) -> tuple[Any, Array]:
        ready, current, dx = carry
        weight, u, d, low = coefficients
        following = operator.add_product(ready, current, u)
        ready = -d * following - low * current  # for the next step, whose d and low these are
        if kept:
            return (ready, following, dx), following
        projected, dx = jnp.sum(x * following, axis=0), dx + weight * following
        # without the barrier XLA would hold all terms, to sum them up at the end
        return jax.lax.optimization_barrier(((ready, following, dx), projected))

    q = first * g
    own, last = diagonal / upper, lower / upper
    start = (-own[0] * q, q, theta[0] * q)
    steps = (theta[1:], 1 / upper, *(jnp.roll(leaf, -1, axis=0) for leaf in (own, last)))
    (_, _, dx), rest = jax.lax.scan(step, start, steps, unroll=_unroll(operator, recurrence))
    if kept:
        rest, dx = jnp.sum(x * rest, axis=1), dx + jnp.sum(theta[1:, None] * rest, axis=0)
    return jnp.concatenate([jnp.sum(x * q, axis=0)[None], rest]), dx


def _unroll(operator: Adding, recurrence: Recurrence) -> int:
    return max(min(operator.written_out, recurrence.order), 1)
