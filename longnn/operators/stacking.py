"""Sparsity patterns of the devices of a mesh, padded to one size and one above the other."""

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Int

from longnn.operators.choice import Backend
from longnn.operators.csr import csr_rows
from longnn.operators.native.rows import native_rows
from longnn.operators.products import Pattern
from longnn.operators.segments import segment_rows


class Stacked(NamedTuple):
    """The patterns of P devices, on the host.

    Attributes:
        pattern: its arrays have a leading axis of P devices.
        entry: a [P, e] array with the entry that each value belongs to; one past the last where
            there is none, whose value is 0.
    """

    pattern: Pattern
    entry: Int[np.ndarray, "P e"]


def stacked(
    block: Int[np.ndarray, " nnz"],
    rows: Int[np.ndarray, " nnz"],
    columns: Int[np.ndarray, " nnz"],
    shape: tuple[int, int],
    count: int,
    backend: Backend,
) -> Stacked:
    """Builds the patterns on the host.

    Args:
        block: a [nnz] array with the device of each entry, in [0, P).
        rows: a [nnz] array with the row of each entry in the matrix of its device, in [0, R).
        columns: a [nnz] array with the column of each entry, in [0, M).
        shape: of the matrix of each device, (R, M).
        count: the number of devices P.
        backend: the product of each device, "native", "csr" or "segment_sum".

    Raises:
        ValueError: for the backend "bucketed", whose patterns differ in more than their numbers.
    """
    if backend not in ("native", "csr", "segment_sum"):
        raise ValueError(
            f"backend {backend!r} makes another program for each device; nodes over devices take "
            "'native', 'csr', 'segment_sum' or 'auto'"
        )
    order = np.lexsort((columns, rows, block))
    sizes = np.bincount(block, minlength=count)
    parts = [
        _padded(some, len(rows), int(sizes.max()))
        for some in np.split(order, np.cumsum(sizes)[:-1])
    ]
    last_row, first_column = np.append(rows, shape[0] - 1), np.append(columns, 0)
    found = [_one(last_row[entry], first_column[entry], shape, backend) for entry in parts]
    patterns = [jax.tree.map(np.asarray, pattern) for pattern, _ in found]
    entries = [entry[place] for entry, (_, place) in zip(parts, found, strict=True)]
    return Stacked(
        jax.tree.map(lambda *leaves: np.stack(leaves), *patterns),
        np.stack(entries),
    )


def _padded(entry: np.ndarray, none: int, size: int) -> np.ndarray:
    return np.pad(entry, (0, size - len(entry)), constant_values=none)


def _one(
    rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int], backend: Backend
) -> tuple[Pattern, np.ndarray]:
    """The pattern of a device, and the order in which it takes the entries."""
    if backend == "native":  # which sorts by rows alone, as they are
        return native_rows(rows, columns, shape), np.arange(len(rows))
    return (csr_rows if backend == "csr" else segment_rows)(rows, columns, shape)
