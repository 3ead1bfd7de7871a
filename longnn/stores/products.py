"""Steps of a recurrence with the operator of a graph on the disk, whose rows are streamed."""

import itertools
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float64

from longnn.graphs.scaling import degree_power
from longnn.stores.graph import Rows, StoredGraph
from longnn.stores.pieces import Multiplying, multiplying

ENTRIES = 1 << 22
"""Entries of a block of rows, which one thread takes."""

TOGETHER = 1 << 13
"""Rows whose sums are made at once, so that they stay in the caches."""


class Step(NamedTuple):
    """Coefficients of p_{k+1} = ((S - diagonal) p_k - lower p_{k-1}) / upper."""

    diagonal: float
    upper: float
    lower: float


class StreamedOperator:
    """S = D^-1/2 A D^-1/2 of a graph on the disk.

    In memory are two numbers for each node and the signals; A is read block by block, in the order
    of its rows, once in each product, by several threads. Signals u stand for p = D^1/2 u, so that
    unweighted rows are read as indices alone, and a step needs two signals: u_{k+1} replaces
    u_{k-1}.

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
            current: [N, W] u_k, contiguous; `longnn.stores.pieces.aligned` makes it so that the
                native kernels read it where it is.
            previous: [N, W] u_{k-1} of the same dtype, which is overwritten.
        """
        product = multiplying(current)
        with ThreadPoolExecutor(self._threads) as pool:
            waiting: deque[Future[None]] = deque()
            for rows in self.graph.blocks(self._entries):
                waiting.append(pool.submit(self._block, product, rows, step, current, previous))
                if len(waiting) > 2 * self._threads:
                    waiting.popleft().result()
            for left in waiting:
                left.result()

    def _block(
        self,
        product: Multiplying,
        rows: Rows,
        step: Step,
        current: Float[np.ndarray, "N W"],
        previous: Float[np.ndarray, "N W"],
    ) -> None:
        total, count = product(rows), len(rows.offsets) - 1
        for first in range(0, count, TOGETHER):
            some = slice(first, min(first + TOGETHER, count))
            part = slice(rows.start + some.start, rows.start + some.stop)
            added = total[some] * self._inverse[part, None].astype(current.dtype)
            added -= step.diagonal * current[part]
            old = previous[part]
            old *= -step.lower
            old += added
            old /= step.upper


def columns(width: int, block: int) -> Iterator[slice]:
    """Slices of at most ``block`` columns that cover ``width``, about equal.

    Example:
        >>> [(part.start, part.stop) for part in columns(10, 4)]
        [(0, 3), (3, 7), (7, 10)]
    """
    count = -(-width // block)
    ends = [round(width * number / count) for number in range(count + 1)]
    return (slice(a, b) for a, b in itertools.pairwise(ends))
