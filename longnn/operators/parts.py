"""The nodes of a graph in parts of about equal size, with few edges between them."""

import importlib
from importlib.util import find_spec
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Int

from longnn.graphs.checks import check_count, check_word
from longnn.graphs.device import on_host
from longnn.graphs.graph import Graph
from longnn.operators.order import near_order

Partitioner = Literal["auto", "metis", "breadth"]
"""METIS, a breadth-first order cut into equal pieces, or "auto": METIS if pymetis is installed."""


class Cost(NamedTuple):
    """What a partition costs.

    Attributes:
        cut: the number of edges between different parts.
        halo: the number of pairs of a part and a node of another one that its rows read.
        largest: the number of nodes of the largest part.
    """

    cut: int
    halo: int
    largest: int


def parts_of(graph: Graph, count: int, partitioner: Partitioner = "auto") -> Int[np.ndarray, " N"]:
    """Cuts a graph into parts.

    Args:
        graph: a graph of N nodes.
        count: the number of parts, from 1 to N.
        partitioner: "metis" (multilevel k-way cuts; needs pymetis), "breadth" (a breadth-first
            order, cut into pieces that differ by one node at most), or "auto".

    Returns:
        A [N] array with the part of each node, in [0, count).

    Raises:
        ValueError: for another number of parts, an unknown partitioner, or METIS without pymetis.

    Source: G. Karypis and V. Kumar, SIAM J. Sci. Comput. 20 (1998) 359 (METIS).

    Example:
        >>> path = Graph.from_edges(np.array([[0, 1], [1, 2], [2, 3]]), 4)
        >>> parts = parts_of(path, 2, "breadth")
        >>> cost_of(path, parts)
        Cost(cut=1, halo=2, largest=2)
    """
    check_count("the number of parts", count)
    check_word("partitioner", partitioner, Partitioner)
    if count > graph.num_nodes:
        raise ValueError(
            f"a graph of {graph.num_nodes} nodes cannot be cut into {count} parts; take fewer"
        )
    there = find_spec("pymetis") is not None
    if partitioner == "metis" and not there:
        raise ValueError(
            "partitioner 'metis' needs pymetis, which is not installed; pip install pymetis, or "
            "take 'breadth'"
        )
    if count == 1:
        return np.zeros(graph.num_nodes, np.int64)
    if there and partitioner != "breadth":
        return _by_metis(graph, count)
    part = np.empty(graph.num_nodes, np.int64)
    part[near_order(graph)] = np.arange(graph.num_nodes) * count // graph.num_nodes
    return part


def cost_of(graph: Graph, part: Int[np.ndarray, " N"]) -> Cost:
    """What a partition costs.

    Args:
        graph: a graph of N nodes.
        part: a [N] array with the part of each node.
    """
    to, of = part[on_host(graph.receivers)], on_host(graph.senders)
    far = to != part[of]
    pairs = np.unique(to[far] * graph.num_nodes + of[far])
    return Cost(int(far.sum()) // 2, len(pairs), int(np.bincount(part).max()))


def _by_metis(graph: Graph, count: int) -> Int[np.ndarray, " N"]:
    """METIS, which wants no self-loops."""
    pymetis = importlib.import_module("pymetis")
    senders, receivers = on_host(graph.senders), on_host(graph.receivers)
    there = senders != receivers
    ends = np.cumsum(np.bincount(receivers[there], minlength=graph.num_nodes))
    start = np.concatenate([[0], ends]).astype(np.int32)
    neighbours = pymetis.CSRAdjacency(start, senders[there].astype(np.int32))
    _, part = pymetis.part_graph(count, adjacency=neighbours)
    return np.asarray(part, np.int64)
