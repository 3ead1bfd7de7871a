"""Dropout from a cheap hash of (index, key): threefry would be the second cost of a step."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Bool, Float, Int32, Integer, PRNGKeyArray, UInt32


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ThreefryKey:
    """A key whose dropout takes its bits from jax's generator instead of from the hash."""

    key: PRNGKeyArray


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class NodeKey:
    """A key whose bits belong to nodes, in whatever order the rows are that are dropped out.

    Attributes:
        key: a random key, which is hashed with the place that an entry has where row i is node i.
        node: [N] the node of each row.
    """

    key: PRNGKeyArray
    node: Int32[Array, " N"]

    def places(self, shape: tuple[int, ...]) -> UInt32[Array, "..."]:
        """The places of the entries of an array of this shape, whose first axis are the rows."""
        width = math.prod(shape[1:])
        within = jnp.arange(width, dtype=jnp.uint32).reshape(1, *shape[1:])
        first = self.node.astype(jnp.uint32) * jnp.uint32(width)
        return first.reshape(-1, *(1,) * (len(shape) - 1)) + within


Key = PRNGKeyArray | ThreefryKey | NodeKey
"""The key of a dropout: a random key of jax, hashed, or one whose own bits are taken."""


def split_key(key: Key | None, count: int) -> Sequence[Key | None]:
    """Returns ``count`` independent keys of the same kind, or ``count`` times None for None."""
    if key is None:
        return [None] * count
    if isinstance(key, ThreefryKey):
        return [ThreefryKey(part) for part in jax.random.split(key.key, count)]
    if isinstance(key, NodeKey):
        return [NodeKey(part, key.node) for part in jax.random.split(key.key, count)]
    return list(jax.random.split(key, count))


def keep_mask(
    key: PRNGKeyArray | ThreefryKey,
    rate: ArrayLike,
    size: int,
    index: Integer[Array, "..."] | None = None,
) -> Bool[Array, "..."]:
    """Returns a mask, True with probability 1 - rate and independent between places and keys.

    Args:
        key: the key of the draw.
        rate: probability of False, a scalar in [0, 1) that may be traced.
        size: number of places, below 2**32.
        index: [...] the numbers of so many places, all different; None for 0, 1, ..., size - 1.
    """
    if isinstance(key, ThreefryKey):
        drawn = jax.random.uniform(key.key, (size,), jnp.float32) >= jnp.asarray(rate, jnp.float32)
        return drawn if index is None else drawn[index]
    inner, outer = key_words(key)
    place = jax.lax.iota(jnp.uint32, size) if index is None else index.astype(jnp.uint32)
    bits = lowbias32(lowbias32(place ^ inner) + outer)
    return (bits >> 8) >= threshold(rate)


def key_words(key: PRNGKeyArray) -> UInt32[Array, "2"]:
    """Returns the two words of a jax random key that the hash takes."""
    words = jax.random.key_data(key).astype(jnp.uint32).ravel()
    return jnp.stack([words[0], words[-1]])


def threshold(rate: ArrayLike) -> UInt32[Array, ""]:
    """Returns the smallest hash of 24 bits that is kept at a rate in [0, 1)."""
    return jnp.ceil(jnp.asarray(rate, jnp.float32) * 2**24).astype(jnp.uint32)


def drop(
    x: Float[Array, "*shape"],
    rate: ArrayLike,
    key: Key | None,
    index: Integer[Array, "*shape"] | None = None,
) -> Float[Array, "*shape"]:
    """Zeroes entries with probability ``rate`` and divides the others by 1 - rate.

    Args:
        x: [...] values.
        rate: a scalar in [0, 1) that may be traced.
        key: the key of the draw, or None for evaluation, which returns ``x`` itself.
        index: [...] the numbers of the places as in :func:`keep_mask`, in the shape of x; None:
            those of an array whose first axis are the nodes in their order.
    """
    if key is None:
        return x
    if isinstance(key, NodeKey):
        return drop(x, rate, key.key, key.places(x.shape) if index is None else index)
    keep = keep_mask(key, rate, x.size, index).reshape(x.shape)
    return jnp.where(keep, x / (1 - jnp.asarray(rate, x.dtype)), 0)


def lowbias32(x: UInt32[Array, "*shape"]) -> UInt32[Array, "*shape"]:
    """Mixes 32-bit words by a bijection of low bias.

    Source: C. Wellons, "Prospecting for Hash Functions" (2018).
    """
    x ^= x >> 16
    x *= jnp.uint32(0x7FEB352D)
    x ^= x >> 15
    x *= jnp.uint32(0x846CA68B)
    x ^= x >> 16
    return x
