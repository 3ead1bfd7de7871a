"""The job that Hydra runs with one config, alone or as part of a sweep."""

import logging

from omegaconf import DictConfig

from .job import current_job
from .outcome import EXPLAINED, Outcome
from .progress import shown
from .run import run_together

LOG = logging.getLogger(__name__)


def run(config: DictConfig) -> dict[str, str]:
    """Trains what a config says, unless this very run has finished, and records it.

    Args:
        config: composed by Hydra.

    Returns:
        The status and the directory of the run.

    Raises:
        SystemExit: with code 1, where the job fails for a reason that the logged message explains;
            in a sweep only with ``on_error=raise``.
        Exception: another one that made a job outside of a sweep fail.
    """
    job = current_job(config)
    in_sweep = job.sweep is not None
    if in_sweep:  # which shows all of its jobs
        (outcome,) = run_together([job])
    else:
        with shown(job.title) as on_progress:
            (outcome,) = run_together([job], on_progress=on_progress)
    if outcome.status == "elsewhere":
        LOG.warning(f"another process works on {job.directory}; left to it")
    if outcome.error is not None:
        _stop(outcome, in_sweep, config.on_error)
    return {"status": outcome.status, "directory": str(job.directory)}


def _stop(outcome: Outcome, in_sweep: bool, on_error: str) -> None:
    assert outcome.error is not None
    explained = isinstance(outcome.error, EXPLAINED)
    if not in_sweep and not explained:
        raise outcome.error
    if not in_sweep or on_error == "raise":
        # not an Exception: Hydra shows its traceback, and keeps that of a sweep until the end
        raise SystemExit(1)
