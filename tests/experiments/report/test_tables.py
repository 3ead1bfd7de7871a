"""Tables: columns never mix splits, searches stay short, texts are escaped."""

import numpy as np
import pytest
from longnn.experiments.report import block, overview_tables
from longnn.experiments.report.contents import tables
from longnn.experiments.report.latex import as_latex
from longnn.experiments.report.markdown import as_markdown
from longnn.experiments.report.settings import searched, varied

from tests.experiments.report.made import grouped, result, search, summarized


def _block(*results, **options):
    ((benchmark, runs),) = grouped(*results).items()
    return block(benchmark, runs, **options)


def test_block_by_hand():
    table = _block(result(), result(model="mlp", tests=(10.0, 20.0)))
    # t(0.975, 1) = 12.7062, times 5
    assert [(row[0], *row[2:]) for row in table.rows] == [
        ("longnn", "85.00 +- 63.53", "50.00 +- 0.00", "2", "0.25", "-"),
        ("mlp", "15.00 +- 63.53", "50.00 +- 0.00", "2", "0.25", "-"),
    ]
    assert table.title == "cora, split per_class (aaaaaaaa)"


def test_a_search_is_short_and_led_by_validation():
    table = _block(*search(12), top=4)
    assert [row[3] for row in table.rows] == [f"{val}.00 +- 0.00" for val in (70, 69, 69, 68)]
    assert table.rows[0][-1] == "lr 0.0004, dropout 0.1"
    assert any("8 of 12 runs hidden" in note for note in table.notes)


def test_seeds_are_separate_rows_and_said_so():
    table = _block(result(seed=0), result(seed=1))
    assert len(table.rows) == 2
    assert {row[-1] for row in table.rows} == {"seed 0", "seed 1"}
    assert "seeds included" in table.notes[0]


def test_diverged_runs_are_counted():
    content = result()
    content["per_run"] = [row | {"diverged": True} for row in content["per_run"]]
    assert "2 splits or seeds" in _block({**content, "diverged": 2}).notes[0]


def test_what_ended_at_the_limit_is_counted():
    content = result()
    content["per_run"] *= 2
    ends = [(60, 50), (60, 29), (45, 10)]  # epochs, best epoch: at the limit, patience, earlier
    content["per_run"] = [
        row | {"split": i, "epochs": e, "best_epoch": b}
        for i, (row, (e, b)) in enumerate(zip(content["per_run"], ends, strict=False))
    ]
    content["config"]["optim"] = {"max_epochs": 60, "patience": 30}
    content = summarized(content)
    (note,) = _block(content).notes
    assert note.startswith("longnn: 1 of 3 splits and seeds in these rows ended at the limit")
    content["per_run"][1]["best_epoch"] = 30
    assert _block(content).notes[0].startswith("longnn: 2 of 3")


def test_untested_classes_are_named():
    notes = _block(result() | {"untested": ["a", "b"]}).notes
    assert notes == ["No test part holds the class(es) a, b."]


def test_overview_has_a_table_for_each_protocol():
    first, second = overview_tables(
        grouped(
            result(),
            result(model="mlp", tests=(10.0, 20.0)),
            result(dataset="texas"),
            result(dataset="texas", split="fixed", split_hash="b" * 64, tests=(1.0, 2.0)),
        )
    )
    assert first.title == "split fixed (count 2)"
    assert first.rows == [("longnn", "1.50 +- 6.35 (2)")]
    assert second.header == ("model", "cora", "texas")
    assert second.rows[1] == ("mlp", "15.00 +- 63.53 (2)", "-")


@pytest.mark.parametrize(
    "changes", [{"split_hash": "b" * 64}, {"dataset_checksum": "e" * 64}], ids=["splits", "data"]
)
def test_overview_columns_never_mix(changes):
    (table,) = overview_tables(grouped(result(), {**result(tests=(1.0, 2.0)), **changes}))
    assert len(table.header) == 3
    assert all("cora (data " in name for name in table.header[1:])
    assert sorted(table.rows[0][1:]) == ["1.50 +- 6.35 (2)", "85.00 +- 63.53 (2)"]


def test_other_shares_of_one_protocol_are_other_tables():
    other = result(dataset="texas")
    other["config"]["split"]["train"] = 0.1
    assert len(overview_tables(grouped(result(), other))) == 2


def test_overview_takes_the_best_on_validation():
    (table,) = overview_tables(grouped(*search(5)))
    assert table.rows == [("longnn", "63.00 +- 12.71 (2; best of 5)")]


def test_sections():
    runs = grouped(result(), result(dataset="texas", split="fixed"))
    first, second = tables(runs)
    assert (first.title, second.title) == ("Overview", "Datasets")
    assert "do not compare" in first.text[0]
    assert [s.title for s in tables(grouped(result()))] == ["Datasets"]


def test_varied_settings_by_their_shortest_name():
    def run(mlp, basis, dropout, kind):
        content = result(dropout=dropout, weight={"_target_": kind})
        content["config"]["optim"] = {"groups": {"mlp": {"lr": mlp}, "basis": {"lr": basis}}}
        return content

    (runs,) = grouped(run(0.1, 1, 0.5, "a.A"), run(0.2, 1, 0.6, "b.B")).values()
    found = varied(runs)
    assert found == {
        "dropout": [0.5, 0.6],
        "weight._target_": ["a.A", "b.B"],
        "mlp.lr": [0.1, 0.2],
    }
    assert searched(found) == {**found, "weight._target_": ["a.A", "b.B"]}
    some = searched({"lr": [0.1, None, 0.2], "one": [None, None, 1], "seed": [0, 1, 2]})
    np.testing.assert_equal(some, {"lr": [0.1, float("nan"), 0.2]})
    assert varied(runs[:1]) == {}


def test_markdown_escapes_what_files_hold():
    text = as_markdown(tables(grouped(result(model="a|b<script>\n# x"))))
    (row,) = [line for line in text.splitlines() if line.startswith("| a")]
    assert row.startswith(r"| a\|b&lt;script> # x | ")


def test_latex_escapes_what_files_hold():
    text = as_latex(tables(grouped(result(model="a_b & 100 %\\x"))))
    assert r"a\_b \& 100 \%\textbackslash{}x & " in text
    assert r"85.00 $\pm$ 63.53" in text
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == 1
