"""What can be said of a dataset without training: sizes, labels, and how edges join them."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Shaped

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
    """The `Homophily` of a dataset; weights of edges and self-loops do not count.

    Raises:
        ValueError: if a node may have several labels, of which `mixing` and `label_agreement` tell.
    """
    if dataset.multilabel:
        raise ValueError(
            f"homophily is of one class a node, but dataset {dataset.name!r} has several labels a "
            "node; use longnn.data.statistics.label_agreement"
        )
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
    """The share of the labelled neighbours of nodes with class c that have class d.

    Rows sum to 1 where a node has one class; of several labels each counts by itself.
    """
    own, others = _held(dataset, joined_labels(dataset)).astype(np.float32)
    pairs = own.T @ others
    return pairs.astype(np.float64) / np.maximum(own.sum(axis=0), 1)[:, None]


def label_agreement(dataset: Dataset) -> float:
    """How alike the labels of joined nodes are: the mean over the edges of |a & b| / |a | b|.

    a and b are the sets of labels at both ends, and edges between nodes without any do not count
    (Zhao et al. 2023, arXiv 2304.10398, the label homophily of section 3). Of one class a node it
    is the edge homophily.
    """
    held = _held(dataset, joined_labels(dataset))
    both, either = held.all(axis=0).sum(axis=-1), held.any(axis=0).sum(axis=-1)
    shared = both[either > 0] / either[either > 0]
    return float(shared.mean()) if len(shared) else float("nan")


def _held(dataset: Dataset, labels: Shaped[np.ndarray, "..."]) -> Bool[np.ndarray, "... C"]:
    """Which of the C labels each entry stands for."""
    return labels == 1 if dataset.multilabel else labels[..., None] == np.arange(dataset.classes)


def joined_labels(dataset: Dataset) -> Shaped[np.ndarray, "2 M ..."]:
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
    of = _of_values if dataset.regression else _of_labels if dataset.multilabel else _of_classes
    labels, edges = of(dataset)
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


def _of_labels(dataset: Dataset) -> tuple[dict[str, int | float], dict[str, int | float]]:
    held = dataset.labels == 1
    named = zip(dataset.class_names, held.sum(axis=0), strict=True)
    counts = {f"nodes with label {name}": int(count) for name, count in named}
    a_node = {"labels a node": float(held[dataset.labelled].sum(axis=1).mean())}
    edges = {"label agreement": label_agreement(dataset)}
    return {"labels": dataset.classes, **a_node, **counts}, edges


def _of_values(dataset: Dataset) -> tuple[dict[str, int | float], dict[str, int | float]]:
    values = dataset.labels[dataset.labelled].astype(np.float64)
    labels = {"label mean": float(values.mean()), "label std": float(values.std())}
    return labels, {"label correlation": correlation(dataset)}
