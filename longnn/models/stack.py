"""Convolutions one after the other, for models that are no single filter."""

from collections.abc import Callable
from itertools import pairwise
from typing import Protocol, Required, TypedDict, Unpack, runtime_checkable

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Float

from longnn.graphs.checks import check_count, check_range
from longnn.models.dropout import Key, split_key
from longnn.models.features import Features
from longnn.models.matrices import DenseFeatures
from longnn.models.model import Setting
from longnn.models.reach import hops_together
from longnn.operators.protocol import Operator


class Made(TypedDict):
    """The settings that every layer is made with."""

    dtype: DTypeLike
    rngs: nnx.Rngs


class Layers(TypedDict, total=False):
    """The settings that every model of layers passes on to :class:`Stack`."""

    hidden: int
    layers: int
    dropout: ArrayLike
    dtype: DTypeLike
    rngs: Required[nnx.Rngs]


@runtime_checkable
class Layer(Protocol):
    """One layer: a module that maps features X [N, F] to signals [N, H]."""

    def __call__(
        self, operator: Operator, features: Features, rate: ArrayLike, key: Key | None
    ) -> Float[Array, "N H"]:
        """Applies the layer to features that are dropped out at the rate where a key is given."""


@runtime_checkable
class MakeLayer(Protocol):
    """A function that makes the layers of a stack."""

    def __call__(self, width_in: int, width_out: int, last: bool, /, **made: Unpack[Made]) -> Layer:
        """Returns a layer of so many inputs and outputs; ``last``: whether it is the last one."""


class Stack(nnx.Module):
    """Layers one after the other, with dropout in front of each and an activation between two.

    H <- activation(layer(S, dropout(H))), without the activation after the last layer.

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        make: a function that makes each layer, see :class:`MakeLayer`.
        hidden: width of the signals between two layers.
        layers: number of layers, >= 1.
        dropout: rate of the dropout in front of each layer, in [0, 1).
        activation: the function between two layers.
        dtype: data type of the parameters.
        rngs: random generators of the initial values.

    Raises:
        ValueError: if a setting lies outside its range.
    """

    def __init__(
        self,
        in_features: int,
        classes: int,
        make: MakeLayer,
        *,
        hidden: int = 64,
        layers: int = 2,
        dropout: ArrayLike = 0.5,
        activation: Callable[[Float[Array, "N H"]], Float[Array, "N H"]] = jax.nn.relu,
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

    def __call__(
        self, operator: Operator, features: Features, key: Key | None = None
    ) -> Float[Array, "N C"]:
        """Returns logits or values [N, C]; dropout is on exactly where a key is given."""
        keys = split_key(key, len(self.convolutions))
        for number, convolution in enumerate(self.convolutions):
            h = convolution(operator, features, self.dropout[...], keys[number])
            features = as_dense(self.activation(h))
        return h

    def hops(self) -> int | None:
        """Returns how many edges away the layers look, or None where one does not say."""
        return hops_together(self.convolutions)


def as_dense(h: Float[Array, "N H"]) -> DenseFeatures:
    """Returns node signals [N, H] as the features of the next layer."""
    return DenseFeatures(h, (h.shape[0], h.shape[1]))
