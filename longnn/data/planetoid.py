"""Cora, CiteSeer and PubMed in the files of Planetoid (Yang et al. 2016, arXiv 1603.08861)."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int, Int8, Shaped
from scipy import sparse

from longnn.data.archive import read_bytes, reading
from longnn.data.catalogue import entry_of
from longnn.data.contents import features, whole
from longnn.data.dataset import Dataset
from longnn.data.download import checksum, fetch
from longnn.data.unpickle import restricted_loads
from longnn.graphs.graph import Graph

_PARTS = ("allx", "tx", "ally", "ty", "y", "graph")


def load(name: str = "cora", metric: str = "accuracy", normalize: str = "row") -> Dataset:
    """Loads a Planetoid dataset with its public split (``shipped["public"]``, [1, N]).

    CiteSeer has 15 nodes without features and label: zero rows and label -1, in no part. Self
    entries and repeats in the neighbour lists are dropped.

    Args:
        name: "cora", "citeseer" or "pubmed".
        metric: see `Dataset`.
        normalize: see `longnn.data.normalize`.

    Raises:
        ValueError: if the name, metric or normalisation is unknown.
        DataFileError: if a file is missing, altered or cannot be fetched.
    """
    entry_of(name, "planetoid.load")  # an unknown name stops here
    files = [f"planetoid/ind.{name}.{part}" for part in (*_PARTS, "test.index")]
    paths = [fetch(file) for file in files]
    allx, tx = (_rows(path) for path in paths[:2])
    ally, ty, y = (_one_hot(path) for path in paths[2:5])
    test = _test_index(paths[6], allx.shape[0], tx.shape[0])
    with reading(paths[1], "file that fits to the others") as budget:
        if allx.shape[1] != tx.shape[1] or ally.shape[1] != ty.shape[1]:
            raise ValueError("the files have different numbers of features or classes")
        if (len(ally), len(ty)) != (allx.shape[0], tx.shape[0]) or len(y) > len(ally):
            raise ValueError("the files have different numbers of nodes")
        # Row i of allx is node i; rows of tx belong to the nodes of test.index, which is unsorted.
        node = np.concatenate([np.arange(allx.shape[0]), test])
        num_nodes = int(node.max()) + 1
        stored = _rows_at(sparse.vstack([allx, tx]), node, num_nodes)
        values = features(stored, "allx", num_nodes, budget)
    labels = np.full(num_nodes, -1, np.int64)
    labels[node] = _class_index(np.concatenate([ally, ty]))
    return Dataset(
        name=name,
        graph=_graph(paths[5], num_nodes),
        features=values,
        labels=labels,
        classes=ally.shape[1],
        metric=metric,
        shipped={"public": _public(labels, len(y), test)},
        checksum=checksum(files),
    ).prepared(normalize)


def _unpickled(path: Path) -> Any:  # whatever was pickled
    with reading(path, "pickle of Planetoid") as budget:
        return restricted_loads(read_bytes(path, budget), budget)


def _rows(path: Path) -> sparse.csr_array:
    """The features of a file, one row for each of its nodes."""
    found = _unpickled(path)
    with reading(path, "file of Planetoid"):
        if not isinstance(found, sparse.csr_array) or 0 in found.shape:
            raise ValueError(f"it holds a {type(found).__name__}, expected a CSR matrix")
        return found


def _one_hot(path: Path) -> Shaped[np.ndarray, "M C"]:
    """The labels of a file, one row for each of its nodes."""
    found = _unpickled(path)
    with reading(path, "file of Planetoid"):
        return whole(found, "the array of labels", 2, 0, 2)


def _test_index(path: Path, first: int, count: int) -> Int[np.ndarray, " T"]:
    """[count] different nodes from ``first`` on, one a line."""
    with reading(path, "list of test nodes") as budget:
        lines = read_bytes(path, budget).split()
        budget.take(64 * len(lines))
        # at most nine digits, so that a number needs no check for its size
        if not all(line.isdigit() and len(line) < 10 for line in lines):
            raise ValueError("a line is no node")
        index = whole(np.array(lines).astype(np.int64), "the list", 1, first, 10**9)
        if len(np.unique(index)) < len(index) or len(index) != count:
            raise ValueError(f"it names {len(np.unique(index))} nodes, expected {count}")
        budget.take(64 * int(index.max()))
        return index


def _graph(path: Path, num_nodes: int) -> Graph:
    """The graph of neighbour lists."""
    found = _unpickled(path)
    with reading(path, "file of Planetoid"):
        if not isinstance(found, dict) or not all(type(part) is list for part in found.values()):
            raise ValueError("it holds no dictionary of lists")
        receivers = [node for neighbours in found.values() for node in neighbours]
        if not all(type(node) is int for node in (*found, *receivers)):
            raise ValueError("a neighbour is no whole number")
        senders = np.repeat(list(found), [len(neighbours) for neighbours in found.values()])
        edges = np.stack([senders, np.array(receivers, np.int64)], axis=1)
        return Graph.from_edges(edges, num_nodes)


def _class_index(one_hot: Shaped[np.ndarray, "N C"]) -> Int[np.ndarray, " N"]:
    """[N, C] one-hot -> [N] class, -1 for a row of zeros."""
    return np.where(one_hot.any(axis=1), one_hot.argmax(axis=1), -1)


def _rows_at(
    rows: sparse.sparray | sparse.spmatrix, node: Int[np.ndarray, " M"], num_nodes: int
) -> sparse.csr_array:
    """Puts row i at node[i]; a node without a row gets zeros."""
    entries = rows.tocoo()
    indices = (node[entries.row], entries.col)
    shape = (num_nodes, rows.shape[1])
    return sparse.csr_array((entries.data.astype(np.float32), indices), shape=shape)


def _public(
    labels: Int[np.ndarray, " N"], train: int, test: Int[np.ndarray, " T"]
) -> Int8[np.ndarray, "1 N"]:
    """[1, N]: the first `train` nodes, the next 500, and `test`."""
    part = np.full((1, len(labels)), -1, np.int8)
    part[0, :train] = 0
    part[0, train : train + 500] = 1
    part[0, test] = 2
    part[0, labels < 0] = -1
    return part
