"""The jobs of a sweep: which overrides, and in which directory."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.config_loader import ConfigLoader
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf.errors import OmegaConfBaseException

from ..identity import hash_of, name_of
from ..job import Job


class Planned(NamedTuple):
    """A job before it runs.

    Attributes:
        overrides: of the command line.
        name: of its directory in the sweep's.
        job: with its config; None where that could not be composed.
        error: why it could not.
    """

    overrides: list[str]
    name: str
    job: Job | None
    error: str | None = None


class _Base(NamedTuple):
    """What jobs share that choose the same files."""

    whole: DictConfig
    config: DictConfig  # without Hydra's node, and of the tuned values those of its dataset


def plan(loader: ConfigLoader, master: DictConfig, jobs: Sequence[Sequence[str]]) -> list[Planned]:
    """Composes each job; jobs that turn out the same run are one.

    Args:
        loader: Hydra's.
        master: config of the sweep itself.
        jobs: overrides of each.
    """
    bases: dict[tuple[str, ...], _Base] = {}
    planned: dict[str, Planned] = {}
    for number, overrides in enumerate(jobs):
        job = _planned(loader, master, bases, list(overrides), number)
        planned.setdefault(job.name, job)
    return list(planned.values())


def _planned(
    loader: ConfigLoader,
    master: DictConfig,
    bases: dict[tuple[str, ...], _Base],
    overrides: list[str],
    number: int,
) -> Planned:
    try:
        parsed = OverridesParser.create().parse_overrides(overrides)
        values = [o for o in parsed if _is_value(o)]
        choices = tuple(o.input_line or "" for o in parsed if not _is_value(o))
        if choices not in bases:
            bases[choices] = _base(loader.load_sweep_config(master, list(choices)))
        base = bases[choices]
        config = base.config.copy()
        ConfigLoaderImpl._apply_overrides_to_config(values, config)
        name = _name(base, config, values, number)
        choice = base.whole.hydra.runtime.choices["model"]
        folder = Path(str(base.whole.hydra.sweep.dir)).absolute()
        return Planned(overrides, name, Job(config, str(choice), folder / name, folder.name))
    except (HydraException, OmegaConfBaseException, OSError, ValueError) as error:
        return Planned(overrides, f"refused-{hash_of(overrides)[:8]}", None, str(error))


def _base(whole: DictConfig) -> _Base:
    config: Any = whole.copy()
    with read_write(config), open_dict(config):
        del config["hydra"]
        known = not OmegaConf.is_interpolation(config.dataset, "name")  # of a file that a job names
        if "tuned" in config and known:  # copied for each job, and long
            name = OmegaConf.select(config, "dataset.name")
            config.tuned = {k: v for k, v in config.tuned.items() if k == name}
    return _Base(whole, config)


def _name(base: _Base, config: DictConfig, values: list[Override], number: int) -> str:
    subdir = OmegaConf.to_container(base.whole.hydra.sweep)["subdir"]  # type: ignore[index, call-overload]
    if subdir == "${run_name:}":
        return name_of(config, base.whole.hydra.runtime.choices)
    return _own_name(base.whole, values, number)


def _own_name(whole: DictConfig, values: list[Override], number: int) -> str:
    """The directory by a rule of the user's own."""
    before, config = HydraConfig.instance().cfg, whole.copy()
    with read_write(config.hydra), open_dict(config.hydra):
        config.hydra.job.id = config.hydra.job.num = number
        config.hydra.overrides.task.extend([o.input_line for o in values])
    ConfigLoaderImpl._apply_overrides_to_config(values, config)
    HydraConfig.instance().set_config(config)
    try:
        return str(config.hydra.sweep.subdir)
    finally:
        HydraConfig.instance().cfg = before


def _is_value(override: Override) -> bool:
    """Whether an override sets a value of a composed config, rather than choosing a file."""
    plain = not (override.is_add() or override.is_force_add() or override.is_delete())
    key = override.key_or_group
    if key == "dataset.name" or key.startswith("hydra"):  # it chooses the tuned values
        return False
    return plain and ("." in key or key in SCALARS)


SCALARS = ("seed", "repeats")
"""Top-level values that sweeps vary; other top-level keys may name groups."""
