"""Tests of models against published worked examples; each names where its numbers come from."""

import numpy as np
import pytest
from scipy import stats

from longnn.analysis import corrected_t_test, holm, ranking
from longnn.analysis.ranks import alike, nemenyi_quantile

# Demsar, JMLR 7 (2006), Table 6: AUC of C4.5, C4.5+m, C4.5+cf, C4.5+m+cf on 14 datasets. The paper
# ranks the two 0.975 of "voting" as 2 and 3 by digits that it does not print; hence 0.9751.
AUC = np.array([
    [0.763, 0.768, 0.771, 0.798], [0.599, 0.591, 0.590, 0.569], [0.954, 0.971, 0.968, 0.967],
    [0.628, 0.661, 0.654, 0.657], [0.882, 0.888, 0.886, 0.898], [0.936, 0.931, 0.916, 0.931],
    [0.661, 0.668, 0.609, 0.685], [0.583, 0.583, 0.563, 0.625], [0.775, 0.838, 0.866, 0.875],
    [1.000, 1.000, 1.000, 1.000], [0.940, 0.962, 0.965, 0.962], [0.619, 0.666, 0.614, 0.669],
    [0.972, 0.981, 0.9751, 0.975], [0.957, 0.978, 0.946, 0.970],
])  # fmt: skip


def test_demsars_example():
    found = ranking(AUC)
    np.testing.assert_allclose(found.average, [3.143, 2.000, 2.893, 1.964], atol=5e-4)  # Table 6
    np.testing.assert_array_equal(found.ranks[[5, 7, 9]], [
        [1, 2.5, 4, 2.5], [2.5, 2.5, 4, 1], [2.5, 2.5, 2.5, 2.5]
    ])  # fmt: skip
    assert found.chi2 == pytest.approx(9.28, abs=5e-3)  # page 14
    assert found.f == pytest.approx(3.69, abs=5e-3)
    assert found.f_p < 0.05  # F is above the critical value 2.85 of F(3, 39)
    assert found.f_p == pytest.approx(stats.f.sf(found.f, 3, 39))
    assert found.critical == pytest.approx(1.25, abs=6e-3)
    assert ranking(AUC, 0.10).critical == pytest.approx(1.12, abs=6e-3)
    # "the difference between the best and the worst ... is already smaller than that"
    order = np.sort(found.average)
    assert alike(order, found.critical) == [(0, 3)]
    # at 0.10 C4.5 differs from C4.5+m and C4.5+m+cf, and C4.5+cf from nobody
    assert alike(order, ranking(AUC, 0.10).critical) == [(0, 2), (2, 3)]


@pytest.mark.parametrize(
    ("level", "row"),
    [  # Demsar, Table 5(a), k = 2 ... 10, whose last digits are cut or rounded
        (0.05, [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164]),
        (0.10, [1.645, 2.052, 2.291, 2.459, 2.589, 2.693, 2.780, 2.855, 2.920]),
    ],
)
def test_nemenyis_quantiles(level, row):
    found = [nemenyi_quantile(k, level) for k in range(2, 11)]
    np.testing.assert_allclose(found, row, atol=1.1e-3)


def test_friedman_beside_scipy():
    scores = np.random.default_rng(0).normal(size=(7, 4))  # without ties, which scipy corrects for
    found, oracle = ranking(scores), stats.friedmanchisquare(*scores.T)
    assert (found.chi2, found.chi2_p) == pytest.approx((oracle.statistic, oracle.pvalue))
    assert not np.array_equal(np.argsort(found.average), np.argsort(found.average[::-1]))


def test_rankings_that_all_datasets_share():
    found = ranking(np.array([[1.0, 2.0, 3.0]] * 5))
    assert (found.f, found.f_p, found.chi2) == (np.inf, 0.0, 10.0)
    np.testing.assert_array_equal(found.average, [3, 2, 1])
    tied = ranking(np.ones((5, 3)))
    assert (tied.chi2, tied.f, tied.f_p, tied.chi2_p) == (0, 0, 1, 1)


@pytest.mark.parametrize(
    ("scores", "level", "message"),
    [
        (np.ones((5, 1)), 0.05, "at least two models"),
        (np.ones((1, 3)), 0.05, "at least two datasets"),
        (np.array([[1.0, np.nan], [1.0, 2.0]]), 0.05, "finite"),
        (np.eye(3), 1.5, "lies in"),
    ],
)
def test_rankings_that_are_refused(scores, level, message):
    with pytest.raises(ValueError, match=message):
        ranking(scores, level)


def test_groups_touch_but_do_not_contain_each_other():
    average = np.array([1.0, 1.5, 2.0, 2.6, 4.0])
    assert alike(average, 1.05) == [(0, 2), (2, 3)]
    assert alike(average, 1.11) == [(0, 2), (1, 3)]
    assert alike(average, 0.1) == []
    assert alike(np.array([1.0, 2.0]), 1.0) == []  # "at least the critical difference" differs


# scikit-learn, examples/model_selection/plot_grid_search_stats.py: SVC with kernel rbf minus
# kernel linear, ROC AUC on ten times ten folds of 90 + 10 points, in units of 0.04. The example
# prints, when it is run, "Corrected t-value: 0.750" and a one-sided "Corrected p-value: 0.227".
GRID = np.repeat([-3, -2, -1, 0, 1, 2, 5], [1, 2, 10, 53, 29, 4, 1]) * 0.04


def test_scikit_learns_example_of_the_corrected_test():
    found = corrected_t_test(GRID, train=90, test=10)
    assert len(GRID) == 100
    assert found.t == pytest.approx(0.750, abs=5e-4)
    assert found.p / 2 == pytest.approx(0.227, abs=5e-4)


def test_corrected_test_by_hand():
    # differences 1, 2, 3, 6: mean 3, variance 14 / 3; 1 / 4 + 20 / 60 = 7 / 12
    found = corrected_t_test(np.array([1.0, 2.0, 3.0, 6.0]), train=60, test=20)
    error = (14 / 3 * 7 / 12) ** 0.5
    assert found.standard_error == pytest.approx(error)
    assert found.ci95 == pytest.approx(stats.t.ppf(0.975, 3) * error)
    assert found.p == pytest.approx(2 * stats.t.sf(3 / error, 3))


def test_without_overlap_it_is_the_plain_test():
    differences = np.random.default_rng(1).normal(-0.3, 1, size=12)
    plain = stats.ttest_1samp(differences, 0)
    found = corrected_t_test(differences, train=10, test=0)
    assert (found.t, found.p) == pytest.approx((plain.statistic, plain.pvalue))


def test_corrected_test_where_nothing_can_be_estimated():
    assert corrected_t_test(np.array([1.0]), 60, 20) is None
    assert corrected_t_test(np.array([0.1, 0.1, 0.1]), 60, 20) is None
    with pytest.raises(ValueError, match="train = 0"):
        corrected_t_test(np.array([1.0, 2.0]), 0, 20)
    with pytest.raises(ValueError, match="got 0 differences"):
        corrected_t_test(np.array([]), 60, 20)


@pytest.mark.parametrize(
    ("p", "adjusted"),
    [
        # the documentation of pingouin's holm
        ([0.50, 0.003, 0.32, 0.054, 0.0003], [0.64, 0.012, 0.64, 0.162, 0.0015]),
        # the documentation of stdlib's padjust
        ([0.319, 0.201, 0.4, 0.374, 0.113], [0.957, 0.804, 0.957, 0.957, 0.565]),
        ([0.02, np.nan, 0.01], [0.02, np.nan, 0.02]),
        ([], []),
    ],
)
def test_holm(p, adjusted):
    np.testing.assert_allclose(holm(np.array(p, float)), adjusted, atol=5e-4)


def test_holm_refuses_what_is_no_probability():
    with pytest.raises(ValueError, match="lie in"):
        holm(np.array([0.1, 1.1]))
