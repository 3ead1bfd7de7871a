"""g(L) x against numpy's own eigenvectors, on grids, other graphs and from files."""

import numpy as np
import pytest

from longnn.data.lattices import grid_edges
from longnn.fitting import RESPONSES, apply, chebyshev_apply, decompose, decomposition, parse
from longnn.graphs.graph import Graph

GRID = Graph.from_edges(grid_edges(6, 4), 24)
RNG = np.random.default_rng(0)
WEIGHTED = Graph.from_edges(RNG.integers(0, 23, (60, 2)), 24, RNG.uniform(0.5, 2, 60))
X = RNG.normal(size=(24, 3))


def exact(graph: Graph, response, x):
    """Dense, from the definition of L."""
    a = np.zeros((graph.num_nodes, graph.num_nodes))
    weights = 1 if graph.weights is None else graph.weights
    a[graph.receivers, graph.senders] = weights
    degree = a.sum(axis=1)
    root = np.where(degree > 0, 1 / np.sqrt(np.where(degree > 0, degree, 1)), 0)
    lam, u = np.linalg.eigh(np.eye(len(a)) - root[:, None] * a * root)
    return u @ (response(np.clip(lam, 0, 2))[:, None] * (u.T @ x))


@pytest.mark.parametrize("name", [*RESPONSES, "exp(-3*lam)*x"])
def test_exact(name):
    g = RESPONSES.get(name) or parse(name)
    for graph, grid in ((GRID, (6, 4)), (GRID, None), (WEIGHTED, None)):
        np.testing.assert_allclose(
            apply(decompose(graph, grid), g, X), exact(graph, g, X), atol=1e-13
        )


def test_blocks_hold_the_spectrum_once():
    blocks = decompose(GRID, (6, 4))
    assert [len(block.lam) for block in blocks] == [6] * 4
    (whole,) = decompose(GRID)
    np.testing.assert_allclose(
        np.sort(np.concatenate([block.lam for block in blocks])), np.sort(whole.lam), atol=1e-14
    )
    np.testing.assert_array_equal(apply(blocks, lambda lam: lam, X[:, 0]).shape, (24,))


def test_smooth_responses_on_large_graphs():
    g = RESPONSES["band"]
    np.testing.assert_allclose(chebyshev_apply(WEIGHTED, g, X), exact(WEIGHTED, g, X), atol=1e-9)
    with pytest.raises(ValueError, match="kink or a jump"):
        chebyshev_apply(WEIGHTED, RESPONSES["comb"], X)


@pytest.mark.parametrize(
    ("graph", "options", "message"),
    [
        (WEIGHTED, {"limit": 20}, "above the limit of 20 nodes; raise limit"),
        (GRID, {"grid": (4, 4)}, "rows x columns = N = 24"),
        (Graph.from_edges(grid_edges(5, 4), 20), {"grid": (5, 4)}, "even"),
        (WEIGHTED, {"grid": (6, 4)}, "not symmetric under the reflections"),
    ],
)
def test_refused(graph, options, message):
    with pytest.raises(ValueError, match=message):
        decompose(graph, **options)


def test_signals_of_another_graph():
    with pytest.raises(ValueError, match="N = 24, got"):
        apply(decompose(GRID), np.exp, X[:5])


@pytest.fixture
def counted(monkeypatch):
    """How often a matrix was diagonalised; small graphs are kept, too."""
    calls, eigh = [], np.linalg.eigh
    monkeypatch.setattr(decomposition, "KEPT_FROM", 0)
    monkeypatch.setattr(np.linalg, "eigh", lambda m: calls.append(1) or eigh(m))
    return calls


def test_decompositions_are_kept(tmp_path, counted):
    first = decompose(GRID, (6, 4), cache=tmp_path)
    again = decompose(GRID, (6, 4), cache=tmp_path)
    assert len(counted) == 4
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.vectors, other.vectors)
        np.testing.assert_array_equal(one.lam, other.lam)
    (file,) = tmp_path.iterdir()  # nothing partial is left
    file.write_bytes(file.read_bytes()[:-100])  # a truncated file is made again
    assert len(decompose(GRID, (6, 4), cache=tmp_path)) == 4
    assert len(counted) == 8
    decompose(GRID, (6, 4), cache=tmp_path)
    assert len(counted) == 8


def test_every_graph_has_a_file_of_its_own(tmp_path, counted):
    heavier = Graph(WEIGHTED.senders, WEIGHTED.receivers, 1 + np.asarray(WEIGHTED.weights), 24)
    isolated = Graph(GRID.senders, GRID.receivers, None, 25)
    for graph in (GRID, WEIGHTED, heavier, isolated):
        decompose(graph, cache=tmp_path)
    decompose(GRID, (6, 4), cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 5
