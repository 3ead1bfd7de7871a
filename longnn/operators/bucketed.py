"""Sparse matrices whose rows are padded to a few widths, so that a product only gathers and sums.

On a CPU this is 5 to 20 times faster than the scatter that XLA makes of ``segment_sum``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int, Int32

from longnn.graphs.device import on_device
from longnn.operators._buckets import buckets_of, joined, places_of
from longnn.operators.transforms import static
from longnn.operators.varying import axes_of, varying_over

Take = Callable[[tuple[Array, ...]], Array]

UNROLL = 8
"""The number of gathers that one loop of the compiled program fuses.

Bucket widths above it are multiples of it.
"""

LONGEST = 64
"""The width at which longer rows are cut into parts.

Uncut, the rows of a few hubs would become loops of many short steps.
"""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Rows:
    """The sparsity pattern of an [R, M] matrix, in buckets of rows of similar length.

    A bucket holds r rows, each padded to w entries.

    Attributes:
        columns: for each bucket a [w, r] array with the column of each entry. Padding points one
            past the last column in a pattern without values, and at column 0 in one with values.
        entries: for each bucket a [w, r] array of indices into the vector of values, in which
            padding points one past the end; None for a pattern whose entries are all 1.
        parts: for each bucket of rows that were cut, a [w, r] array with the places of their parts
            among the concatenated buckets. Padding points one past the last place.
        position: a [R] array with the place of each row among the concatenated buckets, of which
            those of ``parts`` come last.
        shape: the number of rows and of columns, (R, M).
    """

    columns: tuple[Int32[Array, "w r"], ...]
    entries: tuple[Int32[Array, "w r"], ...] | None
    parts: tuple[Int32[Array, "w r"], ...]
    position: Int32[Array, " R"]
    shape: tuple[int, int] = static()

    def sum(
        self, x: Float[Array, "M ..."], values: Float[Array, "nnz ..."] | None = None
    ) -> Float[Array, "R ..."]:
        """Multiplies by x: y_r = sum over the entries e of row r of values_e x[column_e].

        Args:
            x: a [M, ...] array.
            values: a [nnz, ...] array whose axes are matched with those of x from the left; None
                for a pattern of ones.

        Returns:
            A [R, ...] array.

        Raises:
            ValueError: if values are given to a pattern of ones, or are missing for any other.
        """
        if (values is None) != (self.entries is None):
            raise ValueError(
                "values are needed exactly where the pattern was built by "
                f"bucketed_rows(..., with_values=True); it was built with "
                f"with_values={self.entries is not None}, and "
                f"{'no values' if values is None else 'values'} came"
            )
        if values is None:
            source = _with_zero_row(x)
            blocks = [_total(c, lambda i: _take(source, i[0])) for c in zip(self.columns)]
        else:
            factor = _with_zero_row(values)
            factor = factor.reshape(factor.shape + (1,) * (x.ndim - factor.ndim))
            blocks = [
                _total(pair, lambda i: _take(factor, i[1]) * _take(x, i[0]))
                for pair in zip(self.columns, self.entries or (), strict=True)
            ]
        sums = jnp.concatenate(blocks)
        if self.parts:
            padded = _with_zero_row(sums)
            whole = [_total((p,), lambda i: _take(padded, i[0])) for p in self.parts]
            sums = jnp.concatenate([sums, *whole])
        return _take(sums, self.position)

    def sum_members(
        self, values: Float[Array, "#B nnz"], x: Float[Array, "#B M W"]
    ) -> Float[Array, "B R W"]:
        """Multiplies a batch: y_br = sum over the entries e of row r of values_be x[b, column_e].

        Args:
            values: a [B, nnz] array of the values of the entries, or [1, nnz] where all members
                share them.
            x: a [B, M, W] array of signals, or [1, M, W] where all members share them.

        Returns:
            A [B, R, W] array, where B is the larger of the two batch sizes.
        """
        return jnp.moveaxis(self.sum(jnp.moveaxis(x, 0, 1), jnp.moveaxis(values, 0, 1)), 1, 0)


def bucketed_rows(
    rows: Int[np.ndarray, " nnz"],
    columns: Int[np.ndarray, " nnz"],
    shape: tuple[int, int],
    *,
    with_values: bool,
    growth: int | None = None,
) -> Rows:
    """Builds the buckets on the host.

    Args:
        rows: a [nnz] array with the row of each entry, in [0, R). Entry e belongs to
            ``values[e]``.
        columns: a [nnz] array with the column of each entry, in [0, M).
        shape: the number of rows and of columns, (R, M).
        with_values: whether the product multiplies by values; if not, all entries are 1.
        growth: the factor between one bucket width and the next, at least 2. A factor of 2 pads
            least. A factor of 4 compiles faster; it is the default below 20,000 entries, where
            padding costs nothing.

    Returns:
        The pattern, with its arrays on the device.

    Example:
        >>> import numpy as np
        >>> rows, columns = np.array([0, 0, 1]), np.array([0, 2, 1])  # of [[1, 0, 1], [0, 1, 0]]
        >>> pattern = bucketed_rows(rows, columns, (2, 3), with_values=False)
        >>> pattern.sum(jnp.array([1.0, 2.0, 3.0])).tolist()
        [4.0, 2.0]
    """
    count, width = shape
    growth = growth or (4 if len(rows) < 20_000 else 2)
    order = np.argsort(rows, kind="stable")
    degree = np.bincount(rows, minlength=count)
    start = np.concatenate([[0], np.cumsum(degree)])[:-1]
    pieces = np.maximum(-(-degree // LONGEST), 1)
    row = np.repeat(np.arange(count), pieces)
    first = np.cumsum(pieces) - pieces
    skipped = (np.arange(len(row)) - first[row]) * LONGEST
    length = np.minimum(degree[row] - skipped, LONGEST)
    all_columns, all_entries = [], []
    for offset, member in buckets_of(length, growth):
        real = offset < length[member]
        entry = np.full(real.shape, len(rows))
        entry[real] = order[((start[row] + skipped)[member] + offset)[real]]
        column = np.where(real, np.append(columns, 0)[entry], 0 if with_values else width)
        all_columns.append(on_device(column, jnp.int32))
        all_entries.append(on_device(entry, jnp.int32))
    place = places_of([member for _, member in buckets_of(length, growth)])
    parts, position = joined(pieces, first, place, growth)
    entries = tuple(all_entries) if with_values else None
    joins = tuple(on_device(part, jnp.int32) for part in parts)
    return Rows(tuple(all_columns), entries, joins, on_device(position, jnp.int32), shape)


def _with_zero_row(x: Array) -> Array:
    return jnp.concatenate([x, jnp.zeros((1, *x.shape[1:]), x.dtype)])


def _take(x: Array, index: Array) -> Array:
    return x.at[index].get(mode="promise_in_bounds")


def _total(indices: tuple[Array, ...], take: Take) -> Array:
    """Returns the sum of ``take(indices[:, j])`` over the w places j of a bucket."""
    width = indices[0].shape[0]
    if width <= UNROLL:
        return _chain(indices, take, width)
    blocks = tuple(i.reshape(width // UNROLL, UNROLL, -1) for i in indices)
    like = jax.eval_shape(lambda block: _chain(block, take, UNROLL), tuple(b[0] for b in blocks))
    step = lambda total, block: (total + _chain(block, take, UNROLL), None)  # noqa: E731
    start = varying_over(axes_of(like), jnp.zeros(like.shape, like.dtype))
    return jax.lax.scan(step, start, blocks)[0]


def _chain(indices: tuple[Array, ...], take: Take, width: int) -> Array:
    total = take(tuple(i[0] for i in indices))
    for j in range(1, width):
        total = total + take(tuple(i[j] for i in indices))
    return total
