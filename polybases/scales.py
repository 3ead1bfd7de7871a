"""Scales of an orthogonal basis: p_k -> f_k p_k."""

from collections.abc import Callable
from typing import Literal, get_args

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from polybases.recurrence import Recurrence

Scale = Literal["orthonormal", "monic", "standard"]


def scaled(
    orthonormal: Recurrence, scale: Scale, standard_ratio: Callable[[], Array]
) -> Recurrence:
    """An orthonormal basis in another scale, with p_0 = 1 and its squared norms.

    Args:
        orthonormal: basis of order K.
        scale: "orthonormal" (unchanged), "monic" or "standard".
        standard_ratio: gives [K, ...] f_{k+1} / f_k of the standard scale, f_0 being 1 / p_0.

    Returns:
        The basis; squared norms beyond the range of the dtype (monic ones shrink as 4^-k) are 0
        or infinite.

    Raises:
        ValueError: if the scale is unknown.
    """
    if check_scale(scale) == "orthonormal":
        return orthonormal
    if scale == "monic":
        return rescale(orthonormal, orthonormal.upper)
    return rescale(orthonormal, standard_ratio())


def check_scale(scale: Scale) -> Scale:
    """Returns the scale, or raises ValueError if it is unknown."""
    if scale not in get_args(Scale):
        raise ValueError(f"unknown scale {scale!r}; choose one of {', '.join(get_args(Scale))}")
    return scale


def rescale(orthonormal: Recurrence, ratio: Float[Array, "K *basis"]) -> Recurrence:
    """The basis f_k p_k with f_0 p_0 = 1 and f_{k+1} / f_k given.

    Args:
        orthonormal: basis of order K.
        ratio: [K, ...] non-zero f_{k+1} / f_k.
    """
    first, diagonal, upper, lower, _, ends = orthonormal
    before = jnp.concatenate([jnp.ones_like(ratio[:1]), ratio[:-1]])[: len(lower)]
    factor = jnp.cumprod(jnp.concatenate([(1 / first)[None], ratio]), axis=0)
    if ends is not None:
        ends = (ends[0].rescaled(ratio, before), ends[1].rescaled(ratio, before))
    return Recurrence(
        jnp.ones_like(first), diagonal, upper / ratio, lower * before, factor**2, ends
    )
