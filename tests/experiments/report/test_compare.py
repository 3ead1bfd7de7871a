"""Paired tests pick their runs on validation and refuse what cannot be paired."""

import csv
import io

import pytest
from longnn.experiments.report import by_benchmark
from longnn.experiments.report.blocks import block
from longnn.experiments.report.compare import ComparisonError, comparison, default_pair, pairs
from longnn.experiments.report.csvfile import csv_text
from longnn.experiments.report.differences import difference
from longnn.experiments.report.labels import label

from tests.experiments.report.made import grouped, result, run_of, search

LONGNN = result(tests=(80.0, 90.0, 70.0))
MLP = result(model="mlp", tests=(81.0, 88.0, 60.0))


def test_second_minus_first():
    (pair,) = pairs(grouped(LONGNN, MLP), "longnn", "mlp")
    assert pair.difference == difference({0: 80, 1: 90, 2: 70}, {0: 81, 1: 88, 2: 60})
    (row,) = comparison([pair], "longnn", "mlp").rows
    # differences 1, -2, -10: mean -11/3, std 5.6862, over sqrt(3) 3.2830, t(0.975, 2) = 4.3027
    assert row[4:6] == ("-3.67 +- 14.13", "3.28")
    assert row[-1] == "3"


def test_of_several_the_best_on_validation_is_taken_and_said():
    runs = grouped(*search(5), result(model="mlp"))
    (pair,) = pairs(runs, "longnn", "mlp")
    assert pair.runs[0].validation == 70.0
    table = comparison([pair], "longnn", "mlp")
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
    (row,) = comparison([pair], "0123", "89abcdef").rows
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


def test_default_is_two_models_that_share_splits():
    assert default_pair(grouped(LONGNN, MLP)) == ("longnn", "mlp")
    assert default_pair(grouped(LONGNN)) is None
    assert default_pair(grouped(LONGNN, MLP, result(model="third"))) is None
    assert default_pair(grouped(LONGNN, {**MLP, "split": "fixed"})) is None
