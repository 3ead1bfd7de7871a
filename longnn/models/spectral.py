"""The body that spectral models share: embeddings, and filters where a setting says."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Literal, Required, TypedDict

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike

from longnn.graphs.checks import check_count, check_range, check_word
from longnn.models.dropout import Key, drop, split_key
from longnn.models.features import Features
from longnn.models.mlp import MLP, Affine, Linear, relu_dropout
from longnn.models.model import Setting
from longnn.operators.protocol import Operator

Embedding = Literal["mlp", "linear"]
Placement = Literal["after", "before", "inside", "stacked"]

Filter = Callable[[Operator, Array], Array]
"""A module: signals h [N, C] -> [N, C]. ``longnn.models.series.Series`` is one."""


class Body(TypedDict, total=False):
    """What every spectral model passes on to :class:`Spectral`: settings, dtype and rngs."""

    hidden: int
    dropout: ArrayLike
    filter_dropout: ArrayLike
    embedding: Embedding
    placement: Placement
    layers: int
    layer_norm: bool
    dtype: DTypeLike
    rngs: Required[nnx.Rngs]


class Spectral(nnx.Module):
    """Outputs Z [N, C] of embeddings and filters of one kind.

    With E an MLP or a linear layer, g a filter of its own at each place, p = ``dropout`` in front
    of every linear layer and q = ``filter_dropout`` in front of every filter, ``placement`` is

    - "after" the embedding, decoupled: Z = norm(g(S) E(X));
    - "before" its nonlinearity: Z = relu(norm(g(S) X W1 + c1)) W2 + c2. Filters are linear, so
      where channels share coefficients this is the MLP on propagated features g(S) X. A "linear"
      embedding leaves Z = norm(g(S) X W + c);
    - "inside", on the hidden channels: Z = norm(g(S) relu(X W1 + c1)) W2 + c2;
    - "stacked": H <- relu(norm(g(S) (H W + c))), ``layers`` times with ``hidden`` channels, and a
      linear layer at the end.

    ``norm`` is the identity, or with ``layer_norm`` the layer norm over the channels of a node
    (arXiv 1607.06450) with learned gain and shift.

    Args:
        in_features: F.
        classes: C, width of the output.
        make: (channels, dtype) -> a filter of so many signals.
        hidden: width of the hidden layer, or of the stacked ones.
        dropout: rate p, in [0, 1).
        filter_dropout: rate q, in [0, 1).
        embedding: "mlp" or "linear"; stacked layers are linear whatever it says.
        placement: "after", "before", "inside" or "stacked".
        layers: filters, if stacked.
        layer_norm: whether filtered signals are normalised.
        dtype: of the parameters.
        rngs: of their initial values.

    Raises:
        ValueError: for a setting that is unknown or outside its range.
    """

    def __init__(
        self,
        in_features: int,
        classes: int,
        make: Callable[[int, DTypeLike], Filter],
        *,
        hidden: int = 64,
        dropout: ArrayLike = 0.5,
        filter_dropout: ArrayLike = 0.0,
        embedding: Embedding = "mlp",
        placement: Placement = "after",
        layers: int = 1,
        layer_norm: bool = False,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        check_word("placement", placement, Placement)
        check_word("embedding", embedding, Embedding)
        check_range("filter_dropout", filter_dropout, 0, 1, "[)")
        check_count("layers", layers)
        if layers > 1 and placement != "stacked":
            raise ValueError(
                f"layers={layers} filters need placement='stacked', got placement={placement!r}"
            )
        if placement == "inside" and embedding == "linear":
            raise ValueError(
                "placement='inside' filters the hidden layer of an MLP, which embedding='linear' "
                "does not have; use placement='after'"
            )
        made: dict[str, Any] = {"dtype": dtype, "rngs": rngs}
        whole = placement == "after" or (placement == "before" and embedding == "linear")
        if placement == "after" and embedding == "mlp":
            self.embedding: Any = MLP(in_features, classes, hidden=hidden, dropout=dropout, **made)
        else:
            check_count("hidden", hidden)
            width = classes if whole else hidden
            self.embedding = Linear(in_features, width, dropout=dropout, **made)
        count = layers if placement == "stacked" else 1
        widths = [classes] if whole else [hidden] * count + [classes]
        self.heads = nnx.List([Affine(a, b, **made) for a, b in pairwise(widths)])
        self.filters: Any = nnx.List([make(widths[0], dtype) for _ in range(count)])
        norms = [LayerNorm(widths[0], dtype=dtype) for _ in range(count) if layer_norm]
        self.norms = nnx.List(norms)
        self.dropout = Setting(jnp.asarray(dropout, dtype))
        self.filter_dropout = Setting(jnp.asarray(filter_dropout, dtype))
        self.placement = placement

    def __call__(self, operator: Operator, features: Features, key: Key | None = None) -> Array:
        """Z [N, C]: logits, or values; dropout is on exactly where a key is given."""
        outer, *inner = split_key(key, 1 + len(self.filters) + len(self.heads))
        if self.placement == "before":
            h, late = self.embedding.project(features, outer), self.embedding.bias[...]
        else:
            h, late = self.embedding.embed(features, outer), 0
        activation: Any = relu_dropout
        if self.placement == "inside":
            h, activation = jax.nn.relu(h), drop
        for i, spectral in enumerate(self.filters):
            z = spectral(operator, drop(h, self.filter_dropout[...], inner[2 * i])) + late
            z = self.norms[i](z) if self.norms else z
            if not self.heads:
                return z
            h = self.heads[i](activation(z, self.dropout[...], inner[2 * i + 1]))
        return h

    def theta(self) -> Array:
        """Coefficients in the current bases, those of several filters side by side [K+1, ...]."""
        return jnp.concatenate([f.terms()[1] for f in self.filters], axis=1)

    def response(self, x: Array) -> Array:
        """g_c(x) of the first filter at x = 1 - lambda in [-1, 1]: [...] -> [..., C].

        Those of further layers: ``model.filters[i].response(x)``.
        """
        return self.filters[0].response(x)

    def scalars(self) -> dict[str, Array]:
        """What the filters name; of layers after the first with their number."""
        named: dict[str, Array] = {}
        for i, spectral in enumerate(self.filters):
            end = "" if i == 0 else f"_{i + 1}"
            named |= {name + end: value for name, value in spectral.scalars().items()}
        return named


class LayerNorm(nnx.Module):
    """(h - mean) / sqrt(variance + 1e-5) * gain + shift over the channels (arXiv 1607.06450)."""

    def __init__(self, channels: int, *, dtype: DTypeLike = jnp.float32):
        self.gain = nnx.Param(jnp.ones(channels, dtype), group="mlp")
        self.shift = nnx.Param(jnp.zeros(channels, dtype), group="mlp")

    def __call__(self, h: Array) -> Array:
        """[N, C] -> [N, C]."""
        centred = h - h.mean(axis=-1, keepdims=True)
        variance = jnp.mean(centred**2, axis=-1, keepdims=True)
        return centred * jax.lax.rsqrt(variance + 1e-5) * self.gain[...] + self.shift[...]
