"""What a command line names and no config file has: messages that give the nearest names."""

from pathlib import Path
from typing import NamedTuple

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from .configs import CONF, groups, keys_in, keys_of, options
from .meant import advice
from .renamed import new_name
from .spelling import name_problem


class Known(NamedTuple):
    """What overrides of a command line may refer to.

    Attributes:
        folders: where config files lie.
        chosen: group -> options on the command line; of other groups any option counts.
        config: name of the command's own file in conf/.
    """

    folders: list[Path]
    chosen: dict[str, list[str]]
    config: str


def option_problem(folders: list[Path], group: str, option: str) -> str | None:
    """Says why ``group=option`` names no config file, with the nearest names; None if it does."""
    known = options(group, folders)
    problem = name_problem(group, option, known) if known else None
    if problem is None:
        return None
    other = _OTHERS if group == "optim" else ""
    return f"{problem}{other} Your own goes into DIR/{group}/{option}.yaml with --config-dir DIR."


_OTHERS = (
    " Another optimizer is optim.transformation._target_=optax.sgd, a schedule "
    "optim/schedule=cosine."
)


def key_problem(known: Known, override: Override) -> str | None:
    """Says why an override sets a value that no config has, with the nearest keys; None if one has.

    Args:
        known: what the command line may refer to.
        override: of the command line.
    """
    key = override.key_or_group
    adds = override.is_add() or override.is_force_add()
    if adds and key.startswith(("hydra.sweeper.", "hydra.launcher.")):
        open_ended = key.split(".")[2] in ("params", "additional_parameters")
        return None if open_ended else f"{key} cannot be added; leave out the +: {key}=..."
    if key.startswith("hydra.") or key in groups() or override.is_delete() or _package(key):
        return None
    if key.startswith("optim.schedule.") and not adds:
        return _schedule_problem(known, key.removeprefix("optim.schedule."))
    group = key.partition(".")[0]
    inside = group in groups()
    if adds and group in _BUILT:  # what its class takes is known when it is there
        return None
    names = _options(known, group) if inside else [known.config]
    files = _files(known.folders, group if inside else ".", names)
    prefix = f"{group}." if inside else ""
    keys = {prefix + name for file in files for name in keys_in(file)}
    if not files or key in keys or (adds and _is_group_of_rates(key)) or key.startswith(_OPEN):
        return None
    name = new_name(key)
    if name is not None:
        return f"the setting {key!r} is called {name!r} now"
    keys |= set() if inside else set(groups())
    of = f" of {group}={','.join(names)}" if inside and names != ["*"] else ""
    elsewhere = _elsewhere(known.folders, group, key) if inside else ""
    near = advice(key, keys) or advice(group, keys) or f"there are {', '.join(sorted(keys))}."
    added = f" One that its class takes is added with +{key}=..." if group in _BUILT else ""
    return f"unknown key {key!r}{of}: {near}{elsewhere}{added}"


_BUILT = ("dataset", "model", "split", "logger", "tuned")
"""Groups whose keys go to a class or a function, which may take more than its file lists."""


_OPEN = "optim.transformation."
"""What lies below goes to a function of optax."""


def _schedule_problem(known: Known, name: str) -> str | None:
    """Says which schedule has a number of this name, where the chosen one has not."""
    chosen = known.chosen.get(SCHEDULE)
    if chosen is None:  # a file of these may choose one
        chosen = ["*"] if {"optim", "tuned", *_STUDIES} & set(known.chosen) else ["constant"]
    files = sorted(_files(known.folders, SCHEDULE, ["*"]))
    having = [file.stem for file in files if name in keys_in(file)]
    if chosen == ["*"] or set(chosen) & set(having):
        return None
    if having:
        return (
            f"{SCHEDULE}={','.join(chosen)} has no {name}; choose one that has it: "
            f"{', '.join(f'{SCHEDULE}={one}' for one in having)}"
        )
    known_names = sorted({f"optim.schedule.{key}" for file in files for key in keys_in(file)})
    key = f"optim.schedule.{name}"
    return f"unknown key {key!r}: {advice(key, known_names) or f'there are {known_names}'}"


SCHEDULE = "optim/schedule"
"""A group inside a group."""

_STUDIES = ("sweep", "experiment")
"""Groups whose files may choose those of any other."""


def _package(key: str) -> bool:
    """Whether a key chooses a file for some place in the config."""
    return any(c in key for c in "@/")


def _is_group_of_rates(key: str) -> bool:
    """Whether a key is of a group of parameters, which a model of the user's own may have."""
    parts = key.split(".")
    rates = len(parts) < 4 or parts[3] in ("lr", "weight_decay")
    return len(parts) in (3, 4) and parts[:2] == ["optim", "groups"] and rates


def hint(key: str, config: DictConfig) -> str:
    """What to write instead of a key that a composed config does not have.

    Args:
        key: dotted.
        config: composed.
    """
    name = new_name(key)
    if name is not None:
        return f"it is called {name} now"
    return advice(key, keys_of(config)) or "see --cfg job for its keys"


def _files(folders: list[Path], group: str, names: list[str]) -> list[Path]:
    return [f for folder in folders for n in names for f in (folder / group).glob(f"{n}.yaml")]


def _elsewhere(folders: list[Path], group: str, key: str) -> str:
    """Which options of a group have the key, as ``model=jacobiconv has it``."""
    name = key.removeprefix(f"{group}.")
    files = sorted(_files(folders, group, ["*"]))
    having = [f"{group}={file.stem}" for file in files if name in keys_in(file)]
    more = f" and {len(having) - _SOME} more" if len(having) > _SOME else ""
    return f" {', '.join(having[:_SOME])}{more} has it." if having else ""


_SOME = 4
"""How many options a message lists that have a key."""


def _options(known: Known, group: str) -> list[str]:
    """What a group is, as far as the command line says; "*" where another file decides."""
    if group in known.chosen:
        return known.chosen[group]
    # the split is chosen by a dataset, the graph by a model, anything by a space or an experiment
    if group in ("split", "graph") or {*_STUDIES} & set(known.chosen):
        return ["*"]
    defaults = OmegaConf.load(CONF / f"{known.config}.yaml").defaults
    named = [entry for entry in defaults if isinstance(entry, DictConfig)]
    return [str(entry[group]) for entry in named if entry.get(group)] or ["*"]
