"""Directed graphs as symmetric operators on two signals of each node.

Bases live where the spectrum is real, in [-1, 1]. The adjacency matrix of a directed graph has
complex eigenvalues, and its powers are no orthogonal terms. What acts on pairs of signals is
symmetric: real and imaginary parts (``longnn.operators.magnetic``), or one signal of each node as
the start of its edges and one as their end (:class:`DirectionsOperator`).
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float

from longnn.graphs.digraph import Digraph
from longnn.graphs.graph import Graph, check_signal
from longnn.graphs.oneline import brief
from longnn.operators.choice import Backend
from longnn.operators.normalized import normalized_adjacency
from longnn.operators.order import NodeOrder
from longnn.operators.precision import Precision
from longnn.operators.protocol import Operator
from longnn.operators.transforms import static


@runtime_checkable
class Paired(Protocol):
    """A symmetric operator on two signals of each of N nodes, given as [2N, C], and a pytree."""

    num_nodes: int

    @property
    def symmetric(self) -> Operator:
        """The operator on [2N, C], whose spectrum lies in [-1, 1]; filters take it."""

    def pair(self, x: Float[Array, "N C"]) -> Float[Array, "pairs C"]:
        """The two signals [2N, C] that a signal x [N, C] stands for."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class DirectionsOperator:
    """[[0, M], [M^T, 0]] with M = D_out^-1/2 A D_in^-1/2, where A_uv is the edge from u to v.

    The first N signals gather along outgoing edges, the last N along incoming ones. The term of
    order 1 of a signal x is (M x, M^T x), the two directions of Dir-GNN with this scaling (Rossi
    et al., arXiv 2305.10498); higher orders go there and back, (M M^T x, M^T M x) at order 2.
    Powers of M itself are not among them: its eigenvalues fill the unit disk, where polynomials
    that are orthogonal on [-1, 1] grow as (1 + sqrt 2)^k. The eigenvalues here are plus and minus
    the singular values of M, none beyond 1. A node without outgoing edges has a zero row in M.

    Attributes:
        symmetric: S of the bipartite graph of 2N nodes that joins u to N + v for each edge.
        num_nodes: N.
    """

    symmetric: Operator
    num_nodes: int = static()

    __repr__ = brief

    def matvec(self, x: Float[Array, "pairs *channels"]) -> Float[Array, "pairs *channels"]:
        """The product with signals [2N, ...]."""
        return self.symmetric.matvec(x)

    def pair(self, x: Float[Array, "N C"]) -> Float[Array, "pairs C"]:
        """(x, x): each node is the start of edges, and their end."""
        check_signal(x, self.num_nodes)
        return jnp.concatenate([x, x])


def directions_operator(
    digraph: Digraph,
    *,
    backend: Backend = "auto",
    order: NodeOrder = "given",
    precision: Precision = "full",
    dtype: DTypeLike = jnp.float32,
) -> DirectionsOperator:
    """The operator of both directions of a directed graph.

    Args:
        digraph: N nodes.
        backend, order, precision, dtype: see ``longnn.operators.normalized_adjacency``.

    Example:
        >>> import numpy as np
        >>> path = Digraph.from_edges(np.array([[0, 1]]), 2)
        >>> both = directions_operator(path, backend="segment_sum")
        >>> x = jnp.array([[3.0], [5.0]])
        >>> print(side_by_side(both.matvec(both.pair(x))))
        [[5. 0.]
         [0. 3.]]
    """
    nodes = digraph.num_nodes
    pairs = digraph.edges + np.array([0, nodes])
    graph = Graph.from_pairs(pairs, digraph.weights, 2 * nodes)
    symmetric = normalized_adjacency(
        graph, backend=backend, order=order, precision=precision, dtype=dtype
    )
    return DirectionsOperator(symmetric, nodes)


def side_by_side(y: Float[Array, "pairs C"]) -> Float[Array, "N twice"]:
    """Two signals of each node, [2N, C], as channels [N, 2C]: the first signal's C come first."""
    return jnp.concatenate(jnp.split(y, 2), axis=1)
