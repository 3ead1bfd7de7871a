"""Steps of a recurrence with the operator of a graph on the disk, whose rows are streamed."""

import itertools
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import scipy.sparse
from jaxtyping import Float, Float64

from longnn.graphs.scaling import degree_power
from longnn.stores.graph import Rows, StoredGraph

ENTRIES = 1 << 22
"""Entries of a block of rows, which one thread takes."""


class Step(NamedTuple):
    """Coefficients of p_{k+1} = ((S - diagonal) p_k - lower p_{k-1}) / upper."""

    diagonal: float
    upper: float
    lower: float


class StreamedOperator:
    """S = D^-1/2 A D^-1/2 of a graph on the disk.

    In memory are two numbers for each node and the signals; A is read block by block, in the order
    of its rows, by several threads. Signals u stand for p = D^1/2 u, so that unweighted rows are
    read as indices alone, and a step needs two signals: u_{k+1} replaces u_{k-1}.

    Args:
        graph: the graph, whose every block is verified in the first product.
        threads: how many blocks are multiplied at once; None: one for each core of the process.
        entries: entries of a block.

    Attributes:
        root: [N] sqrt(degree), 1 at isolated nodes.
    """

    def __init__(self, graph: StoredGraph, threads: int | None = None, entries: int = ENTRIES):
        degree = graph.degrees()
        self.graph, self._entries = graph, entries
        self.root: Float64[np.ndarray, " N"] = degree_power(degree, 0.5, isolated=1.0)
        self._inverse = degree_power(degree, -1.0)
        self._threads = threads or len(os.sched_getaffinity(0))

    def advance(
        self, step: Step, current: Float[np.ndarray, "N W"], previous: Float[np.ndarray, "N W"]
    ) -> None:
        """Puts u_{k+1} in the place of u_{k-1}.

        Args:
            step: coefficients of the recurrence.
            current: [N, W] u_k, contiguous.
            previous: [N, W] u_{k-1} of the same dtype, which is overwritten.
        """
        ones = np.ones(0, current.dtype)
        with ThreadPoolExecutor(self._threads) as pool:
            waiting: deque[Future[None]] = deque()
            for rows in self.graph.blocks(self._entries):
                if rows.weights is None and len(ones) < len(rows.neighbours):
                    ones = np.ones(len(rows.neighbours), current.dtype)
                waiting.append(pool.submit(self._block, rows, ones, step, current, previous))
                if len(waiting) > 2 * self._threads:
                    waiting.popleft().result()
            for left in waiting:
                left.result()

    def _block(
        self,
        rows: Rows,
        ones: Float[np.ndarray, " entries"],
        step: Step,
        current: Float[np.ndarray, "N W"],
        previous: Float[np.ndarray, "N W"],
    ) -> None:
        part = slice(rows.start, rows.start + len(rows.offsets) - 1)
        total = rows_of_adjacency(rows, ones, len(current)) @ current
        total *= self._inverse[part, None].astype(current.dtype)
        total -= step.diagonal * current[part]
        old = previous[part]
        old *= -step.lower
        old += total
        old /= step.upper


def rows_of_adjacency(
    rows: Rows, ones: Float[np.ndarray, " entries"], num_nodes: int
) -> scipy.sparse.csr_array:
    """Rows of A [R, N] as a scipy matrix that shares the memory of the store.

    Args:
        rows: the rows.
        ones: at least as many ones of the wanted dtype as there are entries, for a graph without
            weights.
        num_nodes: N.
    """
    entries = len(rows.neighbours)
    values = ones[:entries] if rows.weights is None else rows.weights.astype(ones.dtype)
    kind = rows.neighbours.dtype
    matrix = scipy.sparse.csr_array((len(rows.offsets) - 1, num_nodes), dtype=values.dtype)
    # set one by one: the constructor looks at every index, which the store has done already
    matrix.data, matrix.indices = values, rows.neighbours
    matrix.indptr = rows.offsets.astype(kind if entries < 2**31 else np.int64)
    return matrix


def columns(width: int, block: int) -> Iterator[slice]:
    """Slices of at most ``block`` columns that cover ``width``, about equal.

    Example:
        >>> [(part.start, part.stop) for part in columns(10, 4)]
        [(0, 3), (3, 7), (7, 10)]
    """
    count = -(-width // block)
    ends = [round(width * number / count) for number in range(count + 1)]
    return (slice(a, b) for a, b in itertools.pairwise(ends))
