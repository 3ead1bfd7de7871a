"""Products of pieces of rows with a signal in memory, by the native kernels or by scipy."""

from typing import Protocol

import jax
import numpy as np
import scipy.sparse
from jax import Array
from jaxtyping import Float, Int32, Shaped

from longnn.operators.native.library import DTYPES, status
from longnn.operators.native.rows import CHUNKS, READ_AHEAD, NativeRows
from longnn.stores.graph import Rows

ALIGNED = 64
"""Bytes at a multiple of which signals begin, so that the kernels read them where they are."""


class Multiplying(Protocol):
    """Products of rows of the adjacency with one signal [N, W]."""

    def __call__(self, rows: Rows) -> Float[np.ndarray, "R W"]:
        """Returns A x [R, W] for some rows of A; several may be asked for at once."""


def multiplying(signal: Float[np.ndarray, "N W"]) -> Multiplying:
    """The faster product with a signal: the native kernels, where there are some.

    These count nodes in 32 bits.

    Args:
        signal: must not change before the last product is there.
    """
    there = jax.default_backend() == "cpu" and status().active
    ours = there and signal.dtype.name in DTYPES and len(signal) < 1 << 31
    return NativePieces(signal) if ours else ScipyPieces(signal)


def aligned(shape: tuple[int, int], dtype: np.dtype) -> Shaped[np.ndarray, "N W"]:
    """An array that begins at a multiple of `ALIGNED` bytes; its numbers are not set."""
    size = shape[0] * shape[1] * dtype.itemsize
    raw = np.empty(size + ALIGNED, np.uint8)
    start = -raw.ctypes.data % ALIGNED
    return raw[start : start + size].view(dtype).reshape(shape)


class ScipyPieces:
    """Rows as a matrix of scipy that shares the memory of the store."""

    def __init__(self, signal: Float[np.ndarray, "N W"]):
        self._signal, self._ones = signal, np.ones(0, signal.dtype)

    def __call__(self, rows: Rows) -> Float[np.ndarray, "R W"]:
        """See `Multiplying`."""
        entries, ones = len(rows.neighbours), self._ones
        if rows.weights is None and len(ones) < entries:
            ones = self._ones = np.ones(entries, ones.dtype)
        return rows_of_adjacency(rows, ones, len(self._signal)) @ self._signal


class NativePieces:
    """Rows by the kernels of `longnn.operators.native`, by all threads that jax has.

    Numbers of columns are copied into buffers whose sizes are rounded up, so that few programs are
    compiled; a signal that begins at a multiple of `ALIGNED` bytes is not copied.
    """

    def __init__(self, signal: Float[np.ndarray, "N W"]):
        self._signal, self._ones = on_the_spot(signal), np.ones(0, signal.dtype)

    def __call__(self, rows: Rows) -> Float[np.ndarray, "R W"]:
        """See `Multiplying`."""
        count, entries = len(rows.offsets) - 1, len(rows.neighbours)
        size, room = _rounded(count), _rounded(entries)
        start = np.full(size + 1, entries, np.int32)
        start[: count + 1] = rows.offsets
        columns = np.zeros(room + READ_AHEAD, np.int32)
        columns[:entries] = rows.neighbours
        work = rows.offsets + np.arange(count + 1)  # a row costs about as much as one more entry
        targets = np.linspace(0, work[-1], CHUNKS + 1)[1:-1]
        chunks = np.concatenate([[0], np.searchsorted(work, targets), [count]]).astype(np.int32)
        found = _product(start, columns, chunks, self._values(rows, room), self._signal)
        return np.asarray(found)[:count]

    def _values(self, rows: Rows, room: int) -> Float[np.ndarray, " room"]:
        ones = self._ones
        if rows.weights is not None:
            values = np.zeros(room, ones.dtype)
            values[: len(rows.weights)] = rows.weights
            return values
        if len(ones) != room:
            ones = self._ones = np.ones(room, ones.dtype)
        return ones


def on_the_spot(signal: Float[np.ndarray, "N W"]) -> Array:
    """A signal as an array of jax, in the same memory where it is aligned.

    It must not change before the product is there.
    """
    if signal.ctypes.data % ALIGNED:
        return jax.numpy.array(signal)
    return jax.dlpack.from_dlpack(signal, copy=False)


@jax.jit
def _product(
    start: Int32[Array, " R+1"],
    columns: Int32[Array, " ahead"],
    chunks: Int32[Array, " T+1"],
    values: Float[Array, " room"],
    signal: Float[Array, "N W"],
) -> Float[Array, "R W"]:
    shape = (len(start) - 1, len(signal))
    rows = NativeRows(start, columns, columns[:0], chunks, shape)
    return rows.sum_members(values[None], signal[None])[0]


def _rounded(size: int) -> int:
    """The next power of 2."""
    return 1 << max(size - 1, 63).bit_length()


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
