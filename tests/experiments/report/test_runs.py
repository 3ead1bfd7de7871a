"""Which results are read, which are left out, and which may be compared."""

import json
import logging

import pytest
from longnn.experiments.report import by_model, collect

from tests.experiments.report.made import grouped, result, write


def test_each_directory_once(tmp_path):
    write(tmp_path / "runs" / "a", result())
    write(tmp_path / "runs" / "b", result(model="mlp"))
    found = collect([tmp_path, tmp_path / "runs", tmp_path / "runs" / "b"]).runs
    assert [run.directory.name for run in found] == ["a", "b"]


def _text(content, changes):
    return json.dumps({**content, **changes})


DAMAGED = {
    "truncated": (lambda r: json.dumps(r)[:100], "is not a result"),
    "empty": (lambda r: "", "is not a result"),
    "a list": (lambda r: "[]", "is not a result"),
    "older": (lambda r: _text(r, {"schema": 2}), "has layout 2, this program reads"),
    "no schema": (lambda r: _text(r, {"schema": None}), "has layout None"),
    "no hash": (lambda r: _text(r, {"split_hash": None}), "'split_hash' should be text"),
    "no score": (lambda r: _text(r, {"test": {}}), "'test' should hold a finite mean"),
    "not a number": (lambda r: _text(r, {"val": {"mean": float("nan"), "n": 1}}), "finite mean"),
    "no rows": (lambda r: _text(r, {"per_run": []}), "'per_run' should hold"),
    "half a row": (lambda r: _text(r, {"per_run": [{"split": 0}]}), "'per_run' should hold"),
    "config": (lambda r: _text(r, {"config": 3}), "'config' should be an object"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_results_are_left_out_by_name(tmp_path, caplog, name):
    damage, message = DAMAGED[name]
    write(tmp_path / "good", result())
    write(tmp_path / "bad", result())
    (tmp_path / "bad" / "result.json").write_text(damage(result()))
    with caplog.at_level(logging.WARNING):
        found = collect([tmp_path])
    assert [run.directory.name for run in found.runs] == ["good"]
    assert [one.directory.name for one in found.left_out] == ["bad"]
    (record,) = caplog.records
    assert str(tmp_path / "bad") in record.getMessage()
    assert message in record.getMessage()


def test_nothing_left_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        collect([tmp_path / "nowhere"])
    with pytest.raises(FileNotFoundError, match=r"none is there.*longnn train"):
        collect([tmp_path])
    write(tmp_path / "old", {**result(), "schema": 1})
    with pytest.raises(FileNotFoundError, match="all 1 there were left out"):
        collect([tmp_path])


@pytest.mark.parametrize(
    "changes",
    [
        {"split_hash": "b" * 64},
        {"split": "fixed"},
        {"dataset_checksum": "e" * 64},
        {"metric": "roc_auc"},
        {"dataset": "texas"},
    ],
)
def test_benchmarks_differ_in_data_splits_and_metric(changes):
    assert len(grouped(result(), {**result(), **changes})) == 2
    assert len(grouped(result(), result(model="mlp"))) == 1


def test_a_models_runs_are_ordered_by_validation_not_by_test():
    runs = grouped(
        result(val=60.0, tests=(99.0, 99.0), lr=1), result(val=70.0, tests=(1.0, 1.0), lr=2)
    )
    (found,) = runs.values()
    assert [run.validation for run in by_model(found)["longnn"]] == [70.0, 60.0]
