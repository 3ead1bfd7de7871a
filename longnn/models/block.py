"""The block: layers of one propagation each, with all that may stand around it."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Float

from longnn.graphs.checks import check_count, check_range
from longnn.models.dropout import Key, drop, split_key
from longnn.models.features import Features
from longnn.models.mlp import MLP, Affine, Linear, relu_dropout
from longnn.models.model import Setting
from longnn.models.norms import Norm, norms_of
from longnn.models.reach import hops_together
from longnn.models.shape import ACTIVATIONS, Activation, Jumping, NormPosition, Residual, Shape
from longnn.operators.protocol import Operator

Propagation = Callable[[Operator, Float[Array, "N H"]], Float[Array, "N M"]]
"""A module that spreads signals over the graph. A filter (``longnn.models.Series``) is one."""

_JUMPED: dict[str, Callable[[Sequence[Array]], Array]] = {
    "last": lambda outputs: outputs[-1],
    "sum": lambda outputs: functools.reduce(jnp.add, outputs),
    "max": lambda outputs: functools.reduce(jnp.maximum, outputs),
    "concatenate": lambda outputs: jnp.concatenate(outputs, axis=1),
}


class Block(nnx.Module):
    """A body around any propagation P: linear layers, norms, residuals and dropout.

    A model that inherits from it owns the propagations, and hands them to :meth:`through`. With
    ``input_layer`` the block starts with H_0 = act(X W_0 + c_0). Layer l maps H_{l-1} to B_l:

    - ``feed_forward=0``: B_l = act(norm(P(H_{l-1} W + c))), where X takes the place of H_0 if there
      is no input layer.
    - ``feed_forward=1``: B_l = act(norm(P(H_{l-1}) W + c)).
    - ``feed_forward=2``: B_l = norm(act(P(H_{l-1}) W + c) V + d), after arXiv 2302.11640.

    With ``norm_position="before"`` the norm stands in front of all of this, and another one in
    front of the output layer; without an input layer that of l = 1 normalises X W + c. H_l is B_l;
    with ``residual="residual"`` it is H_{l-1} + B_l (arXiv 1512.03385), but at l = 1 only behind an
    input layer; with "initial" it is (1 - a) B_l + a H_0 for a = ``residual_weight`` (the mixture
    of arXiv 2007.02133, eq. 5, which stands in front of W there and knows an identity map, too).
    The output layer is linear and reads what ``jumping`` says (arXiv 1806.03536, section 4.1).

    Dropout of rate ``filter_dropout`` stands in front of each propagation, dropout of rate
    ``dropout`` in front of each linear layer. With ``feed_forward=2`` the latter stands directly
    behind each linear layer but the output layer, as in the published code of arXiv 2302.11640.

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        widens: how many times as many channels are behind a propagation as in front of it.
        hidden: width of the signals between two layers, >= 1.
        layers: number of layers, >= 1.
        dropout: rate of the dropout around linear layers, in [0, 1).
        filter_dropout: rate of the dropout in front of propagations, in [0, 1).
        norm: "none", "layer", "batch" or "graph" (:mod:`longnn.models.norms`).
        norm_position: "before" or "after" the propagation of a layer.
        residual: "none", "residual" or "initial".
        residual_weight: the part a of H_0 that residual="initial" mixes in, in [0, 1].
        input_layer: whether the block starts with H_0.
        feed_forward: how many linear layers stand behind each propagation: 0, where one stands in
            front of it, 1 or 2.
        activation: act, "relu", "gelu", "elu" or "tanh".
        jumping: what the output layer reads: the "last" H_l, or the "sum", the "max" or a
            "concatenate" of those of all layers.
        shared_basis: whether the filters of all layers have one basis, with coefficients of their
            own; for the model that owns them.
        dtype: data type of the parameters.
        rngs: random generators of the initial values.

    Raises:
        ValueError: if a setting is unknown or lies outside its range, or if two do not go together.
    """

    def __init__(
        self,
        in_features: int,
        classes: int,
        widens: int = 1,
        *,
        hidden: int = 64,
        layers: int = 2,
        dropout: ArrayLike = 0.5,
        filter_dropout: ArrayLike = 0.0,
        norm: Norm = Shape.norm,
        norm_position: NormPosition = Shape.norm_position,
        residual: Residual = Shape.residual,
        residual_weight: ArrayLike = 0.1,
        input_layer: bool = Shape.input_layer,
        feed_forward: int = Shape.feed_forward,
        activation: Activation = Shape.activation,
        jumping: Jumping = Shape.jumping,
        shared_basis: bool = Shape.shared_basis,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        check_count("layers", layers)
        check_count("hidden", hidden)
        check_range("filter_dropout", filter_dropout, 0, 1, "[)")
        check_range("residual_weight", residual_weight, 0, 1, "[]")
        self.shape = shape = Shape(
            norm=norm,
            norm_position=norm_position,
            residual=residual,
            input_layer=input_layer,
            feed_forward=feed_forward,
            activation=activation,
            jumping=jumping,
            shared_basis=shared_basis,
        )
        made: Any = {"dtype": dtype, "rngs": rngs}
        read = layers * hidden if jumping == "concatenate" else hidden
        widths = [*shape.inner_widths(hidden, layers, widens), (read, classes)]
        self.embedding: MLP | Linear = Linear(in_features, hidden, dropout=dropout, **made)
        self.heads = nnx.List([Affine(a, b, **made) for a, b in widths])
        normed = [hidden] * layers + [read] * shape.normed_output
        self.norms = nnx.List(norms_of(norm, normed, dtype))
        self.dropout = Setting(jnp.asarray(dropout, dtype))
        self.filter_dropout = Setting(jnp.asarray(filter_dropout, dtype))
        if residual == "initial":
            self.residual_weight = Setting(jnp.asarray(residual_weight, dtype))

    def through(
        self,
        propagations: Sequence[Propagation],
        operator: Operator,
        features: Features,
        key: Key | None = None,
    ) -> Float[Array, "N C"]:
        """Returns logits or values [N, C]; dropout is on exactly where a key is given.

        Args:
            propagations: one for each layer.
            operator: S of N nodes.
            features: of N nodes.
            key: the key of all dropouts, or None for evaluation.
        """
        outer, front, linear = _keys(key, len(propagations), self.shape.input_layer)
        if self.shape.plain:
            return self._plain(propagations, operator, self.embedding.embed(features, outer),
                               front, linear[1:])  # fmt: skip
        h = initial = self._entered(features, outer)
        outputs = []
        for i, propagation in enumerate(propagations):
            normed = self.norms[i](h) if self.shape.normed_output else h
            z = normed if self.shape.feed_forward else self._in_front(i, normed, linear[i])
            z = propagation(operator, drop(z, self.filter_dropout[...], front[i]))
            z = self._behind(i, z, linear[i])
            h = self._joined(z, h if i or self.shape.input_layer else 0, initial)
            outputs.append(h)
        return self._left(_JUMPED[self.shape.jumping](outputs), linear[-1])

    def hops_through(self, propagations: Sequence[Propagation]) -> int | None:
        """Returns how many edges away the output of a node looks.

        None where a propagation does not say, or where norms take statistics over all nodes.
        """
        return None if self.shape.over_nodes else hops_together(propagations)

    def _plain(
        self,
        propagations: Sequence[Propagation],
        operator: Operator,
        h: Float[Array, "N H"],
        front: Sequence[Key | None],
        linear: Sequence[Key | None],
    ) -> Float[Array, "N C"]:
        """The layers where each output is read once: relu and dropout have one derivative."""
        for i, propagation in enumerate(propagations):
            z = propagation(operator, drop(h, self.filter_dropout[...], front[i]))
            z = self.norms[i](z) if self.norms else z
            h = self.heads[i](relu_dropout(z, self.dropout[...], linear[i]))
        return h

    def _entered(self, features: Features, key: Key | None) -> Float[Array, "N H"]:
        """H_0, or X W + c of the first layer where there is no input layer."""
        if not self.shape.input_layer:
            return self.embedding.embed(features, key)
        if self.shape.feed_forward == 2:
            return self._activated(drop(self.embedding.embed(features), self.dropout[...], key))
        return self._activated(self.embedding.embed(features, key))

    def _in_front(self, i: int, h: Float[Array, "N H"], key: Key | None) -> Float[Array, "N H"]:
        """The linear layer in front of a propagation; that of X is the embedding."""
        number = i if self.shape.input_layer else i - 1
        return h if number < 0 else self.heads[number](drop(h, self.dropout[...], key))

    def _behind(self, i: int, z: Float[Array, "N M"], key: Key | None) -> Float[Array, "N H"]:
        """B_l of a propagation's output: linear layers, norm and activation."""
        norm = self.norms[i] if self.norms and not self.shape.normed_output else lambda z: z
        rate, layers = self.dropout[...], self.shape.feed_forward
        if layers == 2:
            inner, outer = split_key(key, 2)
            z = self._activated(drop(self.heads[2 * i](z), rate, inner))
            return norm(drop(self.heads[2 * i + 1](z), rate, outer))
        return self._activated(norm(self.heads[i](drop(z, rate, key)) if layers else z))

    def _joined(self, z: Array, h: Array | int, initial: Array) -> Float[Array, "N H"]:
        """H_l, of B_l and of what layer l starts from."""
        if self.shape.residual == "initial":
            weight = self.residual_weight[...]
            return (1 - weight) * z + weight * initial
        return h + z if self.shape.residual == "residual" else z

    def _left(self, h: Float[Array, "N M"], key: Key | None) -> Float[Array, "N C"]:
        """The output layer."""
        h = self.norms[-1](h) if self.shape.normed_output else h
        dropped = h if self.shape.feed_forward == 2 else drop(h, self.dropout[...], key)
        return self.heads[-1](dropped)

    def _activated(self, h: Float[Array, "N H"]) -> Float[Array, "N H"]:
        return ACTIVATIONS[self.shape.activation](h)


def _keys(
    key: Key | None, count: int, input_layer: bool
) -> tuple[Key | None, Sequence[Key | None], Sequence[Key | None]]:
    """The keys of the dropouts: on X, in front of each propagation, and around linear layers.

    The last are one for each layer, None where the linear layer of the first one is that of X, and
    one for the output layer.
    """
    outer, *inner = split_key(key, 1 + 2 * count + input_layer)
    first = inner[-1] if input_layer else None
    return outer, inner[: 2 * count : 2], [first, *inner[1 : 2 * count : 2]]
