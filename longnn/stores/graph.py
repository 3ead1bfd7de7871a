"""A graph on the disk, by rows (CSR)."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Int64, Integer, Real, Shaped

from longnn.graphs.balls import Entries, places_of_rows
from longnn.graphs.graph import Graph
from longnn.stores.blocks import CheckedArray, Layout, StoreError
from longnn.stores.header import count_of, read_header


class Rows(NamedTuple):
    """Some consecutive rows of the adjacency A.

    Attributes:
        start: number of the first row.
        offsets: [R+1] where each row begins in ``neighbours``, from 0 on.
        neighbours: [entries] column of each entry, ascending in each row.
        weights: [entries] its weight, or None in an unweighted graph.
    """

    start: int
    offsets: Int64[np.ndarray, " R+1"]
    neighbours: Int[np.ndarray, " entries"]
    weights: Float[np.ndarray, " entries"] | None


class StoredGraph:
    """An undirected graph on the disk; it takes no memory until rows are read.

    Both directions of each edge are stored. Blocks are verified when they are first read.

    Args:
        path: folder that `longnn.stores.build` has made.

    Attributes:
        path: the folder.
        num_nodes: N.
        entries: number of stored entries, 2 E less the number of self-loops.
        weighted: whether entries have weights.
        checksum: of the whole content, 64 hexadecimal digits.

    Raises:
        StoreError: if the folder holds no finished graph, or its files are not what it says.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path).expanduser()
        facts, arrays, self.checksum = read_header(self.path, "graph")
        self.num_nodes, self.entries = (count_of(facts, name) for name in ("num_nodes", "entries"))
        self.weighted = "weights" in arrays
        self._check_layouts(arrays)
        file = lambda name: self.path / f"{name}.bin"  # noqa: E731
        self._offsets = CheckedArray(file("offsets"), arrays["offsets"], self._check_offsets)
        self._neighbours = CheckedArray(file("neighbours"), arrays["neighbours"], self._check_nodes)
        self._weights = None
        if self.weighted:
            self._weights = CheckedArray(file("weights"), arrays["weights"], self._check_weights)

    def __repr__(self) -> str:
        weighted = "weighted" if self.weighted else "unweighted"
        return f"StoredGraph({self.num_nodes:,} nodes, {self.entries:,} entries, {weighted})"

    def rows(self, start: int, stop: int) -> Rows:
        """The rows from ``start`` on, below ``stop``.

        Raises:
            StoreError: if a block of them is damaged.
            ValueError: unless 0 <= start <= stop <= N.
        """
        if not 0 <= start <= stop <= self.num_nodes:
            raise ValueError(f"rows [{start}, {stop}) do not lie in [0, {self.num_nodes}]")
        offsets = self._offsets.read(start, stop + 1)
        if (np.diff(offsets) < 0).any():
            raise StoreError(f"{self.path}: the offsets of rows {start} to {stop} fall")
        first, last = int(offsets[0]), int(offsets[-1])
        neighbours = self._neighbours.read(first, last)
        weights = None if self._weights is None else self._weights.read(first, last)
        return Rows(start, offsets - first, neighbours, weights)

    def take(self, nodes: Integer[np.ndarray, " n"]) -> Entries:
        """The rows of nodes in any order, of which no others are read; ascending ones fastest.

        Raises:
            IndexError: if a node lies outside [0, N).
            StoreError: if a block of them is damaged.
        """
        if len(nodes) and not (nodes.min() >= 0 and nodes.max() < self.num_nodes):
            raise IndexError(f"nodes must lie in [0, {self.num_nodes}), got {nodes.max()}")
        starts, ends = (self._offsets.rows_at(nodes + d, 1)[:, 0] for d in (0, 1))
        if (ends < starts).any():
            raise StoreError(f"{self.path}: the offsets of some rows fall")
        places = places_of_rows(starts, ends - starts)
        neighbours = self._neighbours.rows_at(places, 1)[:, 0]
        weights = None if self._weights is None else self._weights.rows_at(places, 1)[:, 0]
        return Entries(ends - starts, neighbours, weights)

    def blocks(self, entries: int = 1 << 24) -> Iterator[Rows]:
        """All rows, in pieces of at most ``entries`` entries, unless one row has more."""
        start = 0
        while start < self.num_nodes:
            stop = self._stop(start, entries)
            yield self.rows(start, stop)
            start = stop

    def counts(self) -> Int64[np.ndarray, " N"]:
        """[N] number of entries of each row."""
        return np.diff(self._offsets.all())

    def degrees(self) -> Real[np.ndarray, " N"]:
        """[N] sum of the weights at each node (number of entries if unweighted)."""
        if self._weights is None:
            return self.counts()
        total = [np.zeros(0)]
        for rows in self.blocks():
            assert rows.weights is not None
            sums = np.concatenate([[0.0], np.cumsum(rows.weights)])
            total.append(sums[rows.offsets[1:]] - sums[rows.offsets[:-1]])
        return np.concatenate(total)

    def graph(self) -> Graph:
        """The graph in memory, about 20 bytes for each entry."""
        rows = self.rows(0, self.num_nodes)
        receivers = np.repeat(np.arange(self.num_nodes), np.diff(rows.offsets))
        weights = None if rows.weights is None else np.array(rows.weights)
        return Graph(rows.neighbours.astype(np.int64), receivers, weights, self.num_nodes)

    def forget(self) -> None:
        """Gives the memory of rows that were read back to the system."""
        for array in (self._offsets, self._neighbours, self._weights):
            if array is not None:
                array.forget()

    def _stop(self, start: int, entries: int) -> int:
        """The row at which a piece from ``start`` on ends."""
        stop, step = start, 1 << 16
        first = None
        while stop < self.num_nodes:
            offsets = self._offsets.read(stop, min(stop + step, self.num_nodes) + 1)
            first = int(offsets[0]) if first is None else first
            fits = int(np.searchsorted(offsets, first + entries, "right")) - 1
            if fits < len(offsets) - 1:
                return max(stop + fits, start + 1)
            stop += len(offsets) - 1
        return self.num_nodes

    def _check_layouts(self, arrays: dict[str, Layout]) -> None:
        sizes = {"offsets": self.num_nodes + 1, "neighbours": self.entries}
        sizes |= {"weights": self.entries} if self.weighted else {}
        types = {"offsets": ("<i8",), "neighbours": ("<i4", "<i8"), "weights": ("<f8",)}
        for name in sizes.keys() | arrays.keys():
            if name not in sizes or name not in arrays:
                raise StoreError(f"{self.path}: a graph has the arrays {sorted(sizes)}, not {name}")
            if arrays[name].size != sizes[name] or arrays[name].dtype not in types[name]:
                raise StoreError(f"{self.path}: the array {name} does not fit the graph")

    def _check_offsets(self, values: Shaped[np.ndarray, " n"]) -> None:
        if values.min() < 0 or values.max() > self.entries or (np.diff(values) < 0).any():
            raise StoreError(f"{self.path}: its offsets are not those of {self.entries:,} entries")

    def _check_nodes(self, values: Shaped[np.ndarray, " n"]) -> None:
        if values.min() < 0 or values.max() >= self.num_nodes:
            raise StoreError(f"{self.path}: a neighbour lies outside [0, {self.num_nodes})")

    def _check_weights(self, values: Shaped[np.ndarray, " n"]) -> None:
        if not (np.isfinite(values) & (values > 0)).all():
            raise StoreError(f"{self.path}: a weight is not finite and positive")


def open_graph(path: str | Path) -> StoredGraph:
    """Opens a graph on the disk, within a second at any size.

    Args:
        path: folder that `longnn.stores.build` has made.

    Raises:
        StoreError: if the folder holds no finished graph, or its files are not what it says.
    """
    return StoredGraph(path)
