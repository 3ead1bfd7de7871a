"""Models over several datasets: who is ranked, what is said, and the figure."""

import numpy as np
import pytest
from longnn.experiments.report.contents import illustrated
from longnn.experiments.report.overall import over_datasets, ranked, scores_of
from scipy import stats

from tests.experiments.report.made import grouped, result

SCORES = {  # gcn, longnn, mlp: gcn is the best on four of six, mlp is never
    "a": (90.0, 80.0, 70.0), "b": (60.0, 61.0, 50.0), "c": (75.0, 74.0, 73.0),
    "d": (40.0, 41.0, 39.0), "e": (88.0, 70.0, 60.0), "f": (50.0, 45.0, 45.0),
}  # fmt: skip
MODELS = ("gcn", "longnn", "mlp")


def _runs(models=3, datasets=6):
    return grouped(*(
        result(dataset=name, model=model, tests=(score, score))
        for name, scores in list(SCORES.items())[:datasets]
        for model, score in zip(MODELS[:models], scores)
    ))  # fmt: skip


def test_three_models_are_ranked():
    (table,) = over_datasets(_runs()).tables
    assert table.rows == [("gcn", "1.33", "4"), ("longnn", "1.75", "2"), ("mlp", "2.92", "0")]
    # ranks 1.33, 1.75, 2.92: chi^2 = 12 * 6 / 12 * (16 / 9 + 3.0625 + 8.5069 - 12)
    chi2 = 6 * ((4 / 3) ** 2 + 1.75**2 + (35 / 12) ** 2 - 12)
    f = 5 * chi2 / (12 - chi2)
    friedman, nemenyi, datasets = table.notes
    assert (
        f"chi^2 = {chi2:.2f} (2 degrees of freedom), p = {stats.chi2.sf(chi2, 2):.4f}" in friedman
    )
    assert f"F = {f:.2f} (2 and 10), p = {stats.f.sf(f, 2, 10):.4f}" in friedman
    assert "1.35 or more" in nemenyi  # 2.343 sqrt(12 / 36)
    assert nemenyi.endswith("Models that do not differ: gcn, longnn; longnn, mlp.")
    assert datasets == "Datasets: a, b, c, d, e, f."


def test_two_models_are_compared_by_signed_ranks():
    (table,) = over_datasets(_runs(models=2)).tables
    differences = np.array([longnn - gcn for gcn, longnn, _ in SCORES.values()])
    p = stats.wilcoxon(differences).pvalue
    assert table.title == "longnn minus gcn over datasets"
    assert table.rows == [("6", f"{differences.mean():+.2f}", "2 / 4", f"{p:.4f}")]


@pytest.mark.parametrize("models", [2, 3])
def test_too_few_datasets(models):
    found = over_datasets(_runs(models, datasets=4))
    assert found.tables == []
    names = ", ".join(MODELS[:models])
    assert found.text == [
        f"Ranks over datasets need at least 5 datasets that all of {names} were run on; "
        "there are 4."
    ]
    assert over_datasets(_runs(models=1)).text == []


def test_a_model_that_lacks_datasets_is_named():
    runs = _runs(datasets=2)
    (lonely,) = grouped(result(dataset="a", model="sgc", tests=(1.0, 2.0))).values()
    runs = {key: found + lonely * (key.dataset == "a") for key, found in runs.items()}
    (line,) = over_datasets(runs).text
    assert line.endswith("there are 1 (sgc lacks b).")
    assert scores_of(runs).datasets == ["a"]


def test_a_dataset_counts_once():
    extra = result(dataset="a", model="gcn", tests=(1.0, 2.0), split="fixed", split_hash="b" * 64)
    runs = _runs() | grouped(extra)
    found = scores_of(runs)
    assert (found.datasets, found.twice) == (list("abcdef"), ["a"])
    np.testing.assert_array_equal(found.values[0], SCORES["a"])
    assert "with the most models" in over_datasets(runs).tables[0].notes[-1]


def test_the_figure_stands_in_the_report_where_models_are_ranked():
    names = [p.name for section in illustrated(_runs()) for p in section.pictures]
    assert "ranks.png" in names
    (picture,) = [p for s in illustrated(_runs()) for p in s.pictures if p.name == "ranks.png"]
    assert picture.alt == "Average ranks: gcn 1.33, longnn 1.75, mlp 2.92"
    assert ranked(scores_of(_runs(models=2))) is None
