"""Reduces the learning rate where the validation loss does not improve any more."""

from collections.abc import Mapping
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Float, Int, Real


class PlateauState(NamedTuple):
    """What a run carries of its plateau."""

    scale: Float[Array, ""]
    best: Float[Array, ""]
    since: Int[Array, ""]
    cooling: Int[Array, ""]


def plateau_start(dtype: DTypeLike) -> PlateauState:
    """Before the first epoch."""
    zero = jnp.zeros((), jnp.int32)
    return PlateauState(jnp.ones((), dtype), jnp.full((), jnp.inf, dtype), zero, zero)


def plateau_next(
    state: PlateauState, loss: Real[Array, ""], values: Mapping[str, ArrayLike]
) -> PlateauState:
    """After an epoch with this validation loss.

    optax's own function asks whether its factor lies in (0, 1), which a traced one cannot answer.

    Args:
        state: of before.
        loss: the validation loss.
        values: the numbers of :class:`Plateau`, possibly traced.
    """
    better = loss < (1 - values["rtol"]) * state.best
    since = jnp.where(better | (state.cooling > 0), 0, state.since + 1)
    reduce = since >= jnp.maximum(values["patience"], 1)
    lower = jnp.maximum(state.scale * values["factor"], values["floor"])
    return PlateauState(
        scale=jnp.where(reduce, lower, state.scale),
        best=jnp.where(better, loss, state.best).astype(state.best.dtype),
        since=jnp.where(reduce, 0, since),
        cooling=jnp.where(
            reduce, jnp.asarray(values["cooldown"], jnp.int32), jnp.maximum(state.cooling - 1, 0)
        ),
    )
