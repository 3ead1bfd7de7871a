"""Who works on a run directory: a numbered file for each attempt, the newest of which owns it.

A process takes a number by creating its file; the file system guarantees that only one process
succeeds, so two never work on one run. The owner touches its file while it lives. An attempt whose
owner is gone is over, and the next number may be taken. Nothing is deleted: the files are the
history of the run.
"""

import contextlib
import json
import logging
import os
import socket
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longnn.runs.atomic import PARTIAL, atomic_write
from longnn.runs.directory import RESULT
from longnn.runs.heartbeat import Heartbeat

LOG = logging.getLogger(__name__)

STALE = 120.0
"""Seconds without a heartbeat after which an owner on another machine is taken for dead."""

_NAME = "attempt-{:03d}.json"


@dataclass(frozen=True)
class Attempt:
    """One attempt at a run.

    Attributes:
        file: the file that records it.
        content: what the file says: status, host, process, and what was told of it.
    """

    file: Path
    content: dict[str, Any]

    @property
    def number(self) -> int:
        """The number of the attempt, from 1 on."""
        return _number(self.file)

    @property
    def alive(self) -> bool:
        """Whether the process that owns it still works on it."""
        if self.content["status"] != "running":
            return False
        if self.content["host"] == socket.gethostname():
            return self.content["born"] == _born(self.content["pid"])
        return _age(self.file) < STALE


def newest(directory: Path) -> Attempt | None:
    """The newest attempt at a run; None where there is none."""
    files = list(directory.glob("attempt-*.json"))
    return _read(max(files, key=_number)) if files else None


def status(directory: Path) -> str:
    """The state of a run: done, running, failed, pruned, stopped, superseded, killed or missing."""
    if (directory / RESULT).exists():
        return "done"
    attempt = newest(directory)
    if attempt is None:
        return "missing"
    if attempt.content["status"] != "running":
        return str(attempt.content["status"])
    return "running" if attempt.alive else "killed"


def kills(directory: Path) -> int:
    """How many of the latest attempts at a run were killed, one after the other."""
    attempt = newest(directory)
    if attempt is None or status(directory) not in ("killed", "running"):
        return 0
    return int(attempt.content["killed"]) + (status(directory) == "killed")


def begin(directory: Path) -> Attempt | None:
    """Takes a run, unless another process works on it.

    Args:
        directory: the run directory, which is made if it is missing.

    Returns:
        The attempt, which beats until :func:`end`; None where another owner is alive.
    """
    directory.mkdir(parents=True, exist_ok=True)
    while True:
        before = newest(directory)
        if before is not None and before.alive:
            return None
        number = 1 if before is None else before.number + 1
        content = _owner() | {"status": "running", "killed": kills(directory)}
        if _make(directory / _NAME.format(number), content):
            attempt = Attempt(directory / _NAME.format(number), content)
            _HEARTBEAT.hold(attempt.file)
            return attempt


def owned(attempt: Attempt) -> bool:
    """Whether this process still owns the run, which another takes when the owner seems dead."""
    last = newest(attempt.file.parent)
    return last is not None and last.number == attempt.number


def tell(attempt: Attempt, **news: object) -> None:
    """Adds to what the file says, such as the epoch; a file that cannot be written stays as it is.

    Args:
        attempt: the attempt that this process works on.
        **news: JSON values by name.
    """
    with contextlib.suppress(OSError):
        _rewrite(attempt, news)


def end(attempt: Attempt, status: str, **news: object) -> None:
    """Writes how the attempt ended, and stops its heartbeat.

    Args:
        attempt: the attempt that this process works on.
        status: done, failed, pruned, stopped or superseded.
        **news: JSON values by name, such as the error.
    """
    _HEARTBEAT.release(attempt.file)
    _rewrite(attempt, {"status": status, "ended": _now(), **news})


def _number(file: Path) -> int:
    return int(file.stem.removeprefix("attempt-"))


def _rewrite(attempt: Attempt, news: dict[str, object]) -> None:
    attempt.content.update(news)
    with atomic_write(attempt.file) as path:
        path.write_text(json.dumps(attempt.content, indent=1) + "\n")


def _make(file: Path, content: dict[str, Any]) -> bool:
    """Creates a file with its content; False if it exists already."""
    handle, name = tempfile.mkstemp(prefix=PARTIAL, dir=file.parent)
    try:
        with os.fdopen(handle, "w") as out:
            out.write(json.dumps(content, indent=1) + "\n")
        os.chmod(name, 0o644)
        os.link(name, file)
    except FileExistsError:
        return False
    finally:
        os.unlink(name)
    return True


def _read(file: Path) -> Attempt:
    try:
        content = json.loads(file.read_text())
        content["status"], content["host"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{file} is not an attempt ({error}); move it away") from error
    return Attempt(file, content)


def _owner() -> dict[str, Any]:
    pid = os.getpid()
    return {"host": socket.gethostname(), "pid": pid, "born": _born(pid), "began": _now()}


def _born(pid: int) -> str | None:
    """When a process of this machine started, in clock ticks; None if it is gone."""
    with contextlib.suppress(OSError):
        # after the name in brackets, which may hold anything; the third field is its state
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] == "Z" else fields[19]
    if Path("/proc/self").exists():
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "alive"


def _age(file: Path) -> float:
    """Seconds since a file was touched, by the clock of its file system."""
    with tempfile.NamedTemporaryFile(prefix=PARTIAL, dir=file.parent) as now:
        return os.stat(now.name).st_mtime - file.stat().st_mtime


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")


_HEARTBEAT = Heartbeat()
