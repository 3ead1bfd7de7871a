"""The jobs of a sweep: which overrides, and in which directory."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.config_loader import ConfigLoader
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf.errors import OmegaConfBaseException

from experiments.identity import hash_of


class Planned(NamedTuple):
    """A job before it runs.

    Attributes:
        overrides: of the command line.
        name: of its directory in the sweep's.
        config: composed, Hydra's node included; None where that failed.
        error: why it failed.
    """

    overrides: list[str]
    name: str
    config: DictConfig | None
    error: str | None = None


def plan(loader: ConfigLoader, master: DictConfig, jobs: Sequence[Sequence[str]]) -> list[Planned]:
    """Composes each job; jobs that turn out the same run are one.

    Args:
        loader: Hydra's.
        master: config of the sweep itself.
        jobs: overrides of each.
    """
    bases: dict[tuple[str, ...], DictConfig] = {}
    planned: dict[str, Planned] = {}
    for number, overrides in enumerate(jobs):
        job = _planned(loader, master, bases, list(overrides), number)
        planned.setdefault(job.name, job)
    return list(planned.values())


def _planned(
    loader: ConfigLoader,
    master: DictConfig,
    bases: dict[tuple[str, ...], DictConfig],
    overrides: list[str],
    number: int,
) -> Planned:
    try:
        config = _composed(loader, master, bases, overrides)
        _as_job(config, overrides, number)
        HydraConfig.instance().set_config(config)
        try:
            name = str(config.hydra.sweep.subdir)
        finally:
            HydraConfig.instance().set_config(master)
        directory = Path(str(config.hydra.sweep.dir)) / name
        with read_write(config.hydra), open_dict(config.hydra):
            config.hydra.runtime.output_dir = str(directory.absolute())
    except (HydraException, OmegaConfBaseException, OSError, ValueError) as error:
        return Planned(overrides, f"refused-{hash_of(overrides)[:8]}", None, str(error))
    return Planned(overrides, name, config)


def _composed(
    loader: ConfigLoader,
    master: DictConfig,
    bases: dict[tuple[str, ...], DictConfig],
    overrides: list[str],
) -> DictConfig:
    """A job's config; jobs that choose the same files share the work of reading them."""
    parsed = OverridesParser.create().parse_overrides(overrides)
    values = [o for o in parsed if _is_value(o)]
    choices = [o.input_line or "" for o in parsed if not _is_value(o)]
    key = tuple(choices)
    if key not in bases:
        bases[key] = loader.load_sweep_config(master, choices)
    config = bases[key].copy()
    ConfigLoaderImpl._apply_overrides_to_config(values, config)
    return config


def _is_value(override: Override) -> bool:
    """Whether an override sets a value of a composed config, rather than choosing a file."""
    plain = not (override.is_add() or override.is_force_add() or override.is_delete())
    return plain and "." in override.key_or_group and not override.key_or_group.startswith("hydra.")


def _as_job(config: DictConfig, overrides: list[str], number: int) -> None:
    """What a launcher would have told the job about itself."""
    with read_write(config.hydra), open_dict(config.hydra):
        config.hydra.job.id = config.hydra.job.num = number
        config.hydra.overrides.task = OmegaConf.create(overrides)
