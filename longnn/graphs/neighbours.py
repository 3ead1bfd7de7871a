"""What the neighbours of each node have in common with it."""

import numpy as np
from jaxtyping import Bool, Float, Shaped

from longnn.graphs.device import on_host
from longnn.graphs.graph import Graph


def agreeing_share(
    graph: Graph, labels: Shaped[np.ndarray, " N"], known: Bool[np.ndarray, " N"]
) -> Float[np.ndarray, " N"]:
    """The share of each node's labelled neighbours that carry its label.

    Weights and self-loops do not count.

    Args:
        graph: N nodes.
        labels: [N] of the nodes.
        known: [N] which nodes have a label.

    Returns:
        [N] in [0, 1]; NaN at a node without a label, or without a labelled neighbour.

    Example:
        >>> path = Graph.from_edges(np.array([[0, 1], [1, 2]]), 3)
        >>> agreeing_share(path, np.array([0, 0, 1]), np.full(3, True))
        array([1. , 0.5, 0. ])
    """
    senders, receivers = on_host(graph.senders), on_host(graph.receivers)
    joined = known[senders] & known[receivers] & (senders != receivers)
    node = receivers[joined]
    same = labels[senders[joined]] == labels[node]
    count = np.bincount(node, minlength=graph.num_nodes)
    agreeing = np.bincount(node, same, minlength=graph.num_nodes)
    return np.where(count > 0, agreeing / np.maximum(count, 1), np.nan)
