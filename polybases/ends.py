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
        growth: [K, ...] p_{k+1}(b) / p_k(b), the first one p_1(b) over the start of :class:`Ends`.
    """

    at: Float[Array, "*basis"]
    unit: Float[Array, "*basis"]
    slope: Float[Array, "K *basis"]
    carry: Float[Array, "K *basis"]
    growth: Float[Array, "K *basis"]

    def _rescaled(self, ratio: Array) -> "End":
        before = jnp.concatenate([jnp.ones_like(ratio[:1]), ratio[:-1]])[: len(ratio)]
        return self._replace(carry=self.carry * before, growth=self.growth * ratio)

    def _moved(self, half: Array, middle: Array) -> "End":
        return self._replace(at=half * self.at + middle, unit=half * self.unit)

    def _truncated(self, order: int) -> "End":
        return End(self.at, self.unit, *(leaf[:order] for leaf in self[2:]))


class Ends(NamedTuple):
    """Both ends of the interval of a basis.

    Attributes:
        start: [...] the number from which the first step starts in place of p_0. Where an exponent
            of the Jacobi weight comes near -1, p_0 goes to 0 and p_1(b) does not: their ratio and
            its derivatives would be large and cancel.
        right: steps about the right end.
        left: steps about the left end.
    """

    start: Float[Array, "*basis"]
    right: End
    left: End

    def multiplied(self, factor: Float[Array, "*basis"]) -> "Ends":
        """The steps of f p_k, with f in ``factor``."""
        return self._replace(start=self.start * factor)

    def rescaled(self, ratio: Float[Array, "K *basis"]) -> "Ends":
        """The steps of f_k p_k, with f_0 = 1 and f_{k+1} / f_k in ``ratio``."""
        return Ends(self.start, self.right._rescaled(ratio), self.left._rescaled(ratio))

    def moved(self, half: Array, middle: Array) -> "Ends":
        """The steps of p_k(t(x)), with t the map of middle +- half onto [-1, 1]."""
        return Ends(self.start, self.right._moved(half, middle), self.left._moved(half, middle))

    def truncated(self, order: int) -> "Ends":
        """The steps to the first degrees."""
        return Ends(self.start, self.right._truncated(order), self.left._truncated(order))


def values(ends: Ends, first: Array, x: Array) -> Float[Array, "terms *shape"]:
    """[K+1, ...] values p_k(x), each from the end that is nearer.

    A value beyond the range of the dtype is infinite, and so are those of the next degrees.

    Args:
        ends: steps of order K.
        first: the constant p_0.
        x: [...] points, of the shape of the values.
    """
    start, right, left = ends
    on_right = jnp.abs(right.at - x) <= jnp.abs(left.at - x)
    t = jnp.where(on_right, (right.at - x) / right.unit, (left.at - x) / left.unit)

    def step(carry, coefficients):
        delta, current = carry
        slope, kept, growth = (jnp.where(on_right, *pair) for pair in zip(*coefficients))
        delta = kept * delta - slope * t * current
        delta = jnp.where(jnp.isfinite(current), delta, 0)  # no infinity less infinity
        return (delta, growth * (current + delta)), current

    # one step more than there are, so that the last value is written by the loop
    steps = jax.tree.map(_padded, (tuple(right[2:]), tuple(left[2:])))
    carry = (jnp.zeros_like(x), start * jnp.ones_like(x))
    return jax.lax.scan(step, carry, steps)[1].at[0].set(first)


def _padded(leaf: Array) -> Array:
    return jnp.pad(leaf, [(0, 1)] + [(0, 0)] * (leaf.ndim - 1), constant_values=1)
