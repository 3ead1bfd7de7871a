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
from longnn.models.mlp import Affine, Linear, relu_dropout
from longnn.models.model import Setting
from longnn.models.norms import norms_of
from longnn.models.shape import ACTIVATIONS, Shape
from longnn.operators.protocol import Operator

Propagation = Callable[[Operator, Float[Array, "N H"]], Float[Array, "N M"]]
"""A module that spreads signals over the graph. A filter (``longnn.models.Series``) is one."""

_JUMPED: dict[str, Callable[[Sequence[Array]], Array]] = {
    "last": lambda outputs: outputs[-1],
    "sum": lambda outputs: functools.reduce(jnp.add, outputs),
    "max": lambda outputs: functools.reduce(jnp.maximum, outputs),
    "concatenate": lambda outputs: jnp.concatenate(outputs, axis=1),
}
"""What the output layer reads of the layers' outputs (arXiv 1806.03536, section 4.1)."""


class Block(nnx.Module):
    """A body around any propagation P: linear layers, norms, residuals and dropout.

    With ``input_layer`` it starts with H_0 = act(X W_0 + c_0). Layer l maps H_{l-1} to B_l:

    - ``feed_forward=0``: B_l = act(norm(P(H W + c))); without an input layer H is X at l = 1.
    - ``feed_forward=1``: B_l = act(norm(P(H) W + c)).
    - ``feed_forward=2``: B_l = norm(act(P(H) W + c) V + d), as in arXiv 2302.11640.

    ``norm_position="before"`` normalises H instead, and the output layer's input, too. Then H_l is
    B_l; with ``residual="residual"`` it is H_{l-1} + B_l (arXiv 1512.03385), which the first layer
    has not where there is no input layer; with "initial" it is (1 - a) B_l + a H_0, where a is the
    model's ``residual_weight`` (after arXiv 2007.02133, eq. 5, whose mixture stands in front of W
    and has an identity map). The output layer is linear, and reads what ``jumping`` says.

    A dropout of rate ``filter_dropout`` stands in front of each propagation, one of rate
    ``dropout`` in front of each linear layer; with ``feed_forward=2`` the latter stands behind all
    linear layers but the last one, as in the published code of arXiv 2302.11640.

    The propagations themselves are arguments: a model owns its filters.

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        shape: what describes the block.
        layers: number of layers, >= 1.
        hidden: width of the signals between two layers.
        dropout: rate of the dropout around linear layers, in [0, 1).
        filter_dropout: rate of the dropout in front of propagations, in [0, 1).
        widens: how many times as many channels a propagation has behind it as in front of it.
        dtype: data type of the parameters.
        rngs: random generators of the initial values.

    Raises:
        ValueError: if a setting lies outside its range, or if two do not go together.
    """

    def __init__(
        self,
        in_features: int,
        classes: int,
        shape: Shape,
        *,
        layers: int,
        hidden: int,
        dropout: ArrayLike,
        filter_dropout: ArrayLike,
        widens: int = 1,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        check_count("layers", layers)
        check_count("hidden", hidden)
        check_range("filter_dropout", filter_dropout, 0, 1, "[)")
        if widens > 1 and not shape.feed_forward:
            raise ValueError(
                f"a propagation that makes {widens} times as many channels needs a linear layer "
                "behind it; set feed_forward=1 or 2"
            )
        made: Any = {"dtype": dtype, "rngs": rngs}
        self.shape = shape
        self.first = Linear(in_features, hidden, dropout=dropout, **made)
        behind = [(widens * hidden, hidden), (hidden, hidden)][: shape.feed_forward]
        front = [(hidden, hidden)] * (layers - 1 + shape.input_layer)
        widths = behind * layers if shape.feed_forward else front
        self.linears = nnx.List([Affine(a, b, **made) for a, b in widths])
        read = layers * hidden if shape.jumping == "concatenate" else hidden
        self.last = Affine(read, classes, **made)
        more = [read] if shape.norm_position == "before" else []
        self.norms = nnx.List(norms_of(shape.norm, [hidden] * layers + more, dtype))
        self.dropout = Setting(jnp.asarray(dropout, dtype))
        self.filter_dropout = Setting(jnp.asarray(filter_dropout, dtype))

    def __call__(
        self,
        propagations: Sequence[Propagation],
        operator: Operator,
        features: Features,
        key: Key | None = None,
        residual_weight: Float[Array, ""] | None = None,
    ) -> Float[Array, "N C"]:
        """Returns logits or values [N, C]; dropout is on exactly where a key is given.

        Args:
            propagations: one for each layer.
            operator: S of N nodes.
            features: of N nodes.
            key: the key of all dropouts, or None for evaluation.
            residual_weight: the part of H_0 in each layer's output, for residual="initial".
        """
        shape, count = self.shape, len(propagations)
        outer, *inner = split_key(key, 1 + 2 * count + shape.input_layer)
        front, linear = inner[: 2 * count : 2], [*inner[2 * count :], *inner[1 : 2 * count : 2]]
        if not shape.input_layer:
            linear = [None, *linear]  # the first linear layer drops the features out itself
        h, initial, outputs = self._entered(features, outer), None, []
        initial = h if shape.input_layer else None
        for i, propagation in enumerate(propagations):
            z = self._branch(i, propagation, operator, h, front[i], linear[i])
            if self._fused:
                h = relu_dropout(z, self.dropout[...], linear[i + 1])
                continue
            h = self._joined(z, h if i or shape.input_layer else None, initial, residual_weight)
            outputs = [*outputs, h] if shape.jumping != "last" else [h]
        return self._left(h if self._fused else _JUMPED[shape.jumping](outputs), linear[-1])

    @property
    def _fused(self) -> bool:
        """Whether an output is read once, by a linear layer: dropout and relu have one rule."""
        plain = Shape(norm=self.shape.norm, input_layer=self.shape.input_layer)
        return self.shape == plain

    def _entered(self, features: Features, key: Key | None) -> Float[Array, "N H"]:
        """The input layer's output H_0, or without one X W + c of the first layer."""
        if not self.shape.input_layer:
            return self.first.embed(features, key)
        if self.shape.feed_forward == 2:
            return self._activated(drop(self.first.embed(features), self.dropout[...], key))
        return self._activated(self.first.embed(features, key))

    def _branch(
        self,
        i: int,
        propagation: Propagation,
        operator: Operator,
        h: Float[Array, "N H"],
        front: Key | None,
        key: Key | None,
    ) -> Float[Array, "N H"]:
        """What layer i adds, without its last activation."""
        before = self.norms and self.shape.norm_position == "before"
        h = self.norms[i](h) if before else h
        if not self.shape.feed_forward:
            h = self._in_front(i, h, key)
        z = propagation(operator, drop(h, self.filter_dropout[...], front))
        if self.shape.feed_forward:
            z = self._behind(i, z, key)
        return self.norms[i](z) if self.norms and not before else z

    def _in_front(self, i: int, h: Array, key: Key | None) -> Array:
        """The linear layer in front of the propagation of layer i."""
        if i == 0 and not self.shape.input_layer:
            return h
        linear = self.linears[i if self.shape.input_layer else i - 1]
        return linear(h if self._fused and i else drop(h, self.dropout[...], key))

    def _behind(self, i: int, z: Array, key: Key | None) -> Array:
        """The linear layers behind the propagation of layer i."""
        rate = self.dropout[...]
        if self.shape.feed_forward == 1:
            return self.linears[i](drop(z, rate, key))
        inner, outer = split_key(key, 2)
        z = self._activated(drop(self.linears[2 * i](z), rate, inner))
        return drop(self.linears[2 * i + 1](z), rate, outer)

    def _joined(
        self, z: Array, h: Array | None, initial: Array | None, weight: Array | None
    ) -> Array:
        """H_l, of what layer l adds and what it starts from."""
        z = z if self.shape.feed_forward == 2 else self._activated(z)
        if self.shape.residual == "initial":
            assert initial is not None and weight is not None
            return (1 - weight) * z + weight * initial
        return z if h is None or self.shape.residual == "none" else h + z

    def _left(self, h: Array, key: Key | None) -> Array:
        """The output layer."""
        if self.norms and self.shape.norm_position == "before":
            h = self.norms[-1](h)
        already = self._fused or self.shape.feed_forward == 2
        return self.last(h if already else drop(h, self.dropout[...], key))

    def _activated(self, h: Array) -> Array:
        return ACTIVATIONS[self.shape.activation](h)


def with_one_basis(filters: Sequence[Any]) -> None:
    """Gives all filters the basis of the first one, with which it is learned.

    Args:
        filters: modules with a basis that is a module, such as ``longnn.models.InBasis``.

    Raises:
        ValueError: if a filter has no such basis.
    """
    for one in filters:
        if not hasattr(one, "basis"):
            raise ValueError(
                f"shared_basis=True needs filters whose basis is a module, and that of a "
                f"{type(one).__name__} is not: it is fixed, or belongs to the signal; leave "
                "shared_basis out"
            )
        one.basis = filters[0].basis
