"""Loads, trains and records jobs that share a program; one job is a group of its own."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence

import jax

from longnn.runs import attempts
from longnn.runs.attempts import Attempt
from longnn.training import Progress, Trial

from .checkpoints import checkpoints_of
from .compiled import keep_compiled, release_compiled
from .device import check_device, computing_in
from .fits import data_of, fits_of, problem_of_job, trial_of
from .job import Job
from .outcome import Outcome, earlier, failed, recorded

LOG = logging.getLogger(__name__)

TELL_EVERY = 2.0
"""Seconds between two notes of progress in an attempt's file."""


Prune = Callable[[Job, int, float], bool]
"""Called with (job, epoch, mean best validation score in percent); True gives the job up."""


def run_together(
    jobs: Sequence[Job],
    *,
    on_progress: Callable[[Progress], None] = lambda _: None,
    prune: Prune | None = None,
    on_start: Callable[[], None] = lambda: None,
) -> Iterator[Outcome]:
    """Trains jobs of one group (``experiments.jobs.job.group_of``) and records each as it ends.

    Jobs that have finished before are skipped, and those that another process works on are left to
    it. A job that fails is recorded with its traceback, and the others go on.

    Args:
        jobs: the jobs of the group.
        on_progress: called after each chunk of epochs.
        prune: whether to give a job up; None: no job is.
        on_start: called before training, where there is something to train.
    """
    held: dict[int, Attempt] = {}
    ours: list[Job] = []  # what is elsewhere may end there at any time: it is not looked at again
    for job in jobs:
        if job.config.force or attempts.status(job.directory) != "done":
            try:
                attempt = attempts.begin(job.directory)
            except OSError as error:
                LOG.error(f"{job.title} failed: cannot write into {job.directory}: {error}")
                yield Outcome(job, "failed", error=error)
                continue
            if attempt is None:
                yield Outcome(job, "elsewhere")
                continue
            held[len(ours)] = attempt
        ours.append(job)
    if not ours:
        return
    jobs = ours
    try:
        with computing_in(jobs[0].config.dtype):
            yield from _run_held(jobs, held, on_progress, prune, on_start)
    except Exception as error:
        if _is_stop(error):
            raise
        for number in list(held):
            yield failed(jobs[number], held.pop(number), error)
    finally:  # interrupted
        for attempt in held.values():
            attempts.end(attempt, "stopped")


def _is_stop(error: Exception) -> bool:
    """Whether submitit raised an error where the job stood, on SLURM's signal before the limit."""
    return type(error).__module__.partition(".")[0] == "submitit"


def _run_held(
    jobs: Sequence[Job],
    held: dict[int, Attempt],
    on_progress: Callable[[Progress], None],
    prune: Prune | None,
    on_start: Callable[[], None],
) -> Iterator[Outcome]:
    started = time.perf_counter()
    first = jobs[0].config
    check_device()
    keep_compiled(first.compilation_cache)
    release_compiled()
    data = data_of(jobs[0])
    for number, job in enumerate(jobs):
        outcome = earlier(job, data)
        if outcome is not None:
            if number in held:
                attempts.end(held.pop(number), "superseded")
            yield outcome
    todo: dict[int, Trial] = {}
    for number in list(held):
        try:
            todo[number] = trial_of(jobs[number], data)
        except ValueError as error:
            yield failed(jobs[number], held.pop(number), error)
    if not todo:
        return
    problem, numbers = problem_of_job(jobs[0], data, list(todo.values())), list(todo)
    setup = (time.perf_counter() - started) / len(numbers)
    reporter = _Reporter(held, on_progress)
    on_start()
    for i, trained in fits_of(
        jobs[0],
        list(todo.values()),
        data,
        problem,
        on_progress=reporter,
        prune=None if prune is None else lambda i, e, v: prune(jobs[numbers[i]], e, 100 * v),
        checkpoints=checkpoints_of([jobs[i] for i in numbers], [held[i] for i in numbers], data),
    ):
        number = numbers[i]
        job, attempt = jobs[number], held[number]
        try:
            if isinstance(trained, Exception):
                outcome = failed(job, attempt, trained)
            else:
                trained.seconds["setup"] = setup
                reporter.finished += sum(run["epochs"] for run in trained.runs)
                outcome = recorded(job, attempt, data, trained)
        except Exception as error:
            if _is_stop(error):
                raise
            outcome = failed(job, attempt, error)
        del held[number]
        yield outcome


class _Reporter:
    """Passes progress on, and writes it into the first job's attempt for those who watch."""

    def __init__(self, held: dict[int, Attempt], on_progress: Callable[[Progress], None]):
        self._held, self._on_progress = held, on_progress
        self._at = time.monotonic()
        self._device = jax.devices()[0].device_kind
        self.finished = 0  # epochs of the jobs that have ended

    def __call__(self, step: Progress) -> None:
        self._on_progress(step)
        if self._held and time.monotonic() - self._at > TELL_EVERY:
            self._at = time.monotonic()
            first = next(iter(self._held.values()))
            epochs = step.epochs - self.finished
            attempts.tell(first, epochs=epochs, best_val=step.best_val, device=self._device)
