"""Accelerated gradient descent on quadratics, with steps that need no tuning."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float


class Nesterov(NamedTuple):
    """The state of accelerated descent: the point before the extrapolation, and its age.

    Attributes:
        point: [K+1, P, C] coefficients before the extrapolation.
        steps: [P, C] number of steps since the last restart.
    """

    point: Float[Array, "K1 P C"]
    steps: Float[Array, "P C"]


def nesterov(
    theta: Float[Array, "K1 P C"],
    gradient: Float[Array, "K1 P C"],
    step: Float[Array, "K1 P c"],
    state: Nesterov,
) -> tuple[Float[Array, "K1 P C"], Nesterov]:
    """Takes one step of accelerated gradient descent, and restarts where the last one went uphill.

    Source: Y. Nesterov, Soviet Math. Dokl. 27 (1983) 372; restarts by the gradient scheme of
    O'Donoghue and Candes, Found. Comput. Math. 15 (2015) 715, section 3.2.

    Args:
        theta: [K+1, P, C] the extrapolated point.
        gradient: [K+1, P, C] the gradient there.
        step: [K+1, P, c] the step size of each coefficient, at most 1 / curvature; c = C or 1.
        state: the state after the step before.

    Returns:
        The next extrapolated point, and the next state.
    """
    point = theta - step * gradient
    moved = point - state.point
    uphill = jnp.sum(gradient * moved, axis=0) > 0
    steps = jnp.where(uphill, 0, state.steps + 1)
    return point + steps / (steps + 3) * moved, Nesterov(point, steps)


def step_sizes(
    gram: Float[Array, "K1 K1 P c"], weights: Float[Array, "K1 *rest"]
) -> Float[Array, "K1 P c"]:
    """Returns step sizes at which descent on d^T (G + W) d converges.

    They are 1 / (2 G_kk L), where L bounds the largest eigenvalue of the Gram matrix scaled to a
    unit diagonal by Gershgorin's theorem.

    Args:
        gram: [K+1, K+1, P, c] Gram matrices G.
        weights: [K+1, P or 1, c or 1] diagonals of W.
    """
    diagonal = jnp.einsum("kkpc->kpc", gram) + weights
    safe = jnp.where(diagonal > 0, diagonal, 1)
    root = jnp.sqrt(safe)
    scaled = jnp.abs(gram) / (root[:, None] * root[None])
    bound = jnp.maximum(jnp.max(jnp.sum(scaled, axis=1), axis=0), 1) + jnp.max(
        weights / safe, axis=0
    )
    return 1 / (2 * bound * safe)
