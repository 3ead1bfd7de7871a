"""Cora and Squirrel, where they are: KPM beside every eigenvalue."""

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from longnn.analysis import frequency_homophily, shift_matrix, spectral_measure
from longnn.data import load
from longnn.data.statistics import homophily
from longnn.graphs.graph import Graph

pytestmark = pytest.mark.data


def all_eigenvalues(graph: Graph) -> np.ndarray:
    """By numpy, from the matrix without the repetitions of equal rows.

    Nodes with one neighbourhood (a third of Squirrel) act as one, and leave zeros of S behind:
    with B = P^T S P for the orthonormal indicators P of the groups, S has the eigenvalues of B,
    and zeros. It takes a quarter of the time.
    """
    A = (shift_matrix(graph) > 0).toarray()
    group = np.unique(np.packbits(A, axis=1), axis=0, return_inverse=True)[1]
    P = np.zeros((len(A), group.max() + 1))
    P[np.arange(len(A)), group] = np.bincount(group)[group] ** -0.5
    x = np.linalg.eigvalsh(P.T @ (shift_matrix(graph) @ P))
    return np.concatenate([1 - x, np.ones(len(A) - len(x))])


@pytest.mark.parametrize("name", ["cora", "squirrel"])
def test_kpm_is_within_a_hundredth_of_the_exact_spectrum(name):
    """Wasserstein-1 distance in units of lambda, 100 moments and 10 probes, three draws."""
    data = load(name)
    exact = all_eigenvalues(data.graph)
    np.testing.assert_allclose(exact.mean(), 1, atol=1e-12)  # the trace of S is 0
    for seed in range(3):
        measure = spectral_measure(data.graph, "kpm", moments=100, probes=10, seed=seed)
        assert wasserstein_distance(measure.lam, exact, measure.mass) < 0.006
    jackson = spectral_measure(data.graph, "kpm", kernel="jackson")
    assert wasserstein_distance(jackson.lam, exact, jackson.mass) < 0.01


@pytest.mark.parametrize("name", ["cora", "squirrel", "chameleon"])
def test_homophily_per_frequency_sums_to_the_edges_counted(name):
    data = load(name)
    share = frequency_homophily(data.graph, data.labels, method="lanczos").homophily
    np.testing.assert_allclose(share.sum(), homophily(data).edge, atol=1e-10)
