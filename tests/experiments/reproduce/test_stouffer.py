"""Differences of all datasets combined, against probabilities from tables."""

import pytest
from longnn.experiments.report.differences import difference
from longnn.experiments.reproduce.stouffer import combined, differences, together

from tests.experiments.reproduce.test_pages import record


def two_splits(mean, error):
    """A difference over two splits, mean - error and mean + error."""
    return difference({0: 50.0, 1: 50.0}, {0: 50.0 + mean - error, 1: 50.0 + mean + error})


def test_combined_by_hand():
    """z = -1, 2, -1, -4: the sum -4 over sqrt(4) is -2, whose normal p is 0.0455.

    A t value of one degree of freedom is Cauchy: its tail beyond 1 is 1/4, at normal -0.6745.
    """
    of = combined([two_splits(*pair) for pair in [(-0.5, 0.5), (1.0, 0.5), (-2.0, 2.0), (-4, 1)]])
    assert (of.datasets, of.below) == (4, 3)
    assert of.mean == pytest.approx(-1.0)
    assert of.z == pytest.approx(-2.0)
    assert of.p == pytest.approx(0.0455003, abs=1e-6)
    (one,) = [combined([two_splits(-0.5, 0.5)])]
    assert one.p == pytest.approx(0.317311, abs=1e-6)
    assert one.p_t == pytest.approx(0.5)
    opposite = combined([two_splits(0.5, 0.5)])
    assert (opposite.z, opposite.p_t) == pytest.approx((1.0, 0.5))


def test_differences_without_a_standard_error_are_left_out():
    alone, equal = difference({0: 1.0}, {0: 2.0}), difference({0: 1.0, 1: 2.0}, {0: 2.0, 1: 3.0})
    assert combined([alone, equal]) is None
    assert combined([alone, equal, two_splits(1.0, 0.5)]).datasets == 1
    assert together("t", {"a": [alone], "b": []}).rows == []


def test_a_row_for_each_comparison():
    reference = {"LON-GNN": {"texas": {0: 79.0, 1: 92.0}, "cora": {0: 78.0, 1: 88.0}}}
    found = differences("LON-GNN", [record(), record("cora"), record("mine")], reference)
    # -0.5 over 1.5; then 2, of which nothing is known
    assert [f"{d.mean:+.2f}" for d in found] == ["-0.50", "+2.00"]
    assert differences("JacobiConv", [record()], reference) == []
    table = together("t", {"LON-GNN": found})
    # p of -1/3: normal 0.7389; Cauchy 1 - 2 atan(1/3) / pi = 0.7952
    assert table.rows == [("LON-GNN", "1", "1", "-0.33", "-0.33", "0.739", "0.795")]
