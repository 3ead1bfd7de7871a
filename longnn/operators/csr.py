"""Sparse matrices by rows (CSR) on the product that jaxlib itself brings for CPUs.

Faster than gathers (``python -m benchmarks.training --case product``) and quick to compile. Signals
are padded to the widths that it is fast at.
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.experimental.sparse import BCSR
from jax.typing import DTypeLike
from jaxtyping import Float, Int, Int32

from longnn.graphs.graph import Graph, check_signal
from longnn.operators.products import symmetric_product
from longnn.operators.transforms import static

MOST = np.iinfo(np.int32).max
"""Entries, rows and columns that 32 bits can count; more members go one after the other."""

LANES = 8
"""Widths that are no multiple of it take a slow path of the product."""

ONE_THREAD = 6_400_000
"""Bytes of gathered signal up to which jaxlib's product takes one thread."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CsrRows:
    """Sparsity pattern of an [R, M] matrix.

    Attributes:
        start: [R+1] int32, first entry of each row.
        columns: [nnz] int32.
        shape: (R, M).
    """

    start: Int32[Array, " R+1"]
    columns: Int32[Array, " nnz"]
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
        """The pattern of ``members`` copies of this one, each on rows and columns of its own."""
        number = jnp.arange(members, dtype=jnp.int32)[:, None]
        columns = (self.columns + number * self.shape[1]).ravel()
        ends = (self.start[1:] + number * self.start[-1]).ravel()
        shape = (members * self.shape[0], members * self.shape[1])
        return CsrRows(jnp.concatenate([self.start[:1], ends]), columns, shape)

    def multiply(self, values: Float[Array, " nnz"], x: Float[Array, "M W"]) -> Float[Array, "R W"]:
        """values [nnz] in the order of the rows, x [M, W] -> [R, W]."""
        width = x.shape[1]
        padded = jnp.pad(x, ((0, 0), (0, -width % LANES)))
        parts = (values, self.columns, self.start)
        matrix = BCSR(parts, shape=self.shape, indices_sorted=True, unique_indices=False)
        return (matrix @ padded)[:, :width]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CsrOperator:
    """S by its entries; ``matvec`` is differentiable in x, in reverse mode.

    Attributes:
        rows: pattern of A.
        values: [2E] entries of S, row by row.
        lanes, unroll: see ``longnn.filters.panels``.
    """

    rows: CsrRows
    values: Float[Array, " nnz"]
    lanes: ClassVar[int] = LANES
    unroll: ClassVar[int] = 10

    def matvec(self, x: Float[Array, "N *channels"]) -> Float[Array, "N *channels"]:
        """x [N, ...] -> S x [N, ...]."""
        check_signal(x, self.rows.shape[0])
        return symmetric_product(self, x)

    def panels(self, x: Float[Array | np.ndarray, "N W"]) -> int:
        """Panels of the columns of x [N, W] to sweep side by side, on cores of their own."""
        work = len(self.values) * x.nbytes // max(x.shape[0], 1)
        return 2 if work <= ONE_THREAD and x.shape[1] >= 4 * LANES else 1

    def multiply(self, x: Float[Array, "N W"]) -> Float[Array, "N W"]:
        """x [N, W] -> S x [N, W], without derivatives."""
        return self.rows.multiply(self.values.astype(x.dtype), x)


def csr_rows(
    rows: Int[np.ndarray, " nnz"], columns: Int[np.ndarray, " nnz"], shape: tuple[int, int]
) -> tuple[CsrRows, Int[np.ndarray, " nnz"]]:
    """Builds the pattern on the host.

    Args:
        rows: [nnz] row of each entry, in [0, R).
        columns: [nnz] column of each entry, in [0, M).
        shape: (R, M).

    Returns:
        The pattern, and the order [nnz] in which it takes the entries.
    """
    order = np.lexsort((columns, rows))
    start = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=shape[0]))])
    device = lambda a: jnp.asarray(a, jnp.int32)  # noqa: E731
    return CsrRows(device(start), device(columns[order]), shape), order


def csr_operator(
    graph: Graph, values: Float[np.ndarray, " entries"], dtype: DTypeLike
) -> CsrOperator:
    """S with the entries ``values`` [2E] in the order of the graph's senders."""
    pair = np.asarray(graph.receivers), np.asarray(graph.senders)
    rows, order = csr_rows(*pair, (graph.num_nodes, graph.num_nodes))
    return CsrOperator(rows, jnp.asarray(values[order], dtype))
