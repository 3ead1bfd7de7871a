"""The job that Hydra runs with one config, alone or as part of a sweep."""

import logging

from omegaconf import DictConfig

from .job import current_job
from .progress import shown
from .run import Outcome, run_together

LOG = logging.getLogger(__name__)


def run(config: DictConfig) -> dict[str, str]:
    """Trains what a config says, unless this very run has finished, and records it.

    Args:
        config: composed by Hydra.

    Returns:
        The status and the directory of the run.

    Raises:
        Exception: what made it fail; in a sweep only with ``on_error=raise``, as SystemExit.
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
    if not in_sweep:
        raise outcome.error
    if on_error == "raise":
        # not an Exception, which Hydra's launchers keep until the last job has run
        raise SystemExit(1)
