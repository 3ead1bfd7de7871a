"""A graph of the user's as tables: edges, node features and labels."""

from pathlib import Path

import numpy as np
from jaxtyping import Float32, Float64, Int64, Shaped

from longnn.data.dataset import Dataset, checksum_of
from longnn.data.labels import REGRESSION_METRICS
from longnn.data.own import options_of, own_dataset
from longnn.data.table import Table, read_table


def load(
    edges: str | Path,
    features: str | Path,
    labels: str | Path,
    name: str = "edgelist",
    **options: str,
) -> Dataset:
    """Loads a dataset from three tables; its nodes are the rows of ``features``, in that order.

    Nodes are named by any text or number.

    Args:
        edges: csv or parquet file with the columns source, target, and optionally "weight".
        features: csv or parquet file with the column node, then columns of numbers.
        labels: csv or parquet file with the columns node and label. Classes are the distinct labels
            in order; for the metric "r2" labels are numbers. A node whose label is empty or that is
            not listed has none.
        name: what reports call the dataset.
        options: fields of `longnn.data.own.Options`, such as ``directions="sum"``.

    Raises:
        ValueError: if a node is listed twice or nowhere, a cell is no number, or a rule is unknown.
        DataFileError: if a file is missing or unreadable.
        TypeError: if an option is unknown.
    """
    rules = options_of(options)
    values = read_table(features, text=1)
    place = _places(values.text[:, 0], features)
    ends, given = read_table(edges, text=2), read_table(labels, text=2)
    _places(given.text[:, 0], labels)
    read = _values if rules.metric in REGRESSION_METRICS else _classes
    pairs, label = _indices(ends.text, place, edges), read(given, place, labels)
    return own_dataset(
        name,
        pairs,
        values.numbers,
        label,
        weights=_weights(ends, edges),
        checksum=checksum_of(pairs, ends.numbers, values.numbers, label),
        options=rules,
    )


def _places(names: Shaped[np.ndarray, " N"], path: str | Path) -> dict[str, int]:
    distinct, count = np.unique(names, return_counts=True)
    if (count > 1).any():
        twice = distinct[count > 1].tolist()
        raise ValueError(
            f"{path} lists node {twice[0]!r} {count.max()} times ({len(twice)} such nodes); keep "
            "one row a node"
        )
    return {name: row for row, name in enumerate(names.tolist())}


def _indices(names: np.ndarray, place: dict[str, int], path: str | Path) -> np.ndarray:
    missing = sorted(set(names.ravel().tolist()) - set(place))
    if missing:
        raise ValueError(
            f"{path} names node {missing[0]!r}, which has no row of features ({len(missing)} such "
            "nodes); add them, or drop their rows"
        )
    flat = np.fromiter((place[name] for name in names.ravel().tolist()), np.int64, names.size)
    return flat.reshape(names.shape)


def _weights(ends: Table, path: str | Path) -> Float64[np.ndarray, " E"] | None:
    others = ends.header[2:]
    if not others:
        return None
    if others != ["weight"]:
        raise ValueError(
            f"{path} has columns {ends.header}, expected source, target and at most 'weight'"
        )
    return ends.numbers[:, 0]


def _classes(table: Table, place: dict[str, int], path: str | Path) -> Int64[np.ndarray, " N"]:
    node = _indices(table.text[:, :1], place, path)[:, 0]
    given = table.text[:, 1] != ""
    numbers = all(text.lstrip("-").isdigit() for text in table.text[given, 1].tolist())
    key = table.text[given, 1].astype(np.int64) if numbers else table.text[given, 1]
    out = np.full(len(place), -1, np.int64)
    out[node[given]] = np.unique(key, return_inverse=True)[1]
    return out


def _values(table: Table, place: dict[str, int], path: str | Path) -> Float32[np.ndarray, " N"]:
    out = np.full(len(place), np.nan, np.float32)
    nodes = _indices(table.text[:, :1], place, path)[:, 0]
    for node, (name, text) in zip(nodes, table.text.tolist(), strict=True):
        try:
            out[node] = float(text) if text else np.nan
        except ValueError:
            raise ValueError(
                f"{path}: label of node {name!r} is {text!r}, expected a number for a metric of "
                "real values; leave it empty for no label, or use another metric for classes"
            ) from None
    return out
