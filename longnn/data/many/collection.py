"""Many graphs with labelled nodes, or with one label each, checked when they are made."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Int64, Integer

from longnn.data.dataset import Dataset
from longnn.data.labels import Labels, check_labels, check_metric, kind_of
from longnn.graphs.device import on_host
from longnn.graphs.graph import Graph

Level = Literal["node", "graph"]


class Targets(NamedTuple):
    """Labels of graphs.

    Attributes:
        labels: [G] classes in [0, C), -1 for no label; real values for the metric "r2", NaN for
            none; or [G, C] for a multi-label metric, as `longnn.data.Dataset` has them of nodes.
        classes: number of classes C; 1 for the metric "r2".
        metric: one of ``longnn.data.labels.METRICS``.
        class_names: the C names of the classes; none for the metric "r2".
    """

    labels: Labels
    classes: int
    metric: str = "accuracy"
    class_names: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class GraphDataset:
    """G graphs with node features, and a label for each node or for each graph.

    Attributes:
        nodes: all N nodes of all graphs as one dataset, one graph after the other; no edge joins
            two graphs. Its labels are those of the nodes, or none.
        sizes: [G] the number of nodes of each graph, >= 1.
        targets: the labels of the graphs; None where those of the nodes are meant.
        shipped: the splits over graphs that came with the files, by the name of the protocol:
            [S, G] integers, 0 train, 1 validation, 2 test, -1 in no part.

    Raises:
        ValueError: if sizes do not add up to N, an edge joins two graphs, labels do not fit, or a
            shipped split is of another number of graphs.

    Example:
        >>> import longnn
        >>> data = longnn.data.many.families.sbm(graphs=4, smallest=10, largest=20)
        >>> data
        GraphDataset('sbm_graphs', G=4, N=57, E=80, F=16, C=4, level='node', metric='accuracy')
        >>> data[1].graph.num_nodes == data.sizes[1]
        np.True_
    """

    nodes: Dataset
    sizes: Int64[np.ndarray, " G"]
    targets: Targets | None = None
    shipped: Mapping[str, Integer[np.ndarray, "_ G"]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sizes = np.asarray(self.sizes)
        if sizes.ndim != 1 or not len(sizes) or sizes.dtype.kind not in "iu" or sizes.min() < 1:
            raise ValueError(
                f"sizes of graph dataset {self.name!r} must be whole numbers [G] >= 1, got "
                f"{sizes.dtype} of shape {sizes.shape}; leave out graphs without nodes"
            )
        object.__setattr__(self, "sizes", sizes.astype(np.int64))
        if sizes.sum() != self.nodes.graph.num_nodes:
            raise ValueError(
                f"the sizes of the {len(sizes)} graphs of {self.name!r} add up to {sizes.sum()}, "
                f"expected the {self.nodes.graph.num_nodes} nodes of all of them"
            )
        check_inside(self.nodes.graph.pairs(), self.graph_of_node, self.name)
        if self.targets is not None:
            _check_targets(self.targets, len(self), self.name)
        for protocol, part in self.shipped.items():
            if part.ndim != 2 or part.shape[1] != len(self):
                raise ValueError(
                    f"split {protocol!r} of graph dataset {self.name!r} has shape {part.shape}, "
                    f"expected [S, {len(self)}]; one column per graph"
                )

    @property
    def name(self) -> str:
        """What reports call it."""
        return self.nodes.name

    @property
    def level(self) -> Level:
        """What has labels: "node" or "graph"."""
        return "node" if self.targets is None else "graph"

    @property
    def labels(self) -> Labels:
        """The labels [N, ...] of the nodes or [G, ...] of the graphs, as `level` says."""
        return self.nodes.labels if self.targets is None else self.targets.labels

    @property
    def classes(self) -> int:
        """The number of classes C."""
        return self.nodes.classes if self.targets is None else self.targets.classes

    @property
    def metric(self) -> str:
        """What scores and selection use."""
        return self.nodes.metric if self.targets is None else self.targets.metric

    @property
    def class_names(self) -> tuple[str, ...]:
        """The C names of the classes."""
        if self.targets is None:
            return self.nodes.class_names
        numbers = () if self.metric == "r2" else tuple(map(str, range(self.classes)))
        return self.targets.class_names or numbers

    @property
    def checksum(self) -> str:
        """The sha256 over what the dataset was made of."""
        return self.nodes.checksum

    @property
    def first(self) -> Int64[np.ndarray, " ends"]:
        """The number of the first node of each graph, and N."""
        return np.concatenate([[0], np.cumsum(self.sizes)])

    @property
    def graph_of_node(self) -> Int64[np.ndarray, " N"]:
        """The number of the graph of each node."""
        return np.repeat(np.arange(len(self)), self.sizes)

    @property
    def labelled(self) -> Bool[np.ndarray, " G"]:
        """Which graphs have a label, or a node with one."""
        if self.targets is None:
            return np.logical_or.reduceat(self.nodes.labelled, self.first[:-1])
        labels = self.targets.labels
        if kind_of(self.targets.metric) == "values":
            return ~np.isnan(labels)
        known = labels >= 0
        return np.asarray(known.any(axis=1) if known.ndim > 1 else known)

    def __len__(self) -> int:
        return len(self.sizes)

    def __getitem__(self, number: int) -> Dataset:
        """One graph with its own nodes, by its number in [-G, G)."""
        number = range(len(self))[number]
        nodes = slice(*self.first[number : number + 2].tolist())
        union = self.nodes
        return replace(
            union,
            name=f"{self.name}[{number}]",
            graph=_cut(union.graph, nodes),
            features=union.features[nodes],
            labels=union.labels[nodes],
            shipped={},
            node_names=None if union.node_names is None else union.node_names[nodes],
        )

    def chosen(self, graphs: Integer[np.ndarray, " g"]) -> "GraphDataset":
        """Some of the graphs, in the order given, without the shipped splits.

        Args:
            graphs: [g] distinct numbers in [0, G).
        """
        index = np.asarray(graphs)
        first = self.first
        nodes = np.concatenate([np.arange(first[g], first[g + 1]) for g in index])
        union, targets = self.nodes, self.targets
        taken = replace(
            union,
            graph=union.graph.subgraph(nodes),
            features=union.features[nodes],
            labels=union.labels[nodes],
            shipped={},
            node_names=None if union.node_names is None else union.node_names[nodes],
        )
        if targets is not None:
            targets = targets._replace(labels=targets.labels[index])
        return GraphDataset(taken, self.sizes[index], targets)

    def __repr__(self) -> str:
        graph, features = self.nodes.graph, self.nodes.features
        return (
            f"GraphDataset({self.name!r}, G={len(self)}, N={graph.num_nodes}, "
            f"E={graph.num_edges}, F={features.shape[1]}, C={self.classes}, level={self.level!r}, "
            f"metric={self.metric!r})"
        )


def check_inside(
    pairs: Integer[np.ndarray, "E 2"], graph_of_node: Integer[np.ndarray, " N"], name: str
) -> None:
    """Raises a ValueError if an edge joins two graphs.

    Args:
        pairs: [E, 2] the ends of the edges.
        graph_of_node: [N] the number of the graph of each node.
        name: of the dataset.
    """
    ends = graph_of_node[pairs]
    across = np.flatnonzero(ends[:, 0] != ends[:, 1])
    if len(across):
        edge = across[0]
        raise ValueError(
            f"an edge of {name} joins node {pairs[edge][0]} of graph {ends[edge][0]} to node "
            f"{pairs[edge][1]} of graph {ends[edge][1]} ({len(across)} such edges); the graphs of "
            "a dataset are apart, so check the graph of each node"
        )


def _check_targets(targets: Targets, count: int, name: str) -> None:
    what = f"the graphs of {name!r}"
    check_metric(targets.metric, targets.classes, what)
    check_labels(targets.labels, count, targets.classes, targets.metric, what)
    names = targets.class_names
    if names and len(set(names)) != targets.classes:
        raise ValueError(
            f"{what} have {len(set(names))} different class_names, expected {targets.classes}, one "
            "a class; leave them out for numbers"
        )


def _cut(graph: Graph, nodes: slice) -> Graph:
    """The graph between consecutive nodes, which no edge leaves."""
    receivers = on_host(graph.receivers)
    entries = slice(*np.searchsorted(receivers, [nodes.start, nodes.stop]))
    weights = None if graph.weights is None else on_host(graph.weights)[entries]
    senders = on_host(graph.senders)[entries] - nodes.start
    return Graph(senders, receivers[entries] - nodes.start, weights, nodes.stop - nodes.start)


def check_graphs(given: object) -> None:
    """Raises a ValueError unless a dataset of graphs was given, of which one has a label."""
    if not isinstance(given, GraphDataset):
        raise ValueError(
            f"expected a longnn.data.GraphDataset, got {type(given).__name__}; "
            "longnn.data.own_graphs makes one of lists, longnn.data.many.npz.load reads one"
        )
    if not given.labelled.any():
        raise ValueError(
            f"no graph of {given.name!r} has a label, so that it can only be predicted on; give "
            "the labels of some of its nodes or graphs to train on it"
        )
