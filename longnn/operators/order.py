"""The order in which an operator keeps its nodes: as given, or neighbours near each other."""

from dataclasses import dataclass
from typing import Literal

import jax
import numpy as np
from jax import Array
from jaxtyping import Float, Int
from scipy import sparse

from longnn.graphs.device import on_device, on_host
from longnn.graphs.graph import Graph, check_signal
from longnn.graphs.oneline import brief
from longnn.operators.protocol import Operator

NodeOrder = Literal["given", "rcm"]
"""As the graph numbers them (the native kernels put hubs first), or reverse Cuthill-McKee's."""


def near_order(graph: Graph) -> Int[np.ndarray, " N"]:
    """[N] the nodes in reverse Cuthill-McKee order: by breadth, so that neighbours are near.

    That helps where the graph has locality (geometry, grids, chains); a power-law graph has none.
    Source: E. Cuthill and J. McKee, Proc. 24th ACM Conf. (1969) 157; A. George, STAN-CS-71-208.
    """
    from scipy.sparse import csgraph  # brings scipy.linalg, which little else needs

    pair = on_host(graph.receivers), on_host(graph.senders)
    shape = (graph.num_nodes, graph.num_nodes)
    matrix = sparse.csr_array((np.ones(len(pair[0]), bool), pair), shape)
    return csgraph.reverse_cuthill_mckee(matrix, symmetric_mode=True)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class OrderedOperator:
    """P S P^T for an S whose nodes are kept in another order; `longnn.filter` permutes once.

    Attributes:
        symmetric: S in its own order.
        node_of_row: [N] int32, the caller's node of each of its rows.
        row_of_node: [N] int32, the inverse.
    """

    symmetric: Operator
    node_of_row: Int[Array, " N"]
    row_of_node: Int[Array, " N"]

    __repr__ = brief

    def matvec(self, x: Float[Array, "N *channels"]) -> Float[Array, "N *channels"]:
        """x [N, ...] -> the product, both in the caller's order."""
        return self.outside(self.symmetric.matvec(self.inside(x)))

    def inside(self, x: Float[Array, "N *channels"]) -> Float[Array, "N *channels"]:
        """From the caller's order to that of S."""
        check_signal(x, len(self.node_of_row))
        return x.at[self.node_of_row].get(mode="promise_in_bounds", unique_indices=True)

    def outside(self, x: Float[Array, "N *channels"]) -> Float[Array, "N *channels"]:
        """Back to the caller's order."""
        return x.at[self.row_of_node].get(mode="promise_in_bounds", unique_indices=True)


def ordered(symmetric: Operator, order: Int[np.ndarray, " N"]) -> OrderedOperator:
    """The operator of a graph, given that of ``graph.subgraph(order)``.

    Args:
        symmetric: on N nodes.
        order: [N] the graph's node of each of its rows.
    """
    return OrderedOperator(symmetric, *(on_device(a, np.int32) for a in (order, inverse_of(order))))


def inverse_of(order: Int[np.ndarray, " N"]) -> Int[np.ndarray, " N"]:
    """[N] the place of each number in a permutation of 0, ..., N - 1."""
    inverse = np.empty_like(order)
    inverse[order] = np.arange(len(order))
    return inverse
