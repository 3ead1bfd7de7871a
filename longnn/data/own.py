"""A dataset from a user's arrays or graph, by stated rules."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, TypeAlias, Union

import numpy as np
from jaxtyping import Integer, Shaped
from scipy import sparse

from longnn.data.classes import Owner, Read, unlabelled
from longnn.data.dataset import Dataset
from longnn.data.directed import digraph_from
from longnn.data.preparation import as_stored
from longnn.data.reading import LabelsGiven, read_labels
from longnn.graphs.convert import Rules, from_networkx, from_scipy
from longnn.graphs.graph import Graph
from longnn.graphs.merge import Directions, Duplicates, SelfLoops
from longnn.graphs.numbers import is_masked, real_array

if TYPE_CHECKING:
    import networkx
    import pandas

Edges: TypeAlias = Union[
    Shaped[np.ndarray, "..."], Graph, sparse.sparray, sparse.spmatrix, "networkx.Graph"
]
"""Edges [E, 2], or a graph of ours, of scipy or of networkx."""

FeaturesGiven: TypeAlias = Union[
    Shaped[np.ndarray, "..."],
    Sequence[object],
    sparse.sparray,
    sparse.spmatrix,
    "pandas.DataFrame",
]
"""Features as a user gives them; what they really are is checked."""


@dataclass(frozen=True)
class Options:
    """How a graph of the user's is read.

    Attributes:
        metric: see `Dataset`.
        normalize: see `longnn.data.normalize`.
        directions, duplicates, self_loops: see `longnn.graphs.merge.undirected`.
        directed: whether directions are kept besides (``Dataset.digraph``), for operators of
            directed graphs; edges then come as [E, 2], (from, to), or as a sparse matrix of scipy
            whose rows are where edges begin.
        classes: the number of classes C, where the labels are known to be 0 to C - 1 although some
            may not occur; None: classes are the labels that occur.
        ignore: names of arrays, columns or attributes that are left out on purpose; what a file or
            object holds beside the known ones is an error otherwise.
    """

    metric: str = "accuracy"
    normalize: str = "none"
    directions: Directions = "either"
    duplicates: Duplicates = "largest"
    self_loops: SelfLoops = "drop"
    directed: bool = False
    classes: int | None = None
    ignore: str | Sequence[str] = ()

    def rules(self) -> Rules:
        """The rules by which edges are merged."""
        return Rules(
            directions=self.directions, duplicates=self.duplicates, self_loops=self.self_loops
        )


def options_of(words: Mapping[str, object]) -> Options:
    """Makes `Options` of values by their names.

    Raises:
        TypeError: for a name that is no option. The values are checked where they are used.
    """
    known = [field.name for field in fields(Options)]
    for name in words:
        if name not in known:
            raise TypeError(f"unknown option {name!r}; the options are {', '.join(known)}")
    return Options(**words)  # type: ignore[arg-type]


def own_dataset(
    name: str,
    edges: Edges,
    features: FeaturesGiven,
    labels: LabelsGiven | None = None,
    *,
    weights: Shaped[np.ndarray, "..."] | Sequence[object] | None = None,
    shipped: Mapping[str, Integer[np.ndarray, "_ N"]] | None = None,
    checksum: str = "",
    node_names: Sequence[object] | Shaped[np.ndarray, " N"] | None = None,
    feature_names: Sequence[str] = (),
    options: Options = Options(),
) -> Dataset:
    """Makes a dataset of arrays, after checking them.

    Args:
        name: what reports and errors call it.
        edges: [E, 2] integers in [0, N); or a `Graph`, a sparse adjacency matrix [N, N], or a graph
            of networkx, which have their own weights.
        features: [N, F] numbers, dense or sparse; a table of pandas also gives feature_names.
        labels: [N] or [N, 1] numbers or texts; -1, NaN, or an empty text for no label. Classes are
            the distinct labels in order. For the metric "r2" floats, NaN for no label; for a
            multi-label one [N, C] of 0 and 1. See `longnn.data.reading.read_labels`.
            None for a graph that is only predicted on.
        weights: [E] positive numbers; None for an unweighted graph.
        shipped: splits that come with the data, [S, N] parts by the name of the protocol.
        checksum: sha256 of the origin.
        node_names: [N] different whole numbers or texts; None: 0 to N-1.
        feature_names: names of the F features; none where they are not known.
        options: metric, normalisation, and the rules by which edges are merged.

    Raises:
        ValueError: if something is of wrong shape or type, not finite, there is no edge or only
            one class or value, or a rule is unknown.

    Warns:
        RenumberedLabelsWarning: if the labels are numbers, but not 0 to C - 1.

    Example:
        >>> edges = np.array([[0, 1], [1, 2]])
        >>> own_dataset("path", edges, np.eye(3), [0, 1, 0])
        Dataset('path', N=3, E=2, F=3, C=2, metric='accuracy', shipped=[])
    """
    if options.ignore:
        raise ValueError(f"ignore={options.ignore!r} is for files and objects; leave it out here")
    if labels is None:
        read = unlabelled(as_stored(features, f"features of {name}").shape[0])
    else:
        read = read_labels(labels, Owner(name), options.metric, options.classes)
    made = assembled(name, edges, weights, features, read, shipped or {}, checksum, options)
    names = None if node_names is None else np.asarray(node_names)
    features_named = tuple(map(str, feature_names)) or column_names(features)
    return replace(made, node_names=names, feature_names=features_named)


def column_names(features: FeaturesGiven) -> tuple[str, ...]:
    """The names of the columns of a table of pandas; none of anything else."""
    return tuple(map(str, getattr(features, "columns", ())))


def assembled(
    name: str,
    edges: Edges,
    weights: Shaped[np.ndarray, "..."] | Sequence[object] | None,
    features: FeaturesGiven,
    read: Read,
    shipped: Mapping[str, Integer[np.ndarray, "_ N"]],
    checksum: str,
    options: Options,
) -> Dataset:
    """Makes a dataset of labels that were read; the arguments are those of `own_dataset`.

    A dataset without a class has no labels, whatever the metric of its options.
    """
    graph = graph_from(name, edges, len(read.labels), weights, options.rules())
    if not graph.num_edges:
        raise ValueError(f"{name} has no edge, so no spectrum to filter; check the edges given")
    digraph = None
    if options.directed:
        digraph = digraph_from(
            *(name, edges, graph.num_nodes, weights),
            duplicates=options.duplicates,
            self_loops=options.self_loops,
        )
    return Dataset(
        name=name,
        graph=graph,
        features=as_stored(features, f"features of {name}"),
        labels=read.labels,
        classes=read.classes,
        metric=options.metric if read.classes else "accuracy",
        shipped=shipped,
        checksum=checksum,
        class_names=read.names,
        digraph=digraph,
    ).prepared(options.normalize)


def graph_from(
    name: str,
    edges: Edges,
    nodes: int,
    weights: Shaped[np.ndarray, "..."] | Sequence[object] | None,
    rules: Rules,
    rows: str = "labels, expected one label a node; write -1 for a node without one",
) -> Graph:
    """The graph of edges or of another library's graph.

    Args:
        name: what has them, for messages.
        edges, weights: see `own_dataset`.
        nodes: number of nodes N.
        rules: by which edges are merged.
        rows: what there is of each node, and what to do, for messages.

    Raises:
        ValueError: if edges are wrong, or it is a graph of another number of nodes.
    """
    networkx = sys.modules.get("networkx")
    foreign = networkx is not None and isinstance(edges, networkx.Graph)
    if not (foreign or isinstance(edges, Graph) or sparse.issparse(edges)):
        given = None if weights is None else real_array(f"weights of {name}", weights)
        pairs = np.ma.array(edges) if is_masked(edges) else np.asanyarray(edges)
        return Graph.from_edges(pairs, nodes, given, **rules)
    if weights is not None:
        raise ValueError(f"{name} has weights beside a graph, which has its own; leave them out")
    if isinstance(edges, Graph):
        if rules != Options().rules():
            raise ValueError(
                f"the edges of {name} are a Graph, which was merged when it was made; give the "
                "rules to longnn.graphs.from_scipy and the like, or to Graph.from_edges"
            )
        graph = edges
    else:
        graph = from_networkx(edges, **rules) if foreign else from_scipy(edges, **rules)
    if graph.num_nodes != nodes:
        raise ValueError(f"{name} has a graph of {graph.num_nodes} nodes and {nodes} {rows}")
    return graph
