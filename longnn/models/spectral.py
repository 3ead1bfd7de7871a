"""The body that spectral models share: embeddings, and filters where a setting says."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Literal, Required, Unpack

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Float

from longnn.graphs.checks import check_count, check_range, check_word
from longnn.models.block import Block
from longnn.models.directed import unwound
from longnn.models.dropout import Key, drop, split_key
from longnn.models.features import Features
from longnn.models.mlp import MLP, Affine, Linear, relu_dropout
from longnn.models.model import Setting
from longnn.models.norms import norms_of
from longnn.models.propagated import Propagated
from longnn.models.series import give_one_basis, have_one_basis
from longnn.models.shape import Shape, Shaping, refuse_shape, with_layer_norm
from longnn.models.stack import Made
from longnn.operators.protocol import Operator

Embedding = Literal["mlp", "linear"]
Placement = Literal["after", "before", "inside", "stacked"]

Filter = Callable[[Operator, Float[Array, "N C"]], Float[Array, "N C"]]
"""A module that filters signals. ``longnn.models.series.Series`` is one."""


class Body(Shaping, total=False):
    """The settings that every spectral model passes on to :class:`Spectral`."""

    hidden: int
    dropout: ArrayLike
    filter_dropout: ArrayLike
    embedding: Embedding
    placement: Placement
    layers: int
    layer_norm: bool
    directed: bool
    dtype: DTypeLike
    rngs: Required[nnx.Rngs]


class Spectral(Block):
    """A spectral model: an embedding of the features, and filters of one kind.

    Below, E is an MLP or a linear layer, and g is a filter. A dropout of rate ``dropout`` stands in
    front of every linear layer, one of rate ``filter_dropout`` in front of every filter.
    ``placement`` says where the filter sits:

    - "after": behind the embedding (decoupled), Z = norm(g(S) E(X)).
    - "before": in front of the embedding's nonlinearity, Z = relu(norm(g(S) X W1 + c1)) W2 + c2.
      Filters are linear, so where channels share coefficients this is the MLP on propagated
      features g(S) X. A "linear" embedding leaves Z = norm(g(S) X W + c). Terms that were
      propagated before (`longnn.models.propagated.Propagated`) may take the place of X and S.
    - "inside": on the hidden channels, Z = norm(g(S) relu(X W1 + c1)) W2 + c2.
    - "stacked": H <- relu(norm(g(S) (H W + c))), ``layers`` times with ``hidden`` channels, and a
      linear layer at the end. These layers are a block (:class:`longnn.models.block.Block`), whose
      settings add residuals, further norms and more.

    ``norm`` is the identity, or with ``layer_norm`` the layer norm over the channels of a node
    (arXiv 1607.06450) with learned gain and shift. In a block it is what the setting ``norm`` says,
    of which "layer" is the same as ``layer_norm``.

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        make: (channels, dtype) -> a filter of so many signals.
        hidden: width of the hidden layer, or of the stacked ones.
        dropout: rate of the dropout in front of linear layers, in [0, 1).
        filter_dropout: rate of the dropout in front of filters, in [0, 1).
        embedding: "mlp" or "linear"; stacked layers are linear in either case.
        placement: "after", "before", "inside" or "stacked".
        layers: number of filters; more than one need ``placement="stacked"``.
        layer_norm: whether filtered signals are normalised.
        directed: whether the operator is of a directed graph (``longnn.operators.Paired``): each
            filter g is followed by a linear layer that makes one signal of two, see
            :class:`longnn.models.Unwound`. ``longnn.fit`` sets it where the operator is.
        dtype: data type of the parameters.
        rngs: random generators of the initial values.
        shape: further settings of the block, see :class:`longnn.models.block.Block`.

    Raises:
        ValueError: if a setting is unknown or lies outside its range, or if two do not go together.
    """

    takes_directions = True

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
        directed: bool = False,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
        **shape: Unpack[Shaping],
    ):
        check_word("placement", placement, Placement)
        check_word("embedding", embedding, Embedding)
        self.placement, self.directed = placement, directed
        made: Made = {"dtype": dtype, "rngs": rngs}
        if placement == "stacked":
            shape = with_layer_norm(shape) if layer_norm else shape
            super().__init__(
                in_features,
                classes,
                hidden=hidden,
                layers=layers,
                dropout=dropout,
                filter_dropout=filter_dropout,
                **made,
                **shape,
            )
            filters = [make(hidden, dtype) for _ in range(layers)]
            if self.shape.shared_basis:
                give_one_basis(filters)
            # Any: a filter may have a response and coefficients, or not
            self.filters: Any = nnx.List(unwound(filters, hidden, **made) if directed else filters)
            return
        refuse_shape(shape, placement)
        check_range("filter_dropout", filter_dropout, 0, 1, "[)")
        check_count("layers", layers)
        check_count("hidden", hidden)
        if layers > 1:
            raise ValueError(
                f"layers={layers} filters need placement='stacked', got placement={placement!r}"
            )
        if placement == "inside" and embedding == "linear":
            raise ValueError(
                "placement='inside' filters the hidden layer of an MLP, which embedding='linear' "
                "does not have; use placement='after'"
            )
        whole = placement == "after" or (placement == "before" and embedding == "linear")
        if placement == "after" and embedding == "mlp":
            self.embedding = MLP(in_features, classes, hidden=hidden, dropout=dropout, **made)
        else:
            width = classes if whole else hidden
            self.embedding = Linear(in_features, width, dropout=dropout, **made)
        widths = [classes] if whole else [hidden, classes]
        self.heads = nnx.List([Affine(a, b, **made) for a, b in pairwise(widths)])
        filters = [make(widths[0], dtype)]
        self.filters = nnx.List(unwound(filters, widths[0], **made) if directed else filters)
        self.norms = nnx.List(norms_of("layer" if layer_norm else "none", widths[:1], dtype))
        self.dropout = Setting(jnp.asarray(dropout, dtype))
        self.filter_dropout = Setting(jnp.asarray(filter_dropout, dtype))
        self.shape = Shape()

    def __call__(
        self, operator: Operator, features: Features, key: Key | None = None
    ) -> Float[Array, "N C"]:
        """Returns Z [N, C], logits or values; dropout is on exactly where a key is given."""
        if self.placement == "stacked":
            return self.through(self.filters, operator, features, key)
        outer, *inner = split_key(key, 2 + len(self.heads))
        late: Array | float = 0.0
        if self.placement == "before" and isinstance(features, Propagated):
            return self._propagated(features, outer, inner)
        if self.placement == "before":
            assert isinstance(self.embedding, Linear)
            h, late = self.embedding.project(features, outer), self.embedding.bias[...]
        else:
            h = self.embedding.embed(features, outer)
        activation: Callable[[Array, Array, Key | None], Array] = relu_dropout
        if self.placement == "inside":
            h, activation = jax.nn.relu(h), drop
        (spectral,) = self.filters
        z = spectral(operator, drop(h, self.filter_dropout[...], inner[0])) + late
        z = self.norms[0](z) if self.norms else z
        if not self.heads:
            return z
        return self.heads[0](activation(z, self.dropout[...], inner[1]))

    def _propagated(
        self, features: Propagated, outer: Key | None, inner: Sequence[Key | None]
    ) -> Float[Array, "n C"]:
        """The same of terms that were propagated before."""
        if self.directed:
            raise ValueError(
                "terms that were propagated before are of a symmetric operator; leave directed "
                "out, or give features and the operator of a directed graph"
            )
        assert isinstance(self.embedding, Linear)
        linear, (spectral,) = self.embedding, self.filters
        basis, theta = spectral.terms()
        h = features.filtered(basis, theta, linear.kernel[...], linear.dropout[...], outer)
        z = drop(h, self.filter_dropout[...], inner[0]) + linear.bias[...]
        z = self.norms[0](z) if self.norms else z
        return self.heads[0](relu_dropout(z, self.dropout[...], inner[1])) if self.heads else z

    def hops(self) -> int | None:
        """Returns how many edges away the output of a node looks.

        None where a filter does not say, or where norms take statistics over all nodes.
        """
        return self.hops_through(self.filters)

    def theta(self) -> Float[Array, "K1 C"]:
        """Returns the coefficients in the current bases, those of several filters side by side."""
        return jnp.concatenate([f.terms()[1] for f in self.filters], axis=1)

    def response(self, x: Float[Array, "*points"]) -> Float[Array, "*points C"]:
        """Returns the response g_c(x) of the first filter.

        That of a further layer is ``model.filters[i].response(x)``.

        Args:
            x: [...] points x = 1 - lambda in [-1, 1].

        Returns:
            [..., C] values, or [..., 1] where the channels share the filter.
        """
        return self.filters[0].response(x)

    def scalars(self) -> dict[str, Float[Array, ""]]:
        """Returns the values that the filters name, those of further layers with their number.

        Where layers share a basis, its values come once.
        """
        named: dict[str, Float[Array, ""]] = {}
        for i, spectral in enumerate(self.filters):
            if i and have_one_basis(self.filters[0], spectral):
                continue
            end = "" if i == 0 else f"_{i + 1}"
            named |= {name + end: value for name, value in spectral.scalars().items()}
        return named
