"""Graphs to and from other libraries: scipy, networkx, jraph."""

import difflib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict, Unpack

import jax.numpy as jnp
import numpy as np
import scipy.sparse
from jax.typing import ArrayLike
from jaxtyping import Shaped

from longnn.graphs.graph import Graph
from longnn.graphs.merge import Directions, Duplicates, SelfLoops
from longnn.graphs.numbers import real_array, real_matrix

if TYPE_CHECKING:
    import jraph
    import networkx


class Rules(TypedDict, total=False):
    """The rules of :meth:`Graph.from_edges`."""

    directions: Directions
    duplicates: Duplicates
    self_loops: SelfLoops


def to_jraph(graph: Graph, nodes: Shaped[ArrayLike, "N ..."] | None = None) -> "jraph.GraphsTuple":
    """One ``jraph.GraphsTuple`` with both directions of every edge; weights become ``edges``.

    Args:
        graph: N nodes.
        nodes: node features [N, ...], or None.
    """
    import jraph

    entries = np.shape(graph.senders)[0]
    return jraph.GraphsTuple(
        nodes=nodes,
        edges=None if graph.weights is None else jnp.asarray(graph.weights),
        senders=jnp.asarray(graph.senders, jnp.int32),
        receivers=jnp.asarray(graph.receivers, jnp.int32),
        globals=None,
        n_node=jnp.array([graph.num_nodes]),
        n_edge=jnp.array([entries]),
    )


def from_jraph(graphs: "jraph.GraphsTuple", **rules: Unpack[Rules]) -> Graph:
    """The undirected graph of a ``GraphsTuple``; several graphs become one disconnected graph.

    Args:
        graphs: its ``edges`` are taken as weights if they are one positive number an edge.
        rules: of :meth:`Graph.from_edges`.

    Raises:
        ValueError: if ``edges`` is something else, an index is out of range, or the rules leave
            no edge.
    """
    edges = np.stack([np.asarray(graphs.senders), np.asarray(graphs.receivers)], axis=1)
    weights = None if graphs.edges is None else real_array("edges of the tuple", graphs.edges)
    return Graph.from_edges(edges, int(np.sum(np.asarray(graphs.n_node))), weights, **rules)


def to_scipy(graph: Graph) -> scipy.sparse.csr_array:
    """The symmetric adjacency matrix A [N, N] in float64."""
    weights = graph.weights
    values = np.ones(np.shape(graph.senders)[0]) if weights is None else np.asarray(weights, float)
    index = (np.asarray(graph.receivers), np.asarray(graph.senders))
    return scipy.sparse.csr_array((values, index), shape=(graph.num_nodes, graph.num_nodes))


def from_scipy(
    matrix: scipy.sparse.sparray | scipy.sparse.spmatrix, **rules: Unpack[Rules]
) -> Graph:
    """The undirected graph of a square matrix; entries of value 1 only give an unweighted graph.

    Args:
        matrix: [N, N], symmetric or with either direction stored; explicit zeros are dropped, and
            entries at one place are added in float64 (those of a boolean matrix count once).
        rules: of :meth:`Graph.from_edges`.

    Raises:
        ValueError: if the matrix is not square, holds an entry that is not a positive number, or
            the rules leave no edge.
    """
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"an adjacency matrix is square, got shape {matrix.shape}")
    coo = scipy.sparse.coo_array(real_matrix("entries of the matrix", matrix))
    coo.sum_duplicates()
    coo.eliminate_zeros()
    edges = np.stack([coo.row, coo.col], axis=1).astype(np.int64)
    weights = None if (coo.data == 1).all() else coo.data
    return Graph.from_edges(edges, int(matrix.shape[0]), weights, **rules)


def from_networkx(
    graph: "networkx.Graph", weight: str | None = "weight", **rules: Unpack[Rules]
) -> Graph:
    """The undirected graph of a ``networkx`` graph; node i is the i-th of ``graph.nodes``.

    Args:
        graph: any of networkx's four kinds; parallel edges and directions follow the rules.
        weight: edge attribute that holds weights; edges without it weigh 1. None: a graph without
            weights.
        rules: of :meth:`Graph.from_edges`.

    Raises:
        ValueError: if the graph has no node, a weight is not a positive number, no edge has the
            attribute but some have one of a similar name, or the rules leave no edge.
    """
    place = {node: number for number, node in enumerate(graph.nodes)}
    entries = [(place[a], place[b], data) for a, b, data in graph.edges(data=True)]
    edges = np.array([(a, b) for a, b, _ in entries], np.int64).reshape(-1, 2)
    weights = None if weight is None else _attribute(weight, [data for *_, data in entries])
    return Graph.from_edges(edges, len(place), weights, **rules)


def _attribute(weight: str, edges: Sequence[Mapping[str, object]]) -> np.ndarray | None:
    """[E] the attribute of each edge, 1 where it is missing; None if no edge has it."""
    if any(weight in data for data in edges):
        values = [data.get(weight, 1) for data in edges]
        return real_array(f"edge attributes {weight!r}", values)
    names = list(dict.fromkeys(str(name) for data in edges for name in data))
    near = [name for name in names if _similar(name, weight)]
    if near or (edges and weight != "weight"):
        found = f"some have {near[0]!r}" if near else f"they have {', '.join(names) or 'none'}"
        raise ValueError(
            f"no edge has the attribute {weight!r}, {found}; give from_networkx(graph, "
            f"weight={(near or ['NAME'])[0]!r}), or weight=None for a graph without weights"
        )
    return None


def _similar(name: str, wanted: str) -> bool:
    """Whether a name is a spelling of another, such as "edge_weight" of "weight"."""
    name, wanted = name.casefold(), wanted.casefold()
    return wanted in name or bool(difflib.get_close_matches(name, [wanted]))
