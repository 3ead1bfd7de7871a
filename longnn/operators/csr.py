"""Sparse matrices in compressed rows (CSR), multiplied by the product that jaxlib brings for CPUs.

The product is faster than gathers (``python -m benchmarks.training --case product``) and compiles
quickly. Signals are padded to the widths at which it is fast.
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float, Int, Int32

from longnn.graphs.device import on_device, on_host
from longnn.graphs.graph import Graph, check_signal
from longnn.graphs.oneline import brief
from longnn.operators.exported import exporting, portable_product
from longnn.operators.precision import Precision, read_as
from longnn.operators.products import symmetric_product
from longnn.operators.transforms import static

MOST = np.iinfo(np.int32).max
"""The largest number of entries, rows or columns that 32 bits can count.

A batch that needs more is multiplied one member after the other.
"""

LANES = 8
"""The product is fast only at widths that are a multiple of this."""

ONE_THREAD = 6_400_000
"""The number of gathered bytes up to which the product of jaxlib runs in one thread."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CsrRows:
    """The sparsity pattern of an [R, M] matrix in compressed rows.

    Attributes:
        start: a [R+1] array of int32 with the first entry of each row, then the number of entries.
        columns: a [nnz] array of int32 with the column of each entry.
        shape: the number of rows and of columns, (R, M).
    """

    start: Int32[Array, " R+1"]
    columns: Int32[Array, " nnz"]
    shape: tuple[int, int] = static()

    def sum_members(
        self, values: Float[Array, "#B nnz"], x: Float[Array, "#B M W"]
    ) -> Float[Array, "B R W"]:
        """Multiplies a batch: y_br = sum over the entries e of row r of values_be x[b, column_e].

        Args:
            values: a [B, nnz] array of the values of the entries, or [1, nnz] where all members
                share them.
            x: a [B, M, W] array of signals, or [1, M, W] where all members share them;
                of the same dtype.

        Returns:
            A [B, R, W] array, where B is the larger of the two batch sizes.
        """
        members, (count, width) = max(values.shape[0], x.shape[0]), self.shape
        if members == 1:
            return self.multiply(values[0], x[0])[None]
        if x.shape[0] == 1:
            x = jnp.broadcast_to(x, (members, *x.shape[1:]))
        values = jnp.broadcast_to(values, (members, values.shape[1]))
        if members * max(values.shape[1], *self.shape) > MOST:
            return jax.lax.map(lambda pair: self.multiply(*pair), (values, x))
        together, each = self._block_diagonal(members), values.ravel()
        return together.multiply(each, x.reshape(members * width, -1)).reshape(members, count, -1)

    def _block_diagonal(self, members: int) -> "CsrRows":
        """Returns ``members`` copies of the pattern, each on rows and columns of its own."""
        number = jnp.arange(members, dtype=jnp.int32)[:, None]
        columns = (self.columns + number * self.shape[1]).ravel()
        ends = (self.start[1:] + number * self.start[-1]).ravel()
        shape = (members * self.shape[0], members * self.shape[1])
        return CsrRows(jnp.concatenate([self.start[:1], ends]), columns, shape)

    def multiply(self, values: Float[Array, " nnz"], x: Float[Array, "M W"]) -> Float[Array, "R W"]:
        """Multiplies the matrix by x.

        Args:
            values: a [nnz] array of the values of the entries, row by row.
            x: a [M, W] array of the same dtype.

        Returns:
            A [R, W] array.
        """
        if exporting():
            return portable_product(self.start, self.columns, values, x)
        from jax.experimental.sparse import BCSR  # brings scipy.linalg, which takes a while

        width = x.shape[1]
        padded = jnp.pad(x, ((0, 0), (0, -width % LANES)))
        parts = (values, self.columns, self.start)
        matrix = BCSR(parts, shape=self.shape, indices_sorted=True, unique_indices=False)
        return (matrix @ padded)[:, :width]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CsrOperator:
    """The operator S, given by its entries; ``matvec`` is differentiable in x, in every mode.

    Attributes:
        rows: the sparsity pattern of the adjacency matrix A.
        values: a [2E] array of the entries of S, row by row.
        precision: "mixed" rounds what products read; it takes no less memory here.
        lanes, unroll: how a sweep over the columns is cut; see ``longnn.filters.panels``.
    """

    rows: CsrRows
    values: Float[Array, " nnz"]
    precision: Precision = static("full")
    lanes: ClassVar[int] = LANES
    unroll: ClassVar[int] = 10
    of_reals: ClassVar[bool] = True  # filters take complex signals by their parts

    __repr__ = brief

    def matvec(self, x: Float[Array, "N *channels"]) -> Float[Array, "N *channels"]:
        """Returns S x [N, ...] for a signal x [N, ...]; a ValueError names another shape."""
        check_signal(x, self.rows.shape[0])
        return symmetric_product(self, x)

    def panels(self, x: Float[Array | np.ndarray, "N W"]) -> int:
        """Returns how many panels of the columns of x [N, W] to sweep in parallel, 1 or 2."""
        work = len(self.values) * x.nbytes // max(x.shape[0], 1)
        return 2 if work <= ONE_THREAD and x.shape[1] >= 4 * LANES else 1

    def multiply(self, x: Float[Array, "N W"]) -> Float[Array, "N W"]:
        """Returns S x [N, W] for x [N, W]; it has no derivatives."""
        return self.rows.multiply(self.values.astype(x.dtype), read_as(self.precision, x))


def csr_rows(
    rows: Int[np.ndarray, " nnz"], columns: Int[np.ndarray, " nnz"], shape: tuple[int, int]
) -> tuple[CsrRows, Int[np.ndarray, " nnz"]]:
    """Builds the pattern on the host.

    Args:
        rows: a [nnz] array with the row of each entry, in [0, R).
        columns: a [nnz] array with the column of each entry, in [0, M).
        shape: the number of rows and of columns, (R, M).

    Returns:
        The pattern, and a [nnz] array with the order in which it takes the entries: multiply by
        ``values[order]``.
    """
    order = np.lexsort((columns, rows))
    start = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=shape[0]))])
    first, column = (on_device(a, jnp.int32) for a in (start, columns[order]))
    return CsrRows(first, column, shape), order


def csr_operator(
    graph: Graph,
    values: Float[np.ndarray, " entries"],
    dtype: DTypeLike,
    precision: Precision = "full",
) -> CsrOperator:
    """Builds the operator S of a graph.

    Args:
        graph: a graph of N nodes and E undirected edges.
        values: a [2E] array of the entries of S, in the order of the senders of the graph.
        dtype: the dtype of the entries on the device.
        precision: of what products read.

    Returns:
        The operator, which multiplies [N, ...] signals.
    """
    pair = on_host(graph.receivers), on_host(graph.senders)
    rows, order = csr_rows(*pair, (graph.num_nodes, graph.num_nodes))
    return CsrOperator(rows, on_device(values[order], dtype), precision)
