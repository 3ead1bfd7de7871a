"""The confusion matrix against scikit-learn's, of arrays, fits and run directories."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import confusion_matrix

import longnn
from longnn.analysis import confusion
from longnn.plot._confusion import NUMBERED, shares

RNG = np.random.default_rng(0)
N, C = 80, 4
LABELS, PREDICTED = RNG.integers(0, C, (2, N))


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint8])
@pytest.mark.parametrize("classes", [C, C + 2], ids=["all occur", "two do not"])
def test_counts_equal_scikit_learns(classes, dtype):
    exact = confusion_matrix(LABELS, PREDICTED, labels=range(classes))
    assert_array_equal(confusion(LABELS.astype(dtype), PREDICTED.astype(dtype), classes), exact)


@pytest.mark.parametrize(
    ("labels", "predicted", "classes", "message"),
    [
        ([0, 4], [0, 0], 4, r"labels must lie in \[0, 4\), got 4 at place 1"),
        ([0, -1], [0, 0], 4, "got -1 at place 1; leave out nodes without a label"),
        ([0, 1], [0, 9], 4, r"predicted must lie in \[0, 4\)"),
        ([0, 1], [0], 4, r"predicted must be whole numbers \[2\], .* shape \(1,\)"),
        ([[0, 1]], [0, 1], 4, "several labels a node have no confusion matrix"),
        ([0.0, 1.0], [0, 1], 4, "labels must be whole numbers"),
        ([0], [0], 0, "classes >= 1"),
    ],
)
def test_what_is_refused(labels, predicted, classes, message):
    with pytest.raises(ValueError, match=message):
        confusion(np.array(labels), np.array(predicted), classes)


@pytest.fixture(scope="module")
def data():
    return longnn.data.csbm.generate(nodes=60, phi=-0.75)


@pytest.fixture(scope="module")
def fit(data):
    splits = longnn.data.splits.stratified(data, count=2)
    return longnn.fit("longnn", data, splits, seeds=2, optim=longnn.Optim(max_epochs=5))


@pytest.mark.parametrize("part", ["train", "val", "test"])
def test_of_a_fit_counts_each_run_by_itself(fit, data, part):
    found = fit.confusion(part)
    for counts, run, outputs in zip(found, fit.runs, fit.outputs, strict=True):
        mask = getattr(fit.splits, part)[run["split"]]
        assert_array_equal(counts, confusion_matrix(data.labels[mask], outputs[mask].argmax(1)))
    accuracy = [100 * np.trace(counts) / counts.sum() for counts in found]
    assert_allclose(accuracy, fit.score(part).values, rtol=1e-5)


def test_values_have_none():
    data = longnn.data.csbm.generate(nodes=60, phi=-0.75)
    values = longnn.data.own_dataset("v", data.graph, data.features, data.features[:, 0] * 1.0,
                                     options=longnn.data.own.Options(metric="r2"))  # fmt: skip
    splits = longnn.data.splits.random(values, count=1)
    fit = longnn.fit("mlp", values, splits, optim=longnn.Optim(max_epochs=2))
    with pytest.raises(ValueError, match="one class a node, but these models predict real values"):
        fit.confusion()


def test_shares_are_means_over_the_runs_that_test_a_class():
    counts = np.array([[[3, 1, 0], [0, 0, 0], [0, 0, 0]], [[1, 1, 0], [2, 2, 0], [0, 0, 0]]])
    nan = np.nan
    exact = [[(0.75 + 0.5) / 2, (0.25 + 0.5) / 2, 0], [0.5, 0.5, 0], [nan, nan, nan]]
    assert_allclose(shares(counts), exact)


def test_figure_shows_the_mean_in_percent(fit):
    figure = longnn.plot.confusion(fit)
    axes = figure.axes[0]
    shown = np.array([int(text.get_text()) for text in axes.texts]).reshape(2, 2)
    assert_array_equal(shown, np.round(100 * shares(fit.confusion())).astype(int))
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0", "1"]
    assert (axes.get_ylabel(), axes.get_title()) == ("true class", fit.title)


def test_figure_of_many_classes_has_no_numbers():
    many = np.ones((1, NUMBERED + 1, NUMBERED + 1), int)
    assert not longnn.plot.confusion_matrix(many).axes[0].texts
    names = [f"a class with a long name, and $ {i}" for i in range(3)]
    figure = longnn.plot.confusion_matrix(np.ones((2, 3, 3), int), names, "A title")
    figure.draw_without_rendering()
    assert all(len(label.get_text()) <= 15 for label in figure.axes[0].get_xticklabels())
