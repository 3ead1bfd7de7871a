"""Scales of an orthogonal basis: p_k -> f_k p_k."""

from collections.abc import Callable
from typing import Literal, get_args

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float

from polybases.recurrence import Recurrence

Scale = Literal["orthonormal", "monic", "standard"]


def scaled(
    basis: Recurrence,
    scale: Scale,
    standard_ratio: Callable[[], Array],
    factor: Float[ArrayLike, "*basis"] = 1.0,
) -> Recurrence:
    """An orthogonal basis in one of its scales: the orthonormal one, or with p_0 = 1.

    Args:
        basis: a multiple of the orthonormal basis, of order K.
        scale: "orthonormal", "monic" or "standard".
        standard_ratio: gives [K, ...] f_{k+1} / f_k of the standard scale over the orthonormal one.
        factor: [...] the factor that makes it orthonormal.

    Returns:
        The basis with its squared norms. Norms beyond the range of the dtype (monic ones shrink as
        4^-k) are 0 or infinite; values do not depend on them.

    Raises:
        ValueError: if the scale is unknown.
    """
    first, diagonal, upper, lower, _, ends = basis
    if check_scale(scale) == "orthonormal":
        first = jnp.asarray(factor * first)
        return basis._replace(first=first, ends=ends and ends.multiplied(jnp.asarray(factor)))
    ratio = basis.upper if scale == "monic" else standard_ratio()
    before = jnp.concatenate([jnp.ones_like(ratio[:1]), ratio[:-1]])[: len(lower)]
    roots = jnp.cumprod(jnp.concatenate([(1 / (factor * first))[None], ratio]), axis=0)
    ends = ends and ends.multiplied(1 / first).rescaled(ratio)
    return Recurrence(jnp.ones_like(first), diagonal, upper / ratio, lower * before, roots**2, ends)


def check_scale(scale: Scale) -> Scale:
    """Returns the scale, or raises ValueError if it is unknown."""
    if scale not in get_args(Scale):
        raise ValueError(f"unknown scale {scale!r}; choose one of {', '.join(get_args(Scale))}")
    return scale
