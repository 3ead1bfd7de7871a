"""Undirected graphs as pytrees of host or device arrays."""

from dataclasses import dataclass, field
from numbers import Integral
from typing import SupportsIndex

import jax
import numpy as np
import scipy.sparse
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Int, Real, Shaped

from longnn.graphs.device import on_host
from longnn.graphs.merge import Directions, Duplicates, SelfLoops, undirected
from longnn.graphs.numbers import real_array


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Graph:
    """An undirected graph; both directions of every edge are stored, sorted by receiver.

    A self-loop, where one is kept, is one entry and counts once in the degree.

    Build it with :meth:`from_edges`, which checks the indices once, so that device code need not.

    Attributes:
        senders: [2E] int, node that an entry comes from.
        receivers: [2E] int, node that an entry goes to, ascending.
        weights: [2E] positive float, equal in both directions, or None for an unweighted graph.
        num_nodes: N.
    """

    senders: Int[ArrayLike, " entries"]
    receivers: Int[ArrayLike, " entries"]
    weights: Real[ArrayLike, " entries"] | None
    num_nodes: int = field(metadata={"static": True})

    def __repr__(self) -> str:
        arrays = isinstance(self.senders, np.ndarray | jax.Array)
        known = arrays and not isinstance(self.senders, jax.core.Tracer)
        edges = f"{self.num_edges:,} edges" if known else f"edges {self.senders}"
        weighted = "unweighted" if self.weights is None else "weighted"
        return f"Graph({self.num_nodes:,} nodes, {edges}, {weighted})"

    @classmethod
    def from_edges(
        cls,
        edges: Shaped[np.ndarray, "..."],
        num_nodes: SupportsIndex,
        weights: Shaped[np.ndarray, "..."] | None = None,
        *,
        directions: Directions = "either",
        duplicates: Duplicates = "largest",
        self_loops: SelfLoops = "drop",
    ) -> "Graph":
        """Symmetrises, and merges what comes more than once.

        Args:
            edges: [E, 2] integers in [0, num_nodes), in either or both directions.
            num_nodes: N >= 1; nodes without an edge stay as isolated nodes.
            weights: [E] or [E, 1] positive numbers of any real type, taken as float64; or None. An
                unweighted graph stays unweighted unless a rule adds up.
            directions, duplicates, self_loops: the rules of `longnn.graphs.merge.undirected`.

        Raises:
            ValueError: on a wrong shape or dtype, an index out of range, a weight not positive,
                an unknown rule, or if the rules leave none of the edges.
        """
        edges = checked_edges(edges, num_nodes)
        if weights is not None:
            weights = checked_weights(weights, len(edges))
        given = np.ones(len(edges)) if weights is None else weights
        pairs, merged = undirected(edges, given, num_nodes, directions, duplicates, self_loops)
        unweighted = weights is None and (merged == 1).all()
        return cls.from_pairs(pairs, None if unweighted else merged, int(num_nodes))

    @classmethod
    def from_pairs(
        cls,
        pairs: Int[np.ndarray, "P 2"],
        weights: Real[np.ndarray, " P"] | None,
        num_nodes: int,
    ) -> "Graph":
        """Of distinct pairs [P, 2] with low <= high, unchecked."""
        there = pairs[:, 0] != pairs[:, 1]
        senders = np.concatenate([pairs[:, 0], pairs[there, 1]])
        receivers = np.concatenate([pairs[:, 1], pairs[there, 0]])
        order = np.lexsort((senders, receivers))
        if weights is not None:
            weights = np.concatenate([weights, weights[there]])[order]
        return cls(senders[order], receivers[order], weights, num_nodes)

    @property
    def num_edges(self) -> int:
        """E, each undirected edge counted once; a self-loop is one."""
        senders, receivers = on_host(self.senders), on_host(self.receivers)
        return int(np.count_nonzero(senders <= receivers))

    def with_self_loops(self, weight: float = 1.0) -> "Graph":
        """A + weight I (Kipf and Welling 2017, arXiv 1609.02907, section 2.2); old loops grow.

        Raises:
            ValueError: unless weight is finite and positive.
        """
        if not (np.isfinite(weight) and weight > 0):
            raise ValueError(f"a self-loop needs a finite weight > 0, got {weight}")
        node = np.arange(self.num_nodes)
        edges = np.concatenate([self.pairs(), np.stack([node, node], axis=1)])
        weights = np.concatenate([self.pair_weights(), np.full(self.num_nodes, weight)])
        unweighted = self.weights is None and weight == 1 and not self.has_self_loops
        pairs, merged = undirected(edges, weights, self.num_nodes, "either", "sum", "keep")
        return Graph.from_pairs(pairs, None if unweighted else merged, self.num_nodes)

    @property
    def has_self_loops(self) -> bool:
        """Whether some node is joined to itself."""
        return bool((on_host(self.senders) == on_host(self.receivers)).any())

    def pairs(self) -> Int[np.ndarray, "E 2"]:
        """[E, 2] each undirected edge once, low <= high, on the host."""
        senders, receivers = on_host(self.senders), on_host(self.receivers)
        upper = senders <= receivers
        return np.stack([senders[upper], receivers[upper]], axis=1)

    def pair_weights(self) -> Real[np.ndarray, " E"]:
        """[E] weights in the order of `pairs`; ones for an unweighted graph."""
        upper = on_host(self.senders) <= on_host(self.receivers)
        return np.ones(upper.sum()) if self.weights is None else on_host(self.weights)[upper]

    def subgraph(self, nodes: Int[np.ndarray, " M"]) -> "Graph":
        """The graph between the chosen nodes, numbered in the order given.

        Args:
            nodes: [M] distinct node indices.
        """
        new = np.full(self.num_nodes, -1)
        new[nodes] = np.arange(len(nodes))
        pairs = new[self.pairs()]
        inside = (pairs >= 0).all(axis=1)
        weights = None if self.weights is None else self.pair_weights()[inside]
        return Graph.from_pairs(np.sort(pairs[inside], axis=1), weights, len(nodes))

    def components(self) -> Int[np.ndarray, " N"]:
        """[N] number of the connected component of each node; 0 is the largest."""
        from scipy.sparse import csgraph  # brings scipy.linalg, which little else needs

        pairs = self.pairs()
        matrix = scipy.sparse.coo_array(
            (np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), (self.num_nodes,) * 2
        )
        _, label = csgraph.connected_components(matrix, directed=False)
        by_size = np.argsort(-np.bincount(label), kind="stable")
        rank = np.empty_like(by_size)
        rank[by_size] = np.arange(len(by_size))
        return rank[label]

    def degrees(self) -> Real[np.ndarray, " N"]:
        """[N] sum of the weights at each node (number of neighbours if unweighted), on the host."""
        weights = None if self.weights is None else on_host(self.weights)
        return np.bincount(on_host(self.receivers), weights, minlength=self.num_nodes)


def check_signal(x: Shaped[Array, "..."], num_nodes: int) -> None:
    """Gathers trust their indices, so a wrong N must be caught here."""
    if x.ndim < 1 or x.shape[0] != num_nodes:
        raise ValueError(f"a signal must have shape [N, ...] with N = {num_nodes}, got {x.shape}")


def checked_edges(
    edges: Shaped[np.ndarray, "..."], num_nodes: SupportsIndex
) -> Int[np.ndarray, "E 2"]:
    """Edges [E, 2] as integers, or a ValueError unless all lie in [0, num_nodes)."""
    if np.ma.is_masked(edges):
        raise ValueError("edges hold masked values, expected node indices; drop those rows")
    edges = on_host(edges)
    if not isinstance(num_nodes, Integral) or int(num_nodes) < 1:
        raise ValueError(f"a graph needs an integer num_nodes >= 1, got {num_nodes!r}")
    if edges.size == 0:
        return np.zeros((0, 2), np.int64)
    if edges.ndim != 2 or edges.shape[1] != 2:
        raise ValueError(f"edges must have shape [E, 2], got {edges.shape}; transpose [2, E] input")
    if not np.issubdtype(edges.dtype, np.integer):
        raise ValueError(f"edges must be integers (node indices), got dtype {edges.dtype}")
    outside = (edges < 0) | (edges >= num_nodes)
    if outside.any():
        row = int(np.flatnonzero(outside.any(1))[0])
        raise ValueError(
            f"edge {row} is {tuple(edges[row].tolist())}, but node indices must lie in "
            f"[0, {num_nodes}); check num_nodes, and that ids start at 0"
        )
    return edges.astype(np.int64)


def checked_weights(weights: Shaped[np.ndarray, "..."], num_edges: int) -> Shaped[np.ndarray, " E"]:
    """Weights [E] of real numbers or bool, or a ValueError unless all are finite and positive."""
    weights = real_array("weights", weights)
    if weights.shape == (num_edges, 1):
        weights = weights[:, 0]
    if weights.shape != (num_edges,):
        raise ValueError(
            f"weights must have shape [{num_edges}], one per edge, got {weights.shape}"
        )
    good = np.isfinite(weights) & (weights > 0)
    if not good.all():
        row = int(np.flatnonzero(~good)[0])
        raise ValueError(
            f"edge weights must be finite and positive, but weight {row} is {weights[row]}; "
            "drop edges of weight 0"
        )
    return weights
