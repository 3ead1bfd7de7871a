"""What can be said of a dataset without training: sizes, classes, homophily."""

from typing import NamedTuple

import numpy as np

from longnn.data.dataset import Dataset


class Homophily(NamedTuple):
    """How often edges join equal labels; edges with an unlabelled end are left out.

    Attributes:
        edge: share of the edges whose ends carry the same label.
        node: mean over the nodes of the share of neighbours with their label (Pei et al. 2020,
            arXiv 2002.05287, eq. 11).
        adjusted: (edge - sum_c p_c^2) / (1 - sum_c p_c^2) with p_c the share of class c in the
            degrees, so that labels without regard to edges give 0 (Platonov et al. 2023,
            arXiv 2209.06177, section 3); NaN if all ends are of one class.
    """

    edge: float
    node: float
    adjusted: float


def homophily(dataset: Dataset) -> Homophily:
    """See `Homophily`; weights of edges do not count, self-loops are left out."""
    senders, receivers = np.asarray(dataset.graph.senders), np.asarray(dataset.graph.receivers)
    ends = np.stack([dataset.labels[senders], dataset.labels[receivers]])
    known = (ends >= 0).all(axis=0) & (senders != receivers)
    same, node = (ends[0] == ends[1])[known], receivers[known]
    if not len(same):
        return Homophily(float("nan"), float("nan"), float("nan"))
    degree = np.bincount(node, minlength=len(dataset.labels))
    agreeing = np.bincount(node, same, minlength=len(dataset.labels))
    share = np.bincount(ends[1][known], minlength=dataset.classes) / len(same)
    expected = float(np.sum(share**2))
    edge = float(same.mean())
    adjusted = (edge - expected) / (1 - expected) if expected < 1 else float("nan")
    linked = degree > 0
    return Homophily(edge, float((agreeing[linked] / degree[linked]).mean()), adjusted)


def mixing(dataset: Dataset) -> np.ndarray:
    """[C, C] share of the labelled neighbours of class c that are of class d; rows sum to 1."""
    senders, receivers = np.asarray(dataset.graph.senders), np.asarray(dataset.graph.receivers)
    ends = np.stack([dataset.labels[receivers], dataset.labels[senders]])
    known = (ends >= 0).all(axis=0) & (senders != receivers)
    counts = np.zeros((dataset.classes, dataset.classes))
    np.add.at(counts, tuple(ends[:, known]), 1)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def statistics(dataset: Dataset) -> dict[str, int | float]:
    """Sizes and homophily by name, as `python -m experiments.datasets show` prints them."""
    component = dataset.graph.components()
    features = dataset.features
    nonzero = features.nnz if hasattr(features, "nnz") else np.count_nonzero(features)
    return {
        "nodes": dataset.graph.num_nodes,
        "edges": dataset.graph.num_edges,
        "features": features.shape[1],
        "feature density": float(nonzero / np.prod(features.shape)),
        "classes": dataset.classes,
        **{
            f"nodes of class {label}": int(count)
            for label, count in enumerate(
                np.bincount(dataset.labels[dataset.labels >= 0], minlength=dataset.classes)
            )
        },
        "unlabelled": int((dataset.labels < 0).sum()),
        "isolated": int((dataset.graph.degrees() == 0).sum()),
        "components": int(component.max()) + 1,
        "largest component": int((component == 0).sum()),
        **{f"homophily, {k}": v for k, v in homophily(dataset)._asdict().items()},
    }
