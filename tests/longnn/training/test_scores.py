"""Scores of a batch of runs, and what is reported of them."""

import numpy as np
import pytest
from scipy import stats

from longnn.training import Score, statistics

VALUES = np.array([80.0, 84.0, 86.0, 82.0])


def scores(part="test"):
    return Score("accuracy", part, VALUES, np.array([0, 1, 0, 1]), np.array([0, 0, 5, 5]))


def test_mean_and_interval_are_those_of_scipy():
    of = statistics(VALUES)
    low, high = stats.t.interval(0.95, 3, VALUES.mean(), stats.sem(VALUES))
    np.testing.assert_allclose([of.mean - of.ci95, of.mean + of.ci95], [low, high])
    np.testing.assert_allclose(of.std, np.sqrt(((VALUES - 83) ** 2).sum() / 3))
    assert of.n == 4
    assert (scores().mean, scores().std, scores().ci95, scores().n) == (of.mean, of.std, of.ci95, 4)


def test_one_run_has_no_interval():
    alone = Score("r2", "val", np.array([50.0]), np.array([3]), np.array([0]))
    assert (alone.std, alone.ci95) == (None, None)
    assert repr(alone) == "validation r2 50.00 % (n = 1: 1 split x 1 seed)"


def test_each_split_is_the_mean_of_its_runs():
    assert scores().per_split == {0: 83.0, 1: 83.0}
    assert Score(
        "accuracy", "test", VALUES, np.array([7, 7, 7, 2]), np.zeros(4, int)
    ).per_split == {
        2: 82.0,
        7: pytest.approx(250 / 3),
    }


def test_it_reads_as_a_sentence():
    assert repr(scores()) == (
        "test accuracy 83.00 +- 4.11 % (95 % interval, n = 4: 2 splits x 2 seeds)"
    )
