"""What series are made of and combined with: coefficients and numbers."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike


def check_coef(coef: ArrayLike | Sequence[Any]) -> Array:
    """Returns [K+1, ...] floating coefficients, or raises ValueError if there are none."""
    array = jnp.asarray(coef)
    if array.ndim < 1 or len(array) < 1 or jnp.issubdtype(array.dtype, jnp.complexfloating):
        raise ValueError(
            "coef must be real with K+1 >= 1 rows, one for each degree, got shape "
            f"{array.shape} and dtype {array.dtype}"
        )
    return array.astype(jnp.result_type(array, float))


def number(value: Any) -> Any:
    """A real number as it is, and None for what is none; TypeError for an array of numbers."""
    if not isinstance(value, int | float | np.ndarray | np.generic | Array):
        return None
    if np.ndim(value) or jnp.iscomplexobj(value):
        raise TypeError(
            "a series is added to and multiplied by real numbers and other series, got an array of "
            f"shape {np.shape(value)} and dtype {jnp.result_type(value)}; for coefficients, make a "
            "Series of it"
        )
    return value


def padded(coef: Array, size: int) -> Array:
    """[size, ...] with zeros after the rows that there are."""
    return jnp.concatenate([coef, jnp.zeros((size - len(coef), *coef.shape[1:]), coef.dtype)])


def same_channels(left: Array, right: Array) -> tuple[Array, Array]:
    """Coefficients with their channels broadcast against each other, by numpy's rules.

    Args:
        left: [L+1, ...].
        right: [R+1, ...].
    """
    channels = jnp.broadcast_shapes(left.shape[1:], right.shape[1:])

    def spread(coef: Array) -> Array:
        missing = (1,) * (len(channels) + 1 - coef.ndim)
        coef = coef.reshape(len(coef), *missing, *coef.shape[1:])
        return jnp.broadcast_to(coef, (len(coef), *channels))

    return spread(left), spread(right)
