"""Launchers that start processes: joblib, submitit on this machine, and when they fail.

Each sweep has a job that kills its process once, one that fails and one that does neither.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hydra.core.utils import JobReturn, JobStatus
from hydra.errors import OverrideParseException
from hydra.plugins.launcher import Launcher
from longnn.experiments.jobs.job import Job
from longnn.experiments.sweep import launching
from longnn.experiments.sweep.launching import TRIES, run_all
from longnn.experiments.sweep.plan import Planned
from omegaconf import OmegaConf

from longnn.runs import attempts, checkpoint
from tests.experiments.conftest import SMALL, result_of
from tests.experiments.sweep.launched import DIES, FAILS

pytestmark = pytest.mark.slow

LAUNCHERS = {
    "joblib": ("hydra.launcher.n_jobs=2",),
    "submitit_local": ("hydra.launcher.timeout_min=5", "hydra.launcher.cpus_per_task=1"),
}


class Swept(NamedTuple):
    code: int
    said: str
    attempts: dict[int, list[dict]]  # seed -> what its attempts say
    directory: Path


@pytest.fixture(scope="module", params=LAUNCHERS)
def swept(request, tmp_path_factory) -> Swept:
    folder = tmp_path_factory.mktemp(request.param)
    command = [
        *(sys.executable, "-m", "longnn.experiments", "train", "-m"),
        *(*SMALL, "model=mlp", "figures=false"),
        "dataset._target_=tests.experiments.sweep.launched.generate",
        *(f"+dataset.marks={folder}", f"dataset.seed={DIES},0,{FAILS}"),
        *(f"hydra.sweep.dir={folder / 'sweep'}", f"compilation_cache={folder / 'compiled'}"),
        *(f"hydra/launcher={request.param}", *LAUNCHERS[request.param]),
    ]
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"LONGNN_TRUST": "tests"},
    )
    found = {}
    for run in (folder / "sweep").glob("csbm_*"):
        seed = OmegaConf.load(run / ".hydra" / "config.yaml").dataset.seed
        found[seed] = [json.loads(f.read_text()) for f in sorted(run.glob("attempt-*.json"))]
    return Swept(done.returncode, done.stdout, found, folder / "sweep")


@pytest.mark.slow
def test_a_failed_job_is_recorded_and_ends_nothing(swept):
    assert swept.code == 1, swept.said
    (failed,) = swept.attempts[FAILS][-1:]
    assert failed["status"] == "failed"
    assert "no such graph" in failed["message"]
    assert swept.attempts[0][-1]["status"] == "done"
    assert "3 jobs: 2 done, 1 failed" in swept.said


def test_a_killed_job_is_started_again(swept):
    told = [(attempt["status"], attempt["killed"]) for attempt in swept.attempts[DIES]]
    assert told == [("running", 0), ("done", 1)]


def test_jobs_run_in_processes_of_their_own(swept):
    processes = {a["pid"] for told in swept.attempts.values() for a in told}
    assert len(processes) > 1
    assert all(result_of(f.parent)["test"]["n"] == 2 for f in swept.directory.rglob("result.json"))


class Fake(Launcher):
    """Starts jobs as ``behaviour`` says: name -> status, or an exception to raise after it."""

    def __init__(self, directory: Path, behaviour: dict[str, str]):
        self.directory, self.behaviour, self.batches = directory, behaviour, []

    def setup(self, **_) -> None:
        """Nothing."""

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        names = [overrides[-1].partition("=")[2].strip("'") for overrides in job_overrides]
        self.batches.append(names)
        returned = []
        if any(self.behaviour[name] == "grammar" for name in names):
            raise OverrideParseException("a", "mismatched input")
        for name in names:
            done = JobReturn(status=JobStatus.COMPLETED)
            if self.behaviour[name] == "import":
                done.status, done.return_value = JobStatus.FAILED, ImportError("no jax")
            elif self.behaviour[name] == "launcher":
                raise RuntimeError("no cluster")
            else:
                self._run(name)
                if self.behaviour[name] == "kill":
                    raise RuntimeError("a worker was killed")
            returned.append(done)
        return returned

    def _run(self, name: str) -> None:
        attempt = attempts.begin(self.directory / name)
        assert attempt is not None
        attempts.end(attempt, "stopped" if self.behaviour[name] == "kill" else "failed")


def _sweep(directory: Path, **behaviour: str) -> list[list[str]]:
    launcher = Fake(directory, behaviour)
    jobs = [
        Planned([], name, Job(OmegaConf.create(), "mlp", directory / name)) for name in behaviour
    ]
    run_all(launcher, directory, jobs)
    return launcher.batches


def test_a_job_that_always_kills_is_tried_alone_and_then_left(tmp_path, caplog):
    batches = _sweep(tmp_path, a="end", b="kill", c="end")
    assert batches == [["a", "b", "c"], ["c", "b"], ["b"]]
    assert f"b was killed {TRIES} times and is left" in caplog.text


def test_a_job_that_comes_further_each_time_is_not_left(tmp_path, monkeypatch):
    """As one that needs more than a time limit, and goes on from its checkpoint."""
    run = Fake._run

    def comes_further(self, name):
        number = len(self.batches)
        self.behaviour[name] = "kill" if number <= TRIES + 2 else "end"
        run(self, name)
        checkpoint.write(self.directory / name, "key", {"epoch": np.array(number)})
        os.utime(self.directory / name / "checkpoint.npz", (number, number))

    monkeypatch.setattr(Fake, "_run", comes_further)
    assert len(_sweep(tmp_path, a="kill")) == TRIES + 3
    assert attempts.status(tmp_path / "a") == "failed"


def test_a_launcher_that_achieves_nothing_ends_it(tmp_path, caplog):
    assert _sweep(tmp_path, a="launcher", b="end") == [["a", "b"]]
    assert "the launcher ended early: RuntimeError: no cluster" in caplog.text
    assert "Traceback" in caplog.text


def test_what_failed_before_it_was_recorded_is_recorded(tmp_path):
    assert _sweep(tmp_path, a="import", b="end") == [["a", "b"]]
    last = attempts.newest(tmp_path / "a")
    assert last is not None
    assert (last.content["status"], last.content["error"]) == ("failed", "ImportError")


def test_what_a_launcher_does_not_understand_stops_nothing_else(tmp_path):
    batches = _sweep(tmp_path, a="end", b="grammar", c="end")
    assert batches == [["a", "b", "c"], ["a"], ["b"], ["c"]]
    last = attempts.newest(tmp_path / "b")
    assert last is not None
    assert (last.content["status"], last.content["message"]) == ("failed", "mismatched input")


def test_an_owner_that_is_gone_without_a_word_is_waited_for(tmp_path, monkeypatch, caplog):
    """As on a node that died: only its silence tells, and then the job is started again."""
    monkeypatch.setattr(launching, "EVERY", 0.01)
    caplog.set_level("INFO")
    launcher = Fake(tmp_path, {"a": "end"})
    job = Planned([], "a", Job(OmegaConf.create(), "mlp", tmp_path / "a"))
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(attempts.owner, "machine", lambda: "elsewhere")
        gone = attempts.begin(tmp_path / "a")
        assert gone is not None
    run_all(launcher, tmp_path, [job], wait=False)
    assert launcher.batches == []
    threading.Timer(0.2, lambda: os.utime(gone.file, (0, 0))).start()
    run_all(launcher, tmp_path, [job])
    assert launcher.batches == [["a"]]
    assert "waiting for 1 jobs that other processes work on" in caplog.text
