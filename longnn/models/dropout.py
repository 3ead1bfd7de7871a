"""Dropout from a cheap hash of (index, key): threefry would be the second cost of a step."""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ThreefryKey:
    """A key whose dropout takes its bits from jax's generator instead of the hash."""

    key: Array


Key = Array | ThreefryKey


def split_key(key: Key | None, count: int) -> Sequence[Key | None]:
    """``count`` independent keys of the same kind, or ``count`` times None."""
    if key is None:
        return [None] * count
    if isinstance(key, ThreefryKey):
        return [ThreefryKey(part) for part in jax.random.split(key.key, count)]
    return list(jax.random.split(key, count))


def keep_mask(key: Key, rate: ArrayLike, size: int, index: Array | None = None) -> Array:
    """[size] bool, True with probability 1 - rate, independent between indices and keys.

    Args:
        key: a typed jax random key, or one as :class:`ThreefryKey`.
        rate: scalar in [0, 1), may be traced.
        size: number of entries, below 2**32.
        index: [size] int32, a permutation of the entries to be given; None for their own order.
    """
    if isinstance(key, ThreefryKey):
        drawn = jax.random.uniform(key.key, (size,), jnp.float32) >= jnp.asarray(rate, jnp.float32)
        return drawn if index is None else drawn[index]
    inner, outer = key_words(key)
    place = jax.lax.iota(jnp.uint32, size) if index is None else index.astype(jnp.uint32)
    bits = lowbias32(lowbias32(place ^ inner) + outer)
    return (bits >> 8) >= threshold(rate)


def key_words(key: Array) -> Array:
    """The two words [2] uint32 of a typed jax random key that the hash takes."""
    words = jax.random.key_data(key).astype(jnp.uint32).ravel()
    return jnp.stack([words[0], words[-1]])


def threshold(rate: ArrayLike) -> Array:
    """The smallest hash of 24 bits that is kept, uint32."""
    return jnp.ceil(jnp.asarray(rate, jnp.float32) * 2**24).astype(jnp.uint32)


def drop(x: Array, rate: ArrayLike, key: Key | None, index: Array | None = None) -> Array:
    """Zeroes entries with probability ``rate`` and divides the rest by 1 - rate.

    Args:
        x: any shape.
        rate: scalar in [0, 1), may be traced.
        key: as of :func:`keep_mask`, or None for evaluation, which returns ``x`` itself.
        index: as of :func:`keep_mask`, of the shape of x.
    """
    if key is None:
        return x
    keep = keep_mask(key, rate, x.size, index).reshape(x.shape)
    return jnp.where(keep, x / (1 - jnp.asarray(rate, x.dtype)), 0)


def lowbias32(x: Array) -> Array:
    """Bijective 32-bit mixer with low bias (C. Wellons, "Prospecting for Hash Functions", 2018)."""
    x ^= x >> 16
    x *= jnp.uint32(0x7FEB352D)
    x ^= x >> 15
    x *= jnp.uint32(0x846CA68B)
    x ^= x >> 16
    return x
