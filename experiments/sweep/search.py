"""A search with Optuna: asks for a batch of trials, runs them as jobs, and reports their scores.

The objective is the mean validation score. A search has splits of its own, drawn from other seeds
than those that are reported; the two share nodes, since there is one graph. Where a file ships the
masks, it chooses on the validation parts of the first of them.
"""

import json
import logging
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf
from optuna.trial import TrialState

from longnn.runs import attempts
from longnn.runs.atomic import atomic_write
from longnn.runs.result import read_result

from . import manifest
from .claims import JOB
from .finals import judged
from .grid import launch
from .launching import EVERY
from .manifest import Manifest
from .plan import Planned
from .prepared import Search, prepare, text
from .sampling import grid
from .search_settings import SearchSettings
from .space import Space
from .state import OPEN, exit_code, summary, trial_states
from .study import counts, draw
from .together import Prune
from .trials import Held

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
        SystemExit: with code 2 for a space that does not fit the config, 1 where a trial failed or
            is left, 3 where all that is left runs elsewhere.
    """
    try:
        search = prepare(context, config, launcher, arguments, settings)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from error
    wanted = _wanted(settings, search.space)
    _work(search, settings, wanted)
    return _ended(search, settings, wanted)


def _work(search: Search, settings: SearchSettings, wanted: int) -> None:
    """Runs trials until each has ended, here or in another process that searches as well."""
    told = False
    while True:
        held = search.trials.claimed(wanted)
        if held:
            _run(search, settings, held, wanted)
            continue
        left = search.trials.unfinished(wanted)
        if not left or not settings.wait:
            return
        if not told:
            told = True
            LOG.info(f"waiting for {left} trials that other processes work on")
        time.sleep(EVERY)


def _run(search: Search, settings: SearchSettings, held: list[Held], wanted: int) -> None:
    over: set[int] = set()
    try:
        planned = _planned(search, held)
        _note(search, wanted)
        if hasattr(search.launcher, "prune"):
            prunes = settings.pruner != "none"  # else nothing has to be told while jobs train
            search.launcher.prune = _pruning(held, planned) if prunes else None
        todo = {
            job.name: job
            for job in planned
            if attempts.status(search.directory / job.name) in (*OPEN, "running")
        }
        launch(
            search.launcher,
            search.directory,
            list(todo.values()),
            list(search.jobs),
            wait=settings.wait,
        )
        for one, job in zip(held, planned, strict=True):
            if _told(search, one, job):
                over.add(one.number)
    finally:
        # one whose job was started again and again and killed each time is left
        ended = sys.exc_info()[0] is None
        for one in held:
            if one.number not in over:
                search.trials.release(one, leave=ended)


def _wanted(settings: SearchSettings, space: Space) -> int:
    if settings.sampler != "grid":
        return settings.trials
    number = 1
    for values in grid(space).values():
        number *= len(values)
    return min(settings.trials, number)


def _planned(search: Search, held: Sequence[Held]) -> list[Planned]:
    """The job of each trial; equal values give the same directory."""
    planned = search.planned([one.trial.params for one in held])
    for one, job in zip(held, planned, strict=True):
        if one.trial.user_attrs.get(JOB) != job.name:
            one.trial.set_user_attr(JOB, job.name)
    return planned


def _pruning(held: Sequence[Held], planned: Sequence[Planned]) -> Prune:
    of_directory = {job.name: one.trial for one, job in zip(held, planned, strict=True)}

    def prune(directory: Path, epoch: int, val: float) -> bool:
        trial = of_directory[directory.name]
        trial.report(val, epoch)
        return trial.should_prune()

    return prune


def _told(search: Search, held: Held, job: Planned) -> bool:
    """Ends a trial as its job has ended; False where that is open still."""
    directory = search.directory / job.name
    found = attempts.status(directory)
    if found == "done":
        value = read_result(directory).validation
        search.trials.tell(held, TrialState.COMPLETE, value)
    elif found == "pruned":
        search.trials.tell(held, TrialState.PRUNED)
    elif found == "failed":
        search.trials.tell(held, TrialState.FAIL)
    return found in ("done", "pruned", "failed")


def _note(search: Search, wanted: int) -> None:
    content = Manifest(sys.argv[1:], search.jobs, wanted)
    manifest.write(search.directory, content, search.name)


def _ended(search: Search, settings: SearchSettings, wanted: int) -> list[float | None]:
    study, found = search.study, counts(search.study)
    LOG.info(f"{search.name}: {', '.join(f'{n} {state}' for state, n in found.items())}")
    if not found.get("complete"):
        LOG.error(f"no trial completed; see longnn sweep status {search.directory}")
        raise SystemExit(1)
    ranked = judged(search, settings)
    _note(search, wanted)
    best = ranked[0]
    values = [f"{key}={text(best.trial.params[key])}" for key in search.space]
    fixed = [o for o in search.fixed if not o.startswith("sweep=")]
    if not any(o.startswith("model=") for o in fixed):  # the space may have chosen it
        fixed.append(f"model={search.config.hydra.runtime.choices['model']}")
    command = f"longnn train {shlex.join([*fixed, *_settable(search, fixed, values)])}"
    most = settings.finalists  # none of them where there were no finals
    record = {
        "study": search.name,
        "trials": found,
        "validation": best.validation,
        "params": best.trial.params,
        "directory": best.directory,
        "finals": {final.directory: final.trial.user_attrs[JOB] for final in ranked[:most]},
        "report": command,
    }
    with atomic_write(search.directory / f"{search.name}.json") as path:
        path.write_text(json.dumps(record, indent=1) + "\n")
    result = read_result(search.directory / best.directory)
    title = f"{result.title}: search of {found['complete']} trials"
    drawn = draw(study, title, search.directory / f"{search.name}-figures", result.metric)
    LOG.info(f"best validation {best.validation:.2f} %: {' '.join(values)}")
    LOG.info("\n  ".join(["figures:", *map(str, drawn)]))
    LOG.info(f"on the reported splits: {command}")
    states = trial_states(search.directory, search.name, wanted, search.jobs)
    if code := exit_code(states):
        LOG.info(summary(search.directory, states))
        raise SystemExit(code)
    return [best.validation]


def _settable(search: Search, fixed: list[str], values: list[str]) -> list[str]:
    """Values as overrides without the space's file, which may have added their keys."""
    name = search.config.hydra.job.config_name
    plain = search.context.config_loader.load_configuration(name, fixed, RunMode.RUN)
    unknown = {key for key in search.space if OmegaConf.select(plain, key) is None}
    return [f"++{value}" if value.partition("=")[0] in unknown else value for value in values]
