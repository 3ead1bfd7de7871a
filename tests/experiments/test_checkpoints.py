"""A killed run goes on from its checkpoint, which is gone when the run has ended."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from longnn.experiments.config.cli import CONF, register_resolvers
from longnn.experiments.jobs.job import Job
from longnn.experiments.jobs.run import run_together

from longnn.runs import checkpoint
from tests.experiments.conftest import SMALL, result_of

LONG = (*SMALL, "figures=false", "compilation_cache=cache", "optim.max_epochs=6000",
        "optim.patience=6000", "chunk=20")  # fmt: skip
OFTEN = "checkpoint_seconds=0.01"


SWEEP = ("-m", "hydra/launcher=vmap", "seed=0,1,2")


def started(folder: Path, *overrides: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "longnn.experiments", "train", *overrides, *LONG]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def trained(folder: Path, *overrides: str) -> str:
    with started(folder, *overrides) as process:
        printed, _ = process.communicate(timeout=300)
    assert process.returncode == 0, printed
    return printed


def killed(folder: Path, runs: int, *overrides: str) -> None:
    """Kills training as soon as there are checkpoints of so many runs."""
    with started(folder, *overrides) as process:
        while len(list(folder.rglob("checkpoint.npz"))) < runs:
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.002)
        process.kill()


def arrays(directory: Path) -> dict[str, np.ndarray]:
    found = {}
    for name in ("curves", "parameters", "predictions"):
        with np.load(directory / f"{name}.npz") as stored:
            found |= {f"{name}.{k}": stored[k] for k in stored.files}
    return found


def assert_went_on(directory: Path, undisturbed: Path) -> None:
    expected = arrays(undisturbed)
    got = arrays(directory)
    assert got.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(got[name], values, err_msg=name)
    assert result_of(directory)["per_run"] == result_of(undisturbed)["per_run"]
    first, second = sorted(directory.glob("attempt-*.json"))
    attempt = json.loads(second.read_text())
    assert (attempt["status"], attempt["killed"]) == ("done", 1)
    assert attempt["resumed_from"] in range(20, 6000, 20)
    told = f"goes on from epoch {attempt['resumed_from']} of an earlier attempt"
    assert told in (directory / "train.log").read_text()
    assert not (directory / "checkpoint.npz").exists()
    assert "resumed_from" not in json.loads(first.read_text())


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [(), ("optim/schedule=plateau", "optim.ema=0.9", "optim.clip=1", "optim.stop=val_loss")],
    ids=["adam", "options"],
)
def test_a_killed_run_goes_on(tmp_path, options):
    trained(tmp_path, "hydra.run.dir=whole", "checkpoint_seconds=null", *options)
    killed(tmp_path, 1, "hydra.run.dir=run", OFTEN, *options)
    assert "goes on from epoch" in trained(tmp_path, "hydra.run.dir=run", OFTEN, *options)
    assert_went_on(tmp_path / "run", tmp_path / "whole")


@pytest.mark.slow
def test_a_killed_batch_goes_on(tmp_path):
    trained(tmp_path, *SWEEP, "hydra.sweep.dir=whole", "checkpoint_seconds=null")
    killed(tmp_path, 3, *SWEEP, "hydra.sweep.dir=runs", OFTEN)
    trained(tmp_path, *SWEEP, "hydra.sweep.dir=runs", OFTEN)
    directories = [file.parent for file in tmp_path.glob("whole/*/result.json")]
    assert len(directories) == 3
    for directory in directories:
        assert_went_on(tmp_path / "runs" / directory.name, directory)


def job(directory: Path, *overrides: str) -> Job:
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", [*SMALL, "figures=false", *overrides])
    return Job(config, "longnn", directory)


@pytest.mark.parametrize(
    ("status", "overrides"),
    [
        ("pruned", ()),
        ("failed", ("optim.groups.mlp.lr=.nan",)),
        ("failed", ("checkpoint_seconds=-1",)),
        ("done", ("checkpoint_seconds=null",)),
    ],
)
def test_no_checkpoint_is_left(monkeypatch, tmp_path, status, overrides):
    monkeypatch.setattr("longnn.experiments.jobs.run.keep_compiled", lambda _: None)
    checkpoint.write(tmp_path, "of another run", {})
    prune = (lambda *_: True) if status == "pruned" else None
    (outcome,) = run_together([job(tmp_path, "checkpoint_seconds=0", *overrides)], prune=prune)
    assert outcome.status == status
    assert not (tmp_path / "checkpoint.npz").exists()


def test_a_full_disk_does_not_end_training(monkeypatch, tmp_path, caplog):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("longnn.experiments.jobs.run.keep_compiled", lambda _: None)
    monkeypatch.setattr(checkpoint, "write", full)
    pace = "longnn.experiments.jobs.checkpoints.SHARE"
    monkeypatch.setattr(pace, float("inf"))  # after each of the three chunks
    (outcome,) = run_together([job(tmp_path, "checkpoint_seconds=0")])
    assert outcome.status == "done"
    told = [record for record in caplog.records if "cannot write a checkpoint" in record.message]
    assert len(told) == 1
