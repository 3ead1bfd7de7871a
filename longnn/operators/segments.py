"""Sparse matrices by their entries, whose product is one scatter: few kernels to launch."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int, Int32

from longnn.graphs.device import on_device
from longnn.operators.transforms import static


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class SegmentRows:
    """The sparsity pattern of an [R, M] matrix, entry by entry.

    Attributes:
        rows: [nnz] row of each entry, ascending.
        columns: [nnz] its column.
        shape: (R, M).
    """

    rows: Int32[Array, " nnz"]
    columns: Int32[Array, " nnz"]
    shape: tuple[int, int] = static()

    def sum_members(
        self, values: Float[Array, "#B nnz"], x: Float[Array, "#B M W"]
    ) -> Float[Array, "B R W"]:
        """Multiplies a batch, as ``longnn.operators.bucketed.Rows.sum_members``."""
        gathered = jnp.moveaxis(x, 0, 1).at[self.columns].get(mode="promise_in_bounds")
        entries = values.T[:, :, None] * gathered
        sums = jax.ops.segment_sum(entries, self.rows, self.shape[0], indices_are_sorted=True)
        return jnp.moveaxis(sums, 1, 0)


def segment_rows(
    rows: Int[np.ndarray, " nnz"], columns: Int[np.ndarray, " nnz"], shape: tuple[int, int]
) -> tuple[SegmentRows, Int[np.ndarray, " nnz"]]:
    """Builds the pattern on the host.

    Args:
        rows: [nnz] row of each entry, in [0, R).
        columns: [nnz] its column, in [0, M).
        shape: (R, M).

    Returns:
        The pattern, and the order [nnz] in which it takes the entries.
    """
    order = np.lexsort((columns, rows))
    row, column = (on_device(a[order], jnp.int32) for a in (rows, columns))
    return SegmentRows(row, column, shape), order
