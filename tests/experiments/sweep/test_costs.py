"""In which order the rest of a sweep goes, and how long it will take."""

import json
from pathlib import Path

import pytest
from longnn.experiments.sweep import manifest
from longnn.experiments.sweep.__main__ import main as sweep_command
from longnn.experiments.sweep.costs import Costs, kind_of

from longnn.runs import attempts
from tests.experiments.report.made import result

JOBS = {
    f"{dataset}-{seed}": [
        f"dataset={dataset}",
        f"seed={seed}",
        f"optim.groups.mlp.lr=0.0{seed + 1}",
    ]
    for seed in range(3)
    for dataset in ("small", "large", "other")
}


def finish(directory: Path, name: str, seconds: float) -> None:
    (directory / name).mkdir(parents=True, exist_ok=True)
    content = result() | {"seconds": {"compile": 1.0, "train": seconds - 1}}
    (directory / name / "result.json").write_text(json.dumps(content))


def ordered(directory: Path, names: list[str], killed: dict[str, int]) -> list[str]:
    costs = Costs(directory, JOBS)
    return costs.in_order(names, lambda name: JOBS[name], lambda name: killed.get(name, 0))


@pytest.mark.parametrize("number", ["0.5", "-0.5", "1e-3", "1.", ".5", "+2.5E10"])
def test_traced_numbers_are_one_kind(number):
    assert kind_of(["a=b", f"model.alpha={number}"]) == kind_of(["model.alpha=0.25", "a=b"])


@pytest.mark.parametrize("other", ["model.order=5", "model=mlp", "model.x=1.5.2", "model.x=e5"])
def test_other_values_are_other_kinds(other):
    assert kind_of(["a=b", other]) != kind_of(["a=b"])


def test_nothing_is_known_at_first(tmp_path):
    assert ordered(tmp_path, list(JOBS), {}) == list(JOBS)
    assert Costs(tmp_path, JOBS).to_come([["a=b"]]) is None


def test_dear_ones_first_kinds_together_and_what_was_killed_last(tmp_path):
    for name, seconds in (("small-0", 5.0), ("large-0", 50.0), ("other-0", 20.0)):
        finish(tmp_path, name, seconds)
    left = [name for name in JOBS if not name.endswith("0")]
    expected = ["large-1", "large-2", "other-1", "other-2", "small-1", "small-2"]
    assert ordered(tmp_path, left, {}) == expected
    killed = {"large-1": 1, "other-2": 2}
    assert ordered(tmp_path, left, killed) == [
        *("large-2", "other-1", "small-1", "small-2"),
        *("large-1", "other-2"),
    ]


def test_status_says_what_is_to_come(tmp_path, capsys):
    manifest.write(tmp_path, manifest.Manifest(["-m"], JOBS))
    sweep_command(["status", str(tmp_path)])
    assert "to come" not in capsys.readouterr().out
    for name, seconds in (("small-0", 10.0), ("large-0", 100.0)):
        finish(tmp_path, name, seconds)
    sweep_command(["status", str(tmp_path)])
    # 2 small, 2 large, and 3 of which nothing is known but the mean
    assert "to come:      6:25 for one process" in capsys.readouterr().out
    for name, pid in (("small-1", 1), ("large-1", 2)):
        attempt = attempts.begin(tmp_path / name)
        assert attempt is not None
        attempts.tell(attempt, machine="elsewhere", pid=pid)
    sweep_command(["status", str(tmp_path)])
    assert "to come:      3:12 for 2 processes" in capsys.readouterr().out


def test_a_result_of_another_program_costs_nothing(tmp_path):
    (tmp_path / "small-0").mkdir()
    spoiled = [f'{{"seconds": {{"train": {value}}}}}' for value in ('"a"', "NaN", "-5", "1e999")]
    for text in ("{", "[]", '{"seconds": 3}', *spoiled):
        (tmp_path / "small-0" / "result.json").write_text(text)
        assert Costs(tmp_path, JOBS).of(JOBS["small-1"]) in (None, 0)
