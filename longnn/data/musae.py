"""Twitch friendship graphs in the files of MUSAE (Rozemberczki et al. 2021, arXiv 1909.13021)."""

import csv
import json
from pathlib import Path

import numpy as np
from scipy import sparse

from longnn.data.archive import read_npy
from longnn.data.dataset import Dataset
from longnn.data.dataset import normalize as _normalize
from longnn.data.download import DataFileError, checksum, fetch
from longnn.data.registry import unknown
from longnn.graph import Graph

COUNTRIES = {
    "twitch_de": "DE",
    "twitch_en": "ENGB",
    "twitch_es": "ES",
    "twitch_fr": "FR",
    "twitch_pt": "PTBR",
    "twitch_ru": "RU",
    "twitch_tw": "ZHTW",
}

_SPLITS = {"twitch_de": "non-homophily/twitch-e-DE-splits.npy"}


def load(name: str = "twitch_de", metric: str = "accuracy", normalize: str = "row") -> Dataset:
    """Streamers of one country; the label is "mature", the features are sets of ids.

    twitch_de has the five splits of Lim et al. 2021 (arXiv 2110.14446), ``shipped["fixed"]``.

    Args:
        name: one of `COUNTRIES`.
        metric: see `Dataset`.
        normalize: see `longnn.data.dataset.normalize`.

    Raises:
        ValueError: if the name, metric or normalisation is unknown.
        DataFileError: if a file is missing, altered, cannot be fetched or has other columns.
    """
    if name not in COUNTRIES:
        raise unknown("Twitch dataset", name, list(COUNTRIES))
    stem = f"musae/{COUNTRIES[name]}"
    files = [f"{stem}{end}" for end in ("_edges.csv", ".json", "_target.csv")]
    if name in _SPLITS:
        files.append(_SPLITS[name])
    edges, features, target, *splits = map(fetch, files)
    sets: dict[str, list[int]] = json.loads(features.read_text())
    mature = _columns(target, "new_id", "mature")
    labels = np.full(len(sets), -1, np.int64)
    labels[mature[:, 0].astype(np.int64)] = mature[:, 1] == "True"
    return Dataset(
        name=name,
        graph=Graph.from_edges(_columns(edges, "from", "to").astype(np.int64), len(sets)),
        features=_normalize(_multi_hot(sets), normalize),
        labels=labels,
        classes=2,
        metric=metric,
        shipped={"fixed": _parts(read_npy(splits[0]), len(sets))} if splits else {},
        checksum=checksum(files),
    )


def _columns(path: Path, *names: str) -> np.ndarray:
    """[rows, len(names)] strings of a csv file with a header."""
    with path.open(newline="") as file:
        rows = csv.DictReader(file)
        if not set(names) <= set(rows.fieldnames or ()):
            raise DataFileError(f"{path} has columns {rows.fieldnames}, expected {names}")
        return np.array([[row[name] for name in names] for row in rows])


def _multi_hot(sets: dict[str, list[int]]) -> sparse.csr_array:
    """Ids that a list repeats count once."""
    pairs = np.array(
        [(int(node), feature) for node, ids in sets.items() for feature in sorted(set(ids))]
    )
    shape = (len(sets), int(pairs[:, 1].max()) + 1)
    ones = np.ones(len(pairs), np.float32)
    return sparse.csr_array((ones, (pairs[:, 0], pairs[:, 1])), shape=shape)


def _parts(splits: np.ndarray, nodes: int) -> np.ndarray:
    """[S, N] of index lists."""
    part = np.full((len(splits), nodes), -1, np.int8)
    for row, split in zip(part, splits, strict=True):
        for number, key in enumerate(("train", "valid", "test")):
            row[np.asarray(split[key], np.int64)] = number
    return part
