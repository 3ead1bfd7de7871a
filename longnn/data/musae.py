"""Twitch friendship graphs in the files of MUSAE (Rozemberczki et al. 2021, arXiv 1909.13021)."""

import csv
import json
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float32, Int8, Int64, Shaped
from scipy import sparse

from longnn.data.archive import read_npy
from longnn.data.catalogue import entry_of
from longnn.data.dataset import Dataset
from longnn.data.dataset import normalize as _normalize
from longnn.data.download import checksum, fetch
from longnn.data.errors import DataFileError
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
        normalize: see `longnn.data.dataset.normalize`.
        target: what the label is: "mature" or "views".

    Raises:
        ValueError: if the name, metric, normalisation or target is unknown.
        DataFileError: if a file is missing, altered, cannot be fetched or has other columns.
    """
    check_word("target", target, Target)
    country = name.removesuffix("_views") if target == "views" else name
    files = entry_of(country, "musae.load").files
    edges, features, table, *splits = map(fetch, files)
    sets: dict[str, list[int]] = json.loads(features.read_text())
    views = target == "views"
    return Dataset(
        name=f"{country}_views" if views else country,
        graph=Graph.from_edges(_columns(edges, "from", "to").astype(np.int64), len(sets)),
        features=_normalize(_multi_hot(sets), normalize),
        labels=(_views if views else _mature)(table, len(sets)),
        classes=1 if views else 2,
        metric=("r2" if views else "accuracy") if metric is None else metric,
        shipped={"fixed": _parts(read_npy(splits[0]), len(sets))} if splits else {},
        checksum=checksum(files),
    )


def _mature(path: Path, nodes: int) -> Int64[np.ndarray, " N"]:
    """1 for who streams for adults, 0 for the others, -1 for who is not listed."""
    rows = _columns(path, "new_id", "mature")
    labels = np.full(nodes, -1, np.int64)
    labels[rows[:, 0].astype(np.int64)] = rows[:, 1] == "True"
    return labels


def _views(path: Path, nodes: int) -> Float32[np.ndarray, " N"]:
    """log(1 + views) of mean 0 and variance 1, NaN for who is not listed."""
    rows = _columns(path, "new_id", "views").astype(np.int64)
    values = np.log1p(rows[:, 1])
    labels = np.full(nodes, np.nan, np.float32)
    labels[rows[:, 0]] = (values - values.mean()) / values.std()
    return labels


def _columns(path: Path, *names: str) -> np.ndarray:
    """[rows, len(names)] cells of a csv file with a header, as strings."""
    with path.open(newline="") as file:
        rows = csv.DictReader(file)
        if not set(names) <= set(rows.fieldnames or ()):
            raise DataFileError(
                f"{path} has the columns {rows.fieldnames}, expected {names}; it is another file"
            )
        return np.array([[row[name] for name in names] for row in rows])


def _multi_hot(sets: dict[str, list[int]]) -> sparse.csr_array:
    """Ids that a list repeats count once."""
    pairs = np.array(
        [(int(node), feature) for node, ids in sets.items() for feature in sorted(set(ids))]
    )
    shape = (len(sets), int(pairs[:, 1].max()) + 1)
    ones = np.ones(len(pairs), np.float32)
    return sparse.csr_array((ones, (pairs[:, 0], pairs[:, 1])), shape=shape)


def _parts(splits: Shaped[np.ndarray, " S"], nodes: int) -> Int8[np.ndarray, "S N"]:
    """Parts of the nodes, from a dictionary of index lists for each split."""
    part = np.full((len(splits), nodes), -1, np.int8)
    for row, split in zip(part, splits, strict=True):
        for number, key in enumerate(("train", "valid", "test")):
            row[np.asarray(split[key], np.int64)] = number
    return part
