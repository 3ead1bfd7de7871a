"""What objects say of themselves in a notebook: a few lines, and no arrays."""

import jax
import numpy as np

from longnn.data import Dataset
from longnn.graphs.graph import Graph

EDGES = np.array([[0, 1], [1, 2], [2, 0]])


def test_graph():
    assert repr(Graph.from_edges(EDGES, 1200)) == "Graph(1,200 nodes, 3 edges, unweighted)"
    weighted = Graph.from_edges(EDGES, 4, np.ones(3) / 2)
    assert repr(weighted) == "Graph(4 nodes, 3 edges, weighted)"
    assert repr(jax.tree.map(jax.numpy.asarray, weighted)) == repr(weighted)


def test_graph_of_traced_arrays():
    seen = []
    jax.jit(lambda graph: seen.append(repr(graph)))(Graph.from_edges(EDGES, 4))
    assert seen[0].startswith("Graph(4 nodes, edges ")
    assert "6]" in seen[0], "the shape of what is traced"


def test_dataset():
    labels = np.array([0.5, np.nan, 1.5], np.float32)
    part = {"public": np.array([[0, -1, 1]], np.int8)}
    graph, features = Graph.from_edges(EDGES, 3), np.ones((3, 2), np.float32)
    data = Dataset("mine", graph, features, labels, 1, "r2", part)
    assert repr(data) == "Dataset('mine', N=3, E=3, F=2, C=1, metric='r2', shipped=['public'])"
