"""The basis orthonormal under a signal's own spectral density (OptBasisGNN)."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array

from polybases.recurrence import MatVec, check_order, check_real


@jax.tree_util.register_static
@dataclass(frozen=True)
class OptBasis:
    """Lanczos vectors of each channel: [K+1, N, ...] orthonormal in the node dimension.

    The basis adapts to x, so the map from x to the terms is not linear: it is homogeneous of
    degree 0, expand(c x) = expand(x) for c > 0. The three-term recurrence is orthonormal under
    the density of x over the spectrum of S. Source: Guo and Wei (arXiv 2302.12432), algorithm 4.

    Attributes:
        order: K >= 0, static; below the number of distinct frequencies in x, else later terms
            vanish.

    Raises:
        ValueError: if order is not an integer >= 0.
    """

    order: int

    def __post_init__(self) -> None:
        check_order(self.order)

    def expand(self, matvec: MatVec, x: Array) -> Array:
        """x [N, ...] -> [K+1, N, ...]; a channel of zeros, or an exhausted one, gives zeros."""
        x = check_real(x)
        inner = lambda u, v: jnp.sum(u * v, axis=0)  # noqa: E731
        tiny = jnp.finfo(x.dtype).tiny
        scale = jnp.sqrt(inner(x, x))

        def unit(v: Array, relative_to: Array) -> tuple[Array, Array]:
            square = inner(v, v)
            alive = square > (16 * jnp.finfo(x.dtype).eps * relative_to) ** 2 + tiny
            length = jnp.sqrt(jnp.where(alive, square, 1))
            return jnp.where(alive, v / length, 0), jnp.where(alive, length, 0)

        def step(carry, _):
            previous, current, length = carry
            v = matvec(current)
            v = v - inner(v, current) * current - length * previous
            following, length = unit(v, jnp.ones_like(length))
            return (current, following, length), following

        first, _ = unit(x, jnp.zeros_like(scale))
        start = (jnp.zeros_like(x), first, jnp.zeros_like(scale))
        _, rest = jax.lax.scan(step, start, length=self.order)
        return jnp.concatenate([first[None], rest])
