import math

import numpy as np
import pytest

from longnn.data import blocks, csbm

NODES = 20_000


def homophily(dataset):
    return (dataset.labels[dataset.graph.senders] == dataset.labels[dataset.graph.receivers]).mean()


@pytest.mark.parametrize("phi", [-1, -0.75, -0.3, 0, 0.3, 0.75, 1])
def test_degree_and_homophily(phi):
    dataset = csbm.generate(phi=phi, nodes=NODES, features=2)
    edges = NODES * 5 / 2
    assert len(dataset.graph.senders) / 2 == pytest.approx(edges, abs=5 * math.sqrt(edges))
    signal = math.sqrt(4.25) * math.sin(math.pi * phi / 2)
    expected = (5 + signal * math.sqrt(5)) / 10
    assert homophily(dataset) == pytest.approx(expected, abs=5 * 0.5 / math.sqrt(edges))


@pytest.mark.parametrize("phi", [-1, -0.75, 0, 0.75, 1])
def test_features_separate_the_classes_by_mu(phi):
    width = 400
    dataset = csbm.generate(phi=phi, nodes=NODES, features=width)
    gap = np.subtract(*(dataset.features[dataset.labels == label].mean(0) for label in (0, 1)))
    mu = math.sqrt(NODES / width * 4.25) * math.cos(math.pi * phi / 2)
    # 4 mu |u|^2 / N from the signal, 4 / N from the noise; |u|^2 has deviation sqrt(2 / F).
    assert (gap**2).sum() == pytest.approx(4 * (mu + 1) / NODES, rel=5 * math.sqrt(2 / width))
    assert (dataset.features**2).sum(1).mean() == pytest.approx(1 + mu / NODES, rel=0.01)


def test_pairs_are_distinct_and_without_self_loops():
    """At probability 1 in every block the graph is complete."""
    graph = csbm.generate(phi=0, nodes=41, mean_degree=41, features=1).graph
    assert len(graph.senders) == 41 * 40


@pytest.mark.parametrize(("phi", "within"), [(-1, False), (1, True)])
def test_extreme_phi_gives_one_kind_of_edge(phi, within):
    dataset = csbm.generate(phi=phi, nodes=200, mean_degree=4.25, features=3)
    assert len(dataset.graph.senders) > 0
    assert homophily(dataset) == within


def test_classes_are_equal_and_mixed():
    labels = csbm.generate(nodes=1001).labels
    assert sorted(np.bincount(labels)) == [500, 501]
    assert 400 < (labels[1:] != labels[:-1]).sum() < 600


def test_seed_decides_everything():
    first, again, other = (csbm.generate(nodes=100, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.graph.senders, again.graph.senders)
    np.testing.assert_array_equal(first.features, again.features)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert first.checksum == again.checksum != other.checksum
    assert (first.features != other.features).any()
    assert (first.labels != other.labels).any()


def test_many_nodes():
    graph = csbm.generate(nodes=100_000, features=2).graph
    assert graph.num_nodes == 100_000


def test_normalized_on_request():
    features = csbm.generate(normalize="standard").features
    np.testing.assert_allclose(features.std(0), 1, rtol=1e-5)


def test_default_is_dense_float32():
    dataset = csbm.generate()
    assert (dataset.name, dataset.metric, dict(dataset.shipped)) == ("csbm", "accuracy", {})
    assert dataset.features.dtype == np.float32
    assert dataset.features.shape == (1000, 400)


@pytest.mark.parametrize("root", [2, 3, 1000, 30_000_000])
def test_triangle_pairs_around_triangular_numbers(root):
    index = root * (root - 1) // 2 + np.array([-1, 0, 1])
    low, high = blocks._triangle_pair(index)
    assert (low >= 0).all()
    assert (low < high).all()
    np.testing.assert_array_equal(high * (high - 1) // 2 + low, index)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"phi": 1.5}, r"phi in \[-1, 1\], got 1.5"),
        ({"phi": math.nan}, r"phi in \[-1, 1\], got nan"),
        ({"nodes": 3}, "nodes >= 4, got 3"),
        ({"mean_degree": 0}, "mean_degree > 0, got 0"),
        ({"mean_degree": math.nan}, "mean_degree > 0, got nan"),
        ({"features": 0}, "features >= 1, got 0"),
        ({"epsilon": -1}, "epsilon > -1, got -1"),
        ({"mean_degree": 2}, "probability would be negative; raise mean_degree to at least 3.628"),
        ({"nodes": 8, "mean_degree": 7}, "probability would be above 1"),
        ({"normalize": "rows"}, "one of row, none, standard"),
    ],
)
def test_says_what_is_wrong(arguments, words):
    with pytest.raises(ValueError, match=words):
        csbm.generate(**arguments)
