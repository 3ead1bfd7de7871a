"""Convolutions one after the other, for models that are no single filter."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Required, TypedDict

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike

from longnn.graphs.checks import check_count, check_range
from longnn.models.dropout import Key, split_key
from longnn.models.features import DenseFeatures, Features
from longnn.models.model import Setting
from longnn.operators.protocol import Operator


class Made(TypedDict):
    """What every layer is made with."""

    dtype: DTypeLike
    rngs: nnx.Rngs


class Layers(TypedDict, total=False):
    """What every model of layers passes on to :class:`Stack`: settings, dtype and rngs."""

    hidden: int
    layers: int
    dropout: ArrayLike
    dtype: DTypeLike
    rngs: Required[nnx.Rngs]


class Stack(nnx.Module):
    """H <- activation(conv(S, dropout(H))), without the activation after the last.

    Args:
        in_features: F.
        classes: C.
        make: (width in, width out, whether it is the last, dtype=..., rngs=...) -> a convolution,
            called as ``conv(operator, features, rate, key)``.
        hidden: width between two convolutions.
        layers: number of convolutions.
        dropout: rate in front of each, in [0, 1).
        activation: between two.
        dtype: of the parameters.
        rngs: of their initial values.

    Raises:
        ValueError: for a setting outside its range.
    """

    def __init__(
        self,
        in_features: int,
        classes: int,
        make: Callable[..., Any],
        *,
        hidden: int = 64,
        layers: int = 2,
        dropout: ArrayLike = 0.5,
        activation: Callable[[Array], Array] = jax.nn.relu,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        check_count("hidden", hidden)
        check_count("layers", layers)
        check_range("dropout", dropout, 0, 1, "[)")
        widths = [in_features] + [hidden] * (layers - 1) + [classes]
        pairs = enumerate(pairwise(widths), start=1)
        self.convolutions = nnx.List(
            [make(a, b, i == layers, dtype=dtype, rngs=rngs) for i, (a, b) in pairs]
        )
        self.activation = activation
        self.dropout = Setting(jnp.asarray(dropout, dtype))

    def __call__(self, operator: Operator, features: Features, key: Key | None = None) -> Array:
        """Logits or values [N, C]; dropout is on exactly where a key is given."""
        keys = split_key(key, len(self.convolutions))
        for number, convolution in enumerate(self.convolutions):
            h = convolution(operator, features, self.dropout[...], keys[number])
            features = as_dense(self.activation(h))
        return h


def as_dense(h: Array) -> DenseFeatures:
    """Node signals [N, H] as the features of the next layer."""
    return DenseFeatures(h, (h.shape[0], h.shape[1]))
