"""A graph of the user's as tables: edges, node features and labels."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int64

from longnn.data.cells import is_number
from longnn.data.classes import Owner, Read, unlabelled
from longnn.data.columns import Table
from longnn.data.dataset import Dataset, checksum_of
from longnn.data.errors import DataFileError, about
from longnn.data.known import check_ignored, names_of
from longnn.data.labels import kind_of
from longnn.data.multilabel import read_multilabel
from longnn.data.named import as_names
from longnn.data.own import Options, assembled, options_of
from longnn.data.reading import read_labels
from longnn.data.table import read_table


def load(
    edges: str | Path,
    features: str | Path,
    labels: str | Path | None = None,
    name: str = "edgelist",
    **options: object,
) -> Dataset:
    """Loads a dataset from three tables; its nodes are the rows of ``features``, in that order.

    Nodes are named by any text or number; blanks around names and labels do not count. The dataset
    keeps these names, and those of the columns of features.

    Args:
        edges: csv or parquet file with the columns source, target, and optionally "weight".
        features: csv or parquet file with the column node, then columns of numbers.
        labels: csv or parquet file with the columns node and label. Classes are the distinct labels
            in order; for the metric "r2" labels are numbers. What means no label is said at
            `longnn.data.reading.read_labels`; a node that is not listed has none, either. For a
            multi-label metric the column node, then one of 0, 1 and nan for each of C labels. None
            for a graph that is only predicted on.
        name: what reports call the dataset.
        options: fields of `longnn.data.own.Options`, such as ``directions="sum"``; ``ignore`` are
            names of columns.

    Raises:
        ValueError: if a node is listed twice or nowhere, a cell is no number, there is a column
            that nothing reads, or a rule is unknown.
        DataFileError: if a file is missing or unreadable, or has no header.
        TypeError: if an option is unknown.

    Warns:
        RenumberedLabelsWarning: if the labels are numbers, but not 0 to C - 1.
    """
    rules = options_of(options)
    ignore = names_of(rules.ignore)
    values = read_table(features, 1, ignore)
    ends = read_table(edges, 2, ignore)
    several = kind_of(rules.metric) == "multilabel"
    columns = 1 if several else 2
    given = None if labels is None else read_table(labels, columns, ignore, only_text=not several)
    tables = [table for table in (values, ends, given) if table is not None]
    check_ignored(ignore, [name for table in tables for name in table.ignored], "the tables")
    _check_headers(values, ends, given)
    place = _places(values)
    weights, pairs = _weights(ends), np.stack([_indices(c, place, ends) for c in ends.text], axis=1)
    with about(*(table.path for table in tables)):
        read = _labels(given, values, place, rules)
        checksum = checksum_of(pairs, ends.numbers, values.numbers, read.labels)
        made = assembled(name, pairs, weights, values.numbers, read, {}, checksum, rules)
        features_named = values.header[1:]
        distinct = len(set(features_named)) == len(features_named)
        return replace(
            made,
            node_names=as_names(values.text[0]),
            feature_names=tuple(features_named) if distinct else (),
        )


def _labels(given: Table | None, values: Table, place: dict[str, int], rules: Options) -> Read:
    """The labels of a table; none without one."""
    if given is None:
        return unlabelled(len(place))
    _places(given)
    owner = Owner(str(given.path), lambda node: repr(values.text[0][node]))
    several = kind_of(rules.metric) == "multilabel"
    rows = _indices(given.text[0], place, given)
    return (_several if several else _one)(given, rows, len(place), owner, rules)


def _one(
    given: Table, rows: Int64[np.ndarray, " n"], nodes: int, owner: Owner, rules: Options
) -> Read:
    """One label a node, of a table whose rows belong to some of the nodes."""
    cells = [""] * nodes
    for node, cell in zip(rows, given.text[1], strict=True):
        cells[node] = cell
    largest = given.largest[1] if given.largest else None
    return read_labels(cells, owner, rules.metric, rules.classes, largest)


def _several(
    given: Table, rows: Int64[np.ndarray, " n"], nodes: int, owner: Owner, rules: Options
) -> Read:
    """C labels a node, which have the names of their columns."""
    cells = np.full((nodes, given.numbers.shape[1]), np.nan)
    cells[rows] = given.numbers
    return read_multilabel(cells, owner, rules.classes, given.header[1:])


def _check_headers(features: Table, edges: Table, labels: Table | None) -> None:
    """Raises a DataFileError where the first line of a csv file is no header, but a row."""
    if labels and not features.header[0] and labels.header[0] in features.header[1:]:
        raise DataFileError(
            f"the first column of {features.path} has no name, as the index that pandas writes, "
            f"and another is called {labels.header[0]!r}; write it without the index "
            "(to_csv(path, index=False))"
        )
    nodes = set(features.text[0])
    columns = features.header[1:]
    numbered = columns == [str(number) for number in range(len(columns))]  # as pandas names them
    mentioned = features.header[0] in {
        *edges.text[0],
        *edges.text[1],
        *(labels.text[0] if labels else []),
    }
    if any(map(is_number, columns)) and (mentioned or not numbered):
        _refuse_header(features, "numbers")
    if nodes.issuperset(edges.header[:2]):
        _refuse_header(edges, "names of nodes")
    if labels is None:
        return
    first = labels.header[0]
    if first in nodes and first not in labels.text[0] and first != features.header[0]:
        _refuse_header(labels, "the name of a node")


def _refuse_header(table: Table, held: str) -> None:
    if table.path.suffix.lower() == ".csv":
        shown = ",".join(table.header[:4])
        raise DataFileError(
            f"{table.path} has no header: its first line holds {held} ({shown}); write the names "
            "of the columns above it"
        )


def _places(table: Table) -> dict[str, int]:
    """The row of each node."""
    names = table.text[0]
    place = {name: row for row, name in enumerate(names)}
    if len(place) < len(names):
        twice = sorted(name for row, name in enumerate(names) if place[name] != row)
        raise ValueError(
            f"{table.path} lists node {twice[0]!r} {names.count(twice[0])} times "
            f"({len(set(twice))} such nodes); keep one row a node"
        )
    return place


def _indices(names: Iterable[str], place: dict[str, int], table: Table) -> Int64[np.ndarray, " n"]:
    """The rows of nodes."""
    index = np.fromiter((place.get(name, -1) for name in names), np.int64)
    if (index < 0).any():
        missing = sorted(set(names) - set(place))
        raise ValueError(
            f"{table.path} names node {missing[0]!r}, which has no row of features "
            f"({len(missing)} such nodes); add them, or drop their rows"
        )
    return index


def _weights(ends: Table) -> Float64[np.ndarray, " E"] | None:
    others = ends.header[2:]
    if not others:
        return None
    if others != ["weight"]:
        raise ValueError(
            f"{ends.path} has columns {ends.header}, expected source, target and at most 'weight'; "
            "rename the column of the weights, or leave others out by ignore=[NAME]"
        )
    return ends.numbers[:, 0]
