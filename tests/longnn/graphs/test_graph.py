"""Graph.from_edges against rules worked out by hand and against networkx."""

import jax
import networkx as nx
import numpy as np
import pytest

from longnn.graphs.graph import Graph


def entries(graph: Graph) -> list[tuple[int, int]]:
    return list(zip(graph.senders.tolist(), graph.receivers.tolist(), strict=True))


# every way of giving the path 0 - 1 - 2 beside the isolated node 3
PATHS = {
    "one direction": [[0, 1], [1, 2]],
    "the other": [[1, 0], [2, 1]],
    "both directions": [[0, 1], [1, 0], [1, 2], [2, 1]],
    "duplicates": [[2, 1], [0, 1], [0, 1], [1, 2]],
    "self-loops": [[0, 0], [0, 1], [1, 2], [3, 3]],
}


@pytest.mark.parametrize("name", PATHS)
def test_edges_are_symmetrised_and_merged(name):
    graph = Graph.from_edges(np.array(PATHS[name]), 4)
    assert entries(graph) == [(1, 0), (0, 1), (2, 1), (1, 2)]
    assert graph.weights is None
    assert (graph.num_nodes, graph.num_edges) == (4, 2)
    assert graph.degrees().tolist() == [1, 2, 1, 0]


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8])
def test_random_graph_against_networkx(dtype):
    """Node numbers up to 255 as uint8: the pair code must not overflow."""
    edges = np.random.default_rng(0).integers(0, 256, (2000, 2)).astype(dtype)
    graph = Graph.from_edges(edges, 256)
    reference = nx.Graph((int(a), int(b)) for a, b in edges if a != b)
    both = {(a, b) for a, b in reference.edges} | {(b, a) for a, b in reference.edges}
    assert set(entries(graph)) == both
    assert graph.num_edges == reference.number_of_edges()
    assert (np.diff(graph.receivers) >= 0).all()
    assert graph.degrees().tolist() == [
        reference.degree(i) if i in reference else 0 for i in range(256)
    ]


def test_node_numbers_whose_square_exceeds_32_bits():
    big = 3_000_000_000
    graph = Graph.from_edges(np.array([[0, big - 1], [big - 1, 0]]), big)
    assert entries(graph) == [(big - 1, 0), (0, big - 1)]


def test_largest_weight_of_a_pair_is_kept():
    edges = np.array([[0, 1], [1, 0], [1, 2], [1, 2], [2, 2]])
    graph = Graph.from_edges(edges, 4, np.array([0.5, 2.0, 3.0, 0.1, 99.0]))
    assert entries(graph) == [(1, 0), (0, 1), (2, 1), (1, 2)]
    assert graph.weights.tolist() == [2.0, 2.0, 3.0, 3.0]
    assert graph.degrees().tolist() == [2.0, 5.0, 3.0, 0.0]


def test_weights_are_equal_in_both_directions():
    rng = np.random.default_rng(1)
    graph = Graph.from_edges(rng.integers(0, 30, (200, 2)), 30, rng.uniform(0.1, 1, 200))
    A = np.zeros((30, 30))
    A[graph.receivers, graph.senders] = graph.weights
    assert (A == A.T).all()
    assert np.count_nonzero(A) == len(graph.weights)


@pytest.mark.parametrize("edges", [np.zeros((0, 2), int), np.array([])])
@pytest.mark.parametrize("weighted", [False, True])
def test_graph_without_edges(edges, weighted):
    graph = Graph.from_edges(edges, 3, np.ones(len(edges)) if weighted else None)
    assert (graph.num_edges, graph.degrees().tolist()) == (0, [0, 0, 0])
    assert (graph.weights is not None) == weighted


@pytest.mark.parametrize("weights", [None, np.array([2.0, 3.0])])
def test_graph_is_a_pytree(weights):
    graph = Graph.from_edges(np.array([[0, 1], [1, 2]]), 4, weights)
    leaves, structure = jax.tree.flatten(graph)
    assert len(leaves) == (2 if weights is None else 3)
    copy = jax.tree.unflatten(structure, leaves)
    assert copy.num_nodes == 4
    doubled = jax.jit(lambda g: jax.tree.map(lambda leaf: 2 * leaf, g))(graph)
    assert doubled.num_nodes == 4
    assert doubled.senders.tolist() == [2 * s for s in graph.senders]


EDGE = np.array([[0, 1], [1, 2]])
ERRORS = {
    "no node": ((EDGE, 0), r"num_nodes >= 1, got 0"),
    "a vector": ((np.arange(4), 5), r"shape \[E, 2\], got \(4,\); transpose"),
    "transposed": ((np.zeros((2, 3), int), 5), r"shape \[E, 2\], got \(2, 3\); transpose"),
    "floats": ((EDGE * 1.0, 3), r"edges must be integers \(node indices\), got dtype float64"),
    "too large": ((EDGE, 2), r"edge 1 is \(1, 2\), but node indices must lie in \[0, 2\)"),
    "negative": ((EDGE - 1, 3), r"edge 0 is \(-1, 0\).*ids start at 0"),
    "few weights": ((EDGE, 3, np.ones(1)), r"weights must have shape \[2\], .* got \(1,\)"),
    "a zero": ((EDGE, 3, np.array([1.0, 0.0])), r"weight 1 is 0.0; drop edges of weight 0"),
    "below zero": ((EDGE, 3, np.array([-2.0, 1.0])), r"finite and positive, but weight 0 is -2.0"),
    "nan": ((EDGE, 3, np.array([1.0, np.nan])), r"finite and positive, but weight 1 is nan"),
    "inf": ((EDGE, 3, np.array([np.inf, 1.0])), r"finite and positive, but weight 0 is inf"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    arguments, message = ERRORS[name]
    with pytest.raises(ValueError, match=message):
        Graph.from_edges(*arguments)
