"""Folders of text files in the format of the TU collection of graph datasets.

Source of the format: Morris et al. 2020, arXiv 2007.08663, appendix.
"""

import io
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int64, Shaped

from longnn.data import archive
from longnn.data.archive import read_bytes, reading
from longnn.data.dataset import checksum_of
from longnn.data.errors import DataFileError, about
from longnn.data.known import check_ignored, names_of
from longnn.data.limits import Budget
from longnn.data.many.collection import GraphDataset
from longnn.data.many.union import Given, of_union
from longnn.data.own import Options, options_of

ADVICE = "get the folder again, or check the file by the readme of its dataset"

REQUIRED = ("A", "graph_indicator")
FEATURES = ("node_attributes", "node_labels")
TARGETS = ("graph_labels", "graph_attributes")
UNREAD = ("edge_labels", "edge_attributes")
"""What the format knows and nothing here reads: an error unless it is ignored."""

_CELL = 32
"""Bytes that a number may take while text is read."""


def load(folder: str | Path, name: str | None = None, **options: object) -> GraphDataset:
    """Loads graphs from the files NAME_A.txt, NAME_graph_indicator.txt and others of a folder.

    Classes are the distinct labels of the graphs in ascending order, -1 as every other, and keep
    these numbers as their names. The features of a node are its attributes, followed by its label
    as one of a few columns that is 1; in a folder without either they are 1 and log(1 + degree).
    The label of a graph is that of NAME_graph_labels.txt, or for the metric "r2" the one number a
    line of NAME_graph_attributes.txt.

    Args:
        folder: that holds the files.
        name: NAME; that of the folder by default.
        options: fields of `longnn.data.own.Options`, such as ``normalize="standard"``; ``ignore``
            are endings of files, such as "edge_labels", which are an error otherwise.

    Raises:
        ValueError: if numbers of lines do not go together, an edge joins two graphs, or a rule is
            unknown.
        DataFileError: if a file is missing, or holds something else than numbers.
        TypeError: if an option is unknown.
    """
    rules = options_of(options)
    folder = Path(folder).expanduser()
    name = name or folder.name
    files = _files(folder, name)
    ignore = names_of(rules.ignore)
    check_ignored(ignore, [key for key in files if key not in REQUIRED], str(folder))
    for key in UNREAD:
        if key in files and key not in ignore:
            raise ValueError(
                f"{files[key]} is there, which nothing reads; leave it out by ignore={key!r}"
            )
    used = {key: path for key, path in files.items() if key not in (*ignore, *UNREAD)}
    target = "graph_attributes" if rules.metric == "r2" else "graph_labels"
    arrays = {key: _table(path) for key, path in used.items() if key in (
        *REQUIRED, *FEATURES, target)}  # fmt: skip
    with about(*used.values()):
        edges = _whole(arrays["A"], 2, used["A"]) - 1
        indicator = _whole(arrays["graph_indicator"], 1, used["graph_indicator"])[:, 0] - 1
        labels, names = _target(arrays.get(target), target, rules)
        also = Given(
            graph_labels=labels,
            checksum=checksum_of(*(arrays[key] for key in sorted(arrays))),
        )
        features = _features(arrays, used, edges, len(indicator))
        made = of_union(name, edges, indicator, features, also, replace(rules, ignore=()))
    if not names or made.targets is None:
        return made
    return replace(made, targets=made.targets._replace(class_names=names))


def _files(folder: Path, name: str) -> dict[str, Path]:
    """The files that there are by their endings."""
    known = (*REQUIRED, *FEATURES, *TARGETS, *UNREAD)
    found = {key: folder / f"{name}_{key}.txt" for key in known}
    for key in REQUIRED:
        if not found[key].is_file():
            raise DataFileError(
                f"there is no file {found[key]}; a folder in the TU format holds "
                f"{name}_A.txt and {name}_graph_indicator.txt, and name= says what stands for "
                f"{name!r}"
            )
    return {key: path for key, path in found.items() if path.is_file()}


def _table(path: Path) -> Float64[np.ndarray, "rows columns"]:
    """The numbers of a file, one row a line."""
    with reading(path, "text file of numbers", ADVICE) as budget:
        return _numbers(read_bytes(path, budget), budget)


def _numbers(content: bytes, budget: Budget) -> Float64[np.ndarray, "rows columns"]:
    budget.take(_CELL * (content.count(b",") + content.count(b"\n") + 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a file without a line, refused below
        found = np.loadtxt(io.StringIO(content.decode("ascii")), delimiter=",", ndmin=2)
    if not found.size:
        raise ValueError("it holds no number")
    if not np.isfinite(found).all():
        raise ValueError("it holds values that are NaN or infinite")
    return found


def _whole(
    table: Float64[np.ndarray, "rows columns"], columns: int, path: Path
) -> Int64[np.ndarray, "rows columns"]:
    if table.shape[1] != columns or (np.trunc(table) != table).any() or abs(table).max() > 2**31:
        raise ValueError(
            f"{path} must hold {columns} whole number{'s' * (columns > 1)} a line, counted from 1, "
            f"got {table.shape[1]} columns from {table.min():g} to {table.max():g}"
        )
    return table.astype(np.int64)


def _target(
    table: Float64[np.ndarray, "rows columns"] | None, target: str, rules: Options
) -> tuple[Shaped[np.ndarray, " G"] | None, tuple[str, ...]]:
    """The labels of the graphs, and the names of the classes where they are numbered here."""
    if table is None:
        return None, ()
    if table.shape[1] != 1:
        raise ValueError(
            f"{target} has {table.shape[1]} columns, expected one number a graph; write the "
            "column that is meant into a file of its own"
        )
    if rules.metric == "r2":
        return table[:, 0].astype(np.float32), ()
    if rules.classes is not None:
        return table[:, 0], ()
    # -1 is a class here, as 1 is: nothing in the format means that a label is not known
    classes, index = np.unique(table[:, 0], return_inverse=True)
    return index, tuple(f"{label:g}" for label in classes)


def _features(
    arrays: dict[str, np.ndarray], files: dict[str, Path], edges: np.ndarray, nodes: int
) -> Shaped[np.ndarray, "N F"]:
    """Attributes, and labels as columns of 0 and 1; or ones and log(1 + degree)."""
    for key in FEATURES:
        if key in arrays and len(arrays[key]) != nodes:
            raise ValueError(
                f"{files[key]} has {len(arrays[key])} lines, but {nodes} nodes have a graph; "
                "expected one line a node"
            )
    budget = Budget(archive.LIMIT)
    parts: Sequence[np.ndarray] = [
        arrays["node_attributes"]] if "node_attributes" in arrays else []  # fmt: skip
    if "node_labels" in arrays:
        for column in arrays["node_labels"].T:
            kinds = np.unique(column)
            _check_kinds(len(kinds), len(column), files["node_labels"])
            budget.take(12 * nodes * len(kinds))
            parts = [*parts, column[:, None] == kinds]
    if not parts:
        ends = edges[((edges >= 0) & (edges < nodes)).all(axis=1) & (edges[:, 0] != edges[:, 1])]
        degree = np.bincount(np.unique(np.sort(ends, axis=1), axis=0).ravel(), minlength=nodes)
        parts = [np.ones((nodes, 1)), np.log1p(degree)[:, None]]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _check_kinds(kinds: int, nodes: int, path: Path) -> None:
    """Raises a ValueError where labels of nodes look like numbers that mean an amount or an id."""
    if kinds > max(1000, nodes // 10):
        raise ValueError(
            f"{path} has {kinds} different labels of {nodes} nodes: are they ids? Leave it out by "
            "ignore='node_labels', or write amounts as node_attributes"
        )
