"""Sparse matrices as rows padded to a few widths, so that a product is gathers and sums only.

XLA's scatter (``segment_sum``) is 5 to 20 times slower than this on a CPU.
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int, Int32

from longnn.operators.transforms import static

Take = Callable[[tuple[Array, ...]], Array]

UNROLL = 8
"""Gathers fused into one loop of the compiled program; widths above it are multiples of it."""

LONGEST = 64
"""Longer rows are cut into parts of this width: a few hubs would make loops of many short steps."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Rows:
    """Sparsity pattern of an [R, M] matrix in buckets of rows of similar length.

    Attributes:
        columns: per bucket [w, r] column of each entry; padding points one past the last column
            (a pattern without values) or at column 0 (with values).
        entries: per bucket [w, r] index into the vector of values, padding points one past its
            end; None for a pattern whose entries are all 1.
        parts: per bucket of cut rows [w, r] places of their parts among the concatenated buckets;
            padding points one past the last.
        position: [R] place of each row among the concatenated buckets, those of ``parts`` last.
        shape: (R, M).
    """

    columns: tuple[Int32[Array, "w r"], ...]
    entries: tuple[Int32[Array, "w r"], ...] | None
    parts: tuple[Int32[Array, "w r"], ...]
    position: Int32[Array, " R"]
    shape: tuple[int, int] = static()

    def sum(
        self, x: Float[Array, "M ..."], values: Float[Array, "nnz ..."] | None = None
    ) -> Float[Array, "R ..."]:
        """y_r = sum over the entries e of row r of values_e x[column_e].

        Args:
            x: [M, ...].
            values: [nnz, ...] broadcasting from the left against x; None for a pattern of ones.

        Returns:
            [R, ...].
        """
        if (values is None) != (self.entries is None):
            raise ValueError("values are needed exactly where the pattern was built with entries")
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
        """y_br = sum over the entries e of row r of values_be x[b, column_e].

        Args:
            values: [B or 1, nnz].
            x: [B or 1, M, W].

        Returns:
            [max of both B, R, W].
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
        rows: [nnz] row of each entry, in [0, R); entry e belongs to ``values[e]``.
        columns: [nnz] column of each entry, in [0, M).
        shape: (R, M).
        with_values: whether the product multiplies by values.
        growth: factor between bucket widths. 2 pads least; 4 compiles faster and is the default
            below 20,000 entries, where padding costs nothing.
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
    for offset, member in _buckets(length, growth):
        real = offset < length[member]
        entry = np.full(real.shape, len(rows))
        entry[real] = order[((start[row] + skipped)[member] + offset)[real]]
        column = np.where(real, np.append(columns, 0)[entry], 0 if with_values else width)
        all_columns.append(jnp.asarray(column, jnp.int32))
        all_entries.append(jnp.asarray(entry, jnp.int32))
    place = _places([member for _, member in _buckets(length, growth)])
    parts, position = _joined(pieces, first, place, growth)
    entries = tuple(all_entries) if with_values else None
    return Rows(tuple(all_columns), entries, parts, jnp.asarray(position, jnp.int32), shape)


def _joined(
    pieces: np.ndarray, first: np.ndarray, place: np.ndarray, growth: int
) -> tuple[tuple[Array, ...], np.ndarray]:
    """``parts`` and ``position`` of rows cut into ``pieces``, the first of them at ``first``."""
    cut = np.flatnonzero(pieces > 1)
    position = place[first]
    if not len(cut):
        return (), position
    buckets = _buckets(pieces[cut], growth)
    parts = []
    for offset, member in buckets:
        real = offset < pieces[cut][member]
        part = np.full(real.shape, len(place))
        part[real] = place[(first[cut][member] + offset)[real]]
        parts.append(jnp.asarray(part, jnp.int32))
    position[cut] = len(place) + _places([member for _, member in buckets])
    return tuple(parts), position


def _buckets(length: np.ndarray, growth: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Per bucket the offsets [w, 1] and its members, rows of similar length."""
    width = _widths(length, growth)
    return [(np.arange(w)[:, None], np.flatnonzero(width == w)) for w in np.unique(width)]


def _places(members: list[np.ndarray]) -> np.ndarray:
    """Place of each row among the concatenated buckets."""
    order = np.concatenate(members)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return place


def _widths(degree: np.ndarray, growth: int) -> np.ndarray:
    """[R] smallest width 4 growth^i that holds each row."""
    steps = np.ceil(np.log(np.maximum(degree, 4) / 4) / np.log(growth) - 1e-9)
    return (4 * np.power(growth, steps.astype(int))).astype(int)


def _with_zero_row(x: Array) -> Array:
    return jnp.concatenate([x, jnp.zeros((1, *x.shape[1:]), x.dtype)])


def _take(x: Array, index: Array) -> Array:
    return x.at[index].get(mode="promise_in_bounds")


def _total(indices: tuple[Array, ...], take: Take) -> Array:
    """Sum of ``take(indices[:, j])`` over the w places j of a bucket."""
    width = indices[0].shape[0]
    if width <= UNROLL:
        return _chain(indices, take, width)
    blocks = tuple(i.reshape(width // UNROLL, UNROLL, -1) for i in indices)
    like = jax.eval_shape(lambda block: _chain(block, take, UNROLL), tuple(b[0] for b in blocks))
    step = lambda total, block: (total + _chain(block, take, UNROLL), None)  # noqa: E731
    return jax.lax.scan(step, jnp.zeros(like.shape, like.dtype), blocks)[0]


def _chain(indices: tuple[Array, ...], take: Take, width: int) -> Array:
    total = take(tuple(i[0] for i in indices))
    for j in range(1, width):
        total = total + take(tuple(i[j] for i in indices))
    return total
