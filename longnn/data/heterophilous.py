"""The npz files of heterophilous-graphs (Platonov et al. 2023, arXiv 2302.11640)."""

from collections.abc import Mapping

import numpy as np

from longnn.data.archive import read_npz
from longnn.data.dataset import Dataset, as_stored
from longnn.data.dataset import normalize as _normalize
from longnn.data.download import checksum, fetch
from longnn.data.registry import unknown
from longnn.graphs.graph import Graph

NAMES = (
    *("actor", "amazon_ratings", "chameleon", "chameleon_filtered", "cornell", "minesweeper"),
    *("questions", "roman_empire", "squirrel", "squirrel_filtered", "texas", "tolokers"),
    "wisconsin",
)


def load(name: str, metric: str = "accuracy", normalize: str = "row") -> Dataset:
    """One of `NAMES` with its ten masks (`shipped["fixed"]`, [10, N]).

    Upstream scores its two-class sets (minesweeper, tolokers, questions) by ROC AUC: give
    metric="roc_auc" there.

    Args:
        name: one of `NAMES`.
        metric: see `Dataset`.
        normalize: see `longnn.data.dataset.normalize`.

    Returns:
        Features are CSR where fewer than a quarter of the values are nonzero, else dense.

    Raises:
        ValueError: if the name, metric or normalisation is unknown.
        DataFileError: if the file is missing, altered or cannot be fetched.
    """
    if name not in NAMES:
        raise unknown("heterophilous dataset", name, NAMES)
    file = f"heterophilous-graphs/{name}.npz"
    arrays = read_npz(fetch(file))
    labels = arrays["node_labels"].astype(np.int64)
    return Dataset(
        name=name,
        graph=Graph.from_edges(arrays["edges"], len(labels)),
        features=_normalize(as_stored(arrays["node_features"]), normalize),
        labels=labels,
        classes=int(labels.max()) + 1,
        metric=metric,
        shipped={"fixed": _fixed(arrays)},
        checksum=checksum([file]),
    )


def _fixed(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    part = np.full(arrays["train_masks"].shape, -1, np.int8)
    for number, key in enumerate(("train_masks", "val_masks", "test_masks")):
        part[arrays[key].astype(bool)] = number
    return part
