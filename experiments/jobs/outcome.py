"""How jobs end: recorded with their results, pruned, failed, or finished before."""

import logging
import traceback
from typing import Any, NamedTuple

from longnn.data import Dataset, Splits
from longnn.runs import attempts, checkpoint
from longnn.runs.attempts import Attempt
from longnn.runs.configured import instantiate
from longnn.runs.directory import SCHEMA
from longnn.runs.endings import limit_note
from longnn.runs.kinds import problem_of
from longnn.runs.record import finished, write_run
from longnn.runs.result import Result, read_result
from longnn.training import Fit
from longnn.training.optim import DEFAULT_RATES

from ..config import identity
from ..config.starting import EXPLAINED
from .job import Job
from .result import files_of, line, plain, result_of
from .sinks import ended

LOG = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """How a job ended.

    Attributes:
        job: the job.
        status: "done", "skipped" (it had finished before), "failed", "pruned", or "elsewhere"
            (another process works on it).
        result: what was recorded of a job that is done, now or before.
        error: the exception that made it fail.
    """

    job: Job
    status: str
    result: Result | None = None
    error: BaseException | None = None


class Data(NamedTuple):
    """What jobs of a group are trained on."""

    dataset: Dataset
    splits: Splits


def identity_of(job: Job, data: Data) -> str:
    """A hash of all that decides the result of a job."""
    return identity.hash_of(
        [
            identity.settings(job.config),
            data.dataset.checksum,
            data.splits.hash,
            SCHEMA,
        ]
    )


def earlier(job: Job, data: Data) -> Outcome | None:
    """The outcome of a job that needs no training, else None.

    That is a job which has finished before, or whose directory holds something else.
    """
    try:
        own = identity_of(job, data)
        done = finished(job.directory, own, force=job.config.force, problem=problem_of)
        if done is None:
            return None
        result = read_result(job.directory)
    except ValueError as error:
        return Outcome(job, "failed", error=error)
    before = f"finished before, not repeated (force=true repeats it): {line(result)}"
    LOG.info(before, extra={"job": job.directory})
    return Outcome(job, "skipped", result)


def recorded(job: Job, attempt: Attempt, data: Data, trained: Fit) -> Outcome:
    """Writes the run directory of a trained job, unless it was pruned or taken over.

    Args:
        job: that was trained.
        attempt: at it, which ends here.
        data: that it was trained on.
        trained: its models.
    """
    if not attempts.owned(attempt):
        taken = f"{job.directory} was taken over by another process, which will record it"
        LOG.warning(taken, extra={"job": job.directory})
        attempts.end(attempt, "superseded")
        return Outcome(job, "elsewhere")
    if trained.pruned:
        best = float(trained.curves["val"].max())
        attempts.end(attempt, "pruned", epochs=max(r["epochs"] for r in trained.runs), val=best)
        checkpoint.remove(job.directory)
        _report(job, attempt, "pruned", curves=trained.curves)
        return Outcome(job, "pruned")
    result = result_of(job, data.dataset, data.splits, trained, identity_of(job, data))
    files = files_of(job, data.dataset, data.splits, trained, result)
    write_run(job.directory, files, result.to_json())
    checkpoint.remove(job.directory)
    attempts.end(attempt, "done")
    _report(job, attempt, "done", result=result, curves=trained.curves)
    if result.diverged:
        LOG.warning(
            f"{result.diverged} of {len(result.per_run)} runs diverged: their training loss ended "
            "above 100 times its first value, or was not finite; their scores are of the selected "
            'epochs ("diverged" in result.json). Lower the learning rates',
            extra={"job": job.directory},
        )
    limited = limit_note(result)
    if limited:
        more = "more optim.max_epochs may score better"
        LOG.info(f"{limited}: {more}", extra={"job": job.directory})
    adam = job.config.optim.transformation is None
    labels = ", ".join(sorted(set(trained.program.labels))) or "none"
    why = f"no parameter of the model is in that group, they are in {labels}"
    for group in _idle(job, trained):
        LOG.warning(
            f"optim.groups.{group} changed nothing: "
            f"{why if adam else 'optim.transformation replaces Adam, whose rates these are'}",
            extra={"job": job.directory},
        )
    LOG.info(line(result), extra={"job": job.directory})
    return Outcome(job, "done", result)


def _idle(job: Job, trained: Fit) -> list[str]:
    """Optimizer groups whose rates were set, but are those of no parameter."""
    optim = job.config.optim
    used = {*trained.program.labels, *(["coefficients"] if optim.decay == "theta" else [])}
    given = {
        name: rates for name, rates in optim.groups.items() if rates != DEFAULT_RATES.get(name)
    }
    return sorted(given.keys() - used if optim.transformation is None else given)


def failed(job: Job, attempt: Attempt, error: Exception) -> Outcome:
    """Records that a job failed, with the traceback, and reports it."""
    text = "".join(traceback.format_exception(error))
    attempts.end(attempt, "failed", error=type(error).__name__, message=str(error), traceback=text)
    if attempts.owned(attempt) and not isinstance(error, OSError):  # a full disk: it may go on
        checkpoint.remove(job.directory)
    if job.sweep is None and isinstance(error, EXPLAINED):  # the command says it at its end
        if isinstance(error, MemoryError | FloatingPointError):  # of others nothing is left
            error.add_note(f"{attempt.file} has the traceback")
    else:
        message = f"{job.title} failed: {type(error).__name__}: {error}; {attempt.file} has more"
        LOG.error(message, extra={"job": job.directory})
    _report(job, attempt, "failed", error=error)
    return Outcome(job, "failed", error=error)


def _report(job: Job, attempt: Attempt, status: str, **content: Any) -> None:
    """Reports to the logger; if that fails, the run stays as recorded, and the attempt says so."""
    try:
        report = instantiate(plain(job.config.logger) | {"_partial_": True}, job.trust)
        report(ended(job, status, **content))
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
        attempts.tell(attempt, not_reported=problem)
        LOG.error(
            f"{job.directory} is recorded as {status}, but its logger failed: {problem}",
            exc_info=True,
            extra={"job": job.directory},
        )
