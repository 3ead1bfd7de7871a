"""Graphs to and from other libraries: scipy, networkx, jraph."""

from typing import TYPE_CHECKING, TypedDict, Unpack

import jax.numpy as jnp
import numpy as np
import scipy.sparse
from jax.typing import ArrayLike
from jaxtyping import Shaped

from longnn.graphs.graph import Graph
from longnn.graphs.merge import Directions, Duplicates, SelfLoops

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
        ValueError: if ``edges`` is something else, or an index is out of range.
    """
    edges = np.stack([np.asarray(graphs.senders), np.asarray(graphs.receivers)], axis=1)
    weights = None if graphs.edges is None else np.asarray(graphs.edges)
    if weights is not None and weights.shape == (len(edges), 1):
        weights = weights[:, 0]
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
        matrix: [N, N], symmetric or with either direction stored; explicit zeros are dropped.
        rules: of :meth:`Graph.from_edges`.

    Raises:
        ValueError: if the matrix is not square, or holds an entry that is not positive.
    """
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"an adjacency matrix is square, got shape {matrix.shape}")
    coo = scipy.sparse.coo_array(matrix)
    coo.sum_duplicates()
    coo.eliminate_zeros()
    edges = np.stack([coo.row, coo.col], axis=1).astype(np.int64)
    weights = None if (coo.data == 1).all() else coo.data.astype(float)
    return Graph.from_edges(edges, int(matrix.shape[0]), weights, **rules)


def from_networkx(graph: "networkx.Graph", weight: str = "weight", **rules: Unpack[Rules]) -> Graph:
    """The undirected graph of a ``networkx`` graph; node i is the i-th of ``graph.nodes``.

    Args:
        graph: any of networkx's four kinds; parallel edges and directions follow the rules.
        weight: edge attribute that holds weights; edges without it weigh 1.
        rules: of :meth:`Graph.from_edges`.

    Raises:
        ValueError: if the graph has no node or a weight is not positive.
    """
    place = {node: number for number, node in enumerate(graph.nodes)}
    entries = [(place[a], place[b], data) for a, b, data in graph.edges(data=True)]
    edges = np.array([(a, b) for a, b, _ in entries], np.int64).reshape(-1, 2)
    weighted = any(weight in data for _, _, data in entries)
    weights = np.array([data.get(weight, 1) for *_, data in entries], float) if weighted else None
    return Graph.from_edges(edges, len(place), weights, **rules)
