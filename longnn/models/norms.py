"""Norms of hidden signals: over the channels of a node, or over the nodes of a channel."""

from typing import Literal

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float

Norm = Literal["none", "layer", "batch", "graph"]

OVER_NODES = ("batch", "graph")
"""The norms whose statistics are those of all nodes, so that every node looks at all others."""

_EPSILON = 1e-5


class LayerNorm(nnx.Module):
    """The layer norm (h - mean) / sqrt(variance + 1e-5) * gain + shift over the channels of a node.

    Source: Ba, Kiros and Hinton (arXiv 1607.06450), eq. 4.
    """

    def __init__(self, channels: int, *, dtype: DTypeLike = jnp.float32):
        self.gain, self.shift = _gain_and_shift(channels, dtype)

    def __call__(self, h: Float[Array, "N C"]) -> Float[Array, "N C"]:
        """Normalises node signals."""
        centred = h - h.mean(axis=-1, keepdims=True)
        variance = jnp.mean(centred**2, axis=-1, keepdims=True)
        return centred * jax.lax.rsqrt(variance + _EPSILON) * self.gain[...] + self.shift[...]


class BatchNorm(nnx.Module):
    """The batch norm (h - mean) / sqrt(variance + 1e-5) * gain + shift over the nodes of a channel.

    Mean and variance are those of all nodes of the graph, in training (with dropout) and in
    evaluation (without) alike: the batch is the whole graph in both, so that nothing has to be
    estimated by running averages. Source: Ioffe and Szegedy (arXiv 1502.03167), algorithm 1.
    """

    def __init__(self, channels: int, *, dtype: DTypeLike = jnp.float32):
        self.gain, self.shift = _gain_and_shift(channels, dtype)

    def __call__(self, h: Float[Array, "N C"]) -> Float[Array, "N C"]:
        """Normalises node signals."""
        return _over_nodes(h, h.mean(axis=0), self.gain[...], self.shift[...])


class GraphNorm(nnx.Module):
    """The graph norm: a batch norm over the nodes that subtracts a learned part of the mean.

    (h - a mean) / sqrt(mean((h - a mean)^2) + 1e-5) * gain + shift with one a for each channel,
    which starts at 1. Source: Cai et al. (arXiv 2009.03294), eq. 6; the graph is one.
    """

    def __init__(self, channels: int, *, dtype: DTypeLike = jnp.float32):
        self.gain, self.shift = _gain_and_shift(channels, dtype)
        self.mean_scale = nnx.Param(jnp.ones(channels, dtype), group="mlp")

    def __call__(self, h: Float[Array, "N C"]) -> Float[Array, "N C"]:
        """Normalises node signals."""
        mean = self.mean_scale[...] * h.mean(axis=0)
        return _over_nodes(h, mean, self.gain[...], self.shift[...])


def norms_of(
    norm: Norm, channels: list[int], dtype: DTypeLike
) -> list[LayerNorm | BatchNorm | GraphNorm]:
    """Returns one norm for each number of channels, or none at all for "none".

    Args:
        norm: which norm.
        channels: the widths of the signals.
        dtype: data type of the parameters.
    """
    kinds: dict[str, type[LayerNorm] | type[BatchNorm] | type[GraphNorm]] = {
        "layer": LayerNorm,
        "batch": BatchNorm,
        "graph": GraphNorm,
    }
    return [] if norm == "none" else [kinds[norm](width, dtype=dtype) for width in channels]


def _over_nodes(h: Array, mean: Array, gain: Array, shift: Array) -> Array:
    centred = h - mean
    variance = jnp.mean(centred**2, axis=0)
    return centred * jax.lax.rsqrt(variance + _EPSILON) * gain + shift


def _gain_and_shift(channels: int, dtype: DTypeLike) -> tuple[nnx.Param, nnx.Param]:
    gain = nnx.Param(jnp.ones(channels, dtype), group="mlp")
    return gain, nnx.Param(jnp.zeros(channels, dtype), group="mlp")
