"""Dropout from a cheap hash of (index, key): threefry would be the second cost of a step."""

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike


def keep_mask(key: Array, rate: ArrayLike, size: int) -> Array:
    """[size] bool, True with probability 1 - rate, independent between indices and keys.

    Args:
        key: a typed jax random key.
        rate: scalar in [0, 1), may be traced.
        size: number of entries, below 2**32.
    """
    words = jax.random.key_data(key).astype(jnp.uint32).ravel()
    index = jax.lax.iota(jnp.uint32, size)
    bits = lowbias32(lowbias32(index ^ words[0]) + words[-1])
    # 24 bits are exact in float32
    return (bits >> 8).astype(jnp.float32) >= jnp.asarray(rate, jnp.float32) * 2**24


def dropout(x: Array, rate: ArrayLike, key: Array | None) -> Array:
    """Zeroes entries with probability ``rate`` and divides the rest by 1 - rate.

    Args:
        x: any shape.
        rate: scalar in [0, 1), may be traced.
        key: a typed jax random key, or None for evaluation, which returns ``x`` itself.
    """
    if key is None:
        return x
    keep = keep_mask(key, rate, x.size).reshape(x.shape)
    return jnp.where(keep, x / (1 - jnp.asarray(rate, x.dtype)), 0)


def lowbias32(x: Array) -> Array:
    """Bijective 32-bit mixer with low bias (C. Wellons, "Prospecting for Hash Functions", 2018)."""
    x ^= x >> 16
    x *= jnp.uint32(0x7FEB352D)
    x ^= x >> 15
    x *= jnp.uint32(0x846CA68B)
    x ^= x >> 16
    return x
