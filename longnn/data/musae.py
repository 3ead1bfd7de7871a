"""Twitch friendship graphs in the files of MUSAE (Rozemberczki et al. 2021, arXiv 1909.13021)."""

import csv
import json
from array import array
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float32, Int8, Int64
from scipy import sparse

from longnn.data.archive import read_bytes, read_npy, reading
from longnn.data.catalogue import entry_of
from longnn.data.contents import one_of, whole
from longnn.data.dataset import Dataset
from longnn.data.download import checksum, fetch
from longnn.graphs.checks import check_word
from longnn.graphs.graph import Graph

Target = Literal["mature", "views"]
"""What is predicted of a streamer."""


def load(
    name: str = "twitch_de",
    metric: str | None = None,
    normalize: str = "row",
    target: Target = "mature",
) -> Dataset:
    """Loads the streamers of one country; the features are sets of ids.

    The label is who streams for adults ("mature"), or ("views", a regression) log(1 + views) minus
    its mean over its standard deviation, both over all labelled nodes; r2 does not depend on them.

    twitch_de has the five splits of Lim et al. 2021 (arXiv 2110.14446), ``shipped["fixed"]``.

    Args:
        name: a dataset of the catalogue with this loader, such as "twitch_de"; with the target
            "views" also the name that reports show, such as "twitch_de_views".
        metric: see `Dataset`; by default accuracy, and r2 for "views".
        normalize: see `longnn.data.normalize`.
        target: what the label is: "mature" or "views".

    Raises:
        ValueError: if the name, metric, normalisation or target is unknown.
        DataFileError: if a file is missing, altered, cannot be fetched or has other columns.
    """
    check_word("target", target, Target)
    country = name.removesuffix("_views") if target == "views" else name
    files = entry_of(country, "musae.load").files
    edges, sets, table, *splits = map(fetch, files)
    features = _multi_hot(sets)
    nodes = features.shape[0]
    views = target == "views"
    return Dataset(
        name=f"{country}_views" if views else country,
        graph=_graph(edges, nodes),
        features=features,
        labels=(_views if views else _mature)(table, nodes),
        classes=1 if views else 2,
        metric=("r2" if views else "accuracy") if metric is None else metric,
        shipped={"fixed": _parts(splits[0], nodes)} if splits else {},
        checksum=checksum(files),
    ).prepared(normalize)


def _graph(path: Path, nodes: int) -> Graph:
    with reading(path, "table of edges"):
        return Graph.from_edges(_columns(path, "from", "to"), nodes)


def _mature(path: Path, nodes: int) -> Int64[np.ndarray, " N"]:
    """1 for who streams for adults, 0 for the others, -1 for who is not listed."""
    with reading(path, "table of streamers"):
        rows = _columns(path, "new_id", "mature")
        labels = np.full(nodes, -1, np.int64)
        labels[_listed(rows, nodes)] = whole(rows[:, 1], "the column mature", 1, 0, 2)
        return labels


def _views(path: Path, nodes: int) -> Float32[np.ndarray, " N"]:
    """log(1 + views) of mean 0 and variance 1, NaN for who is not listed."""
    with reading(path, "table of streamers"):
        rows = _columns(path, "new_id", "views")
        values = np.log1p(whole(rows[:, 1], "the column views", 1, 0, 2**62))
        if values.std() == 0:
            raise ValueError("all have the same number of views")
        labels = np.full(nodes, np.nan, np.float32)
        labels[_listed(rows, nodes)] = (values - values.mean()) / values.std()
        return labels


def _listed(rows: Int64[np.ndarray, "R 2"], nodes: int) -> Int64[np.ndarray, " R"]:
    return whole(rows[:, 0], "the column new_id", 1, 0, nodes)


_WORDS = {"True": 1, "False": 0}


def _columns(path: Path, *names: str) -> Int64[np.ndarray, "rows names"]:
    """Columns of a csv file with a header: whole numbers, or 1 and 0 for True and False.

    Raises:
        ValueError: if a column is missing, or a cell holds anything else.
    """
    found = array("q")  # a list of words would take many times the size of the file
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        if not set(names) <= set(header):
            raise ValueError(f"it has the columns {header[:20]}, expected {names}")
        places = [header.index(name) for name in names]
        for row in rows:
            cells = [row[place] if place < len(row) else "" for place in places]
            for cell in cells:
                if cell not in _WORDS and not (cell.isascii() and cell.isdigit()):
                    raise ValueError(f"line {rows.line_num} has {cell[:60]!r}, expected a number")
                found.append(_WORDS[cell] if cell in _WORDS else int(cell))
    return np.array(found, np.int64).reshape(-1, len(names))


_PARSED = 32
"""Bytes that a parsed JSON text may take for each byte of it: an empty list is 64 for two."""


def _multi_hot(path: Path) -> sparse.csr_array:
    """[N, F] of the sets of ids in a JSON file; ids that a list repeats count once."""
    with reading(path, "JSON file of sets") as budget:
        budget.take(_PARSED * path.stat().st_size)
        sets: Any = json.loads(read_bytes(path, budget).decode("utf-8"))
        if not isinstance(sets, dict) or {*sets} != {*map(str, range(len(sets)))}:
            raise ValueError("it does not name each node from 0 on once")
        if not all(type(ids) is list and all(type(i) is int for i in ids) for ids in sets.values()):
            raise ValueError("a node has no list of whole numbers")
        members, counts = array("q"), []
        for ids in sets.values():
            distinct = sorted(set(ids))
            members.extend(distinct)
            counts.append(len(distinct))
        rows = np.repeat(np.array(list(sets)).astype(np.int64), counts)
        columns = whole(np.array(members, np.int64), "the sets", 1, 0, 2**31)
        shape = (len(sets), int(columns.max()) + 1)
        return sparse.csr_array((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)


def _parts(path: Path, nodes: int) -> Int8[np.ndarray, "S N"]:
    """Parts of the nodes, from a list with a dictionary of index lists for each split."""
    splits = read_npy(path)
    with reading(path, "file of splits") as budget:
        if type(splits) is not list or not all(type(split) is dict for split in splits):
            raise ValueError("it holds no list of dictionaries")
        budget.take(len(splits) * nodes)
        part = np.full((len(splits), nodes), -1, np.int8)
        for row, split in zip(part, splits, strict=True):
            for number, key in enumerate(("train", "valid", "test")):
                nodes_of_part = one_of(split, key)
                if type(nodes_of_part) is not list or not {*map(type, nodes_of_part)} <= {int}:
                    raise ValueError(f"{key} is no list of whole numbers")
                row[whole(np.array(nodes_of_part), key, 1, 0, nodes)] = number
        return part
