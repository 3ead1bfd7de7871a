"""A search with Optuna: asks for a batch of trials, runs them as jobs, tells what came out.

The objective is the mean validation score. A search has splits of its own, drawn from other seeds
than those that are reported; the two share nodes, since there is one graph.
"""

import json
import logging
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, Trial, TrialState

from longnn.runs import attempts
from longnn.runs.atomic import atomic_write
from longnn.runs.result import read_result

from ..identity import hash_of
from ..unknown import hint
from . import manifest
from .grid import launch
from .manifest import Manifest
from .plan import Planned, planned_jobs
from .search_settings import SearchSettings
from .space import Space, from_overrides, from_settings
from .study import counts, draw, grid, open_storage, open_study, taken_up

LOG = logging.getLogger(__name__)


@dataclass
class _Search:
    context: HydraContext
    config: DictConfig
    launcher: Launcher
    directory: Path
    fixed: list[str]  # overrides of every job
    chosen_on: list[str]  # overrides that give the search its own splits
    space: Space
    storage: BaseStorage
    study: optuna.Study
    jobs: dict[str, list[str]]  # name -> overrides, of all trials so far


def sweep(
    context: HydraContext,
    config: DictConfig,
    launcher: Launcher,
    arguments: list[str],
    settings: SearchSettings,
) -> list[Any]:
    """Brings the study to ``settings.trials`` trials, draws it, and says how to report its best.

    Raises:
        SystemExit: with code 2 for a space that does not fit the config, 1 if no trial completed.
    """
    try:
        search = _prepared(context, config, launcher, arguments, settings)
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


def _prepared(
    context: HydraContext,
    config: DictConfig,
    launcher: Launcher,
    arguments: list[str],
    settings: SearchSettings,
) -> _Search:
    overrides = OverridesParser.create(config_loader=context.config_loader).parse_overrides(
        arguments
    )
    swept = [o for o in overrides if o.is_sweep_override()]
    fixed = [o.input_line or "" for o in overrides if not o.is_sweep_override()]
    space = from_settings(settings.params) | from_overrides(swept)
    _check(config, space)
    given = {o.get_key_element() for o in overrides if not o.is_sweep_override()}
    space = {key: values for key, values in space.items() if key not in given}
    chosen_on = _splits(config, fixed, settings)
    directory = Path(str(config.hydra.sweep.dir))
    name = f"search-{hash_of([sorted(fixed + chosen_on), sorted(map(repr, space.items()))])[:8]}"
    storage = open_storage(directory, settings.storage)
    study = open_study(
        storage,
        name,
        space,
        sampler=settings.sampler,
        pruner=settings.pruner,
        seed=settings.seed,
    )
    return _Search(
        context, config, launcher, directory, fixed, chosen_on, space, storage, study, jobs={}
    )


def _check(config: DictConfig, space: Space) -> None:
    if not space:
        raise ValueError(
            "a search needs a space: sweep=longnn, or values such as model.alpha=interval(-0.9,2)"
        )
    for key in space:
        if OmegaConf.select(config, key, throw_on_missing=False) is None:
            raise ValueError(
                f"the search space names {key}, which the config does not have; {hint(key, config)}"
            )


def _splits(config: DictConfig, fixed: list[str], settings: SearchSettings) -> list[str]:
    """Overrides that give the search splits of its own, unless the user has chosen them."""
    if "first_seed" not in config.split:
        raise ValueError(
            "a search chooses on splits of its own, drawn from other seeds than the reported ones, "
            f"but the protocol {config.hydra.runtime.choices.split} draws none; add "
            "split=stratified (or per_class, or random)"
        )
    own = {"split.count": settings.splits, "split.first_seed": settings.first_split_seed}
    given = {override.partition("=")[0] for override in fixed}
    return [f"{key}={value}" for key, value in own.items() if key not in given]


def _wanted(settings: SearchSettings, space: Space) -> int:
    if settings.sampler != "grid":
        return settings.trials
    number = 1
    for values in grid(space).values():
        number *= len(values)
    return min(settings.trials, number)


def _next(search: _Search, wanted: int, batch: int) -> list[Trial]:
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


def _job_state(search: _Search, trial: FrozenTrial) -> str:
    name = trial.user_attrs.get("directory")
    return attempts.status(search.directory / name) if name else "missing"


def _planned(search: _Search, trials: Sequence[Trial]) -> list[Planned]:
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


def _text(value: Any) -> str:
    """A value as an override; a step's rounding error is left out."""
    return repr(float(f"{value:.12g}")) if isinstance(value, float) else str(value)


def _unique(planned: Sequence[Planned]) -> list[Planned]:
    return list({job.name: job for job in planned}.values())


def _pruning(search: _Search, trials: Sequence[Trial], planned: Sequence[Planned]) -> Any:
    of_directory = {job.name: trial for trial, job in zip(trials, planned, strict=True)}

    def prune(directory: Path, epoch: int, val: float) -> bool:
        trial = of_directory[directory.name]
        trial.report(val, epoch)
        return trial.should_prune()

    return prune


def _tell(search: _Search, trial: Trial, job: Planned) -> None:
    directory = search.directory / job.name
    found = attempts.status(directory)
    if found == "done":
        search.study.tell(trial, read_result(directory).validation, skip_if_finished=True)
    elif found in ("pruned", "failed"):
        state = TrialState.PRUNED if found == "pruned" else TrialState.FAIL
        search.study.tell(trial, state=state, skip_if_finished=True)
    # else it was killed, or runs elsewhere: the trial stays open, and is taken up


def _note(search: _Search, settings: SearchSettings, wanted: int) -> None:
    known = {
        t.user_attrs["directory"]: search.jobs.get(t.user_attrs["directory"], [])
        for t in search.study.get_trials(deepcopy=False)
        if "directory" in t.user_attrs
    }
    content = Manifest(sys.argv[1:], known | search.jobs, wanted)
    manifest.write(search.directory, content, search.study.study_name)


def _ended(search: _Search) -> list[Any]:
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
