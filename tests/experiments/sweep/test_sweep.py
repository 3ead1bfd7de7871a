"""Sweeps: what is run, what is left, what is said of failures."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from longnn.experiments.jobs import run as run_module
from longnn.experiments.sweep import manifest
from longnn.experiments.sweep.__main__ import main as sweep_command
from longnn.experiments.sweep.manifest import Manifest
from longnn.experiments.sweep.state import OPEN, RUNNING, JobState, exit_code

from longnn.runs.attempts import begin, end, status
from tests.experiments.conftest import SMALL, result_of
from tests.experiments.report.made import result, write

FAST = ("-m", *SMALL, "model=mlp", "model.hidden=4", "figures=false", "hydra.sweep.dir=sweep")


def states(directory: Path) -> list[str]:
    return sorted(status(run) for run in directory.iterdir() if run.is_dir())


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["basic", "vmap"])
def test_poisoned_jobs_are_reported_and_the_others_run(train, tmp_path, capsys, launcher):
    """A learning rate beyond reason, a dataset that does not exist, a budget nobody can keep."""
    with pytest.raises(SystemExit) as stopped:
        train(*FAST, f"hydra/launcher={launcher}", "optim.groups.mlp.lr=0.01,1e38", "seed=0,1",
              "dataset=csbm,csbn")  # fmt: skip
    assert stopped.value.code == 1
    sweep = tmp_path / "sweep"
    assert states(sweep) == ["done"] * 2 + ["failed"] * 6
    with pytest.raises(SystemExit):
        train(*FAST, f"hydra/launcher={launcher}", "memory_gb=1e-9", "seed=2,3")
    assert states(sweep) == ["done"] * 2 + ["failed"] * 8
    assert "unknown dataset 'csbn': did you mean csbm" in capsys.readouterr().err
    capsys.readouterr()
    assert sweep_command(["status", str(sweep)]) == 1
    said = capsys.readouterr().out
    assert "8 jobs: 2 done, 6 failed" in said
    assert "2 jobs: 2 failed" in said
    assert "FloatingPointError: the loss of 2 run(s) was not finite" in said
    assert "Could not find 'dataset/csbn'" in said
    assert "MemoryError: one run needs about" in said
    assert f"longnn sweep resume {sweep} --failed" in said
    failed = next(f for f in sweep.glob("*/attempt-*.json") if "MemoryError" in f.read_text())
    content = json.loads(failed.read_text())
    assert content["status"] == "failed"
    assert "Traceback (most recent call last)" in content["traceback"]
    assert "MemoryError" in (failed.parent / "train.log").read_text()


@pytest.mark.slow
def test_on_error_raise_stops(train, tmp_path):
    with pytest.raises(SystemExit) as stopped:
        train(*FAST, "on_error=raise", "optim.groups.mlp.lr=nan,0.01")
    assert stopped.value.code == 1
    assert states(tmp_path / "sweep") == ["failed"]


@pytest.mark.slow
def test_started_again_runs_what_is_missing(train, capsys):
    (first,) = train(*FAST, "seed=0")
    before = (first / "result.json").stat().st_mtime_ns
    assert len(train(*FAST, "seed=0,1,2")) == 3
    assert (first / "result.json").stat().st_mtime_ns == before
    assert "1 of 3 jobs are over" in capsys.readouterr().out
    assert len(train(*FAST, "seed=0,1,2", "force=true")) == 3
    assert (first / "result.json").stat().st_mtime_ns != before
    assert (first / "attempt-002.json").exists()


@pytest.mark.slow
def test_failed_jobs_are_repeated_when_asked_for(train, tmp_path, monkeypatch, capsys):
    with pytest.raises(SystemExit):
        train(*FAST, "optim.groups.mlp.lr=nan,0.01", "on_error=raise")
    sweep, started = tmp_path / "sweep", []

    def run(command, check, env):
        started.append(command)
        return subprocess.CompletedProcess(command, 3)

    monkeypatch.setattr(subprocess, "run", run)
    assert sweep_command(["resume", str(sweep)]) == 3
    assert sweep_command(["resume", str(sweep), "--failed"]) == 3
    plain, with_failed = started
    assert plain[:4] == [sys.executable, "-m", "longnn.experiments", "train"]
    assert plain[-2:] == [f"hydra.sweep.dir='{sweep}'", "hydra.sweeper.retry_failed=False"]
    assert with_failed[-1] == "hydra.sweeper.retry_failed=True"
    with pytest.raises(SystemExit):  # one job of the sweep is still a failed one
        train(*plain[4:])
    (missing,) = (file.parent for file in sweep.glob("*/result.json"))
    assert result_of(missing)["config"]["optim"]["groups"]["mlp"]["lr"] == 0.01
    assert states(sweep) == ["done", "failed"]
    capsys.readouterr()
    assert sweep_command(["resume", str(sweep)]) == 1, "not all of it is done"
    assert "nothing to do: 2 jobs: 1 done, 1 failed" in capsys.readouterr().out
    assert len(manifest.read(sweep)) == 1, "the resumed sweep is the same sweep"


@pytest.mark.slow
def test_two_processes_share_a_sweep(train, tmp_path):
    """No job twice, none lost."""
    many = (*FAST, "seed=range(0,12)", "optim.max_epochs=50", "compilation_cache=null")
    command = [sys.executable, "-m", "longnn.experiments", "train", *many]
    both = [subprocess.Popen(command, cwd=tmp_path) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    runs = [run for run in (tmp_path / "sweep").iterdir() if run.is_dir()]
    assert len(runs) == 12
    for run in runs:
        ended = [json.loads(file.read_text())["status"] for file in run.glob("attempt-*.json")]
        assert ended.count("done") == 1
        assert set(ended) <= {"done", "superseded"}


def test_an_empty_sweep_is_refused(train, capsys):
    with pytest.raises(SystemExit) as stopped:
        train(*FAST, "seed=range(3,3)")
    assert stopped.value.code == 2
    assert "the sweep has no jobs" in capsys.readouterr().err


@pytest.mark.slow
def test_a_full_disk_keeps_what_is_there(train, tmp_path, monkeypatch):
    (first,) = train(*FAST, "seed=0")
    before = (first / "result.json").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("longnn.experiments.jobs.outcome.write_run", full)
    with pytest.raises(SystemExit):
        train(*FAST, "seed=0,1")
    assert (first / "result.json").read_bytes() == before
    assert states(tmp_path / "sweep") == ["done", "failed"]
    monkeypatch.undo()


def test_commands_explain_a_folder_without_a_sweep(tmp_path, capsys):
    for command in ("status", "resume", "watch"):
        with pytest.raises(SystemExit) as stopped:
            sweep_command([command, str(tmp_path)])
        assert stopped.value.code == 2
        assert "no sweep was started in" in capsys.readouterr().err


def test_sweeps_one_level_deeper_are_named(tmp_path, capsys):
    manifest.write(tmp_path / "demo", manifest.Manifest(["-m"], {}))
    with pytest.raises(SystemExit):
        sweep_command(["status", str(tmp_path)])
    told = capsys.readouterr().err
    assert f"there are sweeps in {tmp_path / 'demo'}; name one of these directories" in told
    assert "start one" not in told
    (tmp_path / "sweep-1.json").write_text("{")
    with pytest.raises(SystemExit):
        sweep_command(["status", str(tmp_path)])
    assert "sweep-1.json is not a sweep" in capsys.readouterr().err


def test_a_job_that_ends_elsewhere_meanwhile_is_reported_once(train, monkeypatch):
    """Another process writes its result just after this one has found it at work there."""
    (run,) = train(*FAST[1:-1], "hydra.run.dir=alone")
    result = (run / "result.json").read_bytes()
    (run / "result.json").unlink()

    def begin(directory):
        (directory / "result.json").write_bytes(result)

    seen = []

    def run_together(jobs, **options):
        seen.extend(run_module.run_together(jobs, **options))
        return seen

    monkeypatch.setattr("longnn.experiments.jobs.run.attempts.begin", begin)
    monkeypatch.setattr("longnn.experiments.jobs.single.run_together", run_together)
    train(*FAST[1:-1], "hydra.run.dir=alone")
    assert [outcome.status for outcome in seen] == ["elsewhere"]


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["basic", "vmap"])
def test_names_that_the_grammar_of_overrides_does_not_like(train, tmp_path, launcher):
    names = ["a=b", "a,b", "m\u00fcller", "it's", "a/b", "../c", "[x]", "ok"]
    listed = ",".join(f'"{name}"' for name in names)
    runs = train(*FAST, f"hydra/launcher={launcher}", f"dataset.name={listed}")
    assert sorted(result_of(run)["dataset"] for run in runs) == sorted(names)
    assert {run.parent for run in runs} == {tmp_path / "sweep"}


@pytest.mark.slow
def test_torn_files_are_jobs_to_do_again(train, tmp_path, capsys):
    first, second, third = sorted(train(*FAST, "seed=0,1,2"))
    whole = (first / "result.json").read_text()
    (first / "result.json").write_text(whole[: len(whole) // 2])
    for file, text in ((second, "{"), (third, "")):
        (file / "result.json").unlink()
        (file / "attempt-001.json").write_text(text)
        os.utime(file / "attempt-001.json", (0, 0))
    assert sweep_command(["status", str(tmp_path / "sweep")]) == 1
    assert "3 jobs: 2 killed, 1 damaged" in capsys.readouterr().out
    train(*FAST, "seed=0,1,2")
    assert states(tmp_path / "sweep") == ["done"] * 3
    assert json.loads((first / "result.json").read_text())["test"] == json.loads(whole)["test"]
    assert (first / "result.damaged.json").read_text() == whole[: len(whole) // 2]
    assert sweep_command(["status", str(tmp_path / "sweep")]) == 0


def test_nothing_from_a_file_steers_the_terminal(tmp_path, capsys):
    escape = "\x1b]0;owned\x07"
    manifest.write(tmp_path, manifest.Manifest(["-m", escape], {"one": [f"a={escape}"]}))
    attempt = begin(tmp_path / "one")
    assert attempt is not None
    end(attempt, "failed", message=f"{escape} no")
    assert sweep_command(["status", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert r"\x1b]0;owned\x07" in said
    assert "an error of no name" in said, "an attempt may lack it"


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (["done", "done"], 0),
        (["done", "pruned"], 0),
        (["done", "failed"], 1),
        (["done", "running"], RUNNING),
        (["running", "failed"], 1),
        *((["done", state], 1) for state in OPEN),
    ],
)
def test_exit_codes(found, code):
    assert exit_code([JobState("name", [], state) for state in found]) == code


@pytest.mark.slow
def test_what_another_process_works_on_is_waited_for_or_told(train, tmp_path):
    """A sweep whose only job is under way elsewhere is not done before that job is."""
    many = (*FAST, "optim.max_epochs=1000000", "optim.patience=1000000", "chunk=50")
    command = [sys.executable, "-m", "longnn.experiments", "train", *many]
    with subprocess.Popen(command, cwd=tmp_path) as first:
        while not list(tmp_path.glob("sweep/*/attempt-001.json")):
            time.sleep(0.1)
        with pytest.raises(SystemExit) as stopped:
            train(*many, "hydra.sweeper.wait=false")
        assert stopped.value.code == RUNNING
        assert sweep_command(["status", str(tmp_path / "sweep")]) == RUNNING
        with subprocess.Popen(command, cwd=tmp_path) as second:
            time.sleep(1)
            first.kill()
            while not list(tmp_path.glob("sweep/*/attempt-002.json")):
                assert second.poll() is None, "it takes over what was killed"
                time.sleep(0.1)
            second.kill()
    assert states(tmp_path / "sweep") == ["killed"]


@pytest.mark.slow
def test_interrupted_it_says_how_to_go_on(tmp_path):
    command = [sys.executable, "-m", "longnn.experiments", "train", *FAST, "seed=range(0,200)"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while not list(tmp_path.glob("sweep/*/result.json")):
            time.sleep(0.1)
        said = None
        while said is None:  # one that hits a callback of a library is lost there
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                _, said = process.communicate(timeout=20)
        assert process.returncode == 130
    assert "interrupted; go on: longnn sweep resume sweep" in said
    assert "Traceback" not in said


def test_a_damaged_result_is_listed_and_is_a_job_to_do_again(tmp_path, capsys):
    write(tmp_path / "good", result())
    write(tmp_path / "bad", result() | {"seconds": {"train": "\x1b[2J"}})
    manifest.write(tmp_path, Manifest(["-m"], {"good": ["seed=0"], "bad": ["seed=1"]}))
    assert sweep_command(["status", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert "2 jobs: 1 done, 1 damaged" in told
    reason = f"  damaged: bad: {tmp_path / 'bad' / 'result.json'} is damaged: 'seconds' should be"
    assert reason in told
    assert all(line.isprintable() for line in told.splitlines())
    assert status(tmp_path / "bad") in OPEN
