"""Homophily of a graph small enough to count by hand."""

import networkx as nx
import numpy as np
import pytest

from longnn.data import Dataset
from longnn.data.statistics import correlation, describe, homophily, mixing
from longnn.graphs.graph import Graph


def dataset(edges, labels):
    features = np.ones((len(labels), 1), np.float32)
    return Dataset("d", Graph.from_edges(np.array(edges), len(labels)), features,
                   np.array(labels, np.int64), 2)  # fmt: skip


def valued(edges, labels):
    features = np.ones((len(labels), 1), np.float32)
    graph = Graph.from_edges(np.array(edges), len(labels), self_loops="keep")
    return Dataset("d", graph, features, np.array(labels, np.float32), 1, "r2")


def test_by_hand():
    """A path 0-1-2-3 of classes 0 0 1 1, and an unlabelled node 4 at 0: its edge does not count."""
    made = dataset([[0, 1], [1, 2], [2, 3], [0, 4]], [0, 0, 1, 1, -1])
    edge, node, adjusted = homophily(made)
    assert edge == pytest.approx(2 / 3)
    assert node == pytest.approx((1 + 0.5 + 0.5 + 1) / 4)
    assert adjusted == pytest.approx((2 / 3 - 1 / 2) / (1 - 1 / 2))
    np.testing.assert_allclose(mixing(made), [[2 / 3, 1 / 3], [1 / 3, 2 / 3]])
    found = describe(made)
    assert (found["nodes of class 0"], found["unlabelled"], found["components"]) == (2, 1, 1)


def test_labels_without_regard_to_edges_have_adjusted_homophily_zero():
    rng = np.random.default_rng(0)
    made = dataset(rng.integers(0, 2000, (20000, 2)), (rng.random(2000) < 0.1).astype(int))
    assert homophily(made).edge > 0.75
    assert abs(homophily(made).adjusted) < 0.03


def test_without_edges_or_with_one_class_it_is_undefined():
    assert np.isnan(homophily(dataset(np.zeros((0, 2), int), [0, 1]))).all()
    assert np.isnan(homophily(dataset([[0, 1]], [0, 0])).adjusted)


def test_correlation_of_real_values_against_networkx():
    """Node 30 has a loop, which does not count, and node 31 no label."""
    rng = np.random.default_rng(0)
    edges, labels = rng.integers(0, 30, (60, 2)), rng.normal(3, 2, 32).astype(np.float32)
    reference = nx.Graph(edges.tolist())
    reference.remove_edges_from(nx.selfloop_edges(reference))
    nx.set_node_attributes(reference, {n: float(labels[n]) for n in reference}, "y")
    expected = nx.numeric_assortativity_coefficient(reference, "y")
    labels[31] = np.nan
    made = valued([*edges, [30, 30], [31, 0], [31, 1]], labels)
    assert correlation(made) == pytest.approx(expected, abs=1e-6)
    found = describe(made)
    assert found["label correlation"] == correlation(made)
    assert found["unlabelled"] == 1
    assert found["label mean"] == pytest.approx(labels[:31].mean(), rel=1e-6)
    assert found["label std"] == pytest.approx(labels[:31].std(), rel=1e-6)
    assert not [name for name in found if "class" in name or "homophily" in name]


def test_correlation_may_be_undefined():
    assert np.isnan(correlation(valued(np.zeros((0, 2), int), [0.5, 1.5])))
    assert np.isnan(correlation(valued([[0, 1]], [0.5, 0.5])))
    assert correlation(valued([[0, 1]], [0.5, 1.5])) == pytest.approx(-1)
