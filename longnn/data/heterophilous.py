"""The npz files of heterophilous-graphs (Platonov et al. 2023, arXiv 2302.11640)."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Int8

from longnn.data.archive import read_npz
from longnn.data.catalogue import entry_of
from longnn.data.dataset import Dataset, as_stored
from longnn.data.dataset import normalize as _normalize
from longnn.data.download import checksum, fetch
from longnn.graphs.graph import Graph


def load(name: str, metric: str = "accuracy", normalize: str = "row") -> Dataset:
    """Loads one of these graphs with its ten masks (``shipped["fixed"]``, [10, N]).

    Upstream scores its two-class sets (minesweeper, tolokers, questions) by ROC AUC: give
    metric="roc_auc" there, as `longnn.data.load` does.

    Args:
        name: a dataset of the catalogue with this loader, such as "texas".
        metric: see `Dataset`.
        normalize: see `longnn.data.dataset.normalize`.

    Returns:
        A dataset whose features are CSR where fewer than a quarter of the values are nonzero, and
        dense otherwise.

    Raises:
        ValueError: if the name, metric or normalisation is unknown.
        DataFileError: if the file is missing, altered or cannot be fetched.
    """
    (file,) = entry_of(name, "heterophilous.load").files
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


def _fixed(arrays: Mapping[str, np.ndarray]) -> Int8[np.ndarray, "S N"]:
    part = np.full(arrays["train_masks"].shape, -1, np.int8)
    for number, key in enumerate(("train_masks", "val_masks", "test_masks")):
        part[arrays[key].astype(bool)] = number
    return part
