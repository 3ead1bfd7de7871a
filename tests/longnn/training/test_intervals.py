"""The mean of scores and its interval, by hand."""

import dataclasses

import numpy as np
import pytest

from longnn.training.intervals import Statistics, statistics


def test_by_hand():
    # t(0.975, 1) = 12.7062; std of (80, 90) is 7.0711, of the mean 5
    got = dataclasses.asdict(statistics(np.array([80.0, 90.0])))
    assert got == pytest.approx({"mean": 85.0, "std": 7.0710678, "ci95": 63.531, "n": 2}, rel=1e-5)


def test_a_single_score_has_no_interval():
    assert statistics(np.array([80.0])) == Statistics(80.0, None, None, 1)


def test_as_text():
    assert str(Statistics(88.034, 5.8, 4.136, 10)) == "88.03 +- 4.14"
    assert str(Statistics(88.034)) == "88.03"
