"""Bases on another interval than [-1, 1]."""

import jax
import jax.numpy as jnp
import numpy as np

from polybases.ranges import check_range
from polybases.recurrence import Recurrence
from polybases.shapes import Scalar


def on_interval(recurrence: Recurrence, left: Scalar, right: Scalar) -> Recurrence:
    """The basis p_k(t(x)) with t the affine map of [left, right] onto [-1, 1].

    The weight becomes w(t(x)) dx. An orthonormal basis stays orthonormal (its values are divided
    by the square root of half the length); another scale keeps its values, and its norms change.

    Args:
        recurrence: basis on [-1, 1].
        left: l, scalar, may be traced.
        right: r > l.

    Raises:
        ValueError: if concrete ends are not finite with l < r, or values of the basis leave the
            range of its dtype.

    Example:
        >>> import polybases
        >>> moved = polybases.on_interval(polybases.legendre(2), 0.0, 2.0)
        >>> nodes, weights = polybases.gauss(moved)
        >>> print(nodes.round(4), weights.round(4))
        [0.4226 1.5774] [1. 1.]
    """
    if not any(isinstance(end, jax.core.Tracer) for end in (left, right)):
        given = np.asarray(left), np.asarray(right)
        if not (np.isfinite(given).all() and given[0] < given[1]):
            raise ValueError(f"an interval needs finite ends, left < right, got {left}, {right}")
    half = (jnp.asarray(right) - left) / 2
    middle = (jnp.asarray(right) + left) / 2
    first, diagonal, upper, lower, norms, ends = recurrence
    moved = (half * diagonal + middle, half * upper, half * lower)
    if ends is not None:
        ends = ends.moved(half, middle)
    if norms is None:
        root = 1 / jnp.sqrt(half)
        first, ends = first * root, ends if ends is None else ends.multiplied(root)
    norms = jax.tree.map(lambda squared: squared * half, norms)
    check_range(first, ends, first.dtype)
    return Recurrence(first, *moved, norms, ends)
