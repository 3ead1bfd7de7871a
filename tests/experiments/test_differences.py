"""Paired statistics by hand and beside the formulas of the textbook."""

import itertools
import math

import numpy as np
import pytest
from longnn.experiments.report.differences import by_split, difference, on_shared_splits
from scipy import stats

from longnn.runs.result import TrainedModel


def _of(scores):
    return dict(enumerate(map(float, scores)))


def test_seeds_are_averaged_within_splits():
    rows = [
        TrainedModel(split, seed, val=50.0, test=test)
        for split, seed, test in [(1, 0, 70.0), (0, 0, 80.0), (0, 1, 90.0), (1, 1, 71.0)]
    ]
    assert by_split(rows) == {0: 85.0, 1: 70.5}


def test_by_hand():
    # differences 1, 2, 3, 6: mean 3, std sqrt(14 / 3), over sqrt(4) 1.0801
    found = difference(_of([10, 20, 30, 40]), _of([11, 22, 33, 46]))
    assert (found.first, found.second, found.mean, found.splits) == (25, 28, 3, 4)
    error = math.sqrt(14 / 3) / 2
    assert found.standard_error == pytest.approx(error)
    assert found.ci95 == pytest.approx(stats.t.ppf(0.975, 3) * error)
    assert found.t_p == pytest.approx(2 * stats.t.sf(3 / error, 3))
    assert found.wilcoxon_p == pytest.approx(2 / 16)  # all positive: the two extreme signs of 2^4


def test_wilcoxon_beside_every_sign():
    differences = np.array([1.0, -2.0, 3.0, 4.5, 5.0, 7.0])
    found = difference(_of([50.0] * 6), _of(50 + differences))
    ranks = stats.rankdata(np.abs(differences))
    centre = ranks.sum() / 2
    seen = abs(ranks[differences > 0].sum() - centre)
    sums = [np.dot(signs, ranks) for signs in itertools.product((0, 1), repeat=6)]
    assert found.wilcoxon_p == pytest.approx(np.mean([abs(s - centre) >= seen for s in sums]))


def test_swapped_runs_change_sign_only():
    a, b = _of([80.0, 85.0, 90.0]), _of([82.0, 84.0, 95.0])
    one, other = difference(a, b), difference(b, a)
    assert one.mean == -other.mean
    assert (one.standard_error, one.t_p, one.wilcoxon_p) == pytest.approx(
        (other.standard_error, other.t_p, other.wilcoxon_p)
    )


def test_rounding_of_float32_breaks_no_tie():
    clean = np.array([0.5, 0.5, -0.5, 1.0, 0.0])
    noisy, clean = (
        difference(_of([80.0] * 5), _of(80 + shift))
        for shift in (clean + [0, 6e-6, -6e-6, 0, 3e-6], clean)  # noqa: RUF005, arrays
    )
    assert noisy.wilcoxon_p == clean.wilcoxon_p


@pytest.mark.parametrize(
    ("second", "p"),
    [([80.0], (None, None)), ([80.0, 90.0], (None, None)), ([80.1, 90.1], (None, 0.5))],
)
def test_what_is_not_defined_is_none(second, p):
    found = difference(_of([80.0, 90.0][: len(second)]), _of(second))
    assert (found.t_p, found.wilcoxon_p) == p
    assert (found.standard_error is None) == (len(second) == 1)


def test_other_splits_are_refused():
    with pytest.raises(ValueError, match="cannot be paired"):
        difference({0: 1.0, 1: 2.0}, {0: 1.0, 2: 2.0})


def test_only_shared_splits_are_paired():
    found = on_shared_splits({0: 80.0, 1: 90.0, 5: 1.0}, {1: 92.0, 0: 81.0, 7: 2.0})
    assert found == difference({0: 80.0, 1: 90.0}, {0: 81.0, 1: 92.0})
    assert found.splits == 2
    with pytest.raises(ValueError, match="have none in common"):
        on_shared_splits({0: 80.0}, {1: 80.0})


@pytest.mark.parametrize(
    ("second", "below"),
    [
        ([78.0, 88.0], True),  # lower on each split by the same: no standard error
        ([80.0, 90.0], False),
        ([81.0, 87.0], False),  # -1 with a standard error of 2
        ([78.0, 87.5], True),  # -2.25 with a standard error of 0.25
    ],
)
def test_below_is_by_more_than_two_standard_errors(second, below):
    assert difference(_of([80.0, 90.0]), _of(second)).below is below
