"""Outputs for whole graphs: a model of nodes, and a readout over the nodes of each graph."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float, Int

from longnn.graphs.checks import check_count, check_word
from longnn.models.dropout import Key
from longnn.models.features import Features
from longnn.models.graph_features import GraphFeatures
from longnn.models.mlp import Affine
from longnn.operators.protocol import Operator

Readout = Literal["sum", "mean", "max", "attention"]


class Pooled(nnx.Module):
    """A model of graphs: Z_g = W r({relu(h_i) : i in g}) + c, h being the output of one of nodes.

    r is the sum, the mean or the maximum over the nodes of graph g, or "attention", the mean with
    weights softmax_i(a . relu(h_i) + b) (arXiv 1511.05493, eq. 7, without the gate of values). A
    graph without a node reads 0.

    Args:
        body: a model of nodes with ``width`` outputs.
        width: channels H of its output.
        classes: number C of classes of graphs, or 1 for regression.
        readout: "sum", "mean", "max" or "attention".
        dtype: data type of the parameters.
        rngs: random generators of the initial values.

    Raises:
        ValueError: for an unknown readout.
    """

    def __init__(
        self,
        body: nnx.Module,
        width: int,
        classes: int,
        *,
        readout: Readout = "mean",
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        check_word("readout", readout, Readout)
        self.readout = readout
        self.body: Any = body
        self.head = Affine(width, classes, dtype=dtype, rngs=rngs)
        if readout == "attention":
            self.weight = Affine(width, 1, dtype=dtype, rngs=rngs)

    def __call__(
        self, operator: Operator, features: Features, key: Key | None = None
    ) -> Float[Array, "g C"]:
        """Returns logits or values of graphs; dropout is on exactly where a key is given."""
        if not isinstance(features, GraphFeatures):
            raise ValueError(
                f"a readout needs features that say of which graph a row is, got "
                f"{type(features).__name__}; train it by longnn.fit_graphs"
            )
        h = jax.nn.relu(self.body(operator, features, key))
        slot, graphs = features.slot, features.graphs
        if self.readout == "attention":
            h = h * softmax_by_graph(self.weight(h)[:, 0], slot, graphs)[:, None]
        kind = "sum" if self.readout == "attention" else self.readout
        return self.head(pooled(h, slot, graphs, kind))

    def scalars(self) -> dict[str, Float[Array, ""]]:
        """Returns the values that the model of nodes names."""
        found: dict[str, Float[Array, ""]] = getattr(self.body, "scalars", dict)()
        return found


def pooled(
    h: Float[Array, "R H"], slot: Int[Array, " R"], graphs: int, kind: str
) -> Float[Array, "g H"]:
    """The sum, the mean or the maximum of the rows of each graph, 0 of a graph without rows.

    Args:
        h: [R, H], >= 0 for "max".
        slot: [R] the number of the graph of each row in [0, g), or g: the row counts nowhere.
        graphs: g.
        kind: "sum", "mean" or "max".

    Example:
        >>> h, slot = jnp.array([[1.0], [3.0], [5.0]]), jnp.array([0, 0, 2])
        >>> pooled(h, slot, 2, "mean").tolist()
        [[2.0], [0.0]]
    """
    if kind == "max":
        found = jax.ops.segment_max(h, slot, graphs + 1, indices_are_sorted=True)[:graphs]
        return jnp.maximum(found, 0)
    total = jax.ops.segment_sum(h, slot, graphs + 1, indices_are_sorted=True)[:graphs]
    if kind == "sum":
        return total
    count = jax.ops.segment_sum(jnp.ones_like(h[:, 0]), slot, graphs + 1, indices_are_sorted=True)
    return total / jnp.maximum(count[:graphs], 1)[:, None]


def softmax_by_graph(
    score: Float[Array, " R"], slot: Int[Array, " R"], graphs: int
) -> Float[Array, " R"]:
    """The softmax of the scores over the rows of each graph.

    Args:
        score: [R].
        slot, graphs: see :func:`pooled`.
    """
    most = jax.ops.segment_max(score, slot, graphs + 1, indices_are_sorted=True)
    share = jnp.exp(score - jax.lax.stop_gradient(most)[slot])
    total = jax.ops.segment_sum(share, slot, graphs + 1, indices_are_sorted=True)
    return share / total[slot]


@dataclass(frozen=True)
class WithReadout:
    """A class of models of nodes as one of graphs; static and hashable.

    Attributes:
        model: the class; its ``hidden`` (64) is the width of the readout, too.
        readout: see :class:`Pooled`.
    """

    model: Callable[..., nnx.Module]
    readout: Readout

    @property
    def __name__(self) -> str:
        return f"{getattr(self.model, '__name__', self.model)} with readout {self.readout}"

    def __call__(
        self,
        in_features: int,
        classes: int,
        *,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
        **settings: Any,
    ) -> Pooled:
        """The model of F features and C classes of graphs, with the settings of that of nodes."""
        width = check_count("hidden", settings.get("hidden", 64))
        body = self.model(in_features, width, dtype=dtype, rngs=rngs, **settings)
        return Pooled(body, width, classes, readout=self.readout, dtype=dtype, rngs=rngs)
