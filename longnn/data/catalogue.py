"""The datasets that have a name: how each is loaded, where its files come from, what is in it.

The entries are data, in ``catalogue.toml``; nothing here imports numpy or jax.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module, resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from longnn.data.errors import unknown
from longnn.data.registry import matching, registered_files

if TYPE_CHECKING:
    from longnn.data.dataset import Dataset

NOTHING: Mapping[str, str | float] = MappingProxyType({})


class Shares(NamedTuple):
    """How often edges join equal labels; `longnn.data.statistics.Homophily` has the formulas."""

    edge: float
    node: float
    adjusted: float


@dataclass(frozen=True)
class Entry:
    """What is known of a dataset before it is loaded.

    Attributes:
        loader: module and function below ``longnn.data`` that make it, such as "planetoid.load".
        arguments: what the loader is given, apart from the name and the metric.
        metric: what scores are of; None for a generated dataset, whose function has its own.
        files: names of the registered files that it is read from; empty for a generated dataset.
        upstream: repository or site that publishes the files, and their place there.
        licence: licence that the upstream states.
        directed: whether the files say where each edge begins and where it ends, and that is kept.
        nodes, edges, features, classes: N, E, F and C; None where it was never loaded by us.
        homophily: shares of edges that join equal labels; None where it is not known.
        correlation: of real-valued labels at both ends of the edges; None for classes.
    """

    loader: str
    arguments: Mapping[str, str | float] = field(default_factory=lambda: NOTHING)
    metric: str | None = None
    files: tuple[str, ...] = ()
    upstream: str = ""
    licence: str = ""
    directed: bool = False
    nodes: int | None = None
    edges: int | None = None
    features: int | None = None
    classes: int | None = None
    homophily: Shares | None = None
    correlation: float | None = None

    @property
    def generated(self) -> bool:
        """Whether it is drawn from a seed, and needs no file."""
        return not self.files


@cache  # a sweep asks for every job
def entries() -> Mapping[str, Entry]:
    """Every dataset that has a name, in the order of ``catalogue.toml``."""
    text = resources.files("longnn.data").joinpath("catalogue.toml").read_text("utf-8")
    known = list(registered_files())
    return MappingProxyType(
        {name: _entry(table, known) for name, table in tomllib.loads(text).items()}
    )


def names() -> list[str]:
    """The names that `longnn.data.load` takes.

    Example:
        >>> "cora" in names()
        True
    """
    return sorted(entries())


def entry_of(name: str, loader: str | None = None) -> Entry:
    """The entry of a dataset.

    Args:
        name: one of `names`.
        loader: only its datasets are known then, without those that need further arguments.

    Raises:
        ValueError: if the name is unknown; the message gives the nearest names.
    """
    if not isinstance(name, str):
        raise ValueError(f"a dataset is named by a word such as 'cora', got {name!r}")
    known = {
        known: entry
        for known, entry in entries().items()
        if loader is None or (entry.loader == loader and not entry.arguments)
    }
    if name not in known:
        kind = "dataset" if loader is None else f"{loader.partition('.')[0]} dataset"
        raise unknown(kind, name, sorted(known))
    return known[name]


def _entry(table: Mapping[str, Any], known: list[str]) -> Entry:
    read = {"homophily": lambda shares: Shares(*shares), "files": lambda f: matching(f, known)}
    return Entry(**{key: read.get(key, lambda v: v)(value) for key, value in table.items()})


def function_of(entry: Entry) -> "Callable[..., Dataset]":
    """The function that makes a dataset, imported."""
    module, _, function = entry.loader.partition(".")
    found: Callable[..., Dataset] = getattr(import_module(f"longnn.data.{module}"), function)
    return found
