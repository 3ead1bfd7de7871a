"""From a config to signals, and from filters to targets."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pooch
from jaxtyping import Bool, Float32, Float64
from omegaconf import DictConfig

from longnn.data import images
from longnn.fitting import (
    RESPONSES,
    Block,
    Response,
    apply,
    chebyshev_apply,
    decompose,
    interpolated,
    response,
)
from longnn.graphs.graph import Graph
from longnn.training import graph_of

from ..jobs.downloads import download
from ..jobs.loading import load
from .identity import IMAGES, data_name, filters_of


class Signals(NamedTuple):
    """What is filtered.

    Attributes:
        name: name of the data.
        graph: the graph of N nodes.
        values: [N, B] signals.
        mask: [N] True for the nodes that count.
        grid: rows and columns of a grid, None for another graph.
        checksum: hash of the data.
    """

    name: str
    graph: Graph
    values: Float64[np.ndarray, "N B"]
    mask: Bool[np.ndarray, " N"]
    grid: tuple[int, int] | None
    checksum: str


class Target(NamedTuple):
    """What is aimed at: a filter's name, its response if it has one, and the targets."""

    name: str
    response: Response | None
    values: Float32[np.ndarray, "N B"]


def signals_of(config: DictConfig, trust: Iterable[str] = ()) -> Signals:
    """Returns the grid images, or the first columns of a dataset's features on all nodes.

    Args:
        config: of the fit.
        trust: names of modules whose code the config may name.

    Raises:
        ValueError: if the columns are zero at every node, or for another operator than S.
    """
    if config.graph.operator != "symmetric":
        raise ValueError(
            f"filters are fitted on the symmetric operator, got graph.operator="
            f"{config.graph.operator}; leave it out"
        )
    if config.get("dataset") is None:
        download([IMAGES])
        loaded = images.load()
        values = loaded.signals[:, : config.signals]
        grid = (images.SIDE, images.SIDE)
        return Signals("images", loaded.graph, values, loaded.mask, grid, loaded.checksum)
    dataset = load(config, trust)
    columns = dataset.features[:, : config.signals]
    values = columns if isinstance(columns, np.ndarray) else columns.toarray()
    if not values.any():
        raise ValueError(
            f"the first {values.shape[1]} feature columns of {data_name(config)} are zero at every "
            "node, so there is nothing to filter; take more with signals="
        )
    graph = graph_of(dataset, config.graph.self_loops)
    mask = np.ones(graph.num_nodes, bool)
    name = data_name(config)
    return Signals(name, graph, values.astype(np.float64), mask, None, dataset.checksum)


def named_filters(config: DictConfig) -> list[tuple[str, Response | np.ndarray]]:
    """Returns the name of each filter asked for, with its response, or its targets from a file.

    Raises:
        ValueError: if a filter cannot be read, or is named twice.
    """
    names = [n for one in filters_of(config) for n in (RESPONSES if one == "all" else [one])]
    if len(set(names)) < len(names) or not names:
        raise ValueError(
            f"filters must be different, and at least one; got {', '.join(names) or 'none'}"
        )
    return [(n, _values(n) if n.endswith(".npy") else response(n)) for n in names]


def targets_of(config: DictConfig, signals: Signals) -> list[Target]:
    """Returns the targets of every filter: g(L) x in float64, rounded to float32.

    They are exact, through all eigenvectors, up to ``config.limit`` nodes; above, g is interpolated
    by Chebyshev polynomials.
    """
    filters = named_filters(config)
    exact = signals.grid is not None or signals.graph.num_nodes <= config.limit
    blocks = None
    if exact and any(callable(given) for _, given in filters):
        blocks = decompose(
            signals.graph, signals.grid, limit=config.limit, cache=cache_folder(config.cache)
        )
    return [_target(name, given, signals, blocks) for name, given in filters]


def cache_folder(cache: str | None) -> Path | None:
    """Returns the folder in which eigenvectors are kept, None for nowhere."""
    if cache is None:
        return None
    folder = Path(pooch.os_cache("longnn")) / "spectra" if cache == "auto" else Path(cache)
    return folder.expanduser()


def _target(
    name: str, given: Response | np.ndarray, signals: Signals, blocks: list[Block] | None
) -> Target:
    if not callable(given):
        return Target(name, None, _checked(name, given, signals).astype(np.float32))
    if blocks is None:
        values = chebyshev_apply(signals.graph, given, signals.values)
    else:
        values = apply(blocks, given, signals.values)
    return Target(name, given, values.astype(np.float32))


def _values(name: str) -> Response | np.ndarray:
    try:
        array = np.load(Path(name).expanduser(), allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(f"cannot read the filter {name} ({error})") from None
    if array.dtype.kind not in "fiu":
        raise ValueError(
            f"{name} must hold real numbers, got {array.dtype}; save it with numpy.save(..., "
            "values.astype(float))"
        )
    return interpolated(array) if array.ndim == 2 and len(array) == 2 else array


def _checked(name: str, target: np.ndarray, signals: Signals) -> np.ndarray:
    target = target[:, None] if target.ndim == 1 else target
    nodes, count = signals.values.shape
    if target.ndim != 2 or len(target) != nodes or target.shape[1] not in (1, count):
        raise ValueError(
            f"{name} has shape {target.shape}; expected lambda and g(lambda) [2, G], or targets "
            f"[{nodes}] or [{nodes}, {count}] on the nodes of {signals.name}"
        )
    return np.broadcast_to(target, (nodes, count))
