"""A search before its first trial: its space, its own splits, and its study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optuna
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf

from longnn.training.ranges import check_setting

from ..config.identity import hash_of
from ..config.unknown import hint
from ..config.values import as_value
from .plan import Planned, planned_jobs
from .sampling import grid, sampler_of
from .search_settings import SearchSettings
from .space import Space, from_overrides, from_settings
from .storage import open_storage, stored_name
from .study import open_study
from .trials import Trials


@dataclass
class Search:
    """A search and what has come of it so far.

    Attributes:
        context: Hydra's.
        config: of the sweep.
        launcher: runs the jobs.
        directory: of the sweep.
        fixed: overrides of every job.
        chosen_on: overrides that give the search its own splits.
        space: what is searched.
        name: of the search, ``search-HASH``.
        study: as its storage keeps it.
        trials: what this process takes its trials from.
        jobs: name -> overrides of the jobs of all trials so far.
    """

    context: HydraContext
    config: DictConfig
    launcher: Launcher
    directory: Path
    fixed: list[str]
    chosen_on: list[str]
    space: Space
    name: str
    study: optuna.Study
    trials: Trials
    jobs: dict[str, list[str]] = field(default_factory=dict)

    def planned(
        self, values: Sequence[Mapping[str, Any]], splits: int | None = None
    ) -> list[Planned]:
        """The jobs of trials, which are noted in `jobs`; equal values give the same directory.

        Args:
            values: of each trial, by the key of the setting.
            splits: how many they train on, the first of the search's own; as a trial does if None.
        """
        count = [] if splits is None else [f"split.count={splits}"]
        chosen_on = [o for o in self.chosen_on if not (count and o.startswith("split.count="))]
        jobs = []
        for params in values:
            given = [f"{key}={text(params[key])}" for key in self.space]
            overrides = [*self.fixed, *chosen_on, *count, *given]
            (job,) = planned_jobs(self.context.config_loader, self.config, [overrides])
            self.jobs[job.name] = overrides
            jobs.append(job)
        return jobs


def text(value: object) -> str:
    """A value as an override; a step's rounding error is left out."""
    return as_value(float(f"{value:.12g}") if isinstance(value, float) else value)


def prepare(
    context: HydraContext,
    config: DictConfig,
    launcher: Launcher,
    arguments: list[str],
    settings: SearchSettings,
) -> Search:
    """Reads the space from settings and arguments, and opens the study.

    Args:
        context: Hydra's.
        config: of the sweep.
        launcher: runs the jobs.
        arguments: overrides; those with several values belong to the space.
        settings: how to search.

    Raises:
        ValueError: if the space does not fit the config, or the split protocol draws no splits.
    """
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
    _check_sampler(settings, space)
    storage = open_storage(directory, settings.storage)
    stored = stored_name(directory, settings.storage, name)
    study = open_study(storage, stored, pruner=settings.pruner)
    trials = Trials(study, storage, directory, space, settings, name)
    return Search(
        context, config, launcher, directory, fixed, chosen_on, space, name, study, trials
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


def _check_sampler(settings: SearchSettings, space: Space) -> None:
    sampler_of(settings.sampler, settings.seed, 0)
    if settings.sampler == "grid":
        grid(space)
    numbers = ("trials", "batch", "splits", "first_split_seed", "seed", "finalists", "final_splits")
    for name in numbers:
        check_setting(f"hydra.sweeper.{name}", getattr(settings, name))
    if settings.finalists and settings.final_splits <= settings.splits:
        raise ValueError(
            f"finals decide on more splits than the trials: hydra.sweeper.final_splits="
            f"{settings.final_splits} must be greater than hydra.sweeper.splits={settings.splits}"
        )


def _splits(config: DictConfig, fixed: list[str], settings: SearchSettings) -> list[str]:
    """Overrides that give the search splits of its own, unless the user has chosen them.

    Masks that a file ships are not drawn: there it chooses on the first ones' validation parts.
    """
    protocol = config.hydra.runtime.choices.split
    if "first_seed" not in config.split and protocol != "fixed":
        raise ValueError(
            "a search chooses on splits of its own, drawn from other seeds than the reported ones, "
            f"but the protocol {protocol} draws none; add split=stratified (or per_class, or "
            "random), or split=fixed, whose first masks then choose by their validation parts"
        )
    own = {"split.count": settings.splits}
    if protocol != "fixed":
        own["split.first_seed"] = settings.first_split_seed
    given = {override.partition("=")[0] for override in fixed}
    if settings.finalists and "split.count" in given:
        raise ValueError(
            "split.count is that of the trials (hydra.sweeper.splits) and of the finals "
            "(hydra.sweeper.final_splits); leave it out"
        )
    return [f"{key}={value}" for key, value in own.items() if key not in given]
