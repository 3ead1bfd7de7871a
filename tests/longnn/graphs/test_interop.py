"""Graphs to jraph and scipy and back."""

import jax.numpy as jnp
import jraph
import numpy as np
import pytest
import scipy.sparse

from longnn.graphs.convert import from_jraph, from_scipy, to_jraph, to_scipy
from longnn.graphs.graph import Graph
from tests.oracles import dense_adjacency

EDGES = np.array([[0, 1], [1, 2], [0, 3], [2, 5]])  # node 4 is isolated
WEIGHTS = np.array([0.5, 2.0, 1.5, 3.0])
N = 6


def graph(weighted: bool) -> Graph:
    return Graph.from_edges(EDGES, N, WEIGHTS if weighted else None)


def dense(g: Graph) -> np.ndarray:
    """A read off the fields of the graph."""
    A = np.zeros((g.num_nodes, g.num_nodes))
    A[np.asarray(g.receivers), np.asarray(g.senders)] = 1 if g.weights is None else g.weights
    return A


def assert_equal(got: Graph, expected: Graph) -> None:
    assert got.num_nodes == expected.num_nodes
    assert (got.weights is None) == (expected.weights is None)
    np.testing.assert_array_equal(got.senders, expected.senders)
    np.testing.assert_array_equal(got.receivers, expected.receivers)
    if expected.weights is not None:
        np.testing.assert_array_equal(got.weights, expected.weights)


both = pytest.mark.parametrize("weighted", [False, True])


@both
def test_to_jraph_is_a_valid_graphs_tuple(weighted):
    nodes = np.arange(2 * N).reshape(N, 2)
    got = to_jraph(graph(weighted), nodes)
    assert (got.n_node.tolist(), got.n_edge.tolist()) == ([N], [2 * len(EDGES)])
    assert got.senders.dtype == got.receivers.dtype == jnp.int32
    assert got.globals is None
    np.testing.assert_array_equal(got.nodes, nodes)
    A = np.zeros((N, N))
    A[got.receivers, got.senders] = 1 if got.edges is None else got.edges
    np.testing.assert_array_equal(A, dense_adjacency(EDGES, N, WEIGHTS if weighted else None))
    if not weighted:
        # a message-passing step of jraph sees every neighbour once
        count = jraph.segment_sum(jnp.ones(len(got.receivers)), got.receivers, N)
        np.testing.assert_array_equal(count, A.sum(1))


@both
def test_jraph_round_trip(weighted):
    assert_equal(from_jraph(to_jraph(graph(weighted))), graph(weighted))


@both
def test_batch_of_jraph_becomes_one_disconnected_graph(weighted):
    other = Graph.from_edges(np.array([[0, 2]]), 3, np.array([0.25]) if weighted else None)
    got = from_jraph(jraph.batch([to_jraph(g) for g in (graph(weighted), other)]))
    expected = scipy.linalg.block_diag(dense(graph(weighted)), dense(other))
    assert got.num_nodes == N + 3
    assert (got.weights is None) != weighted
    np.testing.assert_array_equal(dense(got), expected)


def test_from_jraph_accepts_weights_as_column():
    tuple_ = to_jraph(graph(True))
    assert_equal(from_jraph(tuple_._replace(edges=tuple_.edges[:, None])), graph(True))


def test_from_jraph_makes_one_direction_undirected():
    one_way = to_jraph(graph(False))._replace(
        senders=EDGES[:, 0], receivers=EDGES[:, 1], n_edge=np.array([len(EDGES)])
    )
    assert_equal(from_jraph(one_way), graph(False))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"senders": np.array([0, N]), "receivers": np.array([1, 0])}, r"edge 1 is \(6, 0\)"),
        ({"senders": np.array([0, 1]), "receivers": np.array([1, -1])}, r"edge 1 is \(1, -1\)"),
        ({"edges": np.ones((8, 2))}, r"weights must have shape \[8\]"),
        ({"edges": -np.ones(8)}, "positive"),
        ({"edges": np.full(8, np.nan)}, "positive"),
    ],
)
def test_from_jraph_errors(changes, message):
    with pytest.raises(ValueError, match=message):
        from_jraph(to_jraph(graph(False))._replace(**changes))


@both
def test_scipy_round_trip(weighted):
    matrix = to_scipy(graph(weighted))
    assert matrix.dtype == np.float64
    expected = dense_adjacency(EDGES, N, WEIGHTS if weighted else None)
    np.testing.assert_array_equal(matrix.toarray(), expected)
    assert_equal(from_scipy(matrix), graph(weighted))


@pytest.mark.parametrize("form", ["csr_array", "csc_array", "coo_matrix", "lil_matrix"])
def test_from_scipy_reads_every_format(form):
    matrix = getattr(scipy.sparse, form)(dense_adjacency(EDGES, N, WEIGHTS))
    assert_equal(from_scipy(matrix), graph(True))


def test_from_scipy_symmetrises_drops_zeros_and_the_diagonal():
    upper = np.triu(dense_adjacency(EDGES, N, WEIGHTS)) + np.eye(N)
    row, column = np.nonzero(upper)
    entries = (np.append(upper[row, column], 0.0), (np.append(row, 3), np.append(column, 4)))
    matrix = scipy.sparse.coo_array(entries, shape=(N, N))
    assert matrix.nnz == len(row) + 1  # an explicit zero at (3, 4)
    assert_equal(from_scipy(matrix), graph(True))
    assert matrix.nnz == len(row) + 1


def test_from_scipy_leaves_its_argument_alone():
    twice = (np.ones(2), (np.array([0, 0]), np.array([1, 1])))
    matrix = scipy.sparse.coo_array(twice, shape=(2, 2))
    got = from_scipy(matrix)
    np.testing.assert_array_equal(got.weights, [2.0, 2.0])  # duplicates add up, as scipy means them
    assert matrix.nnz == 2


@pytest.mark.parametrize("dtype", [bool, np.int64, np.float32])
def test_matrix_of_ones_is_unweighted(dtype):
    matrix = scipy.sparse.csr_array(dense_adjacency(EDGES, N).astype(dtype))
    assert_equal(from_scipy(matrix), graph(False))


def test_scipy_matrix_without_entries():
    got = from_scipy(scipy.sparse.csr_array((3, 3)))
    assert (got.num_nodes, got.num_edges) == (3, 0)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.ones((2, 3)), r"square, got shape \(2, 3\)"),
        (np.array([[0.0, -1.0], [-1.0, 0.0]]), "positive.*-1"),
        (np.array([[0.0, np.inf], [np.inf, 0.0]]), "finite"),
        (np.array([[0.0, np.nan], [1.0, 0.0]]), "finite"),
    ],
)
def test_from_scipy_errors(matrix, message):
    with pytest.raises(ValueError, match=message):
        from_scipy(scipy.sparse.csr_array(matrix))
