"""Sweeps in processes of their own, and what became of their jobs."""

import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from longnn.runs.directory import parsed
from tests.experiments.conftest import SMALL

from .engine import ROOT, until
from .held import GO

LONGEST = 150.0
"""Seconds that a sweep of small jobs may take with any fault."""


class Outcome(NamedTuple):
    """What became of the jobs of a sweep, or of the trials of a search.

    Attributes:
        done: number of those with a result.
        repeated: number of those that were done twice, or begun again after they were done.
        lost: number of those without a result.
        code: exit code of the command.
    """

    done: int
    repeated: int
    lost: int
    code: int


class Start(NamedTuple):
    """Where a job began."""

    pid: int
    host: str


class Command:
    """``longnn train`` that runs in a process of its own.

    Args:
        environment: of the process.
        log: the file that it writes into.
        *overrides: its arguments.
        through: what makes another command of it, which runs it.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        log: Path,
        *overrides: str,
        through: Callable[[list[str]], list[str]] = list,
    ):
        self._log = log
        command = through([sys.executable, "-m", "longnn.experiments", "train", *overrides])
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                command,
                env={**environment, "LONGNN_TRUST": "tests"},
                cwd=ROOT,
                stdout=out,
                stderr=out,
            )

    def said(self) -> str:
        """What it has written so far."""
        return self._log.read_text(errors="replace")

    def ended(self) -> int:
        """Waits for its end and gives the exit code."""
        until(lambda: self.process.poll() is not None, LONGEST, self.said)
        return self.process.returncode

    def kill(self) -> None:
        """Kills it with SIGKILL."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class HeldSweep:
    """A sweep of jobs that wait for :meth:`release`.

    Args:
        folder: for all of its files.
        jobs: how many.
        environment: of the command.
        *overrides: of the launcher.
        directory: of the sweep, where that is not in the folder.
        through: as of :class:`Command`.
    """

    def __init__(
        self,
        folder: Path,
        jobs: int,
        environment: Mapping[str, str],
        *overrides: str,
        directory: Path | None = None,
        through: Callable[[list[str]], list[str]] = list,
    ):
        self.directory, self.marks = directory or folder / "sweep", folder / "marks"
        self.marks.mkdir()
        self._folder, self._jobs, self._environment = folder, jobs, environment
        self._through = through
        self._overrides = (
            *("-m", *SMALL, "model=mlp", "figures=false"),
            *(f"hydra.sweep.dir={self.directory}", f"compilation_cache={folder / 'compiled'}"),
            *("dataset._target_=tests.engines.held.generate", f"+dataset.marks={self.marks}"),
            *(f"dataset.seed=range({jobs})", *overrides),
        )
        self.command = self.start()

    def start(self) -> Command:
        """Starts the command, again where it was killed."""
        self.command = Command(
            self._environment, self._folder / "said", *self._overrides, through=self._through
        )
        return self.command

    def release(self) -> None:
        """Lets all jobs go on."""
        (self.marks / GO).touch()

    def starts(self) -> dict[int, list[Start]]:
        """Number of a job -> each of its starts."""
        return starts(self.marks)

    def wait_for_starts(self, number: int) -> dict[int, list[Start]]:
        """Waits until so many jobs have started, and gives the starts."""
        until(lambda: len(self.starts()) >= number, LONGEST, self.command.said)
        return self.starts()

    def close(self) -> None:
        """Ends it, also where its test has failed."""
        self.release()
        self.command.kill()

    def outcome(self) -> Outcome:
        """Waits for the end and looks at every job."""
        code = self.command.ended()
        return jobs_of(self.directory, self._jobs, code)

    def statuses(self) -> list[list[str]]:
        """How the attempts at each job ended."""
        return [statuses(run) for run in sorted(self.directory.glob("csbm_*"))]


def starts(marks: Path) -> dict[int, list[Start]]:
    """Seed of a dataset that is held -> each of the starts of its jobs.

    Args:
        marks: the folder of its notes.
    """
    found = {}
    for file in sorted(marks.glob("started-*")):
        lines = [line.split() for line in file.read_text().splitlines()]
        found[int(file.name.partition("-")[2])] = [Start(int(pid), host) for pid, host in lines]
    return found


def statuses(run: Path) -> list[str]:
    """How the attempts at a job ended, in their order; "torn" where a file was."""
    found = [parsed(file) for file in sorted(run.glob("attempt-*.json"))]
    return [attempt["status"] if isinstance(attempt, dict) else "torn" for attempt in found]


def jobs_of(directory: Path, jobs: int, code: int) -> Outcome:
    """What became of the jobs of a sweep.

    Args:
        directory: of the sweep.
        jobs: how many it has.
        code: exit code of its command.
    """
    done = [file.parent for file in directory.glob("*/result.json")]
    repeated = sum("done" in statuses(run)[:-1] for run in done)
    return Outcome(len(done), repeated, jobs - len(done), code)
