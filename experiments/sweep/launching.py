"""Hands jobs to a launcher until none is left, although workers may be killed."""

import logging
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher

from longnn.runs import attempts

from .plan import Planned
from .state import OPEN
from .submitted import is_submitit, submit

LOG = logging.getLogger(__name__)

TRIES = 3
"""How often a job is started that is killed each time, such as one that exhausts the memory."""


def run_all(launcher: Launcher, directory: Path, jobs: Sequence[Planned]) -> None:
    """Starts jobs, and starts those again that were killed.

    A job that was killed twice is started alone, since joblib ends all its workers with the one
    that was killed; after TRIES starts it is left. The loop ends when a launcher starts nothing.

    Args:
        launcher: a launcher of Hydra's.
        directory: the directory of the sweep.
        jobs: the jobs to run.
    """
    kills: Counter[str] = Counter()
    left = list(jobs)
    while left:
        now = [job for job in left if kills[job.name] < TRIES - 1] or left[:1]
        before = {job.name: _number(directory / job.name) for job in now}
        problem = _problem(launcher, directory, now)
        begun = [name for name, number in before.items() if _number(directory / name) > number]
        if problem is not None:
            LOG.error(
                f"the launcher ended early: {_short(problem)}", exc_info=not begun and problem
            )
        if not begun:
            return
        kills.update(name for name in begun if attempts.status(directory / name) in OPEN)
        left = [job for job in left if attempts.status(directory / job.name) in OPEN]
        for job in left:
            if kills[job.name] == TRIES:
                LOG.error(f"{job.name} was killed {TRIES} times and is left")
        left = [job for job in left if kills[job.name] < TRIES]
        left.sort(key=lambda job: kills[job.name])


def launch_once(launcher: Launcher, directory: Path, jobs: Sequence[Planned]) -> None:
    """Starts jobs once; a job that failed before it could record that is recorded.

    Args:
        launcher: Hydra's, or one of ours that takes jobs which are composed already.
        directory: of the sweep.
        jobs: to run.
    """
    if hasattr(launcher, "launch_planned"):
        launcher.launch_planned(jobs)
        return
    overrides = [[*job.overrides, f"hydra.sweep.subdir={job.name}"] for job in jobs]
    if is_submitit(launcher):
        returned = submit(launcher, overrides)
    else:
        returned = list(launcher.launch(overrides, initial_job_idx=0))
    for job, done in zip(jobs, returned, strict=True):
        if done is not None and done.status == JobStatus.FAILED:
            record_failure(directory / job.name, _error_of(done))


def _error_of(done: JobReturn) -> BaseException:
    """The exception of a job that failed, which reading its return value raises."""
    try:
        returned = done.return_value
    except Exception as error:
        return error
    return TypeError(f"a job that failed should raise its exception, it returned {returned!r}")


def record_failure(directory: Path, error: BaseException) -> None:
    """Records a job that ended before an attempt at it began, for instance for a missing package.

    Args:
        directory: the run directory of the job.
        error: the exception that ended it.
    """
    attempt = attempts.begin(directory)
    if attempt is not None:
        text = "".join(traceback.format_exception(error))
        name, message = type(error).__name__, str(error)
        attempts.end(attempt, "failed", error=name, message=message, traceback=text)


def _problem(launcher: Launcher, directory: Path, jobs: Sequence[Planned]) -> Exception | None:
    """The exception that a launcher raised, once no job that it started is running any more."""
    try:
        launch_once(launcher, directory, jobs)
    except Exception as error:
        while any(attempts.status(directory / job.name) == "running" for job in jobs):
            time.sleep(0.2)
        return error
    return None


def _number(directory: Path) -> int:
    attempt = attempts.newest(directory)
    return 0 if attempt is None else attempt.number


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
