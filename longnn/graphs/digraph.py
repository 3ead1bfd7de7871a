"""Directed graphs on the host, from which operators that know directions are made."""

from dataclasses import dataclass
from typing import SupportsIndex

import numpy as np
from jaxtyping import Float64, Int, Shaped

from longnn.graphs.graph import checked_edges, checked_weights
from longnn.graphs.merge import Duplicates, SelfLoops, directed


@dataclass(frozen=True, eq=False)
class Digraph:
    """A directed graph, each edge once.

    Build it with :meth:`from_edges`, which checks the indices.

    Attributes:
        edges: [E, 2] different pairs (from, to), ascending.
        weights: [E] positive numbers, or None for an unweighted graph.
        num_nodes: N.
    """

    edges: Int[np.ndarray, "E 2"]
    weights: Float64[np.ndarray, " E"] | None
    num_nodes: int

    def __repr__(self) -> str:
        weighted = "unweighted" if self.weights is None else "weighted"
        return f"Digraph({self.num_nodes:,} nodes, {len(self.edges):,} edges, {weighted})"

    @classmethod
    def from_edges(
        cls,
        edges: Shaped[np.ndarray, "..."],
        num_nodes: SupportsIndex,
        weights: Shaped[np.ndarray, "..."] | None = None,
        *,
        duplicates: Duplicates = "largest",
        self_loops: SelfLoops = "drop",
    ) -> "Digraph":
        """Merges what comes more than once.

        Args:
            edges: [E, 2] integers in [0, num_nodes), (from, to).
            num_nodes: N >= 1.
            weights: [E] positive numbers, or None for ones.
            duplicates, self_loops: the rules of `longnn.graphs.merge.directed`.

        Raises:
            ValueError: on a wrong shape or dtype, an index out of range, a weight not positive, or
                an unknown rule.

        Example:
            >>> Digraph.from_edges(np.array([[0, 1], [1, 0], [1, 2], [1, 2]]), 3)
            Digraph(3 nodes, 3 edges, unweighted)
        """
        edges = checked_edges(edges, num_nodes)
        given = np.ones(len(edges)) if weights is None else checked_weights(weights, len(edges))
        pairs, merged = directed(edges, given, num_nodes, duplicates, self_loops)
        unweighted = weights is None and (merged == 1).all()
        return cls(pairs, None if unweighted else merged, int(num_nodes))

    @property
    def mutual(self) -> bool:
        """Whether each edge goes back, too, with the same weight, so that directions say nothing.

        Example:
            >>> Digraph.from_edges(np.array([[0, 1], [1, 0]]), 2).mutual
            True
        """
        sizes = self.sizes()
        back = np.lexsort((self.edges[:, 0], self.edges[:, 1]))
        return np.array_equal(self.edges[back][:, ::-1], self.edges) and np.array_equal(
            sizes[back], sizes
        )

    def sizes(self) -> Float64[np.ndarray, " E"]:
        """[E] the weights; ones for an unweighted graph."""
        return np.ones(len(self.edges)) if self.weights is None else self.weights

    def with_self_loops(self, weight: float) -> "Digraph":
        """A + weight I, as :meth:`longnn.Graph.with_self_loops`; old loops grow.

        Args:
            weight: > 0 and finite; others are refused with a ValueError.
        """
        node = np.arange(self.num_nodes)
        edges = np.concatenate([self.edges, np.stack([node, node], axis=1)])
        weights = np.concatenate([self.sizes(), np.full(self.num_nodes, float(weight))])
        return Digraph.from_edges(
            edges, self.num_nodes, weights, duplicates="sum", self_loops="keep"
        )

    def subgraph(self, nodes: Int[np.ndarray, " M"]) -> "Digraph":
        """The directed graph between the chosen nodes, numbered in the order given.

        Args:
            nodes: [M] different node indices.
        """
        new = np.full(self.num_nodes, -1)
        new[nodes] = np.arange(len(nodes))
        edges = new[self.edges]
        inside = (edges >= 0).all(axis=1)
        weights = None if self.weights is None else self.weights[inside]
        return Digraph.from_edges(edges[inside], len(nodes), weights, self_loops="keep")
