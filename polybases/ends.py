"""Steps of a recurrence about the ends of its interval, where values are largest.

Let r_k = p_k(x) / p_k(b), with b an end of the interval and t its distance from x. Then

    r_{k+1} - r_k = carry_k (r_k - r_{k-1}) - slope_k t r_k,

in which nothing cancels as x comes near b: the three-term form loses K^2 roundings there, this one
about one for each degree, everywhere on the half of the interval that ends in b.
Source: the modification of Clenshaw's algorithm by C. Reinsch (J. Stoer and R. Bulirsch,
Introduction to Numerical Analysis, 2002, section 2.3.2, for trigonometric sums), for values instead
of sums, with the coefficients of the Jacobi polynomials (R. Koekoek and R. F. Swarttouw, TU Delft
report 98-17, eq. 1.8.3).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float


class End(NamedTuple):
    """One end of the interval of a basis of order K, and the steps about it.

    With p_k for r_k they read delta_k = carry_k delta_{k-1} - slope_k t p_k and
    p_{k+1} = growth_k (p_k + delta_k).

    Attributes:
        at: [...] the end b.
        unit: [...] half the length of the interval, negative at the left end; t = (b - x) / unit.
        slope: [K, ...] positive.
        carry: [K, ...] the first one is 0.
        growth: [K, ...] p_{k+1}(b) / p_k(b).
    """

    at: Float[Array, "*basis"]
    unit: Float[Array, "*basis"]
    slope: Float[Array, "K *basis"]
    carry: Float[Array, "K *basis"]
    growth: Float[Array, "K *basis"]

    def rescaled(self, ratio: Float[Array, "K *basis"], before: Float[Array, "K *basis"]) -> "End":
        """The steps of f_k p_k, with f_{k+1} / f_k in ``ratio`` and f_k / f_{k-1} in ``before``."""
        return self._replace(carry=self.carry * before, growth=self.growth * ratio)

    def moved(self, half: Array, middle: Array) -> "End":
        """The steps of p_k(t(x)), with t the map of middle +- half onto [-1, 1]."""
        return self._replace(at=half * self.at + middle, unit=half * self.unit)

    def truncated(self, order: int) -> "End":
        """The steps to the first degrees."""
        return End(self.at, self.unit, *(leaf[:order] for leaf in self[2:]))


def values(right: End, left: End, first: Array, x: Array) -> Float[Array, "terms *shape"]:
    """[K+1, ...] values p_k(x), each from the end that is nearer.

    Args:
        right: steps about the right end.
        left: steps about the left end.
        first: the constant p_0.
        x: [...] points, of the shape of the values.
    """
    on_right = jnp.abs(right.at - x) <= jnp.abs(left.at - x)
    t = jnp.where(on_right, (right.at - x) / right.unit, (left.at - x) / left.unit)

    def step(carry, coefficients):
        delta, current = carry
        slope, kept, growth = (jnp.where(on_right, *pair) for pair in zip(*coefficients))
        delta = kept * delta - slope * t * current
        return (delta, growth * (current + delta)), current

    # one step more than there are, so that the last value is written by the loop
    steps = jax.tree.map(
        lambda leaf: (
            jnp.concatenate([leaf, jnp.ones_like(leaf[:1])])
            if len(leaf)
            else jnp.ones((1, *leaf.shape[1:]), leaf.dtype)
        ),
        (tuple(right[2:]), tuple(left[2:])),
    )
    start = (jnp.zeros_like(x), first * jnp.ones_like(x))
    return jax.lax.scan(step, start, steps)[1]
