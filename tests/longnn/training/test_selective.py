"""Coverage and accuracy above a threshold, against the definition node by node."""

from dataclasses import replace

import numpy as np
import pytest

import longnn
from longnn import plot
from longnn.data import csbm, splits
from longnn.runs.outcomes import outcomes_of
from longnn.training import coverage, selective

RNG = np.random.default_rng(0)
CONFIDENCE = RNG.uniform(0.3, 1, (3, 40)).round(1)  # many ties
RIGHT, MASKS = RNG.random((3, 40)) < CONFIDENCE, RNG.random((3, 40)) < 0.6


def by_hand(threshold: float, run: int) -> tuple[float, float]:
    mine = [(c, r) for c, r, m in zip(CONFIDENCE[run], RIGHT[run], MASKS[run], strict=True) if m]
    kept = [r for c, r in mine if c >= threshold]
    return len(kept) / len(mine), sum(kept) / len(kept) if kept else np.nan


@pytest.mark.parametrize("thresholds", [None, np.array([0.0, 0.55, 0.9, 1.1])])
def test_every_threshold_node_by_node(thresholds):
    found = coverage(CONFIDENCE, RIGHT, MASKS, thresholds)
    expected = np.array([[by_hand(t, run) for t in found.threshold] for run in range(3)])
    np.testing.assert_allclose(found.answered, expected[..., 0])
    np.testing.assert_allclose(found.accuracy, expected[..., 1])
    means = found.table()
    np.testing.assert_allclose(means["answered"], expected[..., 0].mean(axis=0))
    known = [np.nanmean(v) if not np.isnan(v).all() else np.nan for v in expected[..., 1].T]
    np.testing.assert_allclose(means["accuracy"], known)


def test_of_many_confidences_quantiles_are_thresholds(monkeypatch):
    monkeypatch.setattr(selective, "MOST", 5)
    found = coverage(CONFIDENCE, RIGHT, MASKS)
    assert len(found.threshold) == 5
    assert found.threshold[[0, -1]].tolist() == [CONFIDENCE[MASKS].min(), CONFIDENCE[MASKS].max()]
    assert found.mean_answered[0] == 1


def test_a_run_without_nodes_is_refused():
    with pytest.raises(ValueError, match="needs a node that counts in each run"):
        coverage(CONFIDENCE, RIGHT, MASKS & (np.arange(3) > 0)[:, None])


@pytest.fixture(scope="module")
def fit():
    data = csbm.generate(nodes=60, features=8)
    drawn = splits.stratified(data, count=2)
    return longnn.fit("mlp", data, drawn, optim=longnn.Optim(max_epochs=5))


def test_of_a_fit_without_threshold_it_is_its_accuracy(fit):
    found = fit.coverage(np.array([0.0, 0.7]))
    np.testing.assert_allclose(100 * found.accuracy[:, 0], fit.score().values, rtol=1e-5)
    assert found.answered[:, 0].tolist() == [1, 1]
    answered = [(np.exp(o).max(axis=1) >= 0.7)[part == 2].mean() for o, part in
                zip(fit.outputs, fit.splits.part, strict=True)]  # fmt: skip
    np.testing.assert_allclose(found.answered[:, 1], answered)
    assert fit.coverage(part="val").answered.shape[0] == 2
    with pytest.raises(ValueError, match="unknown part 'tset'"):
        fit.coverage(part="tset")
    with pytest.raises(ValueError, match="knows no labels and splits"):
        replace(fit, labels=None).coverage()


def test_its_figure(fit):
    found = fit.coverage()
    top, bottom = plot.coverage(outcomes_of(fit)).axes
    np.testing.assert_allclose(top.lines[-1].get_xdata(), 100 * found.mean_answered, rtol=1e-6)
    np.testing.assert_allclose(top.lines[-1].get_ydata(), 100 * found.mean_accuracy, rtol=1e-6)
    np.testing.assert_allclose(bottom.lines[0].get_ydata(), 100 * found.threshold, rtol=1e-6)
    assert top.get_title() == "MLP on csbm"
    assert len(top.lines) == 3


def test_values_have_no_confidence():
    data = csbm.generate(nodes=60, features=8)
    valued = replace(data, labels=data.features[:, 0], classes=1, class_names=(), metric="r2")
    drawn = splits.random(valued, count=1)
    fit = longnn.fit("mlp", valued, drawn, optim=longnn.Optim(max_epochs=1))
    with pytest.raises(ValueError, match="predict no single class"):
        fit.coverage()
