"""Eigenvalues that can be counted: nodes with the same neighbours.

If the rows i and j of A are equal, e_i - e_j is an eigenvector of S with eigenvalue 0: lambda = 1.
Real graphs have many such nodes (leaves of one hub; 36 % of Squirrel), and an approximation of
the rest is better without this spike. Source: A. Banerjee and J. Jost, Linear Algebra Appl. 428
(2008) 3015, section 3 (doubling of a vertex).
"""

import numpy as np
from jaxtyping import Integer, Real

from longnn.graphs.graph import Graph


def twin_classes(graph: Graph) -> Integer[np.ndarray, " N"]:
    """The class [N] of each node, from 0; nodes whose rows of A are equal share one.

    Rows are compared by a random number for each neighbour, summed: two different rows are taken
    for equal with a probability of about 1e-16.
    """
    senders, receivers = np.asarray(graph.senders), np.asarray(graph.receivers)
    name = np.random.default_rng(0).random(graph.num_nodes)[senders]
    if graph.weights is not None:
        name *= np.asarray(graph.weights)
    row = np.bincount(receivers, name, minlength=graph.num_nodes)
    return np.unique(row, return_inverse=True)[1]


def twin_share(graph: Graph, classes: Integer[np.ndarray, " N"]) -> float:
    """Share of the N eigenvalues that twins put at lambda = 1: in a class of m nodes m - 1.

    Isolated nodes have lambda = 1 each: m.
    """
    isolated = classes[graph.degrees() == 0]
    distinct = int(classes.max()) + 1 - (len(isolated) > 0)
    return 1 - distinct / graph.num_nodes


def twin_energy(
    graph: Graph, classes: Integer[np.ndarray, " N"], signal: Real[np.ndarray, "N M"]
) -> float:
    """||F - P F||^2 with P the mean over each class of twins, 0 at isolated nodes.

    Args:
        graph: N nodes.
        classes: [N] as :func:`twin_classes` returns them.
        signal: F, [N, M].
    """
    order = np.argsort(classes, kind="stable")
    size = np.bincount(classes)
    start = np.concatenate([[0], np.cumsum(size)[:-1]])
    linked = graph.degrees()[order[start]] > 0
    sums = np.add.reduceat(signal[order].astype(np.float64), start, axis=0)
    squares = np.add.reduceat(np.square(signal[order], dtype=np.float64).sum(1), start)
    mean = np.square(sums).sum(axis=1) / size * linked
    return float((squares - mean).sum())
