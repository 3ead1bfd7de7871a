"""Generated graphs against spectra and neighbours worked out otherwise."""

import numpy as np
import pytest

from longnn.data import bands, blocks, clouds, lattices
from longnn.data.filtered import filtered_noise
from longnn.graphs.convert import to_scipy
from longnn.graphs.graph import Graph
from longnn.graphs.scaling import shift_matrix

GENERATORS = {
    "sbm": blocks.generate,
    "ring": lattices.ring,
    "grid": lattices.grid,
    "cloud": clouds.generate,
    "bands": bands.generate,
}


@pytest.mark.parametrize("name", GENERATORS)
def test_equal_seeds_give_equal_data(name):
    one, same, other = (GENERATORS[name](seed=seed) for seed in (0, 0, 1))
    assert one.checksum == same.checksum != other.checksum
    np.testing.assert_array_equal(one.features, same.features)
    assert one.features.dtype == np.float32
    assert (np.bincount(one.labels) > 100).all()


@pytest.mark.parametrize("neighbours", [1, 3])
def test_ring_has_the_spectrum_of_a_circulant(neighbours):
    graph = Graph.from_edges(lattices.ring_edges(17, neighbours), 17)
    angle = 2 * np.pi * np.arange(17)[:, None] * np.arange(1, neighbours + 1) / 17
    np.testing.assert_allclose(
        np.linalg.eigvalsh(shift_matrix(graph).toarray()),
        np.sort(np.cos(angle).mean(axis=1)),
        atol=1e-12,
    )


def test_torus_has_the_spectrum_of_a_product():
    graph = Graph.from_edges(lattices.grid_edges(5, 7, periodic=True), 35)
    one, other = (np.cos(2 * np.pi * np.arange(n) / n) for n in (5, 7))
    np.testing.assert_allclose(
        np.linalg.eigvalsh(shift_matrix(graph).toarray()),
        np.sort((one[:, None] + other).ravel() / 2),
        atol=1e-12,
    )


def test_grid_neighbours_are_at_distance_one():
    pairs = lattices.grid_edges(4, 6)
    row, column = np.divmod(pairs, 6)
    distance = np.abs(np.diff(row, axis=1)) + np.abs(np.diff(column, axis=1))
    assert (distance == 1).all()
    assert len(np.unique(np.sort(pairs, axis=1), axis=0)) == len(pairs) == 4 * 5 + 3 * 6


@pytest.mark.parametrize(
    ("response", "function"),
    [
        ("all", lambda x: 1 + 0 * x),
        ("low", lambda x: ((1 + x) / 2) ** 3),
        ("high", lambda x: ((1 - x) / 2) ** 3),
        ("band", lambda x: (1 - x**2) ** 3),
    ],
)
def test_labels_follow_from_the_stated_filter(response, function):
    graph = Graph.from_edges(lattices.grid_edges(6, 9), 54)
    made = filtered_noise("d", graph, response, 3, 3, 4, seed=5)
    rng = np.random.default_rng(5)
    values = rng.standard_normal((54, 4)).astype(np.float32)
    np.testing.assert_array_equal(made.features, values)
    eigenvalues, vectors = np.linalg.eigh(shift_matrix(graph).toarray())
    filtered = vectors * function(eigenvalues) @ vectors.T @ values
    expected = (filtered @ rng.standard_normal((4, 3))).argmax(axis=1)
    np.testing.assert_array_equal(made.labels, expected)


@pytest.mark.parametrize("degrees", ["even", "power_law"])
@pytest.mark.parametrize("band", ["low", "middle", "high", "ends"])
def test_labels_and_features_have_their_energy_in_the_band(band, degrees):
    made = bands.generate(band, nodes=400, noise=0.0, degrees=degrees, seed=2)
    place = {"low": [(0, 100)], "middle": [(150, 250)], "high": [(300, 400)]}
    inside = place.get(band, [(0, 50), (350, 400)])
    laplacian = np.eye(400) - shift_matrix(made.graph).toarray()
    lam, vectors = np.linalg.eigh(laplacian)
    # eigenvalues equal to one in the band are in it, too
    member = np.any([(lam > lam[a] - 1e-8) & (lam < lam[b - 1] + 1e-8) for a, b in inside], axis=0)
    signal = (vectors.T @ made.features) ** 2
    assert signal[~member].sum() < 1e-10 * signal.sum()
    labels = np.where(made.labels < 0, 0, 2.0 * made.labels - 1)
    energy = (vectors.T @ labels) ** 2
    # signs of a Gaussian signal keep 2 / pi of their energy in its band
    assert energy[member].sum() > (0.6 + 0.1 * (member.sum() > 120)) * energy.sum()


def test_edges_of_bands_are_as_many_as_asked_for_and_follow_their_degrees():
    even, hubs = (bands.generate(degrees=kind, nodes=500, seed=1) for kind in ("even", "power_law"))
    for made in (even, hubs):
        assert len(made.graph.pairs()) == 2500
        assert made.graph.degrees().sum() == 5000
    assert even.graph.degrees().max() < 30 < 60 < hubs.graph.degrees().max()
    assert (hubs.labels[hubs.graph.degrees() == 0] == -1).all()
    assert (hubs.labels[hubs.graph.degrees() > 0] >= 0).all()


def test_noise_of_bands_has_its_power():
    clean, noisy = (bands.generate(noise=noise, nodes=500, classes=3) for noise in (0.0, 2.0))
    np.testing.assert_array_equal(clean.labels, noisy.labels)
    assert np.std(noisy.features - clean.features) == pytest.approx(2, rel=0.03)
    assert np.linalg.matrix_rank(clean.features, tol=1e-3) == 3


@pytest.mark.parametrize("shape", clouds.SHAPES)
def test_neighbours_are_the_nearest(shape):
    made = clouds.generate(shape, nodes=60, neighbours=4, weighted=True, normalize="none")
    points = made.features.astype(float)
    distance = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(distance, np.inf)
    scale = np.sort(distance, axis=1)[:, 3]
    near = distance <= scale[:, None]
    found = to_scipy(made.graph).toarray()
    np.testing.assert_array_equal(found > 0, near | near.T)
    expected = np.exp(-(distance**2) / (scale[:, None] * scale))
    np.testing.assert_allclose(found[found > 0], expected[found > 0], rtol=1e-4)


def test_equal_points_are_no_loops():
    edges, weights = clouds.neighbour_edges(np.zeros((6, 2)), 3)
    assert (edges[:, 0] != edges[:, 1]).all()
    assert np.isfinite(weights).all()
    assert (weights > 0).all()


def test_block_densities():
    made = blocks.generate(nodes=900, classes=3, inside=0.01, across=0.03, seed=3)
    same = made.labels[made.graph.pairs()]
    inside = (same[:, 0] == same[:, 1]).sum() / (3 * 300 * 299 / 2)
    across = (same[:, 0] != same[:, 1]).sum() / (3 * 300 * 300)
    assert inside == pytest.approx(0.01, rel=0.15)
    assert across == pytest.approx(0.03, rel=0.05)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lattices.ring(nodes=4, neighbours=2), "1 <= neighbours < nodes / 2"),
        (lambda: lattices.grid(rows=1), "rows and columns >= 2, got 1 x 32"),
        (lambda: lattices.grid(rows=2, periodic=True), "periodic grid needs .* >= 3"),
        (lambda: lattices.ring(response="mid"), "response must be one of"),
        (lambda: lattices.ring(sharpness=-1), "sharpness >= 0"),
        (lambda: lattices.ring(nodes=5, classes=9), "a class of 9 stays empty"),
        (lambda: clouds.generate("stars"), "shape must be one of"),
        (lambda: clouds.generate(neighbours=0), "1 <= neighbours < nodes"),
        (lambda: blocks.generate(inside=1.5), r"probability inside in \[0, 1\], got 1.5"),
        (lambda: blocks.generate(classes=1), "classes >= 2"),
        (lambda: blocks.generate(separation=-1), "separation >= 0"),
        (lambda: bands.generate("mid"), "unknown band 'mid'; choose one of low, middle"),
        (lambda: bands.generate(degrees="odd"), "unknown degrees 'odd'"),
        (lambda: bands.generate(share=1.0), r"share must lie in \(0, 1\), got 1.0"),
        (lambda: bands.generate(noise=-1.0), r"noise must lie in \[0, inf\), got -1.0"),
        (lambda: bands.generate(nodes=5001), "4 <= nodes <= 5000, since .* diagonalised, got 5001"),
        (
            lambda: bands.generate(mean_degree=300.0),
            r"mean_degree in \(0, nodes / 4\] .* got 300.0",
        ),
        (lambda: bands.generate(classes=1), "bands needs classes >= 2, got 1"),
        (lambda: bands.generate(features=0), "features must be an integer >= 1, got 0"),
        (
            lambda: bands.generate(nodes=20, share=0.05, mean_degree=2.0, classes=9),
            "a class of 9 stays empty with seed=0",
        ),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
