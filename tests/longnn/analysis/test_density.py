"""Densities by every method: against eigenvalues of dense matrices and closed forms."""

import functools
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from longnn.analysis import Measure, histogram, spectral_density, spectral_measure
from longnn.analysis.chebyshev import (
    chebyshev_moments,
    kernel_factors,
    measure_of_moments,
    with_known_moments,
)
from longnn.analysis.density import AUTO_LIMIT, first_moments
from longnn.analysis.twins import twin_classes, twin_share
from longnn.graphs.graph import Graph
from longnn.operators import normalized_adjacency
from tests.spectra import CLOSED, path, random_graph, ring, star

EMPTY = Graph.from_edges(np.zeros((0, 2), int), 5)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("bins", [7, 21])
def test_exact_density_equals_dense_eigenvalues(weighted, bins):
    graph, S = random_graph(30, 60, weighted)
    edges, share = spectral_density(graph, bins)
    np.testing.assert_allclose(edges, np.linspace(0, 2, bins + 1))
    lam = np.linalg.eigvalsh(np.eye(30) - S)
    count = [((low < lam + 1e-12) & (lam < high - 1e-12)).sum() for low, high in pairwise(edges)]
    np.testing.assert_allclose(share, np.array(count) / 30, atol=1e-12)
    np.testing.assert_allclose(share.sum(), 1, rtol=1e-12)


def test_density_keeps_the_ends_of_the_spectrum():
    """A bipartite graph has lambda = 0 and 2, where rounding must not lose them."""
    graph, exact = path(10)
    _, share = spectral_density(graph, bins=9)
    count = np.histogram(exact, np.linspace(-1e-9, 2 + 1e-9, 10))[0]
    np.testing.assert_allclose(share, count / 10, atol=1e-12)


def test_points_at_an_edge_fall_to_the_right_whatever_their_rounding():
    lam = np.array([0.5, 1 - 1e-15, 1.0, 1 + 1e-15, 2.0, 2 + 1e-15])
    np.testing.assert_array_equal(histogram(Measure(lam, np.ones(6)), 4).share, [0, 1, 3, 2])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("count", [2, 7, 8])
def test_moments_are_those_of_the_eigenvalues(weighted, count):
    graph, S = random_graph(40, 80, weighted)
    start = np.random.default_rng(1).normal(size=(40, 3))
    lam, vectors = np.linalg.eigh(S)
    energy = np.square(vectors.T @ start).sum(1)
    exact = np.cos(np.outer(np.arange(count), np.arccos(np.clip(lam, -1, 1)))) @ energy
    operator = normalized_adjacency(graph, dtype=jnp.float64)
    moments = chebyshev_moments(operator, jnp.asarray(start), count)
    np.testing.assert_allclose(moments, exact, rtol=1e-12, atol=1e-11)


def test_moments_in_float32():
    graph, _ = ring(64)
    start = jnp.ones((64, 1), jnp.float32).at[::2].set(-0.5)
    operator = normalized_adjacency(graph, dtype=jnp.float32)
    wide = normalized_adjacency(graph, dtype=jnp.float64)
    got = chebyshev_moments(operator, start, 100)
    exact = chebyshev_moments(wide, start.astype(float), 100)
    np.testing.assert_allclose(got, exact, rtol=1e-3)


@functools.cache
def sparse_graph(weighted: bool) -> tuple[Graph, np.ndarray]:
    graph, S = random_graph(600, 1800, weighted)
    return graph, np.linalg.eigvalsh(np.eye(600) - S)


@pytest.mark.parametrize(
    ("method", "kernel", "bound"),
    [
        ("kpm", "lanczos", 0.01),
        ("kpm", "jackson", 0.01),
        ("kpm", "dirichlet", 0.01),
        ("lanczos", "lanczos", 0.015),
    ],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_approximations_are_near_the_exact_distribution(weighted, method, kernel, bound):
    """A trace by probes has a standard deviation of at most sqrt(2 / (nodes probes)) = 0.013."""
    graph, lam = sparse_graph(weighted)
    measure = spectral_measure(graph, method, kernel=kernel, probes=20)
    assert (measure.mass >= 0).all()
    np.testing.assert_allclose(measure.mass.sum(), 1, rtol=1e-12)
    assert wasserstein_distance(measure.lam, lam, measure.mass) < bound


@pytest.mark.slow
@pytest.mark.parametrize("name", CLOSED)
@pytest.mark.parametrize("method", ["kpm", "lanczos"])
def test_closed_forms_by_many_probes(name, method):
    """Small graphs need many probes: the error of a trace falls as 1 / sqrt(N probes)."""
    graph, exact = CLOSED[name]()
    measure = spectral_measure(graph, method, probes=400)
    assert wasserstein_distance(measure.lam, exact, measure.mass) < 0.02


@pytest.mark.parametrize("count", [20, 100])
def test_jackson_smooths_one_eigenvalue_as_published(count):
    """Weisse et al. (2006), eq. 75: variance M (1 - cos(2 pi / (M + 1))) / (2 (M + 1)) at x = 0."""
    lam, mass = measure_of_moments(np.cos(np.arange(count) * np.pi / 2), "jackson")
    exact = count * (1 - np.cos(2 * np.pi / (count + 1))) / (2 * (count + 1))
    np.testing.assert_allclose(mass @ (lam - 1), 0, atol=1e-12)
    np.testing.assert_allclose(mass @ (lam - 1) ** 2, exact, rtol=1e-3)


@pytest.mark.parametrize("kernel", ["lanczos", "jackson", "dirichlet"])
def test_kernels_keep_the_mass_and_damp_the_rest(kernel):
    factors = kernel_factors(kernel, 50)
    np.testing.assert_allclose(factors[0], 1)
    assert (np.diff(factors) <= 1e-15).all()
    assert (factors > 0).all()


def test_a_measure_of_full_moments_is_found_again():
    """The arcsine measure has mu_n = 0: c(t) = t / pi."""
    lam, mass = measure_of_moments(np.eye(30)[0], "dirichlet")
    below = np.cumsum(mass)[: len(lam) // 2]
    edges = np.linspace(0, 2, len(lam))[1 : 1 + len(below)]
    np.testing.assert_allclose(below, np.arccos(1 - edges) / np.pi, atol=1e-12)


def test_known_moments_are_met_and_others_improve():
    rng = np.random.default_rng(0)
    angle = np.arccos(rng.uniform(-1, 0.5, 500))
    exact = np.cos(np.outer(np.arange(30), angle)).mean(1)
    sampled = np.cos(np.outer(np.arange(32), angle)) @ rng.dirichlet(np.ones(500))
    repaired = with_known_moments(sampled, exact[:3])
    np.testing.assert_allclose(repaired[:3], exact[:3], atol=1e-12)
    assert np.abs(repaired - exact)[3:8].sum() < np.abs(sampled[:30] - exact)[3:8].sum()


@pytest.mark.parametrize("name", ["random", "weighted", "loops", *CLOSED])
def test_the_first_two_moments_need_no_probes(name):
    if name in CLOSED:
        graph, lam = CLOSED[name]()
    else:
        graph, S = random_graph(60, 150, name == "weighted")
        lam = np.linalg.eigvalsh(np.eye(60) - S)
    if name == "loops":
        A = (S > 0) + np.eye(60)
        root = np.sqrt(A.sum(0))
        lam = np.linalg.eigvalsh(np.eye(60) - A / root / root[:, None])
        graph = graph.with_self_loops()
    x = 1 - lam
    exact = [1, x.mean(), (2 * x**2 - 1).mean()]
    np.testing.assert_allclose(first_moments(graph), exact, atol=1e-14)


def test_twins_are_counted():
    """Leaves of a hub, isolated nodes, and two nodes with the same neighbours and weights."""
    graph, _ = star(9)
    assert twin_share(graph, twin_classes(graph)) == pytest.approx(8 / 10)
    assert twin_share(EMPTY, twin_classes(EMPTY)) == 1
    square = np.array([[0, 2], [0, 3], [1, 2], [1, 3]])  # 0 and 1 are twins, 2 and 3 too; 4 alone
    share = [twin_share(g, twin_classes(g)) for g in (
        Graph.from_edges(square, 5),
        Graph.from_edges(square, 5, np.array([1.0, 2.0, 1.0, 2.0])),  # only 0 and 1
    )]  # fmt: skip
    np.testing.assert_allclose(share, [3 / 5, 2 / 5])


def test_twins_never_exceed_the_multiplicity_of_one():
    graph, S = random_graph(60, 60)
    multiplicity = (np.abs(np.linalg.eigvalsh(S)) < 1e-9).mean()
    found = twin_share(graph, twin_classes(graph))
    assert 1 / 60 < found <= multiplicity + 1e-12


def test_twins_stay_a_point():
    graph, _ = star(9)
    _, share = spectral_density(graph, 61, "kpm", kernel="jackson", probes=400)
    assert share[30] == pytest.approx(0.8, abs=0.01)
    measure = spectral_measure(EMPTY, "kpm")
    assert (measure.lam == 1).all()
    assert measure.mass.sum() == 1


def test_densities_follow_their_seed():
    graph, _ = random_graph(60, 120)
    shares = [spectral_density(graph, 20, "kpm", seed=s).share for s in (0, 0, 1)]
    np.testing.assert_array_equal(shares[0], shares[1])
    assert np.abs(shares[0] - shares[2]).max() > 1e-4


def test_auto_is_exact_for_small_graphs_only():
    small, large = ring(60)[0], ring(AUTO_LIMIT + 1)[0]
    assert len(spectral_measure(small).lam) == 60
    assert len(spectral_measure(large).lam) > 2 * AUTO_LIMIT
    assert len(spectral_measure(small, limit=10).lam) > 60


def test_without_double_precision():
    graph, lam = sparse_graph(False)
    with jax.enable_x64(False):
        for method, bound in (("kpm", 0.01), ("lanczos", 0.015)):
            measure = spectral_measure(graph, method, probes=20)
            assert wasserstein_distance(measure.lam, lam, measure.mass) < bound


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "exakt"}, "unknown method 'exakt'; choose one of auto, exact, kpm, lanczos"),
        ({"method": "kpm", "kernel": "fejer"}, "unknown kernel 'fejer'; choose one of lanczos"),
        ({"method": "kpm", "moments": 1}, "moments >= 2, got 1"),
        ({"method": "lanczos", "probes": 0}, "probes >= 1, got 0"),
        ({"bins": 0}, "bins >= 1, got 0"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        spectral_density(random_graph(20, 40)[0], **settings)
