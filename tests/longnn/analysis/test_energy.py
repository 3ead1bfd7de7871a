"""Energy of signals per frequency, and homophily, against dense eigenvectors and counted edges."""

import numpy as np
import pytest
import scipy.sparse
from scipy.stats import wasserstein_distance

from longnn.analysis import (
    eigenvectors,
    energy_measure,
    error_signal,
    frequency_homophily,
    label_signal,
    signal_energy,
    signal_measure,
)
from longnn.graphs.graph import Graph
from tests.spectra import random_graph, ring, star

GRAPH, S = random_graph(60, 130)
LABELS = np.random.default_rng(1).integers(0, 3, 60)
NOISE = np.random.default_rng(2).normal(size=(60, 4))
METHODS = ["exact", "kpm", "lanczos"]


def dense_energy(matrix: np.ndarray, signal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    lam, vectors = np.linalg.eigh(np.eye(len(matrix)) - matrix)
    energy = np.square(vectors.T @ signal.reshape(len(matrix), -1)).sum(1)
    return lam, energy / energy.sum()


@pytest.mark.parametrize("form", [lambda f: f, lambda f: f[:, 0], scipy.sparse.csr_array])
@pytest.mark.parametrize("method", METHODS)
def test_energy_is_that_of_dense_eigenvectors(method, form):
    signal = np.linalg.matrix_power(np.eye(60) + S, 3) @ NOISE
    lam, exact = dense_energy(S, signal if form(signal).ndim == 2 else signal[:, 0])
    measure = signal_measure(GRAPH, form(signal), method)
    np.testing.assert_allclose(measure.mass.sum(), 1, rtol=1e-12)
    bound = {"exact": 1e-12, "kpm": 0.015, "lanczos": 0.002}[method]
    assert wasserstein_distance(measure.lam, lam, measure.mass, exact) < bound
    edges, share = signal_energy(GRAPH, form(signal), 8, method)
    assert (len(edges), len(share)) == (9, 8)
    np.testing.assert_allclose(share.sum(), 1, rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_one_wave_on_a_ring_has_one_frequency(method):
    graph, lam = ring(30)
    wave = np.cos(2 * np.pi * 4 * np.arange(30) / 30)
    measure = signal_measure(graph, wave, method)
    np.testing.assert_allclose(measure.mass @ measure.lam, lam[4], atol=2e-3)
    spread = measure.mass @ (measure.lam - lam[4]) ** 2
    assert spread < (1e-3 if method == "kpm" else 1e-12)


def test_differences_of_twins_are_a_point():
    """A star's leaves among themselves have lambda = 1, which no smoothing moves."""
    graph, _ = star(9)
    signal = np.r_[0, np.arange(9) - 4.0]
    lam, mass = signal_measure(graph, signal, "kpm")
    assert mass[lam == 1].sum() == pytest.approx(1)
    part = signal + 2 / 3  # of norm 60 and 10 * 4/9; the latter is no eigenvector of lambda = 1
    assert signal_measure(graph, part, "kpm").mass[-1] == pytest.approx(60 / (60 + 40 / 9))


def test_isolated_nodes_are_a_point_too():
    """Two edges and three nodes alone, which carry 3 of 5; the rest is at lambda = 0."""
    graph = Graph.from_edges(np.array([[0, 1], [2, 3]]), 7)
    lam, mass = signal_measure(graph, np.r_[1, 1, 0, 0, 1, 1, 1], "kpm")
    assert mass[lam == 1].sum() == pytest.approx(3 / 5)
    assert mass[lam < 0.05].sum() == pytest.approx(2 / 5, abs=0.01)


def test_spectrum_serves_several_signals():
    spectrum = eigenvectors(GRAPH)
    for signal in (NOISE, NOISE[:, 0]):
        exact = dense_energy(S, signal)[1]
        np.testing.assert_allclose(energy_measure(spectrum, signal).mass, exact, atol=1e-12)


@pytest.mark.parametrize("method", ["kpm", "lanczos"])
def test_many_columns_go_block_by_block(monkeypatch, method):
    whole = signal_measure(GRAPH, NOISE, method)
    monkeypatch.setattr("longnn.analysis.energy.BLOCK", 60 * 3)
    parts = signal_measure(GRAPH, scipy.sparse.csr_array(NOISE), method)
    assert wasserstein_distance(parts.lam, whole.lam, parts.mass, whole.mass) < 1e-9


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        (np.ones(59), r"N = 60, got \(59,\)"),
        (np.ones((60, 2, 2)), r"\[N\] or \[N, M\]"),
        (np.zeros(60), "not zero everywhere"),
        (np.full(60, np.nan), "finite"),
        (scipy.sparse.csr_array((60, 3)), "not zero everywhere"),
    ],
)
@pytest.mark.parametrize("method", METHODS)
def test_bad_signals(method, signal, message):
    with pytest.raises(ValueError, match=message):
        signal_measure(GRAPH, signal, method)


def test_labels_as_a_signal():
    labels = np.array([0, 2, 2, -1])
    signal = label_signal(labels)
    assert signal.shape == (4, 3)
    np.testing.assert_allclose(signal.sum(0), 0, atol=1e-15)
    np.testing.assert_allclose(signal.sum(1), 0, atol=1e-15)
    np.testing.assert_array_equal(signal[3], 0)
    np.testing.assert_array_equal(
        label_signal(labels, centred=False), [[1, 0, 0], [0, 0, 1], [0, 0, 1], [0, 0, 0]]
    )


def test_errors_as_a_signal():
    labels, sure = np.array([0, 1, -1, 1]), np.array([[1.0, 0], [0.25, 0.75], [0.5, 0.5], [1, 0]])
    expected = np.array([[0, 0], [-0.25, 0.25], [0, 0], [-1, 1]])
    np.testing.assert_allclose(error_signal(sure, labels), expected)
    chosen = np.array([True, True, True, False])
    np.testing.assert_allclose(error_signal(sure, labels, chosen), expected * chosen[:, None])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: label_signal(np.array([0.5, 1.0])), "labels must be integers"),
        (lambda: label_signal(np.array([-1, -1])), "no node has a label"),
        (lambda: error_signal(np.ones((3, 2)), np.zeros(4, int)), r"N = 4, got \(3, 2\)"),
        (lambda: error_signal(np.ones((2, 2)), np.array([0, 2])), "3 classes"),
        (lambda: error_signal(np.ones((2, 2)), np.zeros(2, int), np.array([0, 1])), "bool mask"),
        (
            lambda: error_signal(np.ones((2, 2)), np.zeros(2, int), np.zeros(2, bool)),
            "no labelled node is left",
        ),
    ],
)
def test_bad_labels(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("unlabelled", [0, 15])
def test_homophily_sums_to_the_share_of_edges_within_classes(method, unlabelled):
    labels = np.where(np.arange(60) < unlabelled, -1, LABELS)
    ends = labels[GRAPH.pairs()]
    known = (ends >= 0).all(1)
    edge = (ends[known, 0] == ends[known, 1]).mean()
    edges, energy, share = frequency_homophily(GRAPH, labels, 21, method)
    tolerance = 5e-3 if method == "kpm" else 1e-12
    np.testing.assert_allclose(share.sum(), edge, atol=tolerance)
    np.testing.assert_allclose(energy.sum(), 1, rtol=1e-12)
    inside = (1 - edges[:-1]) * energy, (1 - edges[1:]) * energy
    assert (share <= inside[0] + 1e-12).all()
    assert (share >= inside[1] - 1e-12).all()


def test_homophily_counts_weights_and_loops():
    edges = np.array([[0, 1], [1, 2], [2, 3]])
    graph = Graph.from_edges(edges, 4, np.array([1.0, 3.0, 4.0])).with_self_loops()
    labels = np.array([0, 0, 1, 1])
    share = frequency_homophily(graph, labels, method="exact").homophily
    np.testing.assert_allclose(share.sum(), (2 * 1 + 2 * 4 + 4) / (2 * 8 + 4))


def test_homophily_of_nothing():
    with pytest.raises(ValueError, match="no edge joins two labelled nodes"):
        frequency_homophily(ring(4)[0], np.array([0, -1, 1, -1]))
    with pytest.raises(ValueError, match=r"labels must have shape \[4\]"):
        frequency_homophily(ring(4)[0], np.zeros(3, int))
