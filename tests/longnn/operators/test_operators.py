"""S = D^-1/2 A D^-1/2 of both backends against dense numpy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from longnn.graphs.graph import Graph
from longnn.operators import normalized_adjacency
from longnn.operators.bucketed import bucketed_rows
from tests.backends import BACKENDS
from tests.oracles import dense_adjacency, dense_normalized

pytestmark = pytest.mark.device


def random_edges() -> tuple[np.ndarray, int]:
    """40 nodes; 37..39 are isolated."""
    low, high = np.triu_indices(37, 1)
    chosen = np.random.default_rng(0).choice(len(low), 120, replace=False)
    return np.stack([low, high], 1)[chosen], 40


def star(leaves: int = 300) -> tuple[np.ndarray, int]:
    return np.stack([np.zeros(leaves, int), np.arange(1, leaves + 1)], 1), leaves + 2


def cliques() -> tuple[np.ndarray, int]:
    """Cliques: rows on both sides of the bucket borders 4, 8, 16 and 32."""
    edges, start = [], 0
    for size in (2, 4, 5, 6, 9, 10, 17, 18, 33, 34):
        edges.append(np.stack(np.triu_indices(size, 1), 1) + start)
        start += size
    return np.concatenate(edges), start


GRAPHS = {
    "random": random_edges(),
    "star": star(),
    "cliques": cliques(),
    "one edge": (np.array([[0, 1]]), 2),
}
CASES = [(name, weighted, backend) for name in GRAPHS for weighted in (False, True)
         for backend in BACKENDS]  # fmt: skip


def build(name: str, weighted: bool) -> tuple[Graph, np.ndarray]:
    edges, size = GRAPHS[name]
    weights = np.random.default_rng(1).uniform(0.1, 3, len(edges)) if weighted else None
    dense = dense_normalized(dense_adjacency(edges, size, weights))
    return Graph.from_edges(edges, size, weights), dense


matvec = jax.jit(lambda operator, x: operator.matvec(x))


@pytest.mark.parametrize(("name", "weighted", "backend"), CASES)
def test_matrix_of_the_operator(name, weighted, backend):
    """Equal to the dense S, symmetric; the largest eigenvalue is 1, as in any graph with edges."""
    graph, dense = build(name, weighted)
    operator = normalized_adjacency(graph, backend=backend, dtype=jnp.float64)
    S = np.asarray(matvec(operator, np.eye(graph.num_nodes)))
    np.testing.assert_allclose(S, dense, atol=1e-14)
    np.testing.assert_allclose(S, S.T, atol=1e-15)
    eigenvalues = np.linalg.eigvalsh(S)
    assert eigenvalues[0] >= -1 - 1e-12
    assert eigenvalues[-1] == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("shape", [(), (1,), (2, 3)])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("backend", BACKENDS)
def test_rank_of_x(shape, weighted, backend):
    graph, dense = build("random", weighted)
    operator = normalized_adjacency(graph, backend=backend, dtype=jnp.float64)
    x = np.random.default_rng(3).normal(size=(40, *shape))
    exact = np.einsum("ij,j...->i...", dense, x)
    np.testing.assert_allclose(matvec(operator, x), exact, atol=1e-14)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("weighted", [False, True])
def test_isolated_nodes_have_zero_rows(backend, weighted):
    graph, _ = build("random", weighted)
    operator = normalized_adjacency(graph, backend=backend)
    assert (np.asarray(matvec(operator, jnp.eye(40)))[37:] == 0).all()
    assert (np.asarray(matvec(operator, jnp.eye(40)))[:, 37:] == 0).all()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("backend", BACKENDS)
def test_graph_without_edges(backend, weighted):
    weights = np.zeros(0) if weighted else None
    operator = normalized_adjacency(
        Graph.from_edges(np.zeros((0, 2), int), 5, weights), backend=backend
    )
    assert (matvec(operator, jnp.ones((5, 2))) == 0).all()


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("backend", BACKENDS)
def test_result_has_the_dtype_of_x(backend, weighted, dtype):
    """Whatever the dtype of the entries."""
    graph, dense = build("random", weighted)
    x = np.random.default_rng(4).normal(size=(40, 2))
    for entries in (jnp.float32, jnp.float64):
        operator = normalized_adjacency(graph, backend=backend, dtype=entries)
        got = matvec(operator, jnp.asarray(x, dtype))
        assert got.dtype == dtype
        exact = dtype == entries == jnp.float64
        np.testing.assert_allclose(got, dense @ x, atol=1e-14 if exact else 2e-6)


def test_default_dtype_is_float32():
    graph, _ = build("random", True)
    for backend in BACKENDS:
        operator = normalized_adjacency(graph, backend=backend)
        floats = [a.dtype for a in jax.tree.leaves(operator) if jnp.issubdtype(a.dtype, "f")]
        assert set(floats) == {jnp.dtype(jnp.float32)}


@pytest.mark.parametrize("growth", [2, 4])
@pytest.mark.parametrize("with_values", [False, True])
def test_rows_of_every_length(growth, with_values):
    """A rectangular pattern with rows of 0 .. 40 entries, in an order of its own."""
    rng = np.random.default_rng(5)
    lengths = rng.permutation(41)
    rows = np.repeat(np.arange(41), lengths)
    columns = np.concatenate([rng.choice(50, n, replace=False) for n in lengths])
    shuffle = rng.permutation(len(rows))
    rows, columns = rows[shuffle], columns[shuffle]
    values = rng.normal(size=len(rows)) if with_values else None
    dense = np.zeros((41, 50))
    dense[rows, columns] = 1 if values is None else values
    x = rng.normal(size=(50, 2))
    pattern = bucketed_rows(rows, columns, (41, 50), with_values=with_values, growth=growth)
    got = jax.jit(lambda p, v, x: p.sum(x, v))(pattern, values, x)
    np.testing.assert_allclose(got, dense @ x, atol=1e-13)
    for block in pattern.columns:
        assert block.shape[0] <= 4 or block.shape[0] % 8 == 0


@pytest.mark.parametrize("with_values", [False, True])
def test_rows_ask_for_values_where_they_need_them(with_values):
    pattern = bucketed_rows(np.array([0]), np.array([1]), (2, 2), with_values=with_values)
    with pytest.raises(ValueError, match="values are needed exactly where"):
        pattern.sum(jnp.ones((2, 1)), None if with_values else jnp.ones(1))


@pytest.mark.parametrize("backend", sorted({"csr", "native"} & set(BACKENDS)))
def test_derivative_in_the_entries_is_refused(backend):
    operator = normalized_adjacency(build("one edge", False)[0], backend=backend)
    x = jnp.ones((operator.rows.shape[0], 5), jnp.float32)
    with pytest.raises(ValueError, match="no derivative in its entries"):
        jax.grad(lambda S: S.matvec(x).sum(), allow_int=True)(operator)


def test_unknown_backend():
    graph, _ = build("one edge", False)
    with pytest.raises(ValueError, match=r"unknown backend 'dense'; choose one of"):
        normalized_adjacency(graph, backend="dense")
