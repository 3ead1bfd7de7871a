"""Jobs that share a program: load, train, record. One job is a group of its own."""

import logging
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from longnn.data import Dataset, Splits
from longnn.runs import attempts
from longnn.runs.attempts import Attempt
from longnn.runs.directory import RESULT, SCHEMA
from longnn.runs.record import finished, write_run
from longnn.runs.result import Result, read_result
from longnn.training import Fit, Optim, Problem, Progress, Trial, fit_each, problem_of

from . import identity
from .compiled import keep_compiled, release_compiled
from .downloads import logged_warnings
from .job import Job, model_of
from .loading import load
from .result import files_of, line, result_of
from .sinks import ended

LOG = logging.getLogger(__name__)

TELL_EVERY = 2.0
"""Seconds between two notes of progress in an attempt's file."""


class Outcome(NamedTuple):
    """How a job ended: done, skipped (finished before), failed, pruned, or elsewhere (another
    process works on it)."""

    job: Job
    status: str
    result: Result | None = None
    error: BaseException | None = None


Prune = Callable[[Job, int, float], bool]
"""Told (job, epoch, mean best validation score in percent) between chunks: whether to give up."""


class _Data(NamedTuple):
    dataset: Dataset
    splits: Splits


def run_together(
    jobs: Sequence[Job],
    *,
    on_progress: Callable[[Progress], None] = lambda _: None,
    prune: Prune | None = None,
) -> Iterator[Outcome]:
    """Trains jobs of one group (``experiments.job.group_of``) and records each as it ends.

    Jobs that have finished before are skipped, those that another process works on are left. A job
    that fails is recorded with its traceback, and the others go on.
    """
    held: dict[int, Attempt] = {}
    ours: list[Job] = []  # what is elsewhere may end there at any time: it is not looked at again
    for job in jobs:
        if job.config.force or not (job.directory / RESULT).exists():
            attempt = attempts.begin(job.directory)
            if attempt is None:
                yield Outcome(job, "elsewhere")
                continue
            held[len(ours)] = attempt
        ours.append(job)
    if not ours:
        return
    jobs = ours
    try:
        yield from _run_held(jobs, held, on_progress, prune)
    except Exception as error:
        for number in list(held):
            yield _failed(jobs[number], held.pop(number), error)
    finally:  # interrupted
        for attempt in held.values():
            attempts.end(attempt, "stopped")


def _run_held(
    jobs: Sequence[Job],
    held: dict[int, Attempt],
    on_progress: Callable[[Progress], None],
    prune: Prune | None,
) -> Iterator[Outcome]:
    started = time.perf_counter()
    first = jobs[0].config
    keep_compiled(first.compilation_cache)
    release_compiled()
    data = _load(first)
    for number, job in enumerate(jobs):
        outcome = _earlier(job, data, held.get(number))
        if outcome is not None:
            if number in held:
                attempts.end(held.pop(number), "superseded")
            yield outcome
    todo: dict[int, Trial] = {}
    for number in list(held):
        try:
            todo[number] = _trial(jobs[number].config)
        except ValueError as error:
            yield _failed(jobs[number], held.pop(number), error)
    if not todo:
        return
    model, _ = model_of(first.model)
    problem, numbers = _problem(first, data.dataset), list(todo)
    setup = (time.perf_counter() - started) / len(numbers)
    told = _Told(held, on_progress)
    for i, trained in fit_each(
        model,
        problem,
        data.splits,
        list(todo.values()),
        classes=data.dataset.classes,
        metric=data.dataset.metric,
        chunk=first.chunk,
        memory_gb=first.memory_gb,
        on_progress=told,
        prune=None if prune is None else lambda i, e, v: prune(jobs[numbers[i]], e, 100 * v),
    ):
        number = numbers[i]
        job, attempt = jobs[number], held.pop(number)
        if isinstance(trained, Exception):
            yield _failed(job, attempt, trained)
            continue
        trained.seconds["setup"] = setup
        told.finished += sum(run["epochs"] for run in trained.runs)
        try:
            yield _recorded(job, attempt, data, trained)
        except Exception as error:
            yield _failed(job, attempt, error)


def _load(config: DictConfig) -> _Data:
    dataset = load(config)
    with logged_warnings():
        return _Data(dataset, instantiate(config.split, _partial_=True)(dataset))


def _identity(job: Job, data: _Data) -> str:
    return identity.hash_of(
        [
            identity.settings(job.config),
            data.dataset.checksum,
            data.splits.hash,
            SCHEMA,
        ]
    )


def _earlier(job: Job, data: _Data, attempt: Attempt | None) -> Outcome | None:
    """A job that needs no training: finished before, or its directory holds something else."""
    try:
        done = finished(job.directory, _identity(job, data), force=job.config.force)
        if done is None:
            return None
        result = read_result(job.directory)
    except ValueError as error:
        return Outcome(job, "failed", error=error)
    before = f"finished before, not repeated (force=true repeats it): {line(result)}"
    LOG.info(before, extra={"job": job.directory})
    return Outcome(job, "skipped", result)


def _trial(config: DictConfig) -> Trial:
    optim = Optim(
        rates=OmegaConf.to_container(config.optim.groups, resolve=True),  # type: ignore[arg-type]
        max_epochs=config.optim.max_epochs,
        patience=config.optim.patience,
        decay=config.optim.decay,
        dropout_bits=config.optim.dropout_bits,
    )
    _, settings = model_of(config.model)
    return Trial(settings, optim, range(config.seed, config.seed + config.repeats))


def _problem(config: DictConfig, dataset: Dataset) -> Problem:
    model, _ = model_of(config.model)
    graph = config.graph
    return problem_of(
        dataset,
        self_loops=graph.self_loops,
        degree_exponent=graph.degree_exponent,
        backend=config.backend,
        model=model,
    )


class _Told:
    """Passes progress on, and tells those who watch from outside by the first job's attempt."""

    def __init__(self, held: dict[int, Attempt], on_progress: Callable[[Progress], None]):
        self._held, self._on_progress = held, on_progress
        self._at = time.monotonic()
        self.finished = 0  # epochs of the jobs that have ended

    def __call__(self, step: Progress) -> None:
        self._on_progress(step)
        if self._held and time.monotonic() - self._at > TELL_EVERY:
            self._at = time.monotonic()
            first = next(iter(self._held.values()))
            attempts.tell(first, epochs=step.epochs - self.finished, best_val=step.best_val)


def _recorded(job: Job, attempt: Attempt, data: _Data, trained: Fit) -> Outcome:
    if not attempts.owned(attempt):
        taken = f"{job.directory} was taken over by another process, which will record it"
        LOG.warning(taken, extra={"job": job.directory})
        attempts.end(attempt, "superseded")
        return Outcome(job, "elsewhere")
    if trained.pruned:
        best = float(trained.curves["val"].max())
        attempts.end(attempt, "pruned", epochs=max(r["epochs"] for r in trained.runs), val=best)
        _report(job, attempt, "pruned", curves=trained.curves)
        return Outcome(job, "pruned")
    result = result_of(job, data.dataset, data.splits, trained, _identity(job, data))
    files = files_of(job, data.dataset, data.splits, trained, result)
    write_run(job.directory, files, result.to_json())
    attempts.end(attempt, "done")
    _report(job, attempt, "done", result=result, curves=trained.curves)
    if result.diverged:
        LOG.warning(
            f"{result.diverged} of {len(result.per_run)} runs ended in a loss that is not "
            'finite; their scores are of the epochs before ("diverged" in result.json)',
            extra={"job": job.directory},
        )
    LOG.info(line(result), extra={"job": job.directory})
    return Outcome(job, "done", result)


def _failed(job: Job, attempt: Attempt, error: Exception) -> Outcome:
    text = "".join(traceback.format_exception(error))
    attempts.end(attempt, "failed", error=type(error).__name__, message=str(error), traceback=text)
    message = f"{job.title} failed: {type(error).__name__}: {error}; {attempt.file} has more"
    LOG.error(message, extra={"job": job.directory})
    _report(job, attempt, "failed", error=error)
    return Outcome(job, "failed", error=error)


def _report(job: Job, attempt: Attempt, status: str, **content: Any) -> None:
    """Tells the sink; where that fails, the run stays as recorded, and the attempt says so."""
    try:
        instantiate(job.config.logger, _partial_=True)(ended(job, status, **content))
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
        attempts.tell(attempt, not_reported=problem)
        LOG.error(
            f"{job.directory} is recorded as {status}, but its logger failed: {problem}",
            exc_info=True,
            extra={"job": job.directory},
        )
