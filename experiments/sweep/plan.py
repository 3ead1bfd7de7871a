"""The jobs of a sweep before they run: the overrides, config and directory of each."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hydra.core.config_loader import ConfigLoader
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from ..config.checked import check_keys
from ..config.identity import hash_of, name_of
from ..config.trusted import own_modules
from ..config.unknown import hint
from ..jobs.job import Job


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
    config: DictConfig  # without Hydra's node


def planned_jobs(
    loader: ConfigLoader, master: DictConfig, jobs: Sequence[Sequence[str]]
) -> list[Planned]:
    """Composes each job; jobs that turn out to be the same run are one.

    Files are composed once for all jobs that choose the same ones.

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
        _set(config, values)
        check_keys(config)
        name = _name(base, config, values, number)
        choice = base.whole.hydra.runtime.choices["model"]
        folder = Path(str(base.whole.hydra.sweep.dir)).absolute()
        trust = own_modules(base.whole.hydra)
        job = Job(config, str(choice), folder / name, folder.name, trust)
        return Planned(overrides, name, job)
    except (HydraException, OmegaConfBaseException, OSError, ValueError) as error:
        return Planned(overrides, f"refused-{hash_of(overrides)[:8]}", None, str(error))


def _base(whole: DictConfig) -> _Base:
    config = whole.copy()
    with read_write(config), open_dict(config):
        del config["hydra"]
    return _Base(whole, config)


def _is_value(override: Override) -> bool:
    """Whether an override sets a value of a composed config, rather than choosing a file."""
    plain = not (override.is_add() or override.is_force_add() or override.is_delete())
    key = override.key_or_group
    return plain and not key.startswith("hydra") and ("." in key or key in SCALARS)


SCALARS = ("seed", "repeats")
"""Top-level values that sweeps vary; other top-level keys may name groups."""


def _set(config: DictConfig, values: Sequence[Override]) -> None:
    """Sets values of a composed config, as Hydra does while it composes one.

    Raises:
        ValueError: for a key that the config does not have.
    """
    for override in values:
        key = override.key_or_group
        try:
            OmegaConf.update(config, key, override.value(), merge=True)
        except (ConfigAttributeError, ConfigKeyError) as error:
            raise ValueError(f"the config has no {key!r}: {hint(key, config)}") from error


def _name(base: _Base, config: DictConfig, values: Sequence[Override], number: int) -> str:
    """The name of a job's directory, by our rule or by one of the user's own."""
    unresolved = OmegaConf.to_container(base.whole.hydra.sweep)
    assert isinstance(unresolved, dict)
    if unresolved["subdir"] == "${run_name:}":
        return name_of(config, base.whole.hydra.runtime.choices)
    before, whole = HydraConfig.instance().cfg, base.whole.copy()
    with read_write(whole.hydra), open_dict(whole.hydra):
        whole.hydra.job.id = whole.hydra.job.num = number
        whole.hydra.overrides.task.extend([o.input_line for o in values])
    _set(whole, values)
    HydraConfig.instance().set_config(whole)
    try:
        return str(whole.hydra.sweep.subdir)
    finally:
        HydraConfig.instance().cfg = before
