"""Calibration and errors of what was trained: what is drawn, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

import longnn
from longnn import plot
from longnn.plot._errors import doubling, error_panels
from longnn.runs.outcomes import Outcomes, outcomes_of

LABELS = np.array([0, 0, 1, 1])
MASKS = np.array([[True, True, True, False], [False, True, True, True]])
SURE = np.array([[[0.8, 0.2]] * 4, [[0.4, 0.6]] * 4])  # the first says 0, the second 1
PATH = longnn.graphs.Graph.from_edges(np.array([[0, 1], [1, 2], [2, 3]]), 4)
FOUND = Outcomes("mine on theirs", SURE, LABELS, MASKS, PATH)


def test_calibration_pools_the_test_nodes_of_all_runs():
    top, bottom = plot.calibration(FOUND, bins=5).axes
    confidence, accuracy = top.lines[1].get_data()
    np.testing.assert_allclose(confidence, [60, 80])
    np.testing.assert_allclose(accuracy, [100 * 2 / 3, 100 * 2 / 3])
    np.testing.assert_allclose(bottom.patches[0].get_data().values, [0, 0, 50, 50, 0])
    # |2/3 - 0.8| and |2/3 - 0.6|: mean 0.1, half the difference 1/30, times Student's t
    assert top.get_title() == "mine on theirs:\ncalibration error 10.00 ± 42.35 %"


def test_a_node_counts_once_with_the_share_of_runs_that_err():
    np.testing.assert_array_equal(FOUND.wrong_share(), [0, 0.5, 0.5, 0])
    panels = error_panels(FOUND)
    rates, names = panels["neighbours"]
    assert names == ["1", "2"]
    np.testing.assert_array_equal(rates.rate, [0, 0.5])
    rates, names = panels["neighbours of\nthe same class"]
    assert names == ["40 to 60 %", "80 to 100 %"]
    np.testing.assert_array_equal(rates.nodes, [2, 2])
    np.testing.assert_array_equal(rates.rate, [0.5, 0])
    upper, lower = plot.errors(FOUND).axes
    assert [t.get_text() for t in upper.get_yticklabels()] == ["1  (n = 2)", "2  (n = 2)"]
    np.testing.assert_allclose(lower.lines[0].get_xdata(), [50, 0])


@pytest.mark.parametrize("largest", [0, 1, 2, 3, 4, 5, 8, 9, 1000, 1025])
def test_bins_of_neighbours_hold_every_number_once(largest):
    edges = doubling(largest)
    assert np.all(np.diff(edges) > 0)
    assert edges[0] == 0
    assert edges[-1] > largest
    assert len(edges) < 4 or edges[-2] <= largest, "the last bin is not for nothing"


DATA = longnn.data.csbm.generate(nodes=60, phi=-0.75)
SPLITS = longnn.data.splits.stratified(DATA, count=2)
FEW = longnn.Optim(max_epochs=2)


@pytest.mark.slow
def test_a_fit_is_drawn_on_its_own_test_nodes():
    run = longnn.fit("mlp", DATA, SPLITS, optim=FEW)
    found = outcomes_of(run)
    for r, score in enumerate(run.score().values):
        mask = SPLITS.test[run.runs[r]["split"]]
        right = run.outputs[r, mask].argmax(axis=1) == DATA.labels[mask]
        assert 100 * right.mean() == pytest.approx(score)
        np.testing.assert_array_equal(found.masks[r], mask)
    dashed = plot.errors(run).axes[0].lines[-1].get_xdata()[0]
    assert dashed == pytest.approx(100 * np.nanmean(found.wrong_share()))
    assert plot.calibration(run, title="mine").axes[0].get_title() == "mine"
    with pytest.raises(ValueError, match="knows no graph"):
        plot.errors(replace(run, graph=None))
    with pytest.raises(ValueError, match="knows no labels and splits"):
        plot.calibration(replace(run, labels=None))


@pytest.mark.slow
def test_values_have_no_classes():
    data = replace(
        DATA, labels=DATA.labels.astype(np.float32), metric="r2", classes=1, class_names=()
    )
    run = longnn.fit("mlp", data, SPLITS, optim=FEW)
    with pytest.raises(ValueError, match="values and no classes"):
        plot.errors(run)
