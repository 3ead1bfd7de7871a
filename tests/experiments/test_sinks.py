"""Weights & Biases, for real in offline mode: what it wrote is read back."""

import json
import struct
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from longnn.experiments.jobs.sinks import Ended, to_wandb
from wandb.proto.wandb_internal_pb2 import Record, RunRecord

from tests.experiments.conftest import SMALL, result_of

BLOCK, FULL, LAST = 32768, 1, 4
QUICK = (*SMALL, "model=mlp", "figures=false")


@pytest.fixture(autouse=True)
def _silent(monkeypatch):
    monkeypatch.setenv("WANDB_SILENT", "true")


@pytest.mark.slow
def test_offline_run_holds_config_and_scores(train):
    (directory,) = train(*SMALL, "logger=wandb", "logger.group=sweep7")
    result = result_of(directory)
    (records,) = _reports(directory)
    run = _run(records)
    assert _exit_code(records) == 0
    assert (run.run_group, run.display_name, run.tags) == ("sweep7", directory.name, ["done"])
    config = {update.key: json.loads(update.value_json) for update in run.config.update}
    assert config["model"]["order"] == 10
    summary = _summary(records)
    assert summary["test_mean"] == pytest.approx(result["test"]["mean"])
    assert (summary["status"], summary["error"]) == ("done", None)
    losses, epochs = _logged(records, "loss"), _logged(records, "epoch")
    assert len(losses) == max(r["epochs"] for r in result["per_run"])
    assert epochs[: len(losses)] == list(range(1, len(losses) + 1))
    with np.load(directory / "curves.npz") as curves:
        assert losses == pytest.approx(np.nanmean(curves["loss"], axis=0).tolist())
    figures = {f.stem for f in directory.glob("*.png")}
    assert figures == {"filter", "curves", "exponents", "confusion"}
    logged = {_key(item) for record in records for item in record.history.item}
    assert figures <= {key.partition(".")[0] for key in logged}


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["basic", "vmap"])
def test_jobs_of_a_sweep_are_runs_of_one_group(train, tmp_path, launcher):
    """In one process; the job that failed is there too."""
    sweep = ("model.dropout=0.1,0.2,7", "hydra.sweep.dir=search3", "logger=wandb")
    with pytest.raises(SystemExit, match="1"):
        train("-m", *QUICK, *sweep, f"hydra/launcher={launcher}")
    directories = sorted(folder.parent for folder in (tmp_path / "search3").glob("*/wandb"))
    reports = [records for directory in directories for records in _reports(directory)]
    runs = [_run(records) for records in reports]
    assert [run.display_name for run in runs] == [directory.name for directory in directories]
    assert [run.run_group for run in runs] == ["search3"] * 3
    assert len({run.run_id for run in runs}) == 3
    assert sorted(map(_exit_code, reports)) == [0, 0, 1]
    (failed,) = (records for records in reports if _exit_code(records) == 1)
    summary = _summary(failed)
    assert (summary["status"], summary["error"]) == ("failed", "ValueError")
    assert "dropout" in summary["message"]
    config = {update.key: json.loads(update.value_json) for update in _run(failed).config.update}
    assert config["model"]["dropout"] == 7


@pytest.mark.slow
def test_a_repeated_job_is_the_same_run(train):
    (directory,) = train(*QUICK, "logger=wandb")
    train(*QUICK, "logger=wandb", "force=true")
    first, second = map(_run, _reports(directory))
    assert first.run_id == second.run_id
    assert (first.resumed, first.run_group) == (False, "")
    train(*QUICK, "logger=wandb", "seed=1", "hydra.run.dir=other")
    (other,) = _reports(Path("other"))
    assert _run(other).run_id != first.run_id


def test_a_pruned_job_is_tagged(tmp_path):
    curves = {"loss": np.array([[2.0, 1.0], [4.0, np.nan]])}
    to_wandb(Ended(tmp_path, "pruned", {"seed": 0}, "0" * 64, "search3", curves=curves))
    (records,) = _reports(tmp_path)
    assert (_run(records).tags, _run(records).run_group) == (["pruned"], "search3")
    assert _exit_code(records) == 0
    assert _logged(records, "loss") == [3.0, 1.0]


def broken(job: Ended) -> None:
    raise ConnectionError("the network is down")


@pytest.mark.slow
def test_a_sink_that_fails_loses_nothing(train, monkeypatch):
    monkeypatch.setenv("LONGNN_TRUST", "tests")
    (directory,) = train(*QUICK, "logger._target_=tests.experiments.test_sinks.broken")
    assert result_of(directory)["test"]["n"] == 2
    attempt = json.loads((directory / "attempt-001.json").read_text())
    assert attempt["status"] == "done"
    assert attempt["not_reported"] == "ConnectionError: the network is down"
    log = (directory / "train.log").read_text()
    assert "is recorded as done, but its logger failed: ConnectionError" in log
    assert "in broken" in log, "the traceback tells where"


def _run(records: Sequence[Record]) -> RunRecord:
    (run,) = (r.run for r in records if r.WhichOneof("record_type") == "run")
    return run


def _exit_code(records: Sequence[Record]) -> int:
    (code,) = (r.exit.exit_code for r in records if r.WhichOneof("record_type") == "exit")
    return code


def _summary(records: Sequence[Record]) -> dict:
    updates = (item for record in records for item in record.summary.update)
    return {_key(item): json.loads(item.value_json) for item in updates}


def _logged(records: Sequence[Record], name: str) -> list[float]:
    items = (item for record in records for item in record.history.item)
    return [json.loads(item.value_json) for item in items if _key(item) == name]


def _key(item) -> str:
    return item.key or ".".join(item.nested_key)


def _reports(directory: Path) -> list[list[Record]]:
    """The records of each report of a run, the oldest first."""
    files = sorted((directory / "wandb").glob("offline-run-*/run-*.wandb"))
    return [_whole(file) for file in files]


def _whole(file: Path) -> list[Record]:
    """The records once the exit code is among them; wandb's own process writes them."""
    until = time.monotonic() + 30
    while not any(r.WhichOneof("record_type") == "exit" for r in _records(file)):
        assert time.monotonic() < until, "wandb wrote no exit record"
        time.sleep(0.1)
    return _records(file)


def _records(file: Path) -> list[Record]:
    """The records of a .wandb file: LevelDB's log format behind a header of seven bytes."""
    data, position, parts, records = file.read_bytes(), 7, b"", []
    while position + 7 <= len(data):
        if BLOCK - position % BLOCK < 7:  # a header is never split over two blocks
            position += BLOCK - position % BLOCK
            continue
        length, kind = struct.unpack("<HB", data[position + 4 : position + 7])
        parts += data[position + 7 : position + 7 + length]
        position += 7 + length
        if kind in (FULL, LAST):
            records.append(Record.FromString(parts))
            parts = b""
    return records
