"""Runs that differ in one setting alone: who is paired, the numbers, and what is said of others."""

import numpy as np
import pytest
from longnn.experiments.report.compare import ComparisonError
from longnn.experiments.report.factor import effect_of, pairs_by
from scipy import stats

from tests.experiments.report.made import grouped, result


def _learned(tests, learnable, **settings):
    return result(tests=tests, learnable=learnable, **settings)


CORA = (_learned((80.0, 82.0, 81.0), False), _learned((82.0, 83.0, 85.0), True))
TEXAS = tuple({**one, "dataset": "texas"} for one in (
    _learned((70.0, 71.0, 72.0), False), _learned((69.0, 73.0, 73.0), True)
))  # fmt: skip


def test_true_minus_false_on_each_dataset_and_pooled():
    found = effect_of(grouped(*CORA, *TEXAS), "model.learnable")
    table, pooled = found.tables
    assert table.title == (
        "longnn: model.learnable = true minus model.learnable = false, paired by split"
    )
    cora, texas = table.rows
    assert cora[2:4] == ("model.learnable=false 81.00 (r0)", "model.learnable=true 83.33 (r1)")
    differences = np.array([2.0, 1.0, 4.0])
    half = stats.t.ppf(0.975, 2) * differences.std(ddof=1) / 3**0.5
    assert cora[4] == f"+2.33 +- {half:.2f}"
    assert texas[4].startswith("+0.67")
    half = stats.t.ppf(0.975, 1) * (5 / 3) / 2  # of 7/3 and 2/3: std 5/3 / sqrt(2)
    assert pooled.rows == [("2", f"+1.50 +- {half:.2f}", "2 / 0", "0.5000")]
    assert found.text == []
    assert [r["difference"] for r in found.records] == pytest.approx([7 / 3, 2 / 3])


def test_everything_else_has_to_be_equal():
    slow = _learned((60.0, 61.0, 62.0), True, lr=0.1)
    later = _learned((61.0, 62.0, 63.0), True, seed=7)
    mlp = result(model="mlp", tests=(1.0, 2.0, 3.0))
    found = effect_of(grouped(*CORA, slow, later, mlp), "model.learnable")
    assert len(found.records) == 1
    pooled, alone, without = found.text
    assert "nothing to pool, all runs are on cora" in pooled
    assert "longnn on cora (r2), longnn on cora (r3)" in alone
    assert "differs from them in model.learnable alone" in alone
    assert without == "Not paired: 1 runs of mlp, which have no model.learnable."


def test_several_values_are_compared_with_the_first():
    runs = [result(tests=(60.0 + k, 61.0 + 2 * k), order=k) for k in (10, 2, 5)]
    found = pairs_by(grouped(*runs), "model.order")
    assert list(found.pairs) == [("longnn", "2", "5"), ("longnn", "2", "10")]
    firsts = {pair.runs[0].config["model"]["order"] for p in found.pairs.values() for pair in p}
    assert firsts == {2}


def test_pairs_of_other_settings_stand_in_rows_of_their_own_and_are_averaged():
    fast = [_learned((70.0, 70.0, 71.0), value, lr=0.1) for value in (False, True)]
    found = effect_of(grouped(*CORA, *fast, *TEXAS), "model.learnable")
    table, pooled = found.tables
    assert len(table.rows) == 3
    # cora: mean of 7/3 and 0; texas 2/3
    assert pooled.rows[0][1].startswith(f"{(7 / 6 + 2 / 3) / 2:+.2f}")


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("model.learnabel", r"unknown setting.*did you mean model.learnable\?"),
        ("seed", r"no two runs differ in seed alone.*it is 0 in 2 runs"),
    ],
)
def test_what_compares_nothing_is_refused(key, message):
    with pytest.raises(ComparisonError, match=message):
        effect_of(grouped(*CORA), key)


def test_settings_of_data_cannot_be_paired():
    runs = []
    for number, phi in enumerate((-0.5, 0.5)):
        content = result(split_hash=str(number) * 64)
        content["config"]["dataset"] = {"phi": phi}
        runs.append(content)
    with pytest.raises(ComparisonError, match="changes the data or the splits"):
        effect_of(grouped(*runs), "dataset.phi")
