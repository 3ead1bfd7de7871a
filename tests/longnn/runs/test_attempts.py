"""One owner at a time, and none for ever."""

import errno
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
from tests.longnn.runs.made import RESULT


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
    (run / "result.json").write_text(json.dumps(RESULT.to_json()))
    end(second, "done")
    assert status(run) == "done"
    (run / "result.json").write_text("{")
    assert status(run) == "damaged", "torn, which is nothing done"
    (run / "result.json").unlink()
    assert status(run) == "missing", "taken away"
    kept = json.loads((run / "attempt-001.json").read_text())
    assert (kept["status"], kept["error"]) == ("failed", "ValueError")


def test_a_run_is_the_same_by_its_relative_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    attempt = begin(tmp_path / "run")
    assert attempt is not None
    assert status(Path("run")) == "running"
    assert begin(Path("run")) is None
    again = newest(Path("run"))
    assert again is not None
    end(again, "stopped")
    assert not attempt.alive
    assert status(tmp_path / "run") == "stopped"


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
    monkeypatch.setattr(attempts.owner, "machine", lambda: "elsewhere")
    first = begin(tmp_path)
    assert first is not None
    monkeypatch.undo()
    assert status(tmp_path) == "running"
    for seconds in (-attempts.STALE - 5, attempts.STALE + 5):  # the latter after a clock's error
        then = time.time() + seconds
        os.utime(first.file, (then, then))
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


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"status": 3}', "[" * 10**5])
def test_a_file_that_is_no_attempt_is_one_that_is_over(tmp_path, text):
    (tmp_path / "attempt-001.json").write_text(text)
    assert status(tmp_path) == "running", "it may be being written, where links are refused"
    old = time.time() - heartbeat.BEAT - 1
    os.utime(tmp_path / "attempt-001.json", (old, old))
    assert status(tmp_path) == "killed"
    assert kills(tmp_path) == 1
    attempt = begin(tmp_path)
    assert attempt is not None
    assert attempt.number == 2


def test_other_files_are_no_attempts(tmp_path):
    for name in ("attempt-x.json", "attempt-.json", "attempt-001.json.bak"):
        (tmp_path / name).write_text("{}")
    assert status(tmp_path) == "missing"


@pytest.mark.parametrize("kept", [("host", "pid"), ("host",), ()])
def test_an_attempt_without_all_fields(tmp_path, kept):
    """Of an earlier version, or edited by hand: its heartbeat tells."""
    first = begin(tmp_path)
    assert first is not None
    content = {key: first.content[key] for key in kept} | {"status": "running"}
    first.file.write_text(json.dumps(content))
    assert status(tmp_path) == "running"
    os.utime(first.file, (0, 0))
    assert status(tmp_path) == "killed"
    assert kills(tmp_path) == 1


@pytest.mark.parametrize("code", [errno.EPERM, errno.EACCES, errno.ENOTSUP])
def test_a_file_system_without_links(tmp_path, monkeypatch, code):
    def refused(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "link", refused)
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: begin(tmp_path), range(16)))
    (attempt,) = [one for one in got if one is not None]
    assert json.loads(attempt.file.read_text())["pid"] == os.getpid()
    assert not list(tmp_path.glob(".partial-*"))


def test_an_attempt_is_on_the_disk_before_it_is_seen(tmp_path, monkeypatch):
    order = []
    fsync, link = os.fsync, os.link
    monkeypatch.setattr(os, "fsync", lambda handle: (order.append("fsync"), fsync(handle)))
    monkeypatch.setattr(os, "link", lambda *names: (order.append("link"), link(*names)))
    assert begin(tmp_path) is not None
    assert order == ["fsync", "link"]


def test_a_full_disk_leaves_what_this_process_can_take_again(tmp_path, monkeypatch, caplog):
    first = begin(tmp_path)
    assert first is not None

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", full)
        end(first, "failed")
    assert "No space left on device" in caplog.text
    assert json.loads(first.file.read_text())["status"] == "running"
    assert status(tmp_path) == "killed"
    assert begin(tmp_path) is not None


def test_a_job_that_slurm_started_again_is_not_alive_before(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_ARRAY_JOB_ID", "7")
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "3")
    monkeypatch.setattr(attempts.owner, "machine", lambda: "a node that is gone")
    first = begin(tmp_path)
    assert first is not None
    assert first.content["job"] == "7_3"
    monkeypatch.setattr(attempts.owner, "machine", lambda: "another node")
    assert begin(tmp_path) is None
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    assert begin(tmp_path) is not None


def test_a_killed_one_is_buried_by_who_knows_it(tmp_path, monkeypatch):
    monkeypatch.setattr(attempts.owner, "machine", lambda: "elsewhere")
    assert begin(tmp_path) is not None
    monkeypatch.undo()
    assert status(tmp_path) == "running"
    attempts.bury(tmp_path)
    assert status(tmp_path) == "killed"
    attempts.bury(tmp_path)
    assert kills(tmp_path) == 1
