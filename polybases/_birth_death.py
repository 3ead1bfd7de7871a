"""Polynomials of birth-and-death processes: what the discrete families have in common."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from polybases.recurrence import Recurrence
from polybases.scales import Scale, scaled


def from_rates(
    birth: Float[Array, "K *basis"], death: Float[Array, "K *basis"], scale: Scale
) -> Recurrence:
    """The polynomials y_k with y_k(0) = 1 and

        -x y_k = birth_k (y_{k+1} - y_k) - death_k (y_k - y_{k-1}),    death_0 = 0,

    orthogonal under a weight of mass 1, which here is a distribution of the numbers 0, 1, 2, ...
    Their squared norms obey h_{k+1} / h_k = death_{k+1} / birth_k, and their leading coefficients
    have the sign (-1)^k. Source: S. Karlin and J. McGregor, Trans. Amer. Math. Soc. 85 (1957) 489,
    section 1; every discrete family of R. Koekoek and R. F. Swarttouw, TU Delft report 98-17, is
    written in this form.

    Args:
        birth: [K, ...] birth_0 .. birth_{K-1}, positive.
        death: [K, ...] death_1 .. death_K, positive.
        scale: "standard" for y_k, or "orthonormal" or "monic", with positive leading coefficients.
    """
    before = jnp.concatenate([jnp.zeros_like(death[:1]), death[:-1]])[: len(death)]
    # a root for each rate: their product leaves the range of a short dtype sooner
    upper = jnp.sqrt(birth) * jnp.sqrt(death)
    lower = jnp.concatenate([jnp.zeros_like(upper[:1]), upper[:-1]])[: len(upper)]
    first = jnp.ones(birth.shape[1:], birth.dtype)
    orthonormal = Recurrence(first, birth + before, upper, lower)
    return scaled(orthonormal, scale, lambda: -jnp.sqrt(death / birth))


def degrees(order: int, like: Array) -> Float[Array, "K *ones"]:
    """[K, 1, ...] the numbers 0 .. K-1, with axes of length 1 for those of ``like``."""
    return jnp.arange(order, dtype=like.dtype).reshape(-1, *(1,) * like.ndim)
