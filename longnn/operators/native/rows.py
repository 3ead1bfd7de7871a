"""A sparse pattern by rows (CSR) for the native product."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int, Int32, Shaped

from longnn.graphs.device import on_device
from longnn.operators.exported import exporting, portable_product
from longnn.operators.native.library import DTYPES
from longnn.operators.transforms import static
from longnn.operators.varying import varying_alike

CHUNKS = 64
"""Pieces that threads take; about equal in entries, so that rows of any length balance."""

READ_AHEAD = 64
"""Indices past the end that the kernels may read (not use): kAhead of product.h."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class NativeRows:
    """Sparsity pattern of an [R, M] matrix.

    Attributes:
        start: [R+1] int32, first entry of each row.
        columns: [nnz + READ_AHEAD] int32.
        entries: [nnz] int32 position of each entry in the vector of values, or empty where it is
            its own.
        chunks: [T+1] int32 rows at which chunks begin.
        shape: (R, M).
    """

    start: Int32[Array, " R+1"]
    columns: Int32[Array, " ahead"]
    entries: Int32[Array, " nnz"]
    chunks: Int32[Array, " T+1"]
    shape: tuple[int, int] = static()

    def sum_members(
        self, values: Float[Array, "#B nnz"], x: Float[Array, "#B M W"]
    ) -> Float[Array, "B R W"]:
        """y_br = sum over the entries e of row r of values_be x[b, column_e].

        Args:
            values: [B or 1, nnz].
            x: [B or 1, M, W] of the same dtype.

        Returns:
            [max of both B, R, W].
        """
        check_dtype(x)
        if exporting():
            return self._portable(values, x)
        members = max(values.shape[0], x.shape[0])
        out = jax.ShapeDtypeStruct((members, self.shape[0], x.shape[2]), x.dtype)
        call = kernel(f"longnn_product_{x.dtype.name}", out)
        return call(self.start, self.columns, self.entries, self.chunks, values, x)

    def _portable(self, values: Array, x: Array) -> Array:
        """The same in operations of jax alone."""
        columns = self.columns[:-READ_AHEAD]
        if self.entries.size:
            values = values[:, self.entries]
        members = max(len(values), len(x))
        values, x = (jnp.broadcast_to(a, (members, *a.shape[1:])) for a in (values, x))
        return jax.vmap(partial(portable_product, self.start, columns))(values, x)


def kernel(name: str, results: Any) -> Callable[..., Any]:
    """The kernel of that name, as a function of arrays.

    Args:
        name: under which it is registered.
        results: type of the result, or of each of several.
    """
    call = jax.ffi.ffi_call(name, results, vmap_method="sequential")

    def run(*arrays: Array) -> Any:
        # jax takes the results of foreign calls for the same on all devices of a mesh
        return varying_alike((call(*arrays), arrays))[0]

    return run


def check_dtype(x: Shaped[Array, "..."]) -> None:
    """Raises ValueError unless there is a kernel for the dtype of x."""
    if x.dtype.name not in DTYPES:
        raise ValueError(
            f"the native kernels are for {' and '.join(DTYPES)}, got {x.dtype}; convert x, or take "
            "backend='bucketed'"
        )


def native_rows(
    rows: Int[np.ndarray, " nnz"], columns: Int[np.ndarray, " nnz"], shape: tuple[int, int]
) -> NativeRows:
    """Builds the pattern on the host; entry e belongs to ``values[e]``.

    Args:
        rows: [nnz] row of each entry, in [0, R).
        columns: [nnz] column of each entry, in [0, M).
        shape: (R, M).

    Raises:
        ValueError: if there are more than 2^31 - 1 entries.
    """
    sorted_already = bool(np.all(rows[1:] >= rows[:-1]))
    order = np.arange(len(rows)) if sorted_already else np.argsort(rows, kind="stable")
    entries = order[:0] if sorted_already else order
    return _pattern(np.bincount(rows, minlength=shape[0]), columns[order], entries, shape)


def padded_rows(
    rows: Int[np.ndarray, " nnz"],
    columns: Int[np.ndarray, " nnz"],
    shape: tuple[int, int],
    together: int,
) -> tuple[NativeRows, Int[np.ndarray, " nnz"]]:
    """A pattern whose rows are padded to multiples of ``together``, without tails to branch on.

    Args:
        rows: [nnz] ascending, in [0, R).
        columns: [nnz] column of each entry, in [0, M).
        shape: (R, M); padding points at column M.
        together: entries that a sweep takes at a time.

    Returns:
        The pattern, and the place [nnz] of each entry in it.
    """
    count = np.bincount(rows, minlength=shape[0])
    padded = -(-count // together) * together
    shift = (np.cumsum(padded) - padded) - (np.cumsum(count) - count)
    place = np.arange(len(rows)) + shift[rows]
    all_columns = np.full(padded.sum(), shape[1])
    all_columns[place] = columns
    return _pattern(padded, all_columns, place[:0], shape), place


def _pattern(
    count: np.ndarray, columns: np.ndarray, entries: np.ndarray, shape: tuple[int, int]
) -> NativeRows:
    """From the number of entries of each row, and their columns row by row."""
    if len(columns) > np.iinfo(np.int32).max - READ_AHEAD:
        raise ValueError(f"the kernels index by 32 bits, too few for {len(columns)} entries")
    start = np.concatenate([[0], np.cumsum(count)])
    work = start + np.arange(shape[0] + 1)  # a row costs about as much as one more entry
    targets = np.linspace(0, work[-1], min(CHUNKS, max(shape[0], 1)) + 1)[1:-1]
    chunks = np.concatenate([[0], np.searchsorted(work, targets), [shape[0]]])
    ahead = np.concatenate([columns, np.zeros(READ_AHEAD, np.int64)])
    device = partial(on_device, dtype=np.int32)
    return NativeRows(device(start), device(ahead), device(entries), device(chunks), shape)
