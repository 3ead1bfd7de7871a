"""Builds a graph on the disk from any number of edges, in bounded memory."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float64, Int64, Shaped

from longnn.graphs.graph import checked_edges, checked_weights
from longnn.graphs.merge import Directions, Duplicates, SelfLoops, check_left, check_rules, merged
from longnn.stores.blocks import Writer
from longnn.stores.folders import making
from longnn.stores.graph import StoredGraph
from longnn.stores.header import write_header
from longnn.stores.sorting import Records, Sorter

Chunk = tuple[Shaped[np.ndarray, "..."], Shaped[np.ndarray, "..."] | None]
"""Edges [E, 2], and the weight [E] of each, or None."""

Stage = Literal["reading", "merging", "writing"]

MOST = 1 << 31
"""N must be below it, so that twice the number of a pair fits into 64 bits."""

RECORD = 200
"""Bytes of memory for each edge of a piece, while its duplicates are merged."""


def build(
    path: str | Path,
    edges: Iterable[Chunk],
    num_nodes: int,
    *,
    directions: Directions = "either",
    duplicates: Duplicates = "largest",
    self_loops: SelfLoops = "drop",
    memory_gb: float = 1.0,
    on_progress: Callable[[Stage, int], None] = lambda _stage, _edges: None,
) -> StoredGraph:
    """Symmetrises and merges edges as `longnn.Graph.from_edges`, and writes the graph by rows.

    The edges are sorted on the disk (about 50 bytes for each, 82 with weights, until it ends).
    Memory beside ``memory_gb`` is 8 bytes for each node and what a chunk takes. The folder appears
    only when it is complete.

    Args:
        path: folder to make.
        edges: chunks of edges [E, 2] in [0, N) and their weights [E], all or none of them None.
        num_nodes: N, 1 to 2^31 - 1.
        directions, duplicates, self_loops: the rules of `longnn.graphs.merge.undirected`.
        memory_gb: memory for sorting, > 0.
        on_progress: called with the stage and the number of edges that it has done.

    Returns:
        The graph, opened.

    Raises:
        StoreError: if the folder exists, another process is making it, or the disk is full.
        ValueError: on a wrong shape, type, index or weight, or an unknown rule, or if the rules
            leave none of the edges.

    Example:
        >>> import longnn, numpy as np, tempfile
        >>> chunks = [(np.array([[0, 1], [1, 2]]), None), (np.array([[2, 0], [1, 0]]), None)]
        >>> longnn.stores.build(tempfile.mkdtemp() + "/triangle", chunks, 3)
        StoredGraph(3 nodes, 6 entries, unweighted)
    """
    check_rules(directions, duplicates, self_loops)
    if not memory_gb > 0:
        raise ValueError(f"sorting needs memory_gb > 0, got {memory_gb}")
    if not 1 <= num_nodes < MOST:
        raise ValueError(f"a stored graph needs 1 <= num_nodes < {MOST}, got {num_nodes}")
    with making(Path(path).expanduser()) as folder:
        given = _Given(folder, num_nodes, int(memory_gb * 1e9) // RECORD + 1)
        for chunk_edges, weights in edges:
            given.add(chunk_edges, weights)
            on_progress("reading", given.count)
        rows, between = given.by_row(directions, duplicates, self_loops, on_progress)
        check_left(given.count, between, rows.count)
        _write(folder, rows, num_nodes, on_progress)
    return StoredGraph(path)


class _Given:
    """The edges as they come, sorted by pair.

    Args:
        folder: for files.
        num_nodes: N.
        piece: edges of a piece.
    """

    def __init__(self, folder: Path, num_nodes: int, piece: int):
        self._folder, self._nodes, self._piece = folder, num_nodes, piece
        self._sorter: Sorter | None = None
        self._weighted, self.count = False, 0

    def add(
        self, edges: Shaped[np.ndarray, "..."], weights: Shaped[np.ndarray, "..."] | None
    ) -> None:
        """Takes a chunk; a pair's number is twice low N + high, and 1 more if high comes first."""
        edges = checked_edges(edges, self._nodes)
        if self._sorter is None:
            self._weighted = weights is not None
            end = 2 * self._nodes**2
            self._sorter = Sorter(self._folder, 0, end, self._weighted, self._piece)
        if self._weighted != (weights is not None):
            raise ValueError("some chunks of edges have weights and some have none; give all or no")
        checked = None if weights is None else checked_weights(weights, len(edges))
        low, high = edges.min(1), edges.max(1)
        keys = 2 * (low * self._nodes + high) + (edges[:, 0] > edges[:, 1])
        self._sorter.add(keys, None if checked is None else checked.astype(np.float64))
        self.count += len(edges)

    def by_row(
        self,
        directions: Directions,
        duplicates: Duplicates,
        self_loops: SelfLoops,
        on_progress: Callable[[Stage, int], None],
    ) -> tuple["_Sorted", int]:
        """Both entries of each merged pair, sorted by row; and how many edges were no loop."""
        weighted = self._weighted or "sum" in (directions, duplicates)
        sorter = Sorter(self._folder, 0, self._nodes**2, weighted, 4 * self._piece)
        rows = _Sorted(sorter, 0, weighted)
        simple = not weighted and directions == "either"
        done = between = 0
        for keys, weights in () if self._sorter is None else self._sorter.pieces():
            if simple:
                pairs, values, joining = _distinct(keys, self._nodes, self_loops)
            else:
                edges = _edges_of(keys, self._nodes)
                given = np.ones(len(keys)) if weights is None else weights
                rules = (directions, duplicates, self_loops)
                pairs, values, joining = merged(edges, given, self._nodes, *rules)
            rows.add_pairs(pairs, values if weighted else None, self._nodes)
            done, between = done + len(keys), between + joining
            on_progress("merging", done)
        return rows, between


class _Sorted:
    """Entries sorted by row."""

    def __init__(self, sorter: Sorter, count: int, weighted: bool):
        self._sorter, self.count, self.weighted = sorter, count, weighted

    def add_pairs(
        self,
        pairs: Int64[np.ndarray, "P 2"],
        weights: Float64[np.ndarray, " P"] | None,
        num_nodes: int,
    ) -> None:
        """Both directions of each pair; a loop is one entry."""
        low, high = pairs.T
        self._sorter.add(low * num_nodes + high, weights)
        there = low != high
        self._sorter.add(
            high[there] * num_nodes + low[there], None if weights is None else weights[there]
        )
        self.count += len(pairs) + int(there.sum())

    def pieces(self) -> Iterator[Records]:
        return self._sorter.pieces()


def _edges_of(keys: Int64[np.ndarray, " n"], num_nodes: int) -> Int64[np.ndarray, "n 2"]:
    """The edges that `_Given.add` took."""
    low, high = np.divmod(keys >> 1, num_nodes)
    swapped = (keys & 1).astype(bool)
    return np.stack([np.where(swapped, high, low), np.where(swapped, low, high)], axis=1)


def _distinct(
    keys: Int64[np.ndarray, " n"], num_nodes: int, self_loops: SelfLoops
) -> tuple[Int64[np.ndarray, "P 2"], None, int]:
    """What `merged` makes of edges without weights where one direction is enough."""
    pair = keys >> 1
    first = np.ones(len(pair), bool)
    np.not_equal(pair[1:], pair[:-1], out=first[1:])
    low, high = np.divmod(pair[first], num_nodes)
    loops = low == high
    joining = len(keys)
    if self_loops == "drop":
        joining = (
            len(keys) - int(np.isin(pair, pair[first][loops]).sum()) if loops.any() else joining
        )
        low, high = low[~loops], high[~loops]
    return np.stack([low, high], axis=1), None, joining


def _write(
    folder: Path, rows: _Sorted, num_nodes: int, on_progress: Callable[[Stage, int], None]
) -> None:
    degree, done = np.zeros(num_nodes, np.int64), 0
    with ExitStack() as stack:
        names = {"neighbours": "<i4"} | ({"weights": "<f8"} if rows.weighted else {})
        writers = {
            name: stack.enter_context(Writer(folder / f"{name}.bin", dtype))
            for name, dtype in names.items()
        }
        for keys, values in rows.pieces():
            row, column = np.divmod(keys, num_nodes)
            first, counts = int(row[0]), np.bincount(row - row[0])
            degree[first : first + len(counts)] += counts
            writers["neighbours"].add(column)
            if values is not None:
                writers["weights"].add(values)
            on_progress("writing", done := done + len(keys))
        arrays = {name: writer.close() for name, writer in writers.items()}
    with Writer(folder / "offsets.bin", "<i8") as offsets:
        offsets.add(np.concatenate([[0], np.cumsum(degree)]))
        arrays["offsets"] = offsets.close()
    write_header(folder, "graph", {"num_nodes": num_nodes, "entries": rows.count}, arrays)
