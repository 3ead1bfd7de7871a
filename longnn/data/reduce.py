"""Which nodes of a dataset stay."""

from dataclasses import replace
from typing import Literal

import numpy as np

from longnn.data.dataset import Dataset
from longnn.graphs.checks import check_word

Keep = Literal["all", "linked", "largest"]


def reduced(dataset: Dataset, keep: Keep) -> Dataset:
    """Gives the dataset on some of its nodes, in their order; shipped splits are cut alike.

    Args:
        dataset: the dataset with all its nodes.
        keep: which nodes stay: "all"; "linked", those with an edge; "largest", those of the largest
            connected component (an isolated node is a component, at eigenvalue 0 of S).

    Raises:
        ValueError: if ``keep`` is another word, or if no node would stay.
    """
    check_word("keep", keep, Keep)
    if keep == "all":
        return dataset
    if keep == "linked":
        nodes = np.flatnonzero(dataset.graph.degrees() > 0)
    else:
        nodes = np.flatnonzero(dataset.graph.components() == 0)
    if not len(nodes):
        raise ValueError(f"dataset {dataset.name!r} has no edge, so keep={keep!r} leaves no node")
    return replace(
        dataset,
        graph=dataset.graph.subgraph(nodes),
        digraph=None if dataset.digraph is None else dataset.digraph.subgraph(nodes),
        features=dataset.features[nodes],
        labels=dataset.labels[nodes],
        node_names=None if dataset.node_names is None else dataset.node_names[nodes],
        shipped={protocol: part[:, nodes] for protocol, part in dataset.shipped.items()},
    )
