"""Accelerated gradient descent on quadratics, with steps that need no tuning."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array


class Nesterov(NamedTuple):
    """State of accelerated descent: the point before the extrapolation, and its age per channel.

    Attributes:
        point: [K+1, P, C].
        steps: [P, C] since the last restart.
    """

    point: Array
    steps: Array


def nesterov(theta: Array, gradient: Array, step: Array, state: Nesterov) -> tuple[Array, Nesterov]:
    """One step of accelerated gradient descent, starting afresh where it went uphill.

    Source: Y. Nesterov, Soviet Math. Dokl. 27 (1983) 372; restarts by the gradient scheme of
    O'Donoghue and Candes, Found. Comput. Math. 15 (2015) 715, section 3.2.

    Args:
        theta: [K+1, P, C] extrapolated point.
        gradient: there.
        step: [K+1, P, C] at most 1 / curvature, of each coefficient.
        state: of the step before.
    """
    point = theta - step * gradient
    moved = point - state.point
    uphill = jnp.sum(gradient * moved, axis=0) > 0
    steps = jnp.where(uphill, 0, state.steps + 1)
    return point + steps / (steps + 3) * moved, Nesterov(point, steps)


def step_sizes(gram: Array, weights: Array) -> Array:
    """[K+1, P, c] steps of descent on d^T (G + W) d that are surely short enough.

    1 / (2 G_kk L) with L >= the largest eigenvalue of the Gram matrix scaled to a unit diagonal, by
    Gershgorin's theorem.
    """
    diagonal = jnp.einsum("kkpc->kpc", gram) + weights
    safe = jnp.where(diagonal > 0, diagonal, 1)
    root = jnp.sqrt(safe)
    scaled = jnp.abs(gram) / (root[:, None] * root[None])
    bound = jnp.maximum(jnp.max(jnp.sum(scaled, axis=1), axis=0), 1) + jnp.max(
        weights / safe, axis=0
    )
    return 1 / (2 * bound * safe)
