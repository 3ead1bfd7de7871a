"""Cora, CiteSeer and PubMed in the files of Planetoid (Yang et al. 2016, arXiv 1603.08861)."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Int, Int8, Shaped
from scipy import sparse

from longnn.data.catalogue import entry_of
from longnn.data.dataset import Dataset
from longnn.data.dataset import normalize as _normalize
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
        normalize: see `longnn.data.dataset.normalize`.

    Raises:
        ValueError: if the name, metric or normalisation is unknown.
        DataFileError: if a file is missing, altered or cannot be fetched.
    """
    entry_of(name, "planetoid.load")  # an unknown name stops here
    files = [f"planetoid/ind.{name}.{part}" for part in (*_PARTS, "test.index")]
    allx, tx, ally, ty, y, graph = (
        restricted_loads(fetch(file).read_bytes()) for file in files[:-1]
    )
    test = np.loadtxt(fetch(files[-1]), dtype=np.int64, ndmin=1)
    # Row i of allx is node i; rows of tx belong to the nodes of test.index, which is unsorted.
    node = np.concatenate([np.arange(allx.shape[0]), test])
    num_nodes = int(node.max()) + 1
    labels = np.full(num_nodes, -1, np.int64)
    labels[node] = _class_index(np.concatenate([ally, ty]))
    return Dataset(
        name=name,
        graph=Graph.from_edges(_edges(graph), num_nodes),
        features=_normalize(_rows_at(sparse.vstack([allx, tx]), node, num_nodes), normalize),
        labels=labels,
        classes=ally.shape[1],
        metric=metric,
        shipped={"public": _public(labels, len(y), test)},
        checksum=checksum(files),
    )


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


def _edges(graph: Mapping[int, Sequence[int]]) -> Int[np.ndarray, "E 2"]:
    """[E, 2] from neighbour lists, as they stand."""
    senders = np.repeat(list(graph), [len(neighbours) for neighbours in graph.values()])
    receivers = [node for neighbours in graph.values() for node in neighbours]
    return np.stack([senders, np.array(receivers, dtype=senders.dtype)], axis=1)


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
