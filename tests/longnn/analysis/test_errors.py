"""Calibration, shares of errors and local homophily, against scikit-learn, scipy and networkx."""

import networkx
import numpy as np
import pytest
from scipy.stats import binned_statistic, binomtest
from sklearn.calibration import calibration_curve

from longnn.analysis import errors_by, local_homophily, reliability
from longnn.graphs.graph import Graph

RNG = np.random.default_rng(0)


def test_reliability_is_that_of_scikit_learn():
    logits = RNG.normal(size=(500, 4))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = RNG.integers(0, 4, 500)
    found = reliability(probabilities, labels, bins=10)
    right = probabilities.argmax(axis=1) == labels
    accuracy, confidence = calibration_curve(right, probabilities.max(axis=1), n_bins=10)
    filled = found.nodes > 0
    np.testing.assert_allclose(found.accuracy[filled], accuracy)
    np.testing.assert_allclose(found.confidence[filled], confidence)
    assert found.nodes.sum() == 500
    weighted = np.average(np.abs(accuracy - confidence), weights=found.nodes[filled])
    assert found.ece == pytest.approx(weighted, rel=1e-12)


@pytest.mark.parametrize(("confidence", "ece"), [(0.75, 0.0), (0.9, 0.15), (0.6, 0.15)])
def test_calibration_error_by_hand(confidence, ece):
    """Three of four are right."""
    probabilities = np.tile([confidence, 1 - confidence], (4, 1))
    assert reliability(probabilities, np.array([0, 0, 0, 1])).ece == pytest.approx(ece, abs=1e-12)


def test_a_certain_prediction_in_float32_is_in_the_last_bin():
    sure = np.array([[1 + 1e-6, 0]], np.float32)
    assert reliability(sure, np.array([0])).nodes.tolist() == [0] * 14 + [1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([[0.5, 0.5]], [0], 0), "bins >= 1"),
        (([0.5, 0.5], [0]), r"shape \[n, C\]"),
        (([[0.5, 0.5]], [0, 1]), r"labels must have shape \[1\]"),
        (([[-0.5, -1.5]], [0]), "log-probabilities"),
        (([[0.5, 0.5]], [-1]), "without a label"),
    ],
)
def test_reliability_refuses(arguments, said):
    probabilities, labels, *bins = arguments
    with pytest.raises(ValueError, match=said):
        reliability(np.array(probabilities), np.array(labels), *bins)


EDGES = np.array([0.0, 0.2, 0.5, 0.9, 1.0])


def test_rates_and_intervals_are_those_of_scipy():
    values, wrong = RNG.random(300), RNG.random(300) < 0.3
    found = errors_by(values, wrong, EDGES)
    mean, _, _ = binned_statistic(values, wrong, "mean", EDGES)
    np.testing.assert_allclose(found.rate, mean)
    for low, high, rate, count in zip(found.low, found.high, found.rate, found.nodes):
        interval = binomtest(round(rate * count), count).proportion_ci(method="wilson")
        np.testing.assert_allclose([low, high], interval, rtol=1e-9, atol=1e-12)


def test_what_has_no_value_or_lies_outside_is_left_out():
    values = np.array([np.nan, 0.1, 0.1, 1.0, 7.0])
    found = errors_by(values, np.array([1, 1, 0.5, 0, 1]), EDGES)
    assert found.nodes.tolist() == [2, 0, 0, 1]
    np.testing.assert_array_equal(found.rate, [0.75, np.nan, np.nan, 0])
    assert np.isnan(found.low[1])
    np.testing.assert_allclose(errors_by(values, values > 5, 3).edges, [0.1, 2.4, 4.7, 7.0])


@pytest.mark.parametrize(
    ("values", "wrong", "said"),
    [
        ([1.0, 2.0], [1.0], "one shape"),
        ([1.0], [2.0], "shares in"),
        ([np.nan], [1.0], "no node has a value"),
        ([5.0], [1.0], "no value lies in the bins from 0 to 1"),
    ],
)
def test_errors_by_refuses(values, wrong, said):
    with pytest.raises(ValueError, match=said):
        errors_by(np.array(values), np.array(wrong), EDGES)


def test_local_homophily_is_counted():
    tree = networkx.gnm_random_graph(40, 90, seed=3)
    labels = np.random.default_rng(1).integers(-1, 3, 40)
    graph = Graph.from_edges(np.array([*tree.edges, (5, 5)]), 40, self_loops="keep")
    found = local_homophily(graph, labels)
    for node in tree:
        known = [other for other in tree[node] if labels[other] >= 0]
        if labels[node] < 0 or not known:
            assert np.isnan(found[node])
        else:
            assert found[node] == np.mean([labels[other] == labels[node] for other in known])


@pytest.mark.parametrize("labels", [np.zeros(3, int), np.zeros(2)])
def test_local_homophily_refuses(labels):
    with pytest.raises(ValueError, match=r"integers \[2\]"):
        local_homophily(Graph.from_edges(np.array([[0, 1]]), 2), labels)
