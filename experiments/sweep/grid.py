"""A sweep over every combination of the values on the command line."""

import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext
from omegaconf import DictConfig

from longnn.runs import attempts

from . import manifest
from .combinations import all_combinations
from .costs import Costs
from .launching import run_all
from .manifest import Manifest
from .plan import Planned, planned_jobs
from .state import OPEN, exit_code, job_state, summary
from .view import watched

LOG = logging.getLogger(__name__)


def sweep(
    context: HydraContext,
    config: DictConfig,
    launcher: Launcher,
    arguments: list[str],
    *,
    params: Mapping[str, object],
    retry_failed: bool,
    wait: bool = True,
) -> list[Any]:
    """Runs the jobs that are not done.

    Args:
        context: Hydra's.
        config: of the sweep.
        launcher: that runs jobs.
        arguments: overrides of the command line, some with several values.
        params: key -> values of a config file, which arguments of the same key replace.
        retry_failed: whether a job that failed before is tried again.
        wait: whether to wait for jobs that other processes work on.

    Raises:
        SystemExit: with code 1 where a job failed or was not run, with 2 where there is none, with
            3 where all that is left runs elsewhere.
    """
    parser = OverridesParser.create(config_loader=context.config_loader)
    try:
        combined = all_combinations(parser, params, arguments)
    except ValueError as error:
        _exit(2, str(error))
    if not combined:
        _exit(2, f"the sweep has no jobs: one of {' '.join(arguments)} lists no value")
    directory = Path(str(config.hydra.sweep.dir))
    jobs = planned_jobs(context.config_loader, config, combined)
    manifest.write(directory, Manifest(sys.argv[1:], {job.name: job.overrides for job in jobs}))
    if config.force:
        todo = [job for job in jobs if job.job is not None]
    else:
        wanted = (*OPEN, "failed") if retry_failed else OPEN
        wanted = (*wanted, "running") if wait else wanted
        todo = [job for job in jobs if attempts.status(directory / job.name) in wanted]
    costs = Costs(directory, {job.name: job.overrides for job in jobs})
    todo = costs.in_order(
        todo, lambda job: job.overrides, lambda job: attempts.kills(directory / job.name)
    )
    if len(todo) < len(jobs):
        LOG.info(f"{len(jobs) - len(todo)} of {len(jobs)} jobs are over or under way elsewhere")
    launch(launcher, directory, todo, [job.name for job in jobs], wait=wait)
    states = [job_state(directory, job.name, job.overrides) for job in jobs]
    LOG.info(summary(directory, states))
    if code := exit_code(states):
        raise SystemExit(code)
    return states


def launch(
    launcher: Launcher,
    directory: Path,
    jobs: Sequence[Planned],
    names: Sequence[str],
    *,
    wait: bool = True,
) -> None:
    """Runs planned jobs; those that could not be composed are recorded as failed.

    Args:
        launcher: Hydra's.
        directory: of the sweep.
        jobs: to run.
        names: of all jobs of the sweep, to be watched.
        wait: whether to wait for jobs that other processes work on.
    """
    for job in jobs:
        if job.job is None:
            refuse(directory / job.name, job.error or "")
    composed = [job for job in jobs if job.job is not None]
    with watched(directory, names):
        run_all(launcher, directory, composed, wait=wait)


def refuse(directory: Path, message: str) -> None:
    """Records a job that could not be composed."""
    attempt = attempts.begin(directory)
    if attempt is not None:
        attempts.end(attempt, "failed", error="ConfigError", message=message, traceback="")


def _exit(code: int, message: str) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(code)
