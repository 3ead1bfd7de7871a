"""Layers on jraph's: sums and attention along edges. The only model file that knows jraph."""

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Float

from longnn.models.dropout import Key
from longnn.models.features import Features
from longnn.models.mlp import uniform
from longnn.operators.normalized import SegmentOperator
from longnn.operators.protocol import Operator

if TYPE_CHECKING:
    import jraph


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
        heads, width = self.sender.shape
        projected = features.project(self.kernel[...], rate, key).reshape(-1, heads, width)
        out = attended(operator, projected, self.sender[...], self.receiver[...])
        return out.mean(axis=1) if self.average else out.reshape(len(out), -1)

    def hops(self) -> int:
        """Returns 1."""
        return 1


def attended(
    operator: Operator,
    h: Float[Array, "N heads C"],
    sender: Float[Array, "heads C"],
    receiver: Float[Array, "heads C"],
) -> Float[Array, "N heads C"]:
    """Returns for each node i and head the average of the neighbours' h_j.

    The weights are softmax_j(leaky_relu(sender . h_j + receiver . h_i)) with the slope 0.2 below 0
    (arXiv 1710.10903, eqs. 3 and 4); the values of the operator are not used.

    Args:
        operator: with edges.
        h: [N, heads, C] signals of N nodes.
        sender, receiver: [heads, C] the vector a of each head, cut in two.

    Raises:
        ValueError: for an operator without edges.
    """
    import jraph

    def logits(sent: Array, received: Array, edges: Array) -> Array:
        score = sent * sender + received * receiver
        return jax.nn.leaky_relu(score.sum(-1, keepdims=True), 0.2)

    layer: Any = jraph.GAT(lambda nodes: nodes, logits, lambda out: out)
    return layer(_graph(operator, h)).nodes


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
