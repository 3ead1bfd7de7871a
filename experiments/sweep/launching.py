"""Hands jobs to a launcher until none is left, although workers may be killed."""

import logging
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hydra.core.utils import JobReturn, JobStatus
from hydra.errors import HydraException
from hydra.plugins.launcher import Launcher

from longnn.runs import attempts, checkpoint

from ..config.values import quoted
from .costs import Costs
from .plan import Planned
from .state import OPEN
from .submitted import is_submitit, submit

LOG = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two looks at jobs that are waited for."""

TRIES = 3
"""How often a job is started that is killed each time, such as one that exhausts the memory."""


def run_all(
    launcher: Launcher, directory: Path, jobs: Sequence[Planned], *, wait: bool = True
) -> None:
    """Starts jobs until each has ended, here or in another process that works on the sweep.

    A job that was killed is started again. One that was killed twice is started alone, since joblib
    ends all its workers with the one that was killed; after TRIES starts it is left. The loop ends
    when a launcher starts nothing.

    Args:
        launcher: a launcher of Hydra's.
        directory: the directory of the sweep.
        jobs: the jobs to run.
        wait: whether to wait for jobs that other processes work on, and to take over those that are
            killed.
    """
    kills: Counter[str] = Counter()
    left = list(jobs)
    told = 0
    while left:
        free = [job for job in left if attempts.status(directory / job.name) != "running"]
        now = [job for job in free if kills[job.name] < TRIES - 1] or free[:1]
        if now:
            if not _started(launcher, directory, now, kills):
                return
            costs = Costs(directory, {job.name: job.overrides for job in jobs})
            left = costs.in_order(left, lambda job: job.overrides, lambda job: kills[job.name])
        elif wait:
            told = _told(len(left), told)
            time.sleep(EVERY)
        else:
            return
        left = [job for job in left if attempts.status(directory / job.name) in (*OPEN, "running")]
        for job in left:
            if kills[job.name] == TRIES:
                LOG.error(f"{job.name} was killed {TRIES} times and is left")
        left = [job for job in left if kills[job.name] < TRIES]


def _told(number: int, before: int) -> int:
    """Says once how many jobs are waited for."""
    if number != before:
        LOG.info(
            f"waiting for {number} jobs that other processes work on, or whose process is gone "
            f"without a word (which is certain after {attempts.STALE:.0f} s)"
        )
    return number


def _started(
    launcher: Launcher, directory: Path, jobs: Sequence[Planned], kills: Counter[str]
) -> bool:
    """Starts jobs and counts those that were killed where they stood; False where none began."""
    before = {job.name: _number(directory / job.name) for job in jobs}
    reached = {job.name: checkpoint.written(directory / job.name) for job in jobs}
    problem = _problem(launcher, directory, jobs)
    begun = [name for name, number in before.items() if _number(directory / name) > number]
    if problem is not None:
        known = f"the launcher ended early: {_short(problem)}"
        LOG.error(known, exc_info=not begun and problem)
    if isinstance(problem, HydraException) and not begun:
        if len(jobs) == 1:  # what it says is not understood; the other jobs go on
            record_failure(directory / jobs[0].name, problem)
            return True
        return any([_started(launcher, directory, [job], kills) for job in jobs])
    # one whose process is gone on another machine is known to be killed later
    over = {name: attempts.status(directory / name) for name in begun}
    left = [name for name, state in over.items() if state in (*OPEN, "running")]
    # one that has come further, such as to its time limit, is not what kills its process
    kills.update(n for n in left if checkpoint.written(directory / n) in (None, reached[n]))
    return bool(begun)


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
    before = [_number(directory / job.name) for job in jobs]
    overrides = [[*job.overrides, f"hydra.sweep.subdir={quoted(job.name)}"] for job in jobs]
    if is_submitit(launcher):
        returned = submit(launcher, [job.name for job in jobs], overrides)
    else:
        returned = list(launcher.launch(overrides, initial_job_idx=0))
    for job, done, number in zip(jobs, returned, before, strict=True):
        begun = _number(directory / job.name) > number  # what began has recorded how it ended
        if done is not None and done.status == JobStatus.FAILED and not begun:
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
