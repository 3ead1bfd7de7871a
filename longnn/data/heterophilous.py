"""The npz files of heterophilous-graphs (Platonov et al. 2023, arXiv 2302.11640)."""

from collections.abc import Mapping

import numpy as np
from scipy import sparse

from longnn.data.dataset import Dataset, Features
from longnn.data.dataset import normalize as _normalize
from longnn.data.download import checksum, fetch, unknown
from longnn.graph import Graph

NAMES = (
    "actor",
    "chameleon",
    "chameleon_filtered",
    "cornell",
    "minesweeper",
    "squirrel",
    "squirrel_filtered",
    "texas",
)

# Below this share of nonzeros CSR takes less memory; longnn.as_features decides what computes.
_SPARSE_BELOW = 0.25


def load(name: str, metric: str = "accuracy", normalize: str = "row") -> Dataset:
    """One of `NAMES` with its ten masks (`shipped["fixed"]`, [10, N]).

    Upstream scores its two-class sets (minesweeper) by ROC AUC: give metric="roc_auc" there.

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
    with np.load(fetch(file), allow_pickle=False) as arrays:
        labels = arrays["node_labels"].astype(np.int64)
        return Dataset(
            name=name,
            graph=Graph.from_edges(arrays["edges"], len(labels)),
            features=_normalize(_stored(arrays["node_features"]), normalize),
            labels=labels,
            classes=int(labels.max()) + 1,
            metric=metric,
            shipped={"fixed": _fixed(arrays)},
            checksum=checksum([file]),
        )


def _stored(features: np.ndarray) -> Features:
    features = features.astype(np.float32)
    if np.count_nonzero(features) < _SPARSE_BELOW * features.size:
        return sparse.csr_array(features)
    return features


def _fixed(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    part = np.full(arrays["train_masks"].shape, -1, np.int8)
    for number, key in enumerate(("train_masks", "val_masks", "test_masks")):
        part[arrays[key].astype(bool)] = number
    return part
