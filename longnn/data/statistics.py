"""What can be said of a dataset without training: sizes, labels, and how edges join them."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Shaped

from longnn.data.dataset import Dataset
from longnn.graphs.neighbours import agreeing_share


class Homophily(NamedTuple):
    """How often edges join equal labels; edges with an unlabelled end do not count.

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
    """The `Homophily` of a dataset; weights of edges and self-loops do not count."""
    senders, receivers = np.asarray(dataset.graph.senders), np.asarray(dataset.graph.receivers)
    ends = np.stack([dataset.labels[senders], dataset.labels[receivers]])
    known = dataset.labelled[senders] & dataset.labelled[receivers] & (senders != receivers)
    same = (ends[0] == ends[1])[known]
    if not len(same):
        return Homophily(float("nan"), float("nan"), float("nan"))
    node = agreeing_share(dataset.graph, dataset.labels, dataset.labelled)
    share = np.bincount(ends[1][known], minlength=dataset.classes) / len(same)
    expected = float(np.sum(share**2))
    edge = float(same.mean())
    adjusted = (edge - expected) / (1 - expected) if expected < 1 else float("nan")
    return Homophily(edge, float(np.nanmean(node)), adjusted)


def mixing(dataset: Dataset) -> Float[np.ndarray, "C C"]:
    """The share of the labelled neighbours of class c that are of class d; rows sum to 1."""
    counts = np.zeros((dataset.classes, dataset.classes))
    np.add.at(counts, tuple(joined_labels(dataset)), 1)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def joined_labels(dataset: Dataset) -> Shaped[np.ndarray, "2 M"]:
    """Labels of a node and of its neighbour, for each edge in both directions.

    Self-loops are left out, and so are edges with an unlabelled end.
    """
    senders, receivers = np.asarray(dataset.graph.senders), np.asarray(dataset.graph.receivers)
    known = dataset.labelled[senders] & dataset.labelled[receivers] & (senders != receivers)
    return dataset.labels[np.stack([receivers[known], senders[known]])]


def correlation(dataset: Dataset) -> float:
    """Pearson's correlation of the labels at both ends of the edges; NaN where it is undefined.

    This is the assortativity of real values (Newman 2003, Phys. Rev. E 67, 026126, section III).
    """
    ends = joined_labels(dataset).astype(np.float64)
    return float(np.asarray(np.corrcoef(ends))[0, 1]) if len(np.unique(ends)) > 1 else np.nan


def describe(dataset: Dataset) -> dict[str, int | float]:
    """Sizes, labels and homophily by their names, as ``longnn data show`` prints them."""
    component = dataset.graph.components()
    features = dataset.features
    nonzero = features.nnz if hasattr(features, "nnz") else np.count_nonzero(features)
    labels, edges = (_of_values if dataset.regression else _of_classes)(dataset)
    return {
        "nodes": dataset.graph.num_nodes,
        "edges": dataset.graph.num_edges,
        "features": features.shape[1],
        "feature density": float(nonzero / np.prod(features.shape)),
        **labels,
        "unlabelled": int((~dataset.labelled).sum()),
        "isolated": int((dataset.graph.degrees() == 0).sum()),
        "components": int(component.max()) + 1,
        "largest component": int((component == 0).sum()),
        **edges,
    }


def _of_classes(dataset: Dataset) -> tuple[dict[str, int | float], dict[str, int | float]]:
    counts = np.bincount(dataset.labels[dataset.labelled], minlength=dataset.classes)
    named = zip(dataset.class_names, counts, strict=True)
    labels = {f"nodes of class {name}": int(count) for name, count in named}
    edges = {f"homophily, {k}": v for k, v in homophily(dataset)._asdict().items()}
    return {"classes": dataset.classes, **labels}, edges


def _of_values(dataset: Dataset) -> tuple[dict[str, int | float], dict[str, int | float]]:
    values = dataset.labels[dataset.labelled].astype(np.float64)
    labels = {"label mean": float(values.mean()), "label std": float(values.std())}
    return labels, {"label correlation": correlation(dataset)}
