"""Homophily at each node, and that of the edges split over the frequencies of the graph."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Integer

from longnn.analysis.chebyshev import Kernel
from longnn.analysis.density import Method
from longnn.analysis.energy import signal_measure
from longnn.analysis.measure import bin_of
from longnn.analysis.signals import label_signal
from longnn.analysis.spectrum import EXACT_LIMIT
from longnn.graphs.graph import Graph
from longnn.graphs.neighbours import agreeing_share
from longnn.graphs.oneline import brief


def local_homophily(graph: Graph, labels: Integer[np.ndarray, " N"]) -> Float[np.ndarray, " N"]:
    """The share of each node's labelled neighbours that are of its class.

    h_v = |{u in N(v): y_u = y_v}| / |N(v)| with N(v) the labelled neighbours of v. A model that has
    learned from a graph of one homophily errs most where the local one differs from it.

    Args:
        graph: N nodes; its weights and self-loops do not count.
        labels: [N] integers, < 0 where there is none.

    Returns:
        [N] in [0, 1]; NaN at a node without a label, or without a labelled neighbour.

    Raises:
        ValueError: if labels are not integers [N].

    Source: Loveland et al. 2023, arXiv 2306.05557; its mean over the nodes is the
    node homophily of Pei et al. 2020, arXiv 2002.05287, eq. 11.

    Example:
        >>> from longnn.graphs import Graph
        >>> star = Graph.from_edges(np.array([[0, 1], [0, 2], [0, 3]]), 4)
        >>> local_homophily(star, np.array([0, 0, 1, -1]))
        array([0.5, 1. , 0. , nan])
    """
    labels = np.asarray(labels)
    if labels.shape != (graph.num_nodes,) or labels.dtype.kind not in "iu":
        raise ValueError(
            f"labels must be integers [{graph.num_nodes}], got {labels.dtype} {labels.shape}; "
            "real values have no local homophily"
        )
    return agreeing_share(graph, labels, labels >= 0)


class FrequencyHomophily(NamedTuple):
    """What each frequency adds to the edge homophily.

    Attributes:
        edges: [bins + 1] edges of the bins over [0, 2].
        energy: [bins] share e of the energy of y_c = D^1/2 1[class c] over all c; sums to 1.
        homophily: [bins] integral of (1 - lambda) e over the bin, negative above lambda = 1;
            sums to the edge homophily.
    """

    edges: Float[np.ndarray, " edges"]
    energy: Float[np.ndarray, " bins"]
    homophily: Float[np.ndarray, " bins"]

    def __repr__(self) -> str:
        return brief(self)


def frequency_homophily(
    graph: Graph,
    labels: Integer[np.ndarray, " N"],
    bins: int = 61,
    method: Method = "auto",
    *,
    moments: int = 100,
    kernel: Kernel = "lanczos",
    limit: int = EXACT_LIMIT,
) -> FrequencyHomophily:
    """Edge homophily h as an integral over lambda.

    With y_c = D^1/2 1[class c], sum_c y_c^T S y_c = sum_c 1_c^T A 1_c counts the entries of A that
    join equal labels, and sum_c y_c^T y_c = sum of the degrees counts all: their quotient is h, and
    in the eigenvectors of L = I - S it is sum_j (1 - lambda_j) e_j.

    A node without a label (< 0) is left out with its edges, as in
    ``longnn.data.statistics.homophily``: the frequencies are those of the graph between the
    labelled nodes. Weights count, and a self-loop joins equal labels; there both are left aside.

    Args:
        graph: N nodes.
        labels: [N] integers, < 0 where there is none.
        bins: the number of equal bins over [0, 2], >= 1.
        method, moments, kernel, limit: see ``longnn.analysis.signal_measure``. "exact" and
            "lanczos" give h up to rounding, "kpm" up to the width of its kernel.

    Raises:
        ValueError: if labels do not fit, no edge joins labelled nodes, or as ``signal_measure``.
    """
    labels = np.asarray(labels)
    if labels.shape != (graph.num_nodes,):
        raise ValueError(f"labels must have shape [{graph.num_nodes}], got {labels.shape}")
    known = labels >= 0
    signal = label_signal(labels, centred=False)[known]
    if not known.all():
        graph = graph.subgraph(np.flatnonzero(known))
    degrees = graph.degrees()
    if not degrees.any():
        raise ValueError("no edge joins two labelled nodes: homophily is not defined")
    signal *= np.sqrt(degrees)[:, None]
    measure = signal_measure(graph, signal, method, moments=moments, kernel=kernel, limit=limit)
    place = bin_of(measure.lam, bins)
    agreeing = (1 - measure.lam) * measure.mass
    parts = [np.bincount(place, mass, bins) for mass in (measure.mass, agreeing)]
    return FrequencyHomophily(np.linspace(0, 2, bins + 1), *parts)
