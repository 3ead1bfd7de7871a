"""The typed content of result.json: read, checked and written by one class."""

import dataclasses
import json

import pytest

from longnn.runs import RunDirectoryError, read_result
from longnn.runs.directory import SCHEMA
from longnn.runs.result import from_json
from tests.longnn.runs.made import RESULT


def written(folder, **changes):
    content = RESULT.to_json() | changes
    (folder / "result.json").write_text(json.dumps(content))
    return folder


def test_what_is_written_is_read_again(tmp_path):
    written(tmp_path)
    found = read_result(tmp_path)
    assert found.directory == tmp_path
    assert found.written == (tmp_path / "result.json").stat().st_mtime
    assert dataclasses.replace(found, directory=RESULT.directory, written=0.0) == RESULT
    assert read_result(str(tmp_path / "result.json")) == found
    assert from_json(RESULT.to_json()) == RESULT


def test_the_file_holds_scores_and_not_where_it_lies():
    content = RESULT.to_json()
    assert content["schema"] == SCHEMA
    assert not {"directory", "written"} & content.keys()
    assert content["test"] == {"mean": 85.0, "std": 7.07, "ci95": 63.5, "n": 2}
    assert content["per_run"][1] == {
        "split": 1, "seed": 3, "val": 90.0, "test": 90.0, "best_epoch": 2, "epochs": 9,
        "diverged": True,
    }  # fmt: skip


def test_a_result_of_before_has_no_names_of_classes():
    content = RESULT.to_json()
    del content["class_names"]
    assert from_json(content).class_names == ()


def test_its_name_in_tables():
    assert (RESULT.title, RESULT.settings) == ("longnn on texas", "01234567")
    assert RESULT.validation == 90.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": SCHEMA - 1}, f"has layout {SCHEMA - 1}, this program reads {SCHEMA}; train"),
        ({"schema": None}, "has layout None"),
        ({"model": 3}, "'model' should be text, it is 3; train that run again"),
        ({"test": {"mean": 80.0}}, "'test' should hold a finite mean and n"),
        (
            {"val": {"mean": 80.0, "n": 1, "median": 79.0}},
            "'val' should hold.*at most std and ci95 beside, it is.*median",
        ),
        ({"per_run": [{"split": 0, "seed": 0, "val": 1.0}]}, "'per_run' should hold the split"),
        ({"versions": []}, "'versions' should be an object"),
        ({"class_names": [0, 1]}, "'class_names' should be a list of texts"),
    ],
)
def test_what_is_damaged_is_named(tmp_path, changes, message):
    written(tmp_path, **changes)
    with pytest.raises(RunDirectoryError, match=message):
        read_result(tmp_path)


def test_a_folder_without_a_run(tmp_path):
    with pytest.raises(FileNotFoundError, match="no run has finished there"):
        read_result(tmp_path)
