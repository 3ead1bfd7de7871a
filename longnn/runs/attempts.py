"""Who works on a run directory: a numbered file for each attempt, the newest of which owns it.

A process takes a number by creating its file; the file system guarantees that only one process
succeeds, so two never work on one run. The owner touches its file while it lives. An attempt whose
owner is gone is over, and the next number may be taken. Nothing is deleted: the files are the
history of the run.

A file that cannot be read (a torn write, another program's) is an attempt that is over, and a
result that cannot be read is none: one broken file is one job to do again.
"""

import contextlib
import json
import logging
import os
import re
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longnn.runs import owner
from longnn.runs.atomic import PARTIAL, atomic_write, create_once
from longnn.runs.directory import RESULT, parsed
from longnn.runs.heartbeat import BEAT, Heartbeat
from longnn.runs.kinds import problem_of

LOG = logging.getLogger(__name__)

STALE = 120.0
"""Seconds without a heartbeat after which an owner on another machine is taken for dead."""

_NAME = "attempt-{:03d}.json"

_PATTERN = re.compile(r"attempt-(\d+)\.json")


@dataclass(frozen=True)
class Attempt:
    """One attempt at a run.

    Attributes:
        file: the file that records it.
        content: what the file says: status, owner, and what was told of it.
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
        if self.content["status"] == UNREADABLE:  # it may be being written, where links are refused
            return abs(_age(self.file)) < BEAT
        if self.content["status"] != "running":
            return False
        if owner.was_requeued(self.content):
            return False
        if not owner.is_near(self.content):
            # a clock that was set back leaves a date in the future, as little a sign as an old one
            return abs(_age(self.file)) < STALE
        if owner.is_this_process(self.content):  # whose file a full disk may have left as it was
            return _HEARTBEAT.holds(self.file)
        return owner.lives(self.content)


UNREADABLE = "unreadable"
"""The status of an attempt whose file cannot be parsed."""


def newest(directory: Path) -> Attempt | None:
    """The newest attempt at a run; None where there is none."""
    files = [file for file in directory.glob("attempt-*.json") if _PATTERN.fullmatch(file.name)]
    return _read(max(files, key=_number)) if files else None


def status(directory: Path) -> str:
    """The state of a run.

    Returns:
        One of done, running, failed, pruned, stopped, superseded, killed, missing, or damaged where
        its result cannot be read.
    """
    result = directory / RESULT
    if problem_of(parsed(result)) is None:
        return "done"
    attempt = newest(directory)
    if attempt is not None and attempt.alive:
        return "running"
    if os.path.lexists(result) and (attempt is None or attempt.content["status"] != "failed"):
        return "damaged"
    if attempt is None or attempt.content["status"] == "done":  # its result was taken away
        return "missing"
    return {"running": "killed", UNREADABLE: "killed"}.get(
        attempt.content["status"], attempt.content["status"]
    )


def kills(directory: Path) -> int:
    """How many of the latest attempts at a run were killed, one after the other."""
    attempt, state = newest(directory), status(directory)
    if attempt is None or state not in ("killed", "running"):
        return 0
    before = attempt.content.get("killed")
    return (before if type(before) is int else 0) + (state == "killed")


def begin(directory: Path) -> Attempt | None:
    """Takes a run, unless another process works on it.

    Args:
        directory: the run directory, which is made if it is missing.

    Returns:
        The attempt, which beats until :func:`end`; None where another owner is alive.

    Raises:
        OSError: if the directory cannot be written, for instance since the disk is full.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with _BEGINNING:  # for the threads of this process
        while True:
            before = newest(directory)
            if before is not None and before.alive:
                return None
            number = 1 if before is None else before.number + 1
            content = owner.this_process() | {
                "began": _now(),
                "status": "running",
                "killed": kills(directory),
            }
            file = directory / _NAME.format(number)
            if create_once(file, json.dumps(content, indent=1) + "\n"):
                _HEARTBEAT.hold(file)
                return Attempt(file, content)


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

    Where it cannot be written (a full disk), that is logged, and the attempt counts as killed.

    Args:
        attempt: the attempt that this process works on.
        status: done, failed, pruned, stopped or superseded.
        **news: JSON values by name, such as the error.
    """
    _HEARTBEAT.release(attempt.file)
    try:
        _rewrite(attempt, {"status": status, "ended": _now(), **news})
    except OSError as error:
        LOG.error(f"cannot write that {attempt.file} ended as {status}: {error}")


def bury(directory: Path) -> None:
    """Writes that the newest attempt at a run was killed, which the caller knows for certain.

    Args:
        directory: the run directory.
    """
    attempt = newest(directory)
    if attempt is not None and attempt.content["status"] == "running":
        end(attempt, "killed")


def _number(file: Path) -> int:
    matched = _PATTERN.fullmatch(file.name)
    assert matched
    return int(matched[1])


def _rewrite(attempt: Attempt, news: dict[str, object]) -> None:
    attempt.content.update(news)
    with atomic_write(attempt.file) as path:
        path.write_text(json.dumps(attempt.content, indent=1) + "\n")


def _read(file: Path) -> Attempt:
    content = parsed(file)
    if not isinstance(content, dict) or not _is_attempt(content):
        return Attempt(file, {"status": UNREADABLE})
    return Attempt(file, content)


def _is_attempt(content: dict[str, Any]) -> bool:
    """Whether the status is one of ours, and everything else is a word or a number."""
    return content.get("status") in _STATUSES and not any(
        isinstance(value, dict | list) for value in content.values()
    )


_STATUSES = ("running", "done", "failed", "pruned", "stopped", "superseded", "killed")


def _age(file: Path) -> float:
    """Seconds since a file was touched, by the clock of its file system where one may write."""
    try:
        with tempfile.NamedTemporaryFile(prefix=PARTIAL, dir=file.parent) as new:
            now = os.stat(new.name).st_mtime
    except OSError:
        now = time.time()
    return now - file.stat().st_mtime


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")


_HEARTBEAT = Heartbeat()

_BEGINNING = threading.Lock()
