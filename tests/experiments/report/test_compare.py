"""Paired tests pick their runs on validation and refuse what cannot be paired."""

import csv
import io

import numpy as np
import pytest
from longnn.experiments.report import by_benchmark
from longnn.experiments.report.blocks import block
from longnn.experiments.report.compare import ComparisonError, pairs
from longnn.experiments.report.csvfile import csv_text, lines_text
from longnn.experiments.report.differences import difference
from longnn.experiments.report.everything import ONE_MODEL, ONE_SPLIT, all_pairs
from longnn.experiments.report.labels import label
from longnn.experiments.report.pairtable import HEADER, paired
from longnn.experiments.report.sizes import Sizes, sizes_of
from scipy import stats

from tests.experiments.report.made import grouped, result, run_of, search, write


def _table(compared):
    (table,) = compared.tables
    return table


def _column(compared, name):
    return [row[HEADER.index(name)] for row in _table(compared).rows]


LONGNN = result(tests=(80.0, 90.0, 70.0))
MLP = result(model="mlp", tests=(81.0, 88.0, 60.0))


def test_second_minus_first():
    (pair,) = pairs(grouped(LONGNN, MLP), "longnn", "mlp")
    assert pair.difference == difference({0: 80, 1: 90, 2: 70}, {0: 81, 1: 88, 2: 60})
    (row,) = _table(paired([pair], "mlp minus longnn")).rows
    # differences 1, -2, -10: mean -11/3, std 5.6862, over sqrt(3) 3.2830, t(0.975, 2) = 4.3027
    assert row[4:6] == ("-3.67 +- 14.13", "3.28")
    assert row[-1] == "3"
    assert (row[2], row[3]) == ("longnn 80.00 (r0)", "mlp 76.33 (r1)")


def test_of_several_the_best_on_validation_is_taken_and_said():
    runs = grouped(*search(5), result(model="mlp"))
    (pair,) = pairs(runs, "longnn", "mlp")
    assert pair.runs[0].validation == 70.0
    table = _table(paired([pair], "mlp minus longnn"))
    assert "best of 5" in table.rows[0][2]
    assert any("best on validation" in note for note in table.notes)


def test_names_are_models_hashes_or_directories():
    runs = grouped(LONGNN, MLP)
    by_model = pairs(runs, "longnn", "mlp")
    assert pairs(runs, LONGNN["identity"][:6], MLP["identity"]) == by_model
    assert pairs(runs, "r0", "r1") == by_model


def test_runs_are_called_by_the_hash_of_their_directories():
    where = ("runs/cora_longnn_per_class-0123abcd", "runs/cora_mlp_per_class-89abcdef")
    found = [run_of(*one) for one in zip((LONGNN, MLP), where, strict=True)]
    (pair,) = pairs(by_benchmark(found), "0123", "89abcdef")
    (row,) = _table(paired([pair], "one minus another")).rows
    assert ("(0123abcd)" in row[2], "(89abcdef)" in row[3]) == (True, True)
    assert label(run_of(LONGNN, "runs/mine")) == "mine"
    assert label(run_of(LONGNN, "runs/mine-too")) == "mine-too"
    assert label(run_of(LONGNN, "")) == LONGNN["identity"][:8]
    assert [row[1] for row in block(pair.benchmark, found).rows] == ["0123abcd", "89abcdef"]
    (line,) = csv.DictReader(io.StringIO(csv_text(found[:1])))
    assert (line["run"], line["identity"]) == ("0123abcd", LONGNN["identity"])


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("longnn", "gcn"), "'gcn' is none of the runs.*longnn, mlp"),
        (("longnn", LONGNN["identity"][:3]), "is none of the runs"),  # too short to be sure
        (("longnn", "longnn"), "are the same run"),
    ],
)
def test_names_that_cannot_be_paired(names, message):
    with pytest.raises(ComparisonError, match=message):
        pairs(grouped(LONGNN, MLP), *names)


def test_splits_must_be_shared():
    elsewhere = {**MLP, "split_hash": "b" * 64}
    with pytest.raises(ComparisonError, match=r"share no splits.*aaaaaaaa.*bbbbbbbb"):
        pairs(grouped(LONGNN, elsewhere), "longnn", "mlp")
    shorter = result(model="mlp", tests=(81.0, 88.0))
    with pytest.raises(ComparisonError, match=r"r0 and r1: splits \[0, 1, 2\]"):
        pairs(grouped(LONGNN, shorter), "longnn", "mlp")


GCN = result(model="gcn", tests=(70.0, 86.0, 61.0))


def test_every_pair_of_models_is_compared_on_every_dataset():
    other = [{**one, "dataset": "texas"} for one in (LONGNN, MLP)]
    found = all_pairs(grouped(LONGNN, MLP, GCN, *other))
    pairs_of = [(r["dataset"], r["first"], r["second"]) for r in found.records]
    cora = [("cora", "gcn", "longnn"), ("cora", "gcn", "mlp"), ("cora", "longnn", "mlp")]
    assert pairs_of == [*cora, ("texas", "longnn", "mlp")]
    assert _table(found).title == "All pairs of models, paired by split"
    assert found.text == []
    two = all_pairs(grouped(LONGNN, MLP))
    assert _table(two).title == "mlp minus longnn, paired by split"
    assert _table(two).rows == _table(paired(pairs(grouped(LONGNN, MLP), "longnn", "mlp"), "")).rows


def test_it_is_said_why_nothing_is_compared():
    alone = all_pairs(grouped(LONGNN, result(tests=(1.0, 2.0, 3.0), lr=0.1)))
    assert alone.tables == []
    assert alone.text == [f"Not compared: cora, split per_class (aaaaaaaa). Reason: {ONE_MODEL}."]
    single = all_pairs(grouped(result(tests=(80.0,)), result(model="mlp", tests=(81.0,))))
    assert (single.tables, ONE_SPLIT in single.text[0]) == ([], True)
    shorter = all_pairs(grouped(LONGNN, GCN, result(model="mlp", tests=(81.0, 88.0))))
    assert [row[2:4] for row in _table(shorter).rows] == [("gcn 72.33 (r1)", "longnn 80.00 (r0)")]
    assert all("cannot be paired with" in line for line in shorter.text)
    assert len(shorter.text) == 2


@pytest.fixture
def on_disk(tmp_path):
    """Three models on three splits of twelve nodes, of which nine train, one tests."""
    part = np.array([[0] * 9 + [1, 1, 2]] * 3, dtype=np.int8)
    runs = []
    for content in (LONGNN, MLP, GCN):
        directory = write(tmp_path / content["model"], content)
        np.savez(directory / "predictions.npz", part=part)
        runs.append(run_of(content, str(directory)))
    return runs


def test_the_corrected_test_stands_beside_the_plain_one(on_disk):
    assert sizes_of(on_disk[0]) == Sizes(9, 1)
    found = all_pairs(by_benchmark(on_disk))
    record = found.records[0]  # longnn minus gcn: 10, 4, 9
    differences = np.array([10.0, 4.0, 9.0])
    error = differences.std(ddof=1) * (1 / 3 + 1 / 9) ** 0.5
    assert record["t_p"] == pytest.approx(stats.ttest_1samp(differences, 0).pvalue)
    t = differences.mean() / error
    assert record["corrected_p"] == pytest.approx(2 * stats.t.sf(t, 2))
    assert record["corrected_ci95"] == pytest.approx(stats.t.ppf(0.975, 2) * error)
    assert _column(found, "corrected")[0] == f"+- {record['corrected_ci95']:.2f}"
    p = sorted(r["corrected_p"] for r in found.records)
    steps = [min(1, 3 * p[0]), min(1, max(3 * p[0], 2 * p[1]))]
    steps.append(min(1, max(steps[1], p[2])))
    assert sorted(r["holm_p"] for r in found.records) == pytest.approx(steps)


def test_without_the_splits_of_a_run_there_is_no_corrected_test(on_disk):
    (on_disk[0].directory / "predictions.npz").write_bytes(b"no arrays")
    assert sizes_of(on_disk[0]) is None
    assert sizes_of(run_of(LONGNN, "nowhere")) is None
    found = all_pairs(by_benchmark(on_disk[:2]))
    assert found.records[0]["corrected_p"] is not None  # the other run has them
    found = all_pairs(grouped(LONGNN, MLP))
    assert _column(found, "p, corrected") == ["-"]
    assert any("predictions.npz" in note for note in _table(found).notes)


def test_comparisons_are_numbers_in_csv(on_disk):
    found = all_pairs(by_benchmark(on_disk))
    lines = list(csv.DictReader(io.StringIO(lines_text(found.records))))
    assert len(lines) == 3
    assert float(lines[0]["difference"]) == pytest.approx(23 / 3)
    assert lines[0]["split_hash"] == "a" * 64
    assert lines[0]["splits"] == "3"
