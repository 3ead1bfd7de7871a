"""Each value of a result has a kind and a range, and values agree; what does not is named."""

import json

import pytest

from longnn.runs import RunDirectoryError, read_result
from longnn.runs.directory import TEXT_LIMIT
from longnn.runs.result import from_json
from tests.longnn.runs.made import RESULT

ROWS = RESULT.to_json()["per_run"]
HUGE = 10**400


def row(**values):
    return {"per_run": [ROWS[0] | values, ROWS[1]]}


def deep(levels):
    return {"seed": json.loads("[" * levels + "]" * levels)}


SPOILED = [  # values of a result -> what is said
    ({"model": 3}, "'model' should be text, it is 3"),
    ({"identity": None}, "'identity' should be text"),
    ({"device": ["cpu"]}, "'device' should be text"),
    ({"test": [85.0]}, "'test' should hold a finite mean and n"),
    ({"test": {"mean": "85.0", "n": 2}}, "'test' should hold a finite mean"),
    ({"test": {"mean": 101.0, "n": 2}}, "'test' should hold a finite mean"),
    ({"test": {"mean": HUGE, "n": 2}}, "'test' should hold a finite mean"),
    ({"test": {"mean": 85.0, "n": True}}, "'test' should hold a finite mean"),
    ({"test": {"mean": 85.0, "n": 0}}, "'test' should hold a finite mean"),
    ({"test": {"mean": 85.0, "n": 2, "std": -1.0}}, "'test' should hold a finite mean"),
    ({"test": {"mean": 85.0, "n": 3}}, "'test' is the mean 85.0 of 3, .* 85.0 of 2"),
    ({"val": {"mean": 89.0, "n": 2}}, "'val' is the mean 89.0 of 2, .* 90.0 of 2"),
    ({"per_run": {}}, "'per_run' should hold"),
    ({"per_run": [3]}, "'per_run' should hold"),
    (row(split=-1), "'per_run' should hold"),
    (row(split=0.0), "'per_run' should hold"),
    (row(split=2**70), "'per_run' should hold"),
    (row(seed="3"), "'per_run' should hold"),
    (row(test=float("nan")), "'per_run' should hold"),
    (row(val=True), "'per_run' should hold"),
    (row(epochs=-9), "'per_run' should hold"),
    (row(diverged="no"), "'per_run' should hold"),
    (row(alpha="0.5"), "'per_run' should hold"),
    (row(best_epoch=10), "run 0 of 'per_run' selected epoch 10 of 9"),
    (row(split=1), "'per_run' holds two runs of one split and seed"),
    ({"diverged": 0}, "'diverged' is 0, of 'per_run' 1 diverged"),
    ({"diverged": True}, "'diverged' should be a whole number"),
    ({"config": [1]}, "'config' should be an object of finite numbers"),
    ({"config": {"order": HUGE}}, "'config' should be an object of finite numbers"),
    ({"config": {"lr": float("inf")}}, "'config' should be an object of finite numbers"),
    ({"config": {"split": "fixed"}}, "'split' in 'config' should be an object"),
    ({"config": deep(40)}, "'config' should be .* of at most 32 levels"),
    ({"seconds": {"train": "1"}}, "'seconds' should be an object of numbers"),
    ({"seconds": {"train": -1.0}}, "'seconds' should be an object of numbers"),
    ({"memory": {"peak_gb": []}}, "'memory' should be an object of numbers"),
    ({"versions": {"jax": 0.1}}, "'versions' should be an object of text"),
    ({"dataset_files": ["a"]}, "'dataset_files' should be an object of text"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), SPOILED)
def test_values_of_other_kinds(tmp_path, changes, said):
    content = RESULT.to_json() | changes
    with pytest.raises(ValueError, match=said):
        from_json(content)
    (tmp_path / "result.json").write_text(json.dumps(content))
    told = said if content["identity"] else "not a result of this program"
    with pytest.raises(RunDirectoryError, match=f"result.json is .*{told}.*force=true"):
        read_result(tmp_path)


@pytest.mark.parametrize("name", ["identity", "split_hash", "test", "val", "per_run"])
def test_what_is_missing(name):
    content = RESULT.to_json()
    del content[name]
    with pytest.raises(ValueError, match=f"'{name}' is missing"):
        from_json(content)


def test_a_result_that_would_fill_the_memory(tmp_path):
    with (tmp_path / "result.json").open("wb") as file:
        file.truncate(TEXT_LIMIT + 1)
    with pytest.raises(
        RunDirectoryError, match="it has 67,108,865 bytes, more than the 67,108,864"
    ):
        read_result(tmp_path)


def test_names_do_not_steer_a_terminal(tmp_path):
    content = RESULT.to_json() | {"dataset": "\x1b]0;title\x07", "model": "a\rb"}
    assert from_json(content).title == r"a\rb on \x1b]0;title\x07"
    (tmp_path / "result.json").write_text(json.dumps(content | {"split": ["\x1b[2J"]}))
    with pytest.raises(RunDirectoryError) as raised:
        read_result(tmp_path)
    assert str(raised.value).isprintable()
