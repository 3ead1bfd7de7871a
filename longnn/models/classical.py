"""GCN and GAT on jraph's layers, the classical baselines. The only model file that knows jraph."""

from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Float

from longnn.graphs.checks import check_count
from longnn.models.dropout import Key
from longnn.models.features import Features
from longnn.models.mlp import uniform
from longnn.models.stack import Layers, Made, Stack
from longnn.operators.normalized import SegmentOperator
from longnn.operators.protocol import Operator

if TYPE_CHECKING:
    import jraph


class GCN(Stack):
    """The graph convolutional network (GCN), by ``jraph.GraphConvolution``.

    A layer computes relu(S H W + c) (arXiv 1609.02907, eq. 9). The model is meant for a graph with
    self-loops (``graph=self_loops``). It needs the edges, that is an operator of
    ``backend="segment_sum"``, which the command ``longnn train`` chooses by itself. All parameters
    belong to the optimizer group "mlp".

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        body: the settings of every model of layers, see :class:`longnn.models.stack.Stack`.

    Raises:
        ValueError: if a setting lies outside its range, or if the model is called on an operator
            without edges.
    """

    needs_edges = True
    self_loops = 1.0

    def __init__(
        self,
        in_features: int,
        classes: int,
        **body: Unpack[Layers],
    ):
        def make(width_in: int, width_out: int, last: bool, **made: Unpack[Made]) -> Convolution:
            return Convolution(width_in, width_out, **made)

        super().__init__(in_features, classes, make, **body)


class GAT(Stack):
    """The graph attention network (GAT), by ``jraph.GAT``.

    A layer is multi-head attention over the neighbours of a node (arXiv 1710.10903, eqs. 3 to 6).
    The heads of a layer are concatenated, those of the last layer are averaged; an ELU stands
    between two layers. Deviation from the paper: attention weights are not dropped out.

    The model is meant for a graph with self-loops (``graph=self_loops``). It needs the edges, as
    :class:`GCN` does, but not their weights. All parameters belong to the optimizer group "mlp".

    Args:
        in_features: number F of features of each node.
        classes: number C of classes, or 1 for regression.
        heads: number of attention heads of each layer, >= 1.
        body: the settings of every model of layers, see :class:`longnn.models.stack.Stack`;
            ``hidden``, the width of all heads together, is a multiple of ``heads``.

    Raises:
        ValueError: if a setting lies outside its range, or if the model is called on an operator
            without edges.
    """

    needs_edges = True
    self_loops = 1.0

    def __init__(
        self,
        in_features: int,
        classes: int,
        *,
        heads: int = 8,
        **body: Unpack[Layers],
    ):
        check_count("heads", heads)

        def make(width_in: int, width_out: int, last: bool, **made: Unpack[Made]) -> Attention:
            if not last and width_out % heads:
                raise ValueError(f"hidden must be a multiple of heads={heads}, got {width_out}")
            each = width_out if last else width_out // heads
            return Attention(width_in, each, heads, average=last, **made)

        super().__init__(in_features, classes, make, activation=jax.nn.elu, **body)


class Convolution(nnx.Module):
    """One layer of GCN: S X W + c."""

    def __init__(
        self, width_in: int, width_out: int, *, dtype: DTypeLike = jnp.float32, rngs: nnx.Rngs
    ):
        self.kernel = uniform(rngs.params(), (width_in, width_out), width_in, dtype)
        self.bias = uniform(rngs.params(), (width_out,), width_in, dtype)

    def __call__(
        self, operator: Operator, features: Features, rate: ArrayLike, key: Key | None
    ) -> Float[Array, "N C"]:
        """Maps features X [N, F] to signals [N, C]."""
        import jraph

        projected = features.project(self.kernel[...], rate, key)
        graph = _graph(operator, projected)

        def weighted(sent: Array, receivers: Array, nodes: int) -> Array:
            return jraph.segment_sum(graph.edges[:, None] * sent, receivers, nodes)

        layer: Any = jraph.GraphConvolution(
            lambda nodes: nodes, weighted, symmetric_normalization=False
        )
        return layer(graph).nodes + self.bias[...]

    def hops(self) -> int:
        """Returns 1."""
        return 1


class Attention(nnx.Module):
    """One layer of GAT: for each head, an average of the neighbours j of node i.

    The weight of W x_j in it is softmax_j(leaky_relu(a . [W x_i, W x_j])).
    """

    def __init__(
        self,
        width_in: int,
        width_out: int,
        heads: int,
        *,
        average: bool,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        self.average = average
        self.kernel = uniform(rngs.params(), (width_in, heads * width_out), width_in, dtype)
        self.sender = uniform(rngs.params(), (heads, width_out), width_out, dtype)
        self.receiver = uniform(rngs.params(), (heads, width_out), width_out, dtype)

    def __call__(
        self, operator: Operator, features: Features, rate: ArrayLike, key: Key | None
    ) -> Float[Array, "N C"]:
        """Maps features X [N, F] to signals [N, heads * C], or [N, C] where heads are averaged."""
        import jraph

        heads, width = self.sender.shape
        projected = features.project(self.kernel[...], rate, key).reshape(-1, heads, width)

        def logits(sent: Array, received: Array, edges: Array) -> Array:
            score = sent * self.sender[...] + received * self.receiver[...]
            return jax.nn.leaky_relu(score.sum(-1, keepdims=True), 0.2)

        join = partial(jnp.mean, axis=1) if self.average else lambda h: h.reshape(len(h), -1)
        layer: Any = jraph.GAT(lambda nodes: nodes, logits, join)
        return layer(_graph(operator, projected)).nodes

    def hops(self) -> int:
        """Returns 1."""
        return 1


def _graph(operator: Operator, nodes: Array) -> "jraph.GraphsTuple":
    """The operator's entries as edges, its values on them."""
    if not isinstance(operator, SegmentOperator):
        raise ValueError(
            f"this model passes messages along edges, which a {type(operator).__name__} does not "
            "have; use normalized_adjacency(graph, backend='segment_sum'), and "
            "graph.degree_exponent=0.5"
        )
    import jraph

    return jraph.GraphsTuple(
        nodes=nodes,
        edges=operator.values.astype(nodes.dtype),
        senders=operator.senders,
        receivers=operator.receivers,
        globals=None,
        n_node=jnp.array([nodes.shape[0]]),
        n_edge=jnp.array([len(operator.senders)]),
    )
