"""From arrays that hold all graphs together to a checked dataset; all loaders come here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Int64, Integer, Shaped

from longnn.data.classes import Owner, unlabelled
from longnn.data.many.collection import GraphDataset, Targets, check_inside
from longnn.data.own import FeaturesGiven, Options, assembled, graph_from
from longnn.data.reading import LabelsGiven, read_labels
from longnn.graphs.device import on_host
from longnn.graphs.graph import Graph

NEITHER = "give labels of the nodes or graph_labels of the graphs, not both"


@dataclass(frozen=True)
class Given:
    """What is known of graphs beside their edges and features.

    Attributes:
        labels: [N] of all nodes, or None.
        graph_labels: [G] of the graphs, or None.
        shipped: splits over the graphs.
        checksum: sha256 of the origin.
        feature_names: names of the F features.
    """

    labels: LabelsGiven | None = None
    graph_labels: LabelsGiven | None = None
    shipped: Mapping[str, Integer[np.ndarray, "_ G"]] = field(default_factory=dict)
    checksum: str = ""
    feature_names: tuple[str, ...] = ()


def of_union(
    name: str,
    edges: Shaped[np.ndarray, "..."],
    graph_of_node: Shaped[np.ndarray, "..."],
    features: FeaturesGiven,
    given: Given,
    options: Options,
    weights: Shaped[np.ndarray, "..."] | None = None,
) -> GraphDataset:
    """Makes a dataset of arrays that hold all graphs together.

    Args:
        name: what reports and errors call it.
        edges: [E, 2] integers in [0, N), none of which joins two graphs.
        graph_of_node: [N] the number of the graph of each node, ascending from 0 to G-1.
        features: [N, F].
        given: labels, splits and names.
        options: see `own_graphs`.
        weights: [E] positive numbers, or None.

    Raises:
        ValueError: see `own_graphs`.
    """
    sizes = sizes_of(graph_of_node, name)
    rows = "nodes with a graph, expected one number of a graph for each node"
    graph = graph_from(name, edges, int(sizes.sum()), weights, options.rules(), rows)
    check_inside(graph.pairs(), np.repeat(np.arange(len(sizes)), sizes), name)
    return collected(name, graph, sizes, features, given, options)


def sizes_of(graph_of_node: Shaped[np.ndarray, "..."], name: str) -> Int64[np.ndarray, " G"]:
    """The number of nodes of each graph.

    Args:
        graph_of_node: [N] expected are whole numbers that ascend from 0 to G-1 without a gap.
        name: of the dataset, for messages.

    Raises:
        ValueError: if they are anything else.
    """
    number = np.asarray(graph_of_node)
    if number.ndim != 1 or not len(number) or number.dtype.kind not in "iu":
        raise ValueError(
            f"the graphs of the nodes of {name} are {number.dtype} of shape {number.shape}, "
            "expected the number of its graph for each node, integers [N]"
        )
    number = number.astype(np.int64)
    steps = np.diff(number, prepend=-1)
    wrong = np.flatnonzero((steps < 0) | (steps > 1))
    if number[0] != 0 or len(wrong):
        node = 0 if number[0] != 0 else wrong[0]
        raise ValueError(
            f"node {node} of {name} is in graph {number[node]} after one of graph "
            f"{number[node - 1] if node else 'none'}, expected numbers that ascend from 0 without "
            "a gap; sort the nodes by their graphs"
        )
    return np.bincount(number)


def collected(
    name: str,
    graph: Graph,
    sizes: Int64[np.ndarray, " G"],
    features: FeaturesGiven,
    given: Given,
    options: Options,
) -> GraphDataset:
    """Makes the dataset of one graph that holds all; arguments are those of `of_union`."""
    if given.labels is not None and given.graph_labels is not None:
        raise ValueError(f"{name} has labels of nodes and of graphs; {NEITHER}")
    if options.directed:
        raise ValueError(
            f"directed keeps directions of one graph, and not of many as in {name}; leave it out"
        )
    first = np.cumsum(sizes) - sizes

    def node(place: int) -> str:
        number = int(np.searchsorted(first, place, side="right")) - 1
        return f"{place - first[number]} of graph {number}"

    read = unlabelled(int(sizes.sum()))
    if given.labels is not None:
        read = read_labels(given.labels, Owner(name, node), options.metric, options.classes)
    settled = Options(metric=options.metric, normalize=options.normalize)
    made = assembled(name, graph, None, features, read, {}, given.checksum, settled)
    made = replace(made, feature_names=given.feature_names)
    targets = None
    if given.graph_labels is not None:
        owner = Owner(name, unit="graph")
        labels = read_labels(given.graph_labels, owner, options.metric, options.classes)
        if len(labels.labels) != len(sizes):
            raise ValueError(
                f"{name} has {len(sizes)} graphs and {len(labels.labels)} graph_labels, expected "
                "one label a graph; write -1 for a graph without one"
            )
        targets = Targets(labels.labels, labels.classes, options.metric, labels.names)
    return GraphDataset(made, sizes, targets, given.shipped)


def union_of(graphs: Sequence[Graph]) -> Graph:
    """The graphs side by side, as one whose nodes are numbered graph by graph.

    Example:
        >>> path = Graph.from_edges(np.array([[0, 1], [1, 2]]), 3)
        >>> union_of([path, path]).pairs().tolist()
        [[0, 1], [1, 2], [3, 4], [4, 5]]
    """
    sizes = np.array([graph.num_nodes for graph in graphs])
    first = np.cumsum(sizes) - sizes
    ends = [
        np.concatenate([on_host(getattr(g, end)) + f for g, f in zip(graphs, first, strict=True)])
        for end in ("senders", "receivers")
    ]
    weights = None
    if any(graph.weights is not None for graph in graphs):
        weights = np.concatenate(
            [
                np.ones(np.size(g.senders)) if g.weights is None else on_host(g.weights)
                for g in graphs
            ]
        )
    return Graph(ends[0], ends[1], weights, int(sizes.sum()))
