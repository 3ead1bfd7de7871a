"""Every reader of a file that may be a stranger's, against every way in which such a file is bad.

A reader takes the file for none, or says in one printable line which file it is. A new reader joins
by one line of `READERS`.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from longnn.experiments.report.reference import read_references
from longnn.experiments.report.runs import collect
from longnn.experiments.report.write import write_report
from longnn.experiments.sweep import manifest
from longnn.experiments.sweep.claims import numbered
from longnn.experiments.sweep.costs import Costs
from longnn.experiments.sweep.outcome import search_outcome
from longnn.experiments.sweep.slurm import Queue
from longnn.experiments.sweep.state import job_state
from longnn.experiments.sweep.view import Watcher
from longnn.experiments.tuned import entry_of

from longnn.runs import attempts, read_result
from longnn.runs.directory import TEXT_LIMIT
from longnn.runs.record import finished
from tests.experiments.report.made import result

SAYS = (OSError, ValueError)
"""Exceptions whose message reaches the user as one line."""


def _report(folder: Path) -> None:
    write_report(folder, {"report.md": b"new"}, force=True)
    assert (folder / "report.md").read_bytes() == b"new"


READERS = {  # reader -> (name of the file in a folder, how the folder is read)
    "attempts": ("attempt-001.json", lambda d: (attempts.status(d), attempts.kills(d))),
    "claims": ("0000/attempt-001.json", lambda d: list(numbered(d, 1))),
    "collect": ("run/result.json", lambda d: collect([d])),
    "costs": ("job/result.json", lambda d: Costs(d, {"job": ["a=1"]}).of(["a=1"])),
    "finished": ("result.json", lambda d: finished(d, "1", force=False)),
    "job": ("job/result.json", lambda d: job_state(d, "job", [])),
    "manifest": ("sweep-0.json", manifest.read),
    "outcome": ("search-0.json", search_outcome),
    "queue": ("queue.json", lambda d: Queue(d / "queue.json").waiting([])),
    "records": ("scores.jsonl", lambda d: read_references(d / "scores.jsonl")),
    "report": ("report-files.json", _report),
    "result": ("result.json", read_result),
    "scores": ("scores.json", lambda d: read_references(d / "scores.json")),
    "tuned": ("search-0.json", entry_of),
    "watch": ("job/result.json", lambda d: Watcher(d, ["job"]).look()),
}


def _text(content: str | bytes):
    def spoil(file: Path) -> None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())

    return spoil


def _too_large(file: Path) -> None:
    with file.open("wb") as out:
        out.truncate(TEXT_LIMIT + 1)


BAD = {  # what is wrong -> makes such a file
    "empty": _text(""),
    "half": _text('{"status": "run'),
    "null": _text("null"),
    "number": _text("1e999"),
    "many digits": _text("9" * 5000),
    "text": _text('"status"'),
    "list": _text("[[1], {}]"),
    "object": _text("{}"),
    "deep": _text('{"a":' * 100_000),
    "latin-1": _text('{"status": "läuft"}'.encode("latin-1")),
    "utf-16": _text('{"status": "running"}'.encode("utf-16")),
    "zeros": _text(bytes(99)),
    "directory": lambda file: file.mkdir(),
    "link to nothing": lambda file: file.symlink_to("nothing"),
    "link to itself": lambda file: file.symlink_to(file.name),
    "too large": _too_large,
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("bad", BAD)
def test_a_bad_file_is_none_or_is_named(tmp_path, reader, bad):
    name, read = READERS[reader]
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    BAD[bad](file)
    check_said(read, tmp_path)


def check_said(read: Callable[[Path], object], folder: Path) -> None:
    said = ""
    try:
        read(folder)
    except SAYS as error:
        said = str(error)
    assert not said or str(folder) in said
    assert said.isprintable()


OTHER = [None, True, -1, 2**70, 1.5, float("nan"), float("inf"), "x", "\x1b[2J", "../../x", "\0",
         [], [1], {}, {"a": []}, "x" * 300]  # fmt: skip
"""Values of every kind, none of which is right everywhere."""

RIGHT = {  # reader -> a good content of its file
    "attempts": {
        "status": "running", "host": "a", "machine": "b", "pid": 1, "born": "1", "job": "17",
        "restarts": 0, "killed": 0, "epochs": 5, "error": "E", "message": "m", "device": "d",
    },
    "claims": {"status": "done", "directory": "job"},
    "manifest": {"command": ["-m"], "jobs": {"a": ["seed=1"]}, "trials": 3},
    "outcome": {"directory": "a", "params": {"model.x": 1}, "trials": {"complete": 1},
                "validation": 80.0},
    "queue": {"a": "17"},
    "report": {"generator": "longnn report", "files": ["report.md"]},
    "collect": result(),
    "costs": result(),
    "job": result(),
    "result": result(),
    "watch": result(),
    "records": result(),
    "scores": {"scores": {"longnn": {"cora": {"0": 80.0}}}, "split_hashes": {"cora": "a"}},
}  # fmt: skip


@pytest.mark.parametrize("reader", RIGHT)
def test_a_value_of_another_kind_is_none_or_is_named(tmp_path, reader):
    name, read = READERS[reader]
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    for key in RIGHT[reader]:
        for value in OTHER:
            file.write_text(json.dumps(RIGHT[reader] | {key: value}))
            check_said(read, tmp_path)


@pytest.mark.parametrize("reader", RIGHT)
def test_a_good_file_is_read(tmp_path, reader):
    name, read = READERS[reader]
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(RIGHT[reader]))
    read(tmp_path)


@pytest.mark.parametrize("job", ["/etc", "../a", "a/../../b", "", "a\x1b[2J"])
def test_a_manifest_leads_nowhere_else(tmp_path, job):
    content = {"command": [], "jobs": {job: []}, "trials": None}
    (tmp_path / "sweep-0.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"sweep-0\.json is not a sweep \(jobs should be named"):
        manifest.read(tmp_path)


def test_an_attempt_of_an_unknown_status_is_over(tmp_path):
    file = tmp_path / "job" / "attempt-001.json"
    file.parent.mkdir()
    file.write_text('{"status": "flying"}')
    assert Watcher(tmp_path, ["job"]).look().counts["running"] == 1, "it may be being written"
    os.utime(file, (1e9, 1e9))
    assert Watcher(tmp_path, ["job"]).look().counts["killed"] == 1
