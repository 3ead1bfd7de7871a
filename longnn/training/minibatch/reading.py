"""Terms of some nodes: from the disk, changed to another basis, or held in memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Float, Float64, Int64

from polybases import Recurrence

AHEAD = 2
"""Mini-batches that are read while another one is trained on."""

CHANGED = 4096
"""Nodes whose terms are changed to another basis at once."""

A = TypeVar("A")
B = TypeVar("B")


@runtime_checkable
class Terms(Protocol):
    """Terms q_k(S) X of N nodes that are read as they are asked for."""

    basis: Recurrence
    """The fixed basis q, in float64 on the host."""

    def take(self, nodes: Int64[np.ndarray, " n"]) -> Float[np.ndarray, "K1 n F"]:
        """Terms of nodes [n] in any order."""

    def forget(self) -> None:
        """Gives the memory of what was read back to the system."""


class Changed:
    """Terms in another basis r, r_j = sum_i A_ji q_i, summed in float64; the disk stays as it is.

    Args:
        terms: in the basis q.
        basis: r.
        change: [K+1, K+1] the matrix A.
        dtype: of the terms that are given.
    """

    def __init__(
        self, terms: Terms, basis: Recurrence, change: Float64[np.ndarray, "K1 K1"], dtype: np.dtype
    ):
        self.basis, self._terms, self._change, self._dtype = basis, terms, change, dtype

    def take(self, nodes: Int64[np.ndarray, " n"]) -> Float[np.ndarray, "K1 n F"]:
        """Terms of nodes [n] in any order."""
        read = self._terms.take(nodes)
        out = np.empty(read.shape, self._dtype)
        for start in range(0, read.shape[1], CHANGED):
            part = slice(start, start + CHANGED)
            out[:, part] = np.tensordot(self._change, read[:, part].astype(np.float64), 1)
        return out

    def forget(self) -> None:
        """Gives the memory of what was read back to the system."""
        self._terms.forget()


class Held:
    """Terms of some nodes in memory.

    Args:
        terms: that they are read from, once.
        nodes: [n] ascending.
        dtype: in which they are held.
    """

    def __init__(self, terms: Terms, nodes: Int64[np.ndarray, " n"], dtype: np.dtype):
        self.basis, self._nodes = terms.basis, nodes
        self._values = np.asarray(terms.take(nodes), dtype)
        terms.forget()

    def take(self, nodes: Int64[np.ndarray, " n"]) -> Float[np.ndarray, "K1 n F"]:
        """Terms of nodes [n] in any order, all of which must be held."""
        return np.take(self._values, np.searchsorted(self._nodes, nodes), axis=1)

    def forget(self) -> None:
        """Nothing: what is held stays."""


def padded(values: np.ndarray, size: int, axis: int = 0) -> np.ndarray:
    """Values with zeros behind them, up to a size along an axis.

    Args:
        values: of at most so many rows.
        size: the number of rows.
        axis: of the rows.
    """
    missing = size - values.shape[axis]
    if not missing:
        return values
    return np.pad(values, [(0, missing if a == axis else 0) for a in range(values.ndim)])


def prefetched(make: Callable[[A], B], items: Iterable[A], ahead: int = AHEAD) -> Iterator[B]:
    """What a function makes of each item, made in a thread that is some items ahead.

    Args:
        make: called in the thread, for one item after the other; what it raises is raised here.
        items: in order.
        ahead: how many are made before they are asked for.
    """
    waiting: deque[Future[B]] = deque()
    with ThreadPoolExecutor(1) as thread:
        try:
            for item in items:
                waiting.append(thread.submit(make, item))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
