"""Undirected graphs as pytrees of host or device arrays."""

from dataclasses import dataclass
from numbers import Integral

import jax
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from longnn.transforms import static


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Graph:
    """An undirected graph; both directions of every edge are stored, sorted by receiver.

    Build it with :meth:`from_edges`, which checks the indices once, so that device code need not.

    Attributes:
        senders: [2E] int, node that an entry comes from.
        receivers: [2E] int, node that an entry goes to, ascending.
        weights: [2E] positive float, equal in both directions, or None for an unweighted graph.
        num_nodes: N.
    """

    senders: ArrayLike
    receivers: ArrayLike
    weights: ArrayLike | None
    num_nodes: int = static()

    @classmethod
    def from_edges(
        cls, edges: np.ndarray, num_nodes: int, weights: np.ndarray | None = None
    ) -> "Graph":
        """Symmetrises, drops self-loops and merges duplicates.

        Args:
            edges: [E, 2] integers in [0, num_nodes), in either or both directions.
            num_nodes: N >= 1; nodes without an edge stay as isolated nodes.
            weights: [E] positive weights, or None. Where a pair comes more than once (also in
                both directions) with different weights, the largest is kept.

        Raises:
            ValueError: on a wrong shape or dtype, an index out of range, a weight not positive.
        """
        edges = _checked_edges(edges, num_nodes)
        if weights is not None:
            weights = _checked_weights(weights, len(edges))
        keep = edges[:, 0] != edges[:, 1]
        low, high = edges[keep].min(1), edges[keep].max(1)
        pair, inverse = np.unique(low * np.int64(num_nodes) + high, return_inverse=True)
        low, high = pair // num_nodes, pair % num_nodes
        senders, receivers = np.concatenate([low, high]), np.concatenate([high, low])
        order = np.lexsort((senders, receivers))
        merged = None
        if weights is not None:
            one_way = np.zeros(len(pair), weights.dtype)
            np.maximum.at(one_way, inverse, weights[keep])
            merged = np.concatenate([one_way, one_way])[order]
        return cls(senders[order], receivers[order], merged, int(num_nodes))

    @property
    def num_edges(self) -> int:
        """E, each undirected edge counted once."""
        return np.shape(self.senders)[0] // 2

    def degrees(self) -> np.ndarray:
        """[N] sum of the weights at each node (number of neighbours if unweighted), on the host."""
        weights = None if self.weights is None else np.asarray(self.weights)
        return np.bincount(np.asarray(self.receivers), weights, minlength=self.num_nodes)


def check_signal(x: Array, num_nodes: int) -> None:
    """Gathers trust their indices, so a wrong N must be caught here."""
    if x.ndim < 1 or x.shape[0] != num_nodes:
        raise ValueError(f"a signal must have shape [N, ...] with N = {num_nodes}, got {x.shape}")


def _checked_edges(edges: np.ndarray, num_nodes: int) -> np.ndarray:
    edges = np.asarray(edges)
    if not isinstance(num_nodes, Integral) or num_nodes < 1:
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


def _checked_weights(weights: np.ndarray, num_edges: int) -> np.ndarray:
    weights = np.asarray(weights)
    if weights.shape != (num_edges,):
        raise ValueError(
            f"weights must have shape [{num_edges}], one per edge, got {weights.shape}"
        )
    if weights.dtype.kind not in "fiu":
        raise ValueError(f"weights must be real numbers, got dtype {weights.dtype}")
    good = np.isfinite(weights) & (weights > 0)
    if not good.all():
        row = int(np.flatnonzero(~good)[0])
        raise ValueError(
            f"edge weights must be finite and positive, but weight {row} is {weights[row]}; "
            "drop edges of weight 0"
        )
    return weights
