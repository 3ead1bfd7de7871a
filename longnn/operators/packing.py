"""Batches of graphs as one block-diagonal operator, put together on the device from all of them.

Nothing of a batch is static but its `Capacity`: a compiled program takes any graphs that fit.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float, Int, Int32, Integer

from longnn.graphs.checks import check_word
from longnn.graphs.device import on_device, on_host
from longnn.graphs.graph import Graph
from longnn.graphs.scaling import check_degrees, degree_power, shift_entries
from longnn.operators.choice import Backend, choose, written_out_here
from longnn.operators.csr import CsrOperator, CsrRows
from longnn.operators.native.operator import NativeOperator
from longnn.operators.native.rows import CHUNKS, READ_AHEAD, NativeRows
from longnn.operators.normalized import SegmentOperator
from longnn.operators.transforms import static

TOGETHER = 4
"""Entries that a native sweep of a near graph takes at a time; rows are padded to multiples."""

ROWS_A_CHUNK = 64
"""Rows of a small batch that a thread takes at a time."""


class Capacity(NamedTuple):
    """What a batch is compiled for; static.

    Attributes:
        rows: nodes that have room in it.
        entries: entries of S that have room in it.
    """

    rows: int
    entries: int


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Packing:
    """All G graphs of a dataset one after the other, on the device; a pytree.

    Attributes:
        first_row: [G+1] the first node of each graph, and N.
        first_entry: [G+1] the first entry of each graph, and the number M of all.
        start: [N] the first entry of each node, counted from that of its graph.
        columns: [M] the node of each entry, counted from the first one of its graph; N where the
            entry is padding.
        values: [M] the entries of S; for "native" the weights, or empty for unweighted graphs.
        root: [N] sqrt(degree), 1 at isolated nodes; for "native".
        inverse_degree: [N] 1/degree, 0 at isolated nodes; for "native".
        backend: "native", "csr" or "segment_sum".
    """

    first_row: Int32[Array, " ends"]
    first_entry: Int32[Array, " ends"]
    start: Int32[Array, " N"]
    columns: Int32[Array, " M"]
    values: Float[Array, " values"]
    root: Float[Array, " N"]
    inverse_degree: Float[Array, " N"]
    backend: Backend = static()


class Pack(NamedTuple):
    """A batch of graphs; its last rows may belong to no node.

    Attributes:
        operator: S of the R rows, of which those without a node are isolated.
        node: [R] the number of the node of each row among all N, N where there is none.
        slot: [R] the place of the graph of each row in the batch, g where there is none.
    """

    operator: NativeOperator | CsrOperator | SegmentOperator
    node: Int32[Array, " R"]
    slot: Int32[Array, " R"]


def packing_of(
    graph: Graph,
    sizes: Integer[np.ndarray, " G"],
    *,
    backend: Backend = "auto",
    dtype: DTypeLike = jnp.float32,
) -> Packing:
    """Puts graphs on the device, from which :func:`packed` takes batches.

    Args:
        graph: all graphs as one of N nodes, one graph after the other, without an edge between two.
        sizes: [G] the number of nodes of each.
        backend: "native", "csr" or "segment_sum"; "auto": see :func:`longnn.operators.choose`.
        dtype: of the entries.

    Raises:
        ValueError: for another backend, sizes that do not add up to N, an edge between two graphs,
            more entries than 32 bits count, or see ``longnn.normalized_adjacency``.

    Example:
        >>> path = Graph.from_edges(np.array([[0, 1], [2, 3]]), 4)
        >>> packing = packing_of(path, np.array([2, 2]), backend="segment_sum")
        >>> pack = packed(packing, jnp.array([1, -1]), Capacity(3, 4))
        >>> pack.node.tolist(), pack.slot.tolist()
        ([2, 3, 4], [0, 0, 2])
        >>> pack.operator.matvec(jnp.array([1.0, 2.0, 3.0])).tolist()
        [2.0, 1.0, 0.0]
    """
    backend = choose(backend)
    if backend == "bucketed":
        raise ValueError(
            "backend 'bucketed' sorts the rows of one graph, and not those of batches of graphs; "
            "use 'native', 'csr' or 'segment_sum'"
        )
    check_word("backend", backend, Backend)
    first = _firsts(graph, sizes)
    receivers, senders = on_host(graph.receivers), on_host(graph.senders)
    count = np.bincount(receivers, minlength=graph.num_nodes)
    length = -(-count // TOGETHER) * TOGETHER if backend == "native" else count
    begin = np.concatenate([[0], np.cumsum(length)])
    place = np.arange(len(receivers)) + (begin[:-1] - (np.cumsum(count) - count))[receivers]
    columns = np.full(begin[-1], graph.num_nodes)
    owner = np.repeat(first[:-1], sizes)
    columns[place] = senders - owner[receivers]
    if max(len(columns), graph.num_nodes) >= np.iinfo(np.int32).max:
        raise ValueError(f"batches index by 32 bits, too few for {len(columns):,} entries")
    values, root, inverse = np.zeros(0), np.zeros(0), np.zeros(0)
    if backend == "native":
        degree = graph.degrees()
        check_degrees(degree, dtype)
        root, inverse = degree_power(degree, 0.5, isolated=1.0), degree_power(degree, -1.0)
        if graph.weights is not None:
            values = np.zeros(len(columns))
            values[place] = on_host(graph.weights)
    else:
        values = shift_entries(graph)
    of_entries = begin[first]
    within = begin[:-1] - np.repeat(of_entries[:-1], sizes)
    first_row, first_entry, start, places = (
        on_device(a, jnp.int32) for a in (first, of_entries, within, columns)
    )
    numbers, roots, inverses = (on_device(a, dtype) for a in (values, root, inverse))
    return Packing(first_row, first_entry, start, places, numbers, roots, inverses, backend)


def packed(packing: Packing, graphs: Int[Array, " g"], capacity: Capacity) -> Pack:
    """A batch of graphs, put together on the device by gathers.

    Args:
        packing: all graphs.
        graphs: [g] numbers of the graphs, possibly traced; -1 for a place that stays empty.
        capacity: room for the nodes and the entries of these graphs, which nothing checks.
    """
    nodes = packing.start.shape[0]
    slot, within = _places(packing.first_row, graphs, capacity.rows)
    inside = slot < len(graphs)
    graph = _take(graphs, jnp.where(inside, slot, 0))
    node = jnp.where(inside, _take(packing.first_row, graph) + within, nodes)
    source = jnp.where(inside, node, 0)
    row_of_slot = _starts(packing.first_row, graphs)
    entry_of_slot = _starts(packing.first_entry, graphs)
    entry_slot, entry_within = _places(packing.first_entry, graphs, capacity.entries)
    real = entry_slot < len(graphs)
    of_graph = _take(graphs, jnp.where(real, entry_slot, 0))
    entry = jnp.where(real, _take(packing.first_entry, of_graph) + entry_within, 0)
    local = _take(packing.columns, entry)
    shift = _take(row_of_slot, jnp.where(real, entry_slot, 0))
    filled = real & (local < nodes)
    start = jnp.where(inside, _take(entry_of_slot, jnp.where(inside, slot, 0))
                      + _take(packing.start, source), entry_of_slot[-1])  # fmt: skip
    start = jnp.concatenate([start, entry_of_slot[-1:]])
    made = _Batch(capacity, start, local + shift, filled, entry, inside, source)
    of = {"native": _native, "csr": _csr, "segment_sum": _segments}[packing.backend]
    operator: Any = of(packing, made)
    return Pack(operator, node.astype(jnp.int32), slot)


class _Batch(NamedTuple):
    """What the operators of all backends are made of.

    Attributes:
        capacity: static.
        start: [R+1] the first entry of each row; that of rows without a node is the last.
        columns: [E] row that each entry points at, right where ``filled``.
        filled: [E] which entries are none of padding.
        entry: [E] place of each entry in the packing.
        inside: [R] which rows have a node.
        source: [R] the node of each row, 0 where there is none.
    """

    capacity: Capacity
    start: Array
    columns: Array
    filled: Array
    entry: Array
    inside: Array
    source: Array


def _native(packing: Packing, made: _Batch) -> NativeOperator:
    rows = made.capacity.rows
    columns = jnp.where(made.filled, made.columns, rows)
    columns = jnp.concatenate([columns, jnp.zeros(READ_AHEAD, columns.dtype)])
    weights = packing.values
    if weights.size:
        weights = jnp.where(made.filled, _take(weights, made.entry), 0)
    order = jnp.arange(rows, dtype=jnp.int32)
    pattern = NativeRows(
        made.start.astype(jnp.int32),
        columns.astype(jnp.int32),
        jnp.zeros(0, jnp.int32),
        _chunks(made.start, rows),
        (rows, rows),
    )
    root = jnp.where(made.inside, _take(packing.root, made.source), 1)
    inverse = jnp.where(made.inside, _take(packing.inverse_degree, made.source), 0)
    return NativeOperator(pattern, order, order, weights, root, inverse)


def _csr(packing: Packing, made: _Batch) -> CsrOperator:
    columns = jnp.where(made.filled, made.columns, 0).astype(jnp.int32)
    values = jnp.where(made.filled, _take(packing.values, made.entry), 0)
    # entries beyond those of the graphs are zeros of the last row
    start = made.start.at[-1].set(made.capacity.entries).astype(jnp.int32)
    rows = CsrRows(start, columns, (made.capacity.rows, made.capacity.rows))
    return CsrOperator(rows, values)


def _segments(packing: Packing, made: _Batch) -> SegmentOperator:
    rows, entries = made.capacity
    place = jnp.arange(entries, dtype=jnp.int32)
    receivers = jnp.searchsorted(made.start[1:], place, side="right").astype(jnp.int32)
    return SegmentOperator(
        jnp.where(made.filled, made.columns, 0).astype(jnp.int32),
        jnp.minimum(receivers, rows - 1),
        jnp.where(made.filled, _take(packing.values, made.entry), 0),
        rows,
        written_out=written_out_here(),
    )


def _chunks(start: Array, rows: int) -> Array:
    """[T+1] rows at which pieces of about equal work begin."""
    count = max(min(CHUNKS, rows // ROWS_A_CHUNK), 1)
    work = start + jnp.arange(rows + 1)  # a row costs about as much as one more entry
    targets = (work[-1] * jnp.arange(1, count)) // count
    inner = jnp.searchsorted(work, targets)
    ends = jnp.zeros(1, inner.dtype), jnp.full(1, rows, inner.dtype)
    return jnp.concatenate([ends[0], inner, ends[1]]).astype(jnp.int32)


def _starts(first: Array, graphs: Array) -> Array:
    """[g+1] where the rows or entries of each graph of a batch begin in it, and their number."""
    known = graphs >= 0
    number = jnp.where(known, graphs, 0)
    sizes = jnp.where(known, _take(first, number + 1) - _take(first, number), 0)
    return jnp.concatenate([jnp.zeros(1, sizes.dtype), jnp.cumsum(sizes)])


def _places(first: Array, graphs: Array, count: int) -> tuple[Array, Array]:
    """For each of so many places that of its graph (g: none), and where it is in that."""
    starts = _starts(first, graphs)
    place = jnp.arange(count, dtype=jnp.int32)
    slot = jnp.searchsorted(starts[1:], place, side="right").astype(jnp.int32)
    return slot, place - _take(starts, jnp.minimum(slot, len(graphs))).astype(jnp.int32)


def _take(values: Array, index: Array) -> Array:
    return values.at[index].get(mode="promise_in_bounds")


def _firsts(graph: Graph, sizes: Integer[np.ndarray, " G"]) -> np.ndarray:
    """[G+1] the first node of each graph, after a check that graphs are apart."""
    first = np.concatenate([[0], np.cumsum(sizes)])
    if first[-1] != graph.num_nodes or (np.asarray(sizes) < 1).any():
        raise ValueError(
            f"sizes must be >= 1 and add up to the {graph.num_nodes} nodes of the graphs, got "
            f"{first[-1]}"
        )
    owner = np.repeat(np.arange(len(sizes)), sizes)
    if (owner[on_host(graph.senders)] != owner[on_host(graph.receivers)]).any():
        raise ValueError("an edge joins two graphs; the graphs of a batch must be apart")
    return first
