"""What can be said of many graphs without training: sizes, labels, homophily and spectra."""

import numpy as np
from jaxtyping import Float64

from longnn.data.labels import kind_of
from longnn.data.many.collection import GraphDataset
from longnn.data.statistics import homophily
from longnn.graphs.device import on_host
from longnn.graphs.scaling import shift_matrix

SPECTRA = 200
"""The most graphs whose eigenvalues are computed, evenly spaced among all."""

LARGEST = 1000
"""The most nodes of a graph whose eigenvalues are computed."""


def describe(data: GraphDataset) -> dict[str, int | float]:
    """Sizes, labels, homophily and spectra by their names, as ``longnn data show`` prints them.

    Args:
        data: G graphs.

    Returns:
        Numbers; homophily where each node has one class (of all edges together, and as a mean and a
        standard deviation over the graphs); of the spectra of L = I - S in [0, 2] the means of the
        smallest nonzero and of the largest eigenvalue, and the shares below 0.5 and above 1.5.
    """
    graph, sizes = data.nodes.graph, data.sizes
    edges = edges_of_graphs(data)
    features = data.nodes.features
    nonzero = features.nnz if hasattr(features, "nnz") else np.count_nonzero(features)
    return {
        "graphs": len(data),
        "nodes": graph.num_nodes,
        "edges": graph.num_edges,
        "nodes a graph, least": int(sizes.min()),
        "nodes a graph, mean": float(sizes.mean()),
        "nodes a graph, most": int(sizes.max()),
        "edges a graph, mean": float(edges.mean()),
        "mean degree": float(graph.degrees().mean()) if graph.weights is None else 2 * float(
            edges.sum() / sizes.sum()),
        "connected graphs": connected(data),
        "isolated nodes": int((graph.degrees() == 0).sum()),
        "features": features.shape[1],
        "feature density": float(nonzero / np.prod(features.shape)),
        **_labels(data),
        **_homophily(data),
        **_spectra(data),
    }  # fmt: skip


def edges_of_graphs(data: GraphDataset) -> np.ndarray:
    """[G] the number of edges of each graph."""
    return np.bincount(data.graph_of_node[data.nodes.graph.pairs()[:, 0]], minlength=len(data))


def connected(data: GraphDataset) -> int:
    """The number of graphs that are in one piece."""
    component = data.nodes.graph.components()
    pieces = np.unique(np.stack([data.graph_of_node, component]), axis=1)[0]
    return int((np.bincount(pieces, minlength=len(data)) == 1).sum())


def edge_homophily(data: GraphDataset) -> Float64[np.ndarray, " G"]:
    """[G] the share of the edges of each graph whose ends have one label.

    Edges with an unlabelled end and self-loops do not count; NaN where none is left.

    Raises:
        ValueError: unless each node has one class.
    """
    nodes = data.nodes
    if not nodes.classes or kind_of(nodes.metric) != "classes":
        raise ValueError(
            f"homophily is of one class a node, which {data.name!r} does not have; see describe "
            "for what can be said"
        )
    pairs = nodes.graph.pairs()
    ends = nodes.labels[pairs]
    known = (ends >= 0).all(axis=1) & (pairs[:, 0] != pairs[:, 1])
    of, same = data.graph_of_node[pairs[known, 0]], ends[known, 0] == ends[known, 1]
    total = np.bincount(of, minlength=len(data))
    agreeing = np.bincount(of, same, minlength=len(data))
    return np.divide(agreeing, total, out=np.full(len(data), np.nan), where=total > 0)


def eigenvalues(data: GraphDataset, number: int) -> Float64[np.ndarray, " n"]:
    """The ascending eigenvalues of L = I - S of one graph, in [0, 2].

    Args:
        data: G graphs.
        number: of the graph.
    """
    shift = shift_matrix(data[number].graph).toarray()
    return 1 - np.linalg.eigvalsh(shift)[::-1]


def _labels(data: GraphDataset) -> dict[str, int | float]:
    counted: dict[str, int | float] = {f"labelled graphs of {len(data)}": int(data.labelled.sum())}
    if not data.classes:
        return counted
    if kind_of(data.metric) == "values":
        known = on_host(data.labels).astype(np.float64)
        known = known[~np.isnan(known)]
        return counted | {"label mean": float(known.mean()), "label std": float(known.std())}
    held = data.labels == 1 if data.labels.ndim > 1 else (
        data.labels[:, None] == np.arange(data.classes)
    )  # fmt: skip
    named = zip(data.class_names, held.sum(axis=0), strict=True)
    classes = {f"{data.level}s of class {name}": int(count) for name, count in named}
    return counted | {"classes": data.classes} | classes


def _homophily(data: GraphDataset) -> dict[str, int | float]:
    nodes = data.nodes
    if not nodes.classes or kind_of(nodes.metric) != "classes":
        return {}
    found = {f"homophily, {k}": v for k, v in homophily(nodes)._asdict().items()}
    each = edge_homophily(data)
    each = each[~np.isnan(each)]
    if not len(each):
        return found
    return found | {
        "homophily a graph, mean": float(each.mean()),
        "homophily a graph, std": float(each.std()),
    }


def _spectra(data: GraphDataset) -> dict[str, int | float]:
    """Of at most `SPECTRA` graphs of at most `LARGEST` nodes."""
    small = np.flatnonzero(data.sizes <= LARGEST)
    step = max(-(-len(small) // SPECTRA), 1)
    chosen = small[::step]
    if not len(chosen):
        return {}
    values = [eigenvalues(data, int(number)) for number in chosen]
    every = np.concatenate(values)
    gaps = [one[one > 1e-8].min(initial=2.0) for one in values]
    return {
        "spectra of graphs": len(chosen),
        "least nonzero lambda, mean": float(np.mean(gaps)),
        "largest lambda, mean": float(np.mean([one[-1] for one in values])),
        "share of lambda < 0.5": float((every < 0.5).mean()),
        "share of lambda > 1.5": float((every > 1.5).mean()),
    }
