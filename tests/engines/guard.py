"""Ends what an engine has started, whatever became of the process that started the engine.

    python -m tests.engines.guard MARK FOLDER

Waits for the end of its input, which comes with the end of the process that holds the other side of
the pipe, also with its SIGKILL. Then it kills every process that bears the mark, and all that
descend from one, unmounts what is mounted in the folder, and deletes it.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

VARIABLE = "LONGNN_ENGINE"
"""The variable of the environment that marks the processes of an engine."""

PART = "LONGNN_ENGINE_PART"
"""The variable that marks those of one part of it, such as a node."""


def marked(mark: str) -> list[int]:
    """The processes that bear a mark, and those that descend from one; the oldest first.

    The environment of a process is what it was started with. Some overwrite it with a title
    (PostgreSQL's, Ray's workers); they descend from one that does not.

    Args:
        mark: an entry of the environment, ``NAME=VALUE``.
    """
    parents: dict[int, int] = {}
    found: set[int] = set()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            if state == "Z":
                continue
            parents[int(entry.name)] = int(parent)
            if mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.add(int(entry.name))
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found)


def kill(mark: str) -> None:
    """Kills the processes that bear a mark until none is left.

    Args:
        mark: as of :func:`marked`.
    """
    while pids := marked(mark):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def mounts(folder: str) -> list[str]:
    """What is mounted in a folder.

    Args:
        folder: of the engine.
    """
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [point for point in points if point.startswith(f"{folder}/")]


def main(mark: str, folder: str) -> None:
    """Waits, kills and deletes."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.read()
    kill(f"{VARIABLE}={mark}")
    for mounted in mounts(folder):
        subprocess.run(["umount", "--lazy", mounted])
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
