"""An order of the nodes in which every device owns a block of equal size."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Int, Shaped

from longnn.graphs.graph import Graph


@dataclass(frozen=True, eq=False)
class Blocks:
    """P blocks of n rows each; a row holds a node, or none. Equal where all rows are.

    Attributes:
        node: a [P n] array with the node of each row, in [0, N), or -1 where there is none. The
            rows of a block hold its nodes first.
        count: the number of blocks P.
    """

    node: Int[np.ndarray, " R"]
    count: int

    @property
    def size(self) -> int:
        """The number of rows n of a block."""
        return len(self.node) // self.count

    @cached_property
    def row(self) -> Int[np.ndarray, " N"]:
        """A [N] array with the row of each node."""
        taken = np.flatnonzero(self.node >= 0)
        row = np.empty(len(taken), np.int64)
        row[self.node[taken]] = taken
        return row

    def inside(self, values: Shaped[np.ndarray, "N *rest"], fill: object) -> np.ndarray:
        """Puts values in the order of the rows.

        Args:
            values: a [N, ...] array, one entry for each node.
            fill: what rows get that hold no node.

        Returns:
            A [P n, ...] array.

        Example:
            >>> blocks = blocks_of(np.array([1, 0, 1]))
            >>> blocks.node.tolist(), blocks.inside(np.array([5, 6, 7]), -1).tolist()
            ([1, -1, 0, 2], [6, -1, 5, 7])
        """
        placed = np.full((len(self.node), *values.shape[1:]), fill, values.dtype)
        placed[self.row] = values
        return placed

    def outside(self, values: Shaped[np.ndarray, "R *rest"]) -> Shaped[np.ndarray, "N *rest"]:
        """Puts values [P n, ...] back in the order of the nodes, [N, ...]."""
        return values[self.row]

    def graph(self, graph: Graph) -> Graph:
        """The same graph with the rows as its nodes; rows without a node are isolated.

        Args:
            graph: a graph of N nodes.
        """
        pairs = np.sort(self.row[graph.pairs()], axis=1)
        weights = None if graph.weights is None else graph.pair_weights()
        return Graph.from_pairs(pairs, weights, len(self.node))

    @cached_property
    def _key(self) -> tuple[int, bytes]:
        return self.count, hashlib.sha256(self.node.astype("<i8").tobytes()).digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Blocks) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return f"Blocks({self.count} of {self.size:,} rows, {len(self.row):,} nodes)"


def blocks_of(
    part: Int[np.ndarray, " N"],
    count: int | None = None,
    within: Int[np.ndarray, " N"] | None = None,
) -> Blocks:
    """The blocks of a partition, as large as its largest part.

    Args:
        part: a [N] array with the part of each node, in [0, P).
        count: P; None: as many as there are parts.
        within: a [N] array of the nodes in the order that they have inside each block; None: as
            they are numbered.

    Example:
        >>> blocks_of(np.array([1, 0, 1]), within=np.array([2, 1, 0])).node.tolist()
        [1, -1, 2, 0]
    """
    sizes = np.bincount(part, minlength=count or 0)
    nodes = np.arange(len(part)) if within is None else within
    order = nodes[np.argsort(part[nodes], kind="stable")]
    first = np.cumsum(sizes) - sizes
    within = np.arange(len(part)) - np.repeat(first, sizes)
    node = np.full(len(sizes) * sizes.max(), -1)
    node[part[order] * sizes.max() + within] = order
    return Blocks(node, len(sizes))
