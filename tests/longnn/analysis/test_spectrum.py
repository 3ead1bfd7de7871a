"""All eigenvalues: against closed forms and a dense matrix."""

import numpy as np
import pytest

from longnn.analysis import eigenvalues, eigenvectors, shift_matrix, spectral_measure
from longnn.graphs.graph import Graph
from tests.spectra import CLOSED, random_graph, ring


@pytest.mark.parametrize("weighted", [False, True])
def test_shift_matrix_equals_dense(weighted):
    graph, S = random_graph(30, 60, weighted)
    np.testing.assert_allclose(shift_matrix(graph).toarray(), S, atol=1e-15)


@pytest.mark.parametrize("name", CLOSED)
def test_closed_forms(name):
    graph, exact = CLOSED[name]()
    lam = eigenvalues(graph)
    assert (np.diff(lam) >= 0).all()
    np.testing.assert_allclose(lam, np.sort(exact), atol=1e-14)


@pytest.mark.parametrize("weighted", [False, True])
def test_eigenvectors_rebuild_the_laplacian(weighted):
    graph, S = random_graph(30, 60, weighted)
    lam, vectors = eigenvectors(graph)
    np.testing.assert_allclose(vectors * lam @ vectors.T, np.eye(30) - S, atol=1e-13)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(30), atol=1e-13)
    np.testing.assert_allclose(lam, eigenvalues(graph), atol=1e-13)


@pytest.mark.parametrize(
    "take",
    [
        eigenvalues,
        eigenvectors,
        lambda graph: spectral_measure(graph, "exact"),
    ],
)
def test_a_graph_too_large_says_what_to_do(take):
    large = Graph.from_edges(np.zeros((0, 2), int), 50_000)
    with pytest.raises(ValueError, match=r"50000 nodes .* GB .* limit is 5000 .*kpm.*limit=50000"):
        take(large)


def test_the_limit_can_be_moved():
    graph, exact = ring(30)
    with pytest.raises(ValueError, match="limit is 29"):
        eigenvalues(graph, limit=29)
    np.testing.assert_allclose(eigenvalues(graph, limit=30), np.sort(exact), atol=1e-14)
