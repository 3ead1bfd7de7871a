"""What SLURM still has, from what squeue prints."""

import json
import subprocess

import pytest
from longnn.experiments.sweep import slurm
from longnn.experiments.sweep.slurm import Queue

from longnn.runs import attempts


@pytest.fixture
def squeue(monkeypatch):
    """``squeue(answer, ...)`` lets it answer so, one after the other; None: with an error."""

    def call(*answers):
        left = iter(answers)

        def run(command, **_):
            answer = next(left)
            code = 1 if answer is None else 0
            return subprocess.CompletedProcess(command, code, "\n".join(answer or []) + "\n", "")

        monkeypatch.setattr(slurm.subprocess, "run", run)
        monkeypatch.setattr(slurm, "EVERY", 0)

    return call


def test_what_is_queued_is_not_queued_again(tmp_path, squeue):
    queue = Queue(tmp_path / "folder" / "queue.json")
    assert queue.waiting(["a"]) == {}
    queue.add({"a": "7_0", "b": "7_1"})
    queue.add({"c": "8"})
    squeue(["7_1", "8", "9"])
    assert queue.waiting(["a", "b", "d"]) == {"b": "7_1"}


def test_a_torn_note_is_no_reason_to_stop(tmp_path):
    (tmp_path / "queue.json").write_text('{"a": "7')
    queue = Queue(tmp_path / "queue.json")
    assert queue.waiting(["a"]) == {}
    queue.add({"a": "8"})
    assert json.loads((tmp_path / "queue.json").read_text()) == {"a": "8"}


def test_it_waits_until_all_are_gone_and_buries_who_was_killed(tmp_path, squeue, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    monkeypatch.setattr(attempts.owner, "machine", lambda: "a node")
    for name in ("a", "b"):
        assert attempts.begin(tmp_path / name) is not None
    monkeypatch.undo()
    squeue(["7", "8"], None, ["8"], [])
    Queue(tmp_path / "queue.json").wait(tmp_path, {"a": "7", "b": "8"})
    assert attempts.status(tmp_path / "a") == "killed"
    assert attempts.status(tmp_path / "b") == "running", "another job works on it"
