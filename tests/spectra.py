"""Graphs whose spectrum of L = I - S is known in closed form, or from a dense eigensolver."""

from collections.abc import Callable

import numpy as np

from longnn.graphs.graph import Graph
from tests.oracles import dense_adjacency, dense_normalized


def ring(nodes: int) -> tuple[Graph, np.ndarray]:
    k = np.arange(nodes)
    edges = np.stack([k, (k + 1) % nodes], 1)
    return Graph.from_edges(edges, nodes), 1 - np.cos(2 * np.pi * k / nodes)


def complete(nodes: int) -> tuple[Graph, np.ndarray]:
    edges = np.stack(np.triu_indices(nodes, 1), 1)
    return Graph.from_edges(edges, nodes), np.array([0.0] + [nodes / (nodes - 1)] * (nodes - 1))


def torus(rows: int, columns: int) -> tuple[Graph, np.ndarray]:
    """The grid with its sides joined: all degrees 4."""
    i, j = np.divmod(np.arange(rows * columns), columns)
    right, down = i * columns + (j + 1) % columns, (i + 1) % rows * columns + j
    here = np.arange(rows * columns)
    edges = np.concatenate([np.stack([here, right], 1), np.stack([here, down], 1)])
    waves = np.cos(2 * np.pi * i / rows) + np.cos(2 * np.pi * j / columns)
    return Graph.from_edges(edges, rows * columns), 1 - waves / 2


def star(leaves: int) -> tuple[Graph, np.ndarray]:
    edges = np.stack([np.zeros(leaves, int), 1 + np.arange(leaves)], 1)
    return Graph.from_edges(edges, leaves + 1), np.array([0.0] + [1.0] * (leaves - 1) + [2.0])


def path(nodes: int) -> tuple[Graph, np.ndarray]:
    k = np.arange(nodes)
    edges = np.stack([k[:-1], k[1:]], 1)
    return Graph.from_edges(edges, nodes), 1 - np.cos(np.pi * k / (nodes - 1))


CLOSED: dict[str, Callable[[], tuple[Graph, np.ndarray]]] = {
    "ring": lambda: ring(30),
    "complete": lambda: complete(12),
    "torus": lambda: torus(5, 8),
    "star": lambda: star(9),
    "path": lambda: path(10),
}


def random_graph(nodes: int, edges: int, weighted: bool = False) -> tuple[Graph, np.ndarray]:
    """The last node is isolated; with the dense S."""
    rng = np.random.default_rng(0)
    low, high = np.triu_indices(nodes - 1, 1)
    chosen = np.stack([low, high], 1)[rng.choice(len(low), edges, replace=False)]
    weights = rng.uniform(0.2, 2, edges) if weighted else None
    S = dense_normalized(dense_adjacency(chosen, nodes, weights))
    return Graph.from_edges(chosen, nodes, weights), S
