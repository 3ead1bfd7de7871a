"""A graph and its features that came to be predicted, in memory or on the disk."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64, Shaped
from scipy import sparse

from longnn.data.dataset import Dataset
from longnn.data.own import FeaturesGiven, column_names
from longnn.data.preparation import Features, Preparation, as_stored
from longnn.graphs.balls import RowsOf, rows_in_memory
from longnn.stores.dataset import StoredDataset
from longnn.stores.graph import StoredGraph

Nodes = Int64[np.ndarray, " n"]


@dataclass(frozen=True, eq=False)
class Given:
    """N nodes, of which some are read, or all.

    Attributes:
        what: names them, for messages.
        names: [N] of the nodes.
        feature_names: the F names of the features; none where they are not known.
        preparation: what was done to the features.
        near: makes what gives the rows of the adjacency of nodes.
        take: gives the features of nodes [n], as they came.
        whole: gives the dataset of all of them.
    """

    what: str
    names: Shaped[np.ndarray, " N"]
    feature_names: tuple[str, ...]
    preparation: Preparation
    near: Callable[[], RowsOf]
    take: Callable[[Nodes], Features]
    whole: Callable[[], Dataset]


def in_memory(data: Dataset) -> Given:
    """What is in memory."""
    return Given(
        f"dataset {data.name!r}",
        data.names_of_nodes,
        data.feature_names,
        data.preparation,
        lambda: rows_in_memory(data.graph),
        lambda nodes: data.features[nodes],
        lambda: data,
    )


def stored(data: StoredDataset) -> Given:
    """A dataset on the disk, whose features were not prepared."""
    return Given(
        f"dataset {data.name!r}",
        np.arange(data.graph.num_nodes),
        (),
        Preparation(),
        lambda: data.graph.take,
        lambda nodes: np.array(data.take(nodes)),
        lambda: _unlabelled(data.name, data.graph, np.array(data.rows(0, data.graph.num_nodes))),
    )


def stored_graph(graph: StoredGraph, features: FeaturesGiven) -> Given:
    """A graph on the disk with features, of which a memory-mapped array is read where needed.

    Raises:
        ValueError: unless there is a row of features for each node.
    """
    names = column_names(features)
    rows = features if isinstance(features, np.ndarray) else as_stored(features)
    if isinstance(rows, sparse.csr_array):
        rows.sort_indices()
    if rows.ndim != 2 or rows.shape[0] != graph.num_nodes:
        raise ValueError(
            f"the graph given has {graph.num_nodes:,} nodes, the features have shape "
            f"{rows.shape}; give a row of features for each node"
        )
    return Given(
        "what came",
        np.arange(graph.num_nodes),
        names,
        Preparation(),
        lambda: graph.take,
        lambda nodes: as_stored(rows[nodes]),
        lambda: _unlabelled("the graph given", graph, as_stored(rows), names),
    )


def _unlabelled(
    name: str, graph: StoredGraph, features: Features, names: tuple[str, ...] = ()
) -> Dataset:
    """The dataset in memory, without labels."""
    labels = np.full(graph.num_nodes, -1, np.int64)
    return Dataset(name, graph.graph(), features, labels, classes=0, feature_names=names)
