"""The map of a domain onto a window, as ``numpy.polynomial`` has it."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float

from polybases.recurrence import NO_WEIGHT, Recurrence

Bounds = Float[Array, "2"]
EndPair = ArrayLike | Sequence[ArrayLike]
"""A pair of numbers (left, right), or an array of two."""

UNIT = (-1.0, 1.0)


class Affine(NamedTuple):
    """x -> middle + scale (x - centre): around the centre of the domain, so that little is lost.

    Attributes:
        centre: of the domain.
        middle: of the window.
        scale: length of the window over that of the domain.
    """

    centre: Float[Array, ""]
    middle: Float[Array, ""]
    scale: Float[Array, ""]

    def __call__(self, x: Array) -> Array:
        """The point of the window, real or complex, in the dtype of x."""
        centre, middle, scale = (part.astype(x.dtype) for part in self)
        return middle + scale * (x - centre)

    def inverse(self, t: Array) -> Array:
        """The point of the domain, real or complex."""
        centre, middle, scale = (part.astype(t.dtype) for part in self)
        return centre + (t - middle) / scale

    def moved(self, recurrence: Recurrence) -> Recurrence:
        """The polynomials p_k(t(x)) as a basis in x; without norms."""
        _, diagonal, upper, lower, *_ = recurrence
        moved = (self.inverse(diagonal), upper / self.scale, lower / self.scale)
        return Recurrence(recurrence.first, *moved, NO_WEIGHT)


def between(domain: Bounds, window: Bounds) -> Affine:
    """The map of a domain onto a window; the identity where they are equal.

    Args:
        domain: [2] left and right end.
        window: [2].

    Example:
        >>> import jax.numpy as jnp
        >>> print(between(jnp.array([0.0, 10.0]), jnp.array([-1.0, 1.0]))(jnp.array(5.0)))
        0.0
    """
    centre, middle = (ends[0] / 2 + ends[1] / 2 for ends in (domain, window))
    return Affine(centre, middle, (window[1] - window[0]) / (domain[1] - domain[0]))


def check_ends(name: str, ends: EndPair, like: Array) -> Bounds:
    """Returns the ends as an array of the dtype of ``like``, or raises ValueError.

    Args:
        name: "domain" or "window", for the message.
        ends: left and right end; traced ones are not compared.
        like: array of the dtype wanted.
    """
    array = jnp.asarray(ends, like.dtype)
    if array.shape != (2,):
        raise ValueError(f"{name} must be a pair of numbers (left, right), got {ends}")
    if not isinstance(array, jax.core.Tracer):
        left, right = np.asarray(array)
        if not (np.isfinite([left, right]).all() and left < right):
            raise ValueError(f"{name} needs finite ends, left < right, got {left}, {right}")
    return array
