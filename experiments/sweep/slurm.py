"""Which jobs SLURM still has, asked of its controller, which knows that without accounting, too.

submitit asks ``sacct``, which a cluster without accounting does not answer: a job that was
cancelled there would be waited for without end.
"""

import getpass
import json
import logging
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from longnn.runs import attempts
from longnn.runs.atomic import atomic_write
from longnn.runs.directory import parsed

LOG = logging.getLogger(__name__)

QUEUE = ".submitit/queue.json"
"""What was submitted for a sweep, in its directory: name of a job -> SLURM's number of it."""

EVERY = 5.0
"""Seconds between two questions to the controller, which serves the whole cluster."""


class Queue:
    """The jobs of a sweep that were given to SLURM, also by a command that was killed since."""

    def __init__(self, file: Path):
        self._file = file

    def add(self, jobs: Mapping[str, str]) -> None:
        """Notes what was submitted.

        Args:
            jobs: name of each -> SLURM's number.
        """
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(self._file) as path:
            path.write_text(json.dumps(self._noted() | dict(jobs), indent=1) + "\n")

    def waiting(self, names: Iterable[str]) -> dict[str, str]:
        """The jobs of these names that SLURM still has, pending or running."""
        noted = self._noted()
        jobs = {name: noted[name] for name in names if name in noted}
        if not jobs:
            return {}
        there = patiently_present()
        found = {name: job for name, job in jobs.items() if job in there}
        if found:
            LOG.info(f"{len(found)} jobs are in SLURM's queue from before and are waited for")
        return found

    def wait(self, directory: Path, jobs: Mapping[str, str]) -> None:
        """Waits until SLURM has none of these jobs any more.

        An attempt whose job is gone is over, which its silence alone would tell minutes later.

        Args:
            directory: of the sweep.
            jobs: name of each -> SLURM's number.
        """
        left = dict(jobs)
        while left:
            there = patiently_present()
            for name, job in list(left.items()):
                if job not in there:
                    del left[name]
                    _bury(directory / name, job)
            if left:
                time.sleep(EVERY)

    def _noted(self) -> dict[str, str]:
        noted = parsed(self._file)
        if not isinstance(noted, dict):
            return {}
        return {name: job for name, job in noted.items() if isinstance(job, str)}


def patiently_present() -> set[str]:
    """The jobs of this user that SLURM has, such as {"17", "18_0"}; waits for its controller."""
    told = False
    while True:
        there = present()
        if there is not None:
            return there
        if not told:
            told = True
            LOG.warning("SLURM's controller does not answer squeue; it is asked again")
        time.sleep(EVERY)


def present() -> set[str] | None:
    """The same; None where the controller does not answer."""
    command = ["squeue", "--noheader", "--array", "--format=%i", f"--user={getpass.getuser()}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return None
    return set(done.stdout.split()) if done.returncode == 0 else None


def _bury(directory: Path, job: str) -> None:
    attempt = attempts.newest(directory)
    if attempt is not None and attempt.content.get("job") == job:
        attempts.bury(directory)
