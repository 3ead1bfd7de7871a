"""A dataset of graphs from a user's lists, by stated rules."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Float32, Integer, Shaped
from scipy import sparse

from longnn.data.dataset import checksum_of
from longnn.data.many.collection import GraphDataset
from longnn.data.many.union import Given, collected, union_of
from longnn.data.own import Edges, FeaturesGiven, Options, column_names, graph_from
from longnn.data.preparation import as_stored
from longnn.data.reading import LabelsGiven

_Rows: TypeAlias = Float32[np.ndarray, "_ _"] | sparse.csr_array
"""Features of the nodes of one graph, of which another has other rows."""


def own_graphs(
    name: str,
    edges: Sequence[Edges],
    features: Sequence[FeaturesGiven],
    labels: Sequence[LabelsGiven] | None = None,
    *,
    graph_labels: LabelsGiven | None = None,
    weights: Sequence[Shaped[np.ndarray, "..."]] | None = None,
    shipped: Mapping[str, Integer[np.ndarray, "_ G"]] | None = None,
    options: Options | None = None,
) -> GraphDataset:
    """Makes a dataset of lists with one item for each of G graphs, after checking them.

    Args:
        name: what reports and errors call it.
        edges: of each graph [E_g, 2] integers in [0, N_g), which may be empty; or a `Graph`, a
            sparse adjacency matrix, or a graph of networkx.
        features: of each graph [N_g, F] numbers, dense or sparse, F alike in all.
        labels: of each graph [N_g] labels of its nodes, as `longnn.data.own_dataset` takes them;
            classes are the distinct labels of all graphs in order.
        graph_labels: [G] one label for each graph instead; neither: graphs that are only
            predicted on.
        weights: of each graph [E_g] positive numbers; None for unweighted graphs.
        shipped: splits over the graphs that come with the data, [S, G] by the name of the protocol.
        options: metric, normalisation, and the rules by which edges are merged; None: the defaults.

    Raises:
        ValueError: if the lists are of different lengths, something is of wrong shape or type (the
            message says of which graph), no graph has an edge, or a rule is unknown.

    Example:
        >>> edges = [np.array([[0, 1], [1, 2]]), np.array([[0, 1]])]
        >>> own_graphs("two", edges, [np.eye(3), np.ones((2, 3))], graph_labels=["a", "b"])
        GraphDataset('two', G=2, N=5, E=3, F=3, C=2, level='graph', metric='accuracy')
    """
    options = options or Options()
    if options.ignore:
        raise ValueError(f"ignore={options.ignore!r} is for files and objects; leave it out here")
    count = len(edges)
    lists = {"features": features, "labels": labels, "weights": weights}
    for what, given in lists.items():
        if given is not None and len(given) != count:
            raise ValueError(
                f"{name} has edges of {count} graphs and {what} of {len(given)}; give one item for "
                "each graph"
            )
    if not count:
        raise ValueError(f"{name} has no graph; give the edges and features of at least one")
    stored = [as_stored(one, _of("features", i, name)) for i, one in enumerate(features)]
    sizes = np.array([one.shape[0] for one in stored])
    graphs = [
        graph_from(
            _of("the edges", i, name), one, int(sizes[i]),
            None if weights is None else weights[i], options.rules(),
            "rows of features, expected one row a node",
        )
        for i, one in enumerate(edges)
    ]  # fmt: skip
    joined = None if labels is None else _joined_labels(labels, sizes, name)
    together = union_of(graphs)
    given_also = Given(
        joined,
        graph_labels,
        shipped or {},
        checksum_of(together.pairs(), sizes, *map(_values, stored)),
        column_names(features[0]),
    )
    return collected(name, together, sizes, _stacked(stored, name), given_also, options)


def _of(what: str, graph: int, name: str) -> str:
    return f"{what} of graph {graph} of {name}"


def _values(features: _Rows) -> Shaped[np.ndarray, "..."]:
    return features.data if sparse.issparse(features) else features  # type: ignore[return-value]


def _stacked(features: Sequence[_Rows], name: str) -> _Rows:
    """All rows, after a check that there are as many columns everywhere."""
    widths = [one.shape[1] for one in features]
    other = next((i for i, width in enumerate(widths) if width != widths[0]), None)
    if other is not None:
        raise ValueError(
            f"{_of('features', other, name)} have {widths[other]} columns, but those of graph 0 "
            f"{widths[0]}; give every node the same features"
        )
    if any(sparse.issparse(one) for one in features):
        return as_stored(sparse.vstack(features, format="csr"), f"features of {name}")
    return np.concatenate(features)


def _joined_labels(labels: Sequence[LabelsGiven], sizes: np.ndarray, name: str) -> LabelsGiven:
    """The labels of all nodes, after a check that there is one for each."""
    arrays = [np.asarray(one) for one in labels]
    for number, (one, size) in enumerate(zip(arrays, sizes, strict=True)):
        if one.ndim < 1 or len(one) != size:
            raise ValueError(
                f"{_of('labels', number, name)} are {one.size}, expected {size}, one label a "
                "node; write -1 for a node without one, and give one label a graph as graph_labels"
            )
    try:
        return np.concatenate(arrays)
    except (ValueError, TypeError) as error:
        raise ValueError(f"labels of the graphs of {name} do not go together: {error}") from error
