"""The command that trains a run again: the shortest one whose config is the recorded one."""

import shlex
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import yaml

from longnn.runs.result import Result

from ..config.configs import CONF, options
from ..config.identity import LATER, PARTS, plain
from ..config.values import as_value

TUNED = ("tuned=search", "tuned=none")
"""Where values may come from besides the published ones."""


class NotRepeatableError(ValueError):
    """No command of ``longnn train`` gives the config of a run."""


def repeating_command(run: Result) -> str:
    """The command line that gives the config of a run, as far as it decides the result.

    It is composed here as ``longnn train`` would compose it, and held against the record. Settings
    that decide no result, such as the backend, are not in it.

    Args:
        run: a finished run.

    Raises:
        NotRepeatableError: if the config names files that are not among the package's, or there is
            no such command.
    """
    wanted = _decisive(run.config)
    lacking = [group for group in ("dataset", "model", "split", "optim") if group not in wanted]
    if lacking:
        raise NotRepeatableError(f"its record has no config of {' and '.join(lacking)}")
    words = _shortest([*_dataset(run), f"model={_known('model', run.model)}"], wanted)
    there = _composed(*words)
    if there != _filled(wanted, there):
        raise NotRepeatableError("no overrides of the package's own config files give its config")
    return f"longnn train {shlex.join(words)}"


def _shortest(words: list[str], wanted: dict[str, Any]) -> list[str]:
    """The words, and what has to be added to them; other tuned values where that is shorter."""
    split = _option("split", wanted["split"])
    if split is not None and _target(_composed(*words)) != _target(wanted):
        words = [*words, f"split={split}"]
    schedule = _schedule(wanted)
    if schedule in options("optim/schedule") and schedule != _schedule(_composed(*words)):
        words = [*words, f"optim/schedule={schedule}"]
    usual = _completed(words, "", wanted)
    if not any(word.lstrip("+~").startswith(("model.", "optim.")) for word in usual):
        return usual
    return min([usual, *(_completed(words, tuned, wanted) for tuned in TUNED)], key=len)


def _completed(words: list[str], tuned: str, wanted: dict[str, Any]) -> list[str]:
    """The words, a choice of tuned values, and what then still differs."""
    start = [*words, tuned] if tuned else words
    there = _composed(*start)
    return [*start, *differences(_filled(wanted, there), there)]


def _filled(wanted: dict[str, Any], there: dict[str, Any]) -> dict[str, Any]:
    """The recorded values, with settings that came later as they always were."""
    found = {key: dict(v) if isinstance(v, dict) else v for key, v in wanted.items()}
    for part, name, before in LATER:
        holder, new = (found.get(part), there.get(part)) if part else (found, there)
        if isinstance(holder, dict) and isinstance(new, dict) and name in new:
            holder.setdefault(name, before)
    return found


def differences(wanted: Mapping[str, Any], there: Mapping[str, Any], key: str = "") -> list[str]:
    """Overrides that make one config from another.

    Args:
        wanted: plain values.
        there: plain values.
        key: dotted, of both.

    Example:
        >>> differences({"a": {"lr": 0.1, "new": 1}}, {"a": {"lr": 0.2, "old": 2}})
        ['a.lr=0.1', '+a.new=1', '~a.old']
    """
    return list(_differences(wanted, there, f"{key}." if key else ""))


def _differences(wanted: Mapping[str, Any], there: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for name, value in wanted.items():
        path = f"{prefix}{name}"
        if name not in there:
            yield f"+{path}={as_value(value)}"
        elif isinstance(value, Mapping) and isinstance(there[name], Mapping):
            yield from _differences(value, there[name], f"{path}.")
        elif value != there[name] or isinstance(value, bool) != isinstance(there[name], bool):
            yield f"{path}={as_value(value)}"
    yield from (f"~{prefix}{name}" for name in there if name not in wanted)


def _decisive(config: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a config that decide a result."""
    return {key: plain(config[key]) for key in PARTS if key in config}


@lru_cache(maxsize=64)
def _composed(*words: str) -> dict[str, Any]:
    """The values of the command ``longnn train WORDS`` that decide its result; none if refused."""
    from hydra import compose, initialize_config_dir  # tables are made without
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    from ..config.cli import register_resolvers

    register_resolvers()
    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            return _decisive(plain(compose("config", overrides=list(words))))
    except (HydraException, OmegaConfBaseException):
        return {}


def _target(config: Mapping[str, Any]) -> object:
    return config.get("split", {}).get("_target_")


def _schedule(config: Mapping[str, Any]) -> object:
    """The name of the schedule; none in a record that is older than schedules."""
    return (config.get("optim", {}).get("schedule") or {}).get("name")


def _dataset(run: Result) -> list[str]:
    """The words that choose a dataset by its name or its format, with what that has to be given."""
    node = run.config["dataset"]
    own = run.dataset in options("dataset")
    name = run.dataset if own else _option("dataset", node) or _known("dataset", run.dataset)
    file = _file("dataset", name)
    needed = [key for key in file if file[key] == "???" and key in node]
    return [f"dataset={name}", *(f"dataset.{key}={as_value(node[key])}" for key in needed)]


def _option(group: str, node: Mapping[str, Any]) -> str | None:
    """The first option of a group that builds what a node builds; None if there is none."""
    for name in options(group):
        target = _file(group, name).get("_target_")
        if target is not None and target == node.get("_target_"):
            return name
    return None


def _file(group: str, name: str) -> dict[str, Any]:
    """The values of a config file as they stand."""
    loaded: Any = yaml.safe_load((CONF / group / f"{name}.yaml").read_text())
    return loaded or {}


def _known(group: str, name: str) -> str:
    if name in options(group):
        return name
    raise NotRepeatableError(
        f"{group}={name} is a config file of your own: train it with --config-dir DIR and the "
        "overrides that you gave"
    )
