"""A search with Optuna: asks for a batch of trials, runs them as jobs, and reports their scores.

The objective is the mean validation score. A search has splits of its own, drawn from other seeds
than those that are reported; the two share nodes, since there is one graph.
"""

import json
import logging
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext
from omegaconf import DictConfig
from optuna.trial import FrozenTrial, Trial, TrialState

from longnn.runs import attempts
from longnn.runs.atomic import atomic_write
from longnn.runs.result import read_result

from . import manifest
from .grid import launch
from .manifest import Manifest
from .plan import Planned, planned_jobs
from .prepared import Search, prepare
from .search_settings import SearchSettings
from .space import Space
from .study import counts, draw, grid, taken_up
from .together import Prune

LOG = logging.getLogger(__name__)


def sweep(
    context: HydraContext,
    config: DictConfig,
    launcher: Launcher,
    arguments: list[str],
    settings: SearchSettings,
) -> list[float | None]:
    """Brings the study to `settings.trials` trials, draws it, and says how to report its best.

    Args:
        context: Hydra's.
        config: of the sweep.
        launcher: runs the jobs.
        arguments: overrides; those with several values belong to the space.
        settings: how to search.

    Returns:
        The best mean validation score in percent.

    Raises:
        SystemExit: with code 2 for a space that does not fit the config, 1 if no trial completed.
    """
    try:
        search = prepare(context, config, launcher, arguments, settings)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from error
    wanted = _wanted(settings, search.space)
    while trials := _next(search, wanted, settings.batch):
        planned = _planned(search, trials)
        _note(search, settings, wanted)
        if hasattr(launcher, "prune"):
            launcher.prune = _pruning(search, trials, planned)
        launch(launcher, search.directory, _unique(planned), list(search.jobs))
        for trial, job in zip(trials, planned, strict=True):
            _tell(search, trial, job)
    return _ended(search)


def _wanted(settings: SearchSettings, space: Space) -> int:
    if settings.sampler != "grid":
        return settings.trials
    number = 1
    for values in grid(space).values():
        number *= len(values)
    return min(settings.trials, number)


def _next(search: Search, wanted: int, batch: int) -> list[Trial]:
    """Trials that a killed process left first, then new ones; none where all are under way."""
    known = search.study.get_trials(deepcopy=False)
    left = []
    for trial in known:
        if trial.state != TrialState.RUNNING:
            continue
        if set(trial.params) != set(search.space):  # killed while it was asked for
            search.study.tell(trial.number, state=TrialState.FAIL)
        elif _job_state(search, trial) != "running":
            left.append(taken_up(search.study, search.storage, trial.number))
    new = min(batch - len(left), wanted - len(known))
    return left[:batch] + [search.study.ask(search.space) for _ in range(new)]


def _job_state(search: Search, trial: FrozenTrial) -> str:
    name = trial.user_attrs.get("directory")
    return attempts.status(search.directory / name) if name else "missing"


def _planned(search: Search, trials: Sequence[Trial]) -> list[Planned]:
    """The job of each trial; equal values give the same directory."""
    planned = []
    for trial in trials:
        values = [f"{key}={_text(trial.params[key])}" for key in search.space]
        overrides = [*search.fixed, *search.chosen_on, *values]
        (job,) = planned_jobs(search.context.config_loader, search.config, [overrides])
        trial.set_user_attr("directory", job.name)
        search.jobs[job.name] = overrides
        planned.append(job)
    return planned


def _text(value: object) -> str:
    """A value as an override; a step's rounding error is left out."""
    return repr(float(f"{value:.12g}")) if isinstance(value, float) else str(value)


def _unique(planned: Sequence[Planned]) -> list[Planned]:
    return list({job.name: job for job in planned}.values())


def _pruning(search: Search, trials: Sequence[Trial], planned: Sequence[Planned]) -> Prune:
    of_directory = {job.name: trial for trial, job in zip(trials, planned, strict=True)}

    def prune(directory: Path, epoch: int, val: float) -> bool:
        trial = of_directory[directory.name]
        trial.report(val, epoch)
        return trial.should_prune()

    return prune


def _tell(search: Search, trial: Trial, job: Planned) -> None:
    directory = search.directory / job.name
    found = attempts.status(directory)
    if found == "done":
        search.study.tell(trial, read_result(directory).validation, skip_if_finished=True)
    elif found in ("pruned", "failed"):
        state = TrialState.PRUNED if found == "pruned" else TrialState.FAIL
        search.study.tell(trial, state=state, skip_if_finished=True)
    # else it was killed, or runs elsewhere: the trial stays open, and is taken up


def _note(search: Search, settings: SearchSettings, wanted: int) -> None:
    known = {
        t.user_attrs["directory"]: search.jobs.get(t.user_attrs["directory"], [])
        for t in search.study.get_trials(deepcopy=False)
        if "directory" in t.user_attrs
    }
    content = Manifest(sys.argv[1:], known | search.jobs, wanted)
    manifest.write(search.directory, content, search.study.study_name)


def _ended(search: Search) -> list[float | None]:
    study, found = search.study, counts(search.study)
    LOG.info(f"{study.study_name}: {', '.join(f'{n} {state}' for state, n in found.items())}")
    if not found.get("complete"):
        LOG.error(f"no trial completed; see longnn sweep status {search.directory}")
        raise SystemExit(1)
    best = study.best_trial
    values = [f"{key}={_text(best.params[key])}" for key in search.space]
    fixed = [o for o in search.fixed if not o.startswith("sweep=")]
    if not any(o.startswith("model=") for o in fixed):  # the space may have chosen it
        fixed.append(f"model={search.config.hydra.runtime.choices['model']}")
    command = f"longnn train {shlex.join([*fixed, *values])}"
    record = {
        "study": study.study_name,
        "trials": found,
        "validation": best.value,
        "params": best.params,
        "directory": best.user_attrs["directory"],
        "report": command,
    }
    with atomic_write(search.directory / f"{study.study_name}.json") as path:
        path.write_text(json.dumps(record, indent=1) + "\n")
    metric = read_result(search.directory / best.user_attrs["directory"]).metric
    drawn = draw(study, search.directory / f"{study.study_name}-figures", metric)
    LOG.info(f"best validation {best.value:.2f} %: {' '.join(values)}")
    LOG.info("\n  ".join(["figures:", *map(str, drawn)]))
    LOG.info(f"on the reported splits: {command}")
    return [best.value]
