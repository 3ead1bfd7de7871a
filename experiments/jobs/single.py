"""The job that Hydra runs with one config, alone or as part of a sweep."""

import logging

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from longnn.data.errors import DataFileError

from ..config.checked import check_config
from ..config.starting import EXPLAINED, JobError
from .job import Job, current_job
from .leftover import discard
from .outcome import Outcome
from .progress import shown
from .run import run_together
from .together import follow, is_other, leading

LOG = logging.getLogger(__name__)


def run(config: DictConfig) -> dict[str, str]:
    """Trains what a config says, unless this very run has finished, and records it.

    Args:
        config: composed by Hydra.

    Returns:
        The status and the directory of the run.

    Raises:
        JobError: where a job of its own fails for a reason that the message explains; where nothing
            was trained, its directory is gone again.
        SystemExit: with code 1, where a job of a sweep fails with ``on_error=raise``.
        Exception: another one that made a job outside of a sweep fail.
    """
    job = current_job(HydraConfig.get(), config)
    if _is_other(job):
        follow(job)
        return {"status": "elsewhere", "directory": str(job.directory)}
    if job.sweep is not None:  # which shows all of its jobs
        (outcome,) = run_together([job])
    else:
        try:
            check_config(config)
        except ValueError as error:
            discard(job.directory)
            raise JobError(error) from error
        with shown(job.title) as on_progress, leading(job) as on_start:
            (outcome,) = run_together([job], on_progress=on_progress, on_start=on_start)
    if outcome.status == "elsewhere":
        LOG.warning(f"another process works on {job.directory}; left to it")
    if outcome.error is not None:
        _stop(outcome, config.on_error)
    return {"status": outcome.status, "directory": str(job.directory)}


def _is_other(job: Job) -> bool:
    try:
        return is_other(job)
    except ValueError as error:
        discard(job.directory)
        raise JobError(error) from error


def _stop(outcome: Outcome, on_error: str) -> None:
    error, job = outcome.error, outcome.job
    assert error is not None
    if job.sweep is not None:
        if on_error == "raise":
            # not an Exception: Hydra shows its traceback, and keeps that of a sweep until the end
            raise SystemExit(1)
        return
    if not isinstance(error, EXPLAINED):
        raise error
    if isinstance(error, ValueError | DataFileError):
        discard(job.directory)
    raise JobError(error) from error
