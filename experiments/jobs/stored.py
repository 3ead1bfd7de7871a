"""Graphs, datasets and terms on the disk, made as a command line says."""

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from longnn import stores
from longnn.stores import StoredDataset, StoredGraph
from longnn.stores.building import Chunk
from longnn.stores.header import kind_of
from longnn.stores.propagation import Propagated

from .describing import described
from .how_far import counting, duration

READERS = {
    ".csv": stores.csv_edges,
    ".gz": stores.csv_edges,
    ".npz": stores.npz_edges,
    ".parquet": stores.parquet_edges,
}
"""What reads edges, by the ending of the file."""

ROWS = 1 << 14
"""Rows of features that are read at once."""


def make(options: argparse.Namespace, settings: dict[str, Any]) -> str:
    """Builds a store; returns what it holds.

    Args:
        options: of ``longnn data store``.
        settings: of a generated graph.

    Raises:
        ValueError: if something of the input is wrong.
        StoreError: if the folder exists or the disk is full.
    """
    with counting() as tell:
        rules = {n: getattr(options, n) for n in ("directions", "duplicates", "self_loops")}
        given = {name: rule for name, rule in rules.items() if rule is not None}
        given |= {
            "memory_gb": options.memory_gb,
            "on_progress": lambda stage, edges: tell(f"{stage}: {edges:,} edges"),
        }
        if options.ogb is not None:
            stores.ogb(options.folder, options.ogb, **given)
        elif options.generate is not None:
            getattr(stores, options.generate[0])(options.folder, **settings, **given)
        elif options.features is None:
            nodes = options.num_nodes or _largest(options.edges, tell) + 1
            stores.build(options.folder, _edges(options.edges), nodes, **given)
        else:
            _dataset(options, given)
    return described(options.folder)


def propagate(options: argparse.Namespace) -> str:
    """Propagates features; returns what is there then.

    Args:
        options: of ``longnn data propagate``.

    Raises:
        ValueError: if graph, features and settings do not fit.
        StoreError: as for `longnn.stores.propagate`.
    """
    import polybases

    if options.order < 1:
        raise ValueError(f"--order must be at least 1, got {options.order}")
    graph, features = graph_and_features(options.folder, options.features)
    basis = polybases.jacobi(options.order, np.float64(options.alpha), np.float64(options.beta))
    with counting() as tell:
        stores.propagate(
            options.terms,
            graph,
            features,
            basis,
            dtype=options.dtype,
            memory_gb=options.memory_gb,
            threads=options.threads,
            on_progress=partial(_tell_products, tell),
        )
    return described(options.terms)


def _tell_products(tell: Callable[[str], None], at: Propagated) -> None:
    left = "" if at.seconds_left is None else f", {duration(at.seconds_left)} left"
    tell(f"product {at.done} of {at.total}{left}")


def _edges(path: Path) -> Iterator[Chunk]:
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise ValueError(f"{path} ends in {path.suffix!r}, expected one of {', '.join(READERS)}")
    return reader(path)


def _largest(path: Path, tell: Callable[[str], None]) -> int:
    """The largest number of a node."""
    most = count = 0
    for edges, _ in _edges(path):
        most, count = max(most, int(np.max(edges, initial=0))), count + len(edges)
        tell(f"counting nodes: {count:,} edges")
    return most


def _dataset(options: argparse.Namespace, given: dict[str, Any]) -> None:
    rows = _array(options.features, 2, "features [N, F]")
    count = len(rows)
    missing = np.full(count, -1, np.int8)
    labels = missing if options.labels is None else _array(options.labels, 1, "labels [N]")
    part = missing if options.part is None else _array(options.part, 1, "parts [N]")
    wanted = {"--num-nodes": options.num_nodes, "--labels": len(labels), "--part": len(part)}
    for flag, other in wanted.items():
        if other not in (None, count):
            raise ValueError(f"{flag} says {other} nodes, but there are {count} rows of features")
    pieces = pairwise([*range(0, count, ROWS), count])
    features = (rows[start:stop] for start, stop in pieces)
    name = options.folder.name
    stores.dataset_of(
        options.folder, _edges(options.edges), features, labels, part, name=name, **given
    )


def _array(path: Path, rank: int, what: str) -> Shaped[np.ndarray, "..."]:
    """An array of a file, mapped into memory."""
    if path.suffix.lower() != ".npy":
        raise ValueError(f"{path} ends in {path.suffix!r}, expected .npy; numpy.save writes it")
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(
            f"{path} cannot be read ({error}); numpy.save writes such a file"
        ) from error
    if found.ndim != rank or found.dtype.kind not in "iufb":
        raise ValueError(
            f"{path} holds {found.dtype} of shape {found.shape}, expected numbers: {what}"
        )
    return found


def graph_and_features(
    folder: Path, file: Path | None
) -> tuple[StoredGraph, StoredDataset | Shaped[np.ndarray, "N F"]]:
    """What is stored in a folder, with features of its own or of a file.

    Args:
        folder: of a dataset or of a graph.
        file: .npy of features [N, F], which a graph needs and a dataset does not.

    Raises:
        ValueError: if one is missing or too much, or the file is none.
        StoreError: if the folder holds neither.
    """
    if kind_of(folder) == "dataset":
        if file is not None:
            raise ValueError(f"{folder} has features of its own; leave --features out")
        data = StoredDataset(folder)
        return data.graph, data
    graph = StoredGraph(folder)
    if file is None:
        raise ValueError(f"{folder} is a graph without features; add --features FILE.npy")
    return graph, _array(file, 2, "features [N, F]")
