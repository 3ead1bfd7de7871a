"""One owner at a time, and none for ever."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from longnn.runs import attempts, heartbeat
from longnn.runs.attempts import begin, end, kills, newest, owned, status


def _elsewhere(directory: Path, code: str) -> subprocess.Popen:
    """A process of its own that begins a run, says so, and goes on with ``code``."""
    program = (
        "import pathlib, sys, time\nfrom longnn.runs.attempts import *\n"
        f"a = begin(pathlib.Path({str(directory)!r}))\n"
        f"print('begun', a is not None, flush=True)\n{code}"
    )
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)


def _told(process: subprocess.Popen) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_life_of_a_run(tmp_path):
    run = tmp_path / "run"
    assert status(run) == "missing"
    first = begin(run)
    assert first is not None
    assert status(run) == "running"
    assert begin(run) is None, "this process works on it"
    end(first, "failed", error="ValueError", message="no")
    assert status(run) == "failed"
    second = begin(run)
    assert second is not None
    assert second.number == 2
    (run / "result.json").write_text("{}")
    end(second, "done")
    assert status(run) == "done"
    kept = json.loads((run / "attempt-001.json").read_text())
    assert (kept["status"], kept["error"]) == ("failed", "ValueError")


def test_a_live_process_keeps_a_killed_one_gives_up(tmp_path):
    with _elsewhere(tmp_path, "time.sleep(60)") as other:
        assert _told(other) == "begun True"
        assert status(tmp_path) == "running"
        assert begin(tmp_path) is None
        other.send_signal(signal.SIGKILL)
    assert status(tmp_path) == "killed"
    attempt = begin(tmp_path)
    assert attempt is not None
    assert (attempt.number, attempt.content["killed"]) == (2, 1)


def test_kills_in_a_row_are_counted(tmp_path):
    for number in range(3):
        assert kills(tmp_path) == number
        with _elsewhere(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)") as one:
            assert _told(one) == "begun True"
    assert status(tmp_path) == "killed"
    last = begin(tmp_path)
    assert last is not None
    assert kills(tmp_path) == 3
    end(last, "failed")
    assert kills(tmp_path) == 0


def test_many_at_once_and_one_gets_it(tmp_path):
    with ThreadPoolExecutor(16) as pool:
        got = list(pool.map(lambda _: begin(tmp_path), range(64)))
    assert Counter(attempt is not None for attempt in got)[True] == 1
    assert len(list(tmp_path.glob("attempt-*"))) == 1
    assert not list(tmp_path.glob(".partial-*"))


def test_another_machine_is_alive_while_its_heart_beats(tmp_path, monkeypatch):
    monkeypatch.setattr(attempts.socket, "gethostname", lambda: "elsewhere")
    first = begin(tmp_path)
    assert first is not None
    monkeypatch.undo()
    assert status(tmp_path) == "running"
    old = time.time() - attempts.STALE - 5
    os.utime(first.file, (old, old))
    assert status(tmp_path) == "killed"
    second = begin(tmp_path)
    assert second is not None
    assert not owned(first), "it only seemed dead, and must not write any more"
    assert owned(second)


def test_the_heart_beats(tmp_path, monkeypatch):
    monkeypatch.setattr(heartbeat, "BEAT", 0.01)
    monkeypatch.setattr(attempts, "_HEARTBEAT", heartbeat.Heartbeat())
    attempt = begin(tmp_path)
    assert attempt is not None
    os.utime(attempt.file, (0, 0))
    deadline = time.monotonic() + 10
    while attempt.file.stat().st_mtime == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert attempt.file.stat().st_mtime > 0
    end(attempt, "failed")
    time.sleep(0.1)  # a beat that had begun
    os.utime(attempt.file, (0, 0))
    time.sleep(0.1)
    assert attempt.file.stat().st_mtime == 0


def test_a_process_id_used_again_is_not_its_owner(tmp_path):
    attempt = begin(tmp_path)
    assert attempt is not None
    attempt.file.write_text(json.dumps(attempt.content | {"born": "0"}))
    assert status(tmp_path) == "killed"


def test_numbers_beyond_three_digits(tmp_path):
    for number in (2, 999, 1000):
        content = {"status": "failed", "host": "a", "pid": 1, "born": "1"}
        (tmp_path / attempts._NAME.format(number)).write_text(json.dumps(content))
    last = newest(tmp_path)
    assert last is not None
    assert last.number == 1000


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_a_file_that_is_no_attempt(tmp_path, text):
    (tmp_path / "attempt-001.json").write_text(text)
    with pytest.raises(ValueError, match=r"attempt-001\.json is not an attempt .*move it away"):
        status(tmp_path)
