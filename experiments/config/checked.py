"""Whether a composed config is one that a command understands; imports no jax.

What a class or a function takes (``model``, ``dataset``, ``split``, ``logger``) is judged where it
is built: ``longnn.runs.configured``.
"""

import re
from collections.abc import Iterable, Iterator
from typing import cast

from omegaconf import DictConfig, ListConfig, OmegaConf

from longnn.data.errors import unknown
from longnn.data.labels import LESS_IS_BETTER, METRICS
from longnn.training.ranges import check_devices, check_setting

from .configs import CONF, groups, inner_groups, keys_in, options
from .loggers import check_logger
from .meant import advice
from .processes import check_distributed
from .renamed import refuse_old_names

DTYPES = ("float32", "float64")
"""What ``dtype`` may be."""

_ALONE = ("seed", "repeats", "chunk", "memory_gb", "nodes_over", "checkpoint_seconds")
_NODES = ("graph", "optim")
_RATES = ("lr", "weight_decay")
_OWN_GROUPS = ("mlp", "decomposition", "coefficients", "basis")


def check_config(config: DictConfig) -> None:
    """Refuses a run's config that lacks a value, or has one out of range or that nothing reads.

    Args:
        config: composed, with Hydra's own node or without.

    Raises:
        ValueError: naming the setting, what it may be, and what was meant perhaps.
    """
    check_keys(config)
    for name in _ALONE:
        check_setting(name, config[name])
    check_devices(config.devices)
    check_distributed(config.distributed)
    if config.dtype not in DTYPES:
        raise ValueError(f"dtype must be float32 or float64, got {config.dtype!r}")
    check_recorded(config.metrics)
    check_logger(config.logger)
    for name in ("self_loops", "degree_exponent", "charge"):
        check_setting(f"graph.{name}", config.graph[name])
    for name in ("max_epochs", "patience", "clip", "ema", "label_smoothing"):
        check_setting(f"optim.{name}", config.optim[name])
    for name, value in config.optim.schedule.items():
        if name != "name":
            check_setting(f"optim.schedule.{name}", value)
    for group, rates in config.optim.groups.items():
        for name, value in rates.items():
            check_setting(f"optim.groups.{group}.{name}", value)


def check_recorded(metrics: object) -> None:
    """Refuses ``metrics`` unless it is a list of names of metrics.

    Raises:
        ValueError: naming the one that is unknown, and the nearest.
    """
    if not isinstance(metrics, list | tuple | ListConfig):
        raise ValueError(f"metrics must be a list such as [macro_f1,ece], got {metrics!r}")
    known = (*METRICS, *LESS_IS_BETTER)
    for name in metrics:
        if name not in known:
            raise unknown("metric of metrics:", str(name), sorted(known))


def check_keys(config: DictConfig) -> None:
    """Refuses the config of a run that lacks a value, or has a key that nothing reads.

    Args:
        config: composed, with Hydra's own node or without.

    Raises:
        ValueError: naming the key, and what was meant perhaps.
    """
    refuse_old_names(config)
    check_top(config, "config")
    _check_nodes(config)
    _check_groups(config)
    _check_schedule(config)


def check_top(config: DictConfig, name: str) -> None:
    """Refuses a config that lacks a value, or whose top level has a key that nothing reads.

    A key of the user's own may stand there for values that refer to it, such as ``${width}``.

    Args:
        config: composed.
        name: of the command's file in conf/.

    Raises:
        ValueError: naming the key.
    """
    check_missing(config)
    known = {*top_keys(name), "hydra"}
    text = OmegaConf.to_yaml(config)
    for key in map(str, config):
        if key not in known and not re.search(rf"\\${{{re.escape(key)}\\b", text):
            raise ValueError(unread(key, known))


def check_missing(config: DictConfig) -> None:
    """Refuses a config in which a value that has to be given is missing (``???``).

    Raises:
        ValueError: naming it.
    """
    plain = OmegaConf.to_container(config, resolve=False)
    for key in _missing({k: v for k, v in cast(dict, plain).items() if k != "hydra"}):
        raise ValueError(f"{key} has no value; add {key}=... to the command")


def _missing(node: object, prefix: str = "") -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _missing(value, f"{prefix}{key}.")
    elif node == "???":
        yield prefix.rstrip(".")


def top_keys(name: str) -> set[str]:
    """The keys that the top level of a config may have.

    Args:
        name: of the command's file in conf/.
    """
    return {key for key in keys_in(CONF / f"{name}.yaml") if "." not in key} | set(groups())


def unread(key: str, known: Iterable[str]) -> str:
    """The message about a key that nothing reads.

    Args:
        key: dotted, whole.
        known: the keys that could stand in its place.
    """
    choice = sorted(known)
    return f"nothing reads the setting {key!r}: {advice(key, choice) or f'there are {choice}'}"


def _check_nodes(config: DictConfig) -> None:
    """Nodes that this program reads itself, key by key."""
    for node in _NODES:
        known = {key for file in (CONF / node).glob("*.yaml") for key in keys_in(file)}
        first = {key.partition(".")[0] for key in known} | set(inner_groups(node))
        for key in map(str, config[node]):
            if key not in first:
                raise ValueError(unread(f"{node}.{key}", [f"{node}.{one}" for one in first]))
        lacking = sorted(first - set(map(str, config[node])))
        if lacking:
            raise ValueError(f"{node}.{lacking[0]} has no value; leave out ~{node}.{lacking[0]}")


def _check_groups(config: DictConfig) -> None:
    """The optimizer's groups of parameters: a model of the user's own may have others than ours."""
    ours = str(config.model.get("_target_", "")).startswith("longnn.")
    for group, rates in config.optim.groups.items():
        name = f"optim.groups.{group}"
        if ours and group not in _OWN_GROUPS:
            raise ValueError(unread(name, [f"optim.groups.{one}" for one in _OWN_GROUPS]))
        if not isinstance(rates, DictConfig):
            raise ValueError(f"{name} holds lr and weight_decay, got {rates!r}; set {name}.lr")
        for key in map(str, rates):
            if key not in _RATES:
                raise ValueError(unread(f"{name}.{key}", [f"{name}.{one}" for one in _RATES]))


def _check_schedule(config: DictConfig) -> None:
    """The node ``optim.schedule`` has a name of a file of its group, and the keys of that file."""
    node = config.optim.schedule
    name = node.get("name") if isinstance(node, DictConfig) else node
    known = options("optim/schedule")
    if name not in known:
        raise ValueError(f"there is no schedule {name!r}; choose optim/schedule={'|'.join(known)}")
    keys = keys_in(CONF / "optim" / "schedule" / f"{name}.yaml")
    for key in map(str, node):
        if key not in keys:
            raise ValueError(
                unread(f"optim.schedule.{key}", [f"optim.schedule.{one}" for one in keys])
            )
    lacking = sorted(set(keys) - set(map(str, node)))
    if lacking:
        raise ValueError(
            f"optim.schedule.{lacking[0]} has no value; choose a schedule by optim/schedule={name}"
        )
