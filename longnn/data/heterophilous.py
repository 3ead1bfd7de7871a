"""The npz files of heterophilous-graphs (Platonov et al. 2023, arXiv 2302.11640)."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Int8

from longnn.data.archive import AGAIN, read_npz, reading
from longnn.data.catalogue import entry_of
from longnn.data.contents import classes, features, mask, one_of, whole
from longnn.data.dataset import Dataset
from longnn.data.download import checksum, fetch
from longnn.data.preparation import as_stored
from longnn.graphs.digraph import Digraph
from longnn.graphs.graph import Graph


def load(name: str, metric: str = "accuracy", normalize: str = "row") -> Dataset:
    """Loads one of these graphs with its ten masks (``shipped["fixed"]``, [10, N]).

    Upstream scores its two-class sets (minesweeper, tolokers, questions) by ROC AUC: give
    metric="roc_auc" there, as `longnn.data.load` does.

    Args:
        name: a dataset of the catalogue with this loader, such as "texas".
        metric: see `Dataset`.
        normalize: see `longnn.data.normalize`.

    Returns:
        A dataset whose features are CSR where fewer than a quarter of the values are nonzero, and
        dense otherwise; with directions (``digraph``) where the catalogue says that the file has
        them.

    Raises:
        ValueError: if the name, metric or normalisation is unknown.
        DataFileError: if the file is missing, altered or cannot be fetched.
    """
    entry = entry_of(name, "heterophilous.load")
    (file,) = entry.files
    path = fetch(file)
    arrays = read_npz(path, AGAIN)
    with reading(path, "file of heterophilous-graphs") as budget:
        labels, count = classes(one_of(arrays, "node_labels"), "node_labels")
        nodes = len(labels)
        values = features(one_of(arrays, "node_features"), "node_features", nodes, budget)
        edges = whole(one_of(arrays, "edges"), "edges", 2, 0, nodes)
        graph = Graph.from_edges(edges, nodes)
        # the other files hold each edge once, in either direction
        digraph = Digraph.from_edges(edges, nodes) if entry.directed else None
        part = _fixed(arrays, nodes)
    return Dataset(
        name=name,
        graph=graph,
        features=as_stored(values),
        labels=labels,
        classes=count,
        metric=metric,
        shipped={"fixed": part},
        checksum=checksum([file]),
        digraph=digraph,
    ).prepared(normalize)


def _fixed(arrays: Mapping[str, np.ndarray], nodes: int) -> Int8[np.ndarray, "S N"]:
    keys = ("train_masks", "val_masks", "test_masks")
    masks = [mask(one_of(arrays, key), key, 2, nodes) for key in keys]
    if len({found.shape for found in masks}) > 1 or (np.sum(masks, axis=0) > 1).any():
        raise ValueError("the masks are of different numbers of splits, or overlap")
    part = np.full(masks[0].shape, -1, np.int8)
    for number, found in enumerate(masks):
        part[found] = number
    return part
