"""Jobs are handed to a launcher until none is left, though workers are killed."""

import logging
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher

from longnn.runs import attempts

from .plan import Planned
from .state import OPEN

LOG = logging.getLogger(__name__)

TRIES = 3
"""Starts of a job that is killed each time, as one is that exhausts the memory."""


def run_all(launcher: Launcher, directory: Path, jobs: Sequence[Planned]) -> None:
    """Starts jobs, and again those that were killed.

    A job that was killed twice is started alone, since joblib ends all its workers with the one
    that was killed; after TRIES it is left. Ends where a launcher achieves nothing.

    Args:
        launcher: Hydra's.
        directory: of the sweep.
        jobs: to run.
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
    """Starts jobs once; what failed before it could record that is recorded.

    Args:
        launcher: Hydra's, or one of ours that takes jobs which are composed already.
        directory: of the sweep.
        jobs: to run.
    """
    if hasattr(launcher, "launch_planned"):
        launcher.launch_planned(jobs)
        return
    overrides = [[*job.overrides, f"hydra.sweep.subdir={job.name}"] for job in jobs]
    with _every_result(launcher):
        returned = launcher.launch(overrides, initial_job_idx=0)
    for job, done in zip(jobs, returned, strict=True):
        if isinstance(done, JobReturn) and done.status == JobStatus.FAILED:
            record_failure(directory / job.name, done._return_value)


def record_failure(directory: Path, error: BaseException) -> None:
    """Records a job that ended before an attempt at it began, such as one that has no package."""
    attempt = attempts.begin(directory)
    if attempt is not None:
        text = "".join(traceback.format_exception(error))
        name, message = type(error).__name__, str(error)
        attempts.end(attempt, "failed", error=name, message=message, traceback=text)


def _problem(launcher: Launcher, directory: Path, jobs: Sequence[Planned]) -> Exception | None:
    """What a launcher raised, once no job that it started runs any more."""
    try:
        launch_once(launcher, directory, jobs)
    except Exception as error:
        while any(attempts.status(directory / job.name) == "running" for job in jobs):
            time.sleep(0.2)
        return error
    return None


@contextmanager
def _every_result(launcher: Launcher) -> Iterator[None]:
    """Hydra's submitit launchers wait for all jobs, rather than until the first that was killed."""
    if not type(launcher).__module__.startswith("hydra_plugins.hydra_submitit_launcher"):
        yield
        return
    from submitit.core import core
    from submitit.core.utils import FailedJobError, UncompletedJobError

    submitted: Any = core.Job
    raising = submitted.results

    def results(job: Any) -> list[Any]:
        try:
            return raising(job)
        except (FailedJobError, UncompletedJobError) as error:
            LOG.error(f"submitit: {_short(error)}; see {job.paths.folder}")
            return [None]

    submitted.results = results
    try:
        yield
    finally:
        submitted.results = raising


def _number(directory: Path) -> int:
    attempt = attempts.newest(directory)
    return 0 if attempt is None else attempt.number


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
