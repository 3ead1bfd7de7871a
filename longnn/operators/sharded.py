"""The normalised adjacency with its rows over devices, which send each other boundary rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P
from jax.typing import DTypeLike
from jaxtyping import Float, Int, Int32

from longnn.graphs.device import on_device, on_host, over_devices
from longnn.graphs.graph import Graph, check_signal
from longnn.graphs.oneline import brief
from longnn.graphs.scaling import shift_entries
from longnn.operators.choice import Backend, choose
from longnn.operators.csr import csr_rows
from longnn.operators.halo import Pairs, exchange_of
from longnn.operators.native.rows import native_rows
from longnn.operators.precision import Precision, read_as, stored_as
from longnn.operators.products import Pattern, symmetric_product
from longnn.operators.segments import segment_rows
from longnn.operators.transforms import static

NODES = "nodes"
"""The axis of a mesh over which nodes are spread."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Part:
    """The entries of S in the rows of each device, one after the other.

    Attributes:
        pattern: its arrays have a leading axis of P devices.
        values: a [P, e] array of the entries, padded by zeros.
    """

    pattern: Pattern
    values: Float[Array, "P e"]

    def of_device(self) -> "Part":
        """The part [...] of this device, of [1, ...] of it inside ``jax.shard_map``."""
        return jax.tree.map(lambda leaf: leaf[0], self)

    def multiply(self, x: Float[Array, "M W"]) -> Float[Array, "n W"]:
        """Multiplies x by the entries of one device, which have no leading axis any more."""
        return self.pattern.sum_members(self.values.astype(x.dtype)[None], x[None])[0]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ShardedOperator:
    """The operator S whose rows lie in equal blocks over the axis "nodes" of a mesh of devices.

    In a product the devices send each other the rows that others read, and nothing else; ``matvec``
    is differentiable in x, in every mode. It goes into ``jax.jit`` as every other operator does,
    with signals sharded by rows, and into ``jax.shard_map`` over other axes of the mesh.

    Attributes:
        near: the entries between nodes of one device, [n, n].
        far: the entries that read rows of other devices, [n, h]; None if there are none.
        senders: for each round of the exchange, a [P, s] array of the rows that devices send.
        pairs: for each round the pairs (sender, receiver) of devices.
        mesh: the devices.
        num_nodes: the number of rows P n.
        precision: "mixed" rounds what products read, and sends half as many bytes.
    """

    near: Part
    far: Part | None
    senders: tuple[Int32[Array, "P s"], ...]
    pairs: tuple[Pairs, ...] = static()
    mesh: Mesh = static()
    num_nodes: int = static()
    precision: Precision = static("full")
    of_reals: ClassVar[bool] = True  # filters take complex signals by their parts

    __repr__ = brief

    def matvec(self, x: Float[Array, "N *channels"]) -> Float[Array, "N *channels"]:
        """Returns S x [N, ...] for a signal x [N, ...]; a ValueError names another shape."""
        check_signal(x, self.num_nodes)
        return symmetric_product(self, x)

    def multiply(self, x: Float[Array, "N W"]) -> Float[Array, "N W"]:
        """Returns S x [N, W] for x [N, W]; it has no derivatives."""
        return _multiplied(self, x)


@jax.jit
def _multiplied(operator: ShardedOperator, x: Array) -> Array:
    parts = operator.near, operator.far, operator.senders
    product = partial(_product, operator.pairs, operator.precision)
    return over_nodes(product, operator.mesh)(parts, x)


def _product(pairs: Sequence[Pairs], precision: Precision, parts: Any, x: Array) -> Array:
    """The rows of S x of one device, for its rows of x [n, W]."""
    near, far, senders = parts
    total = near.of_device().multiply(read_as(precision, x))
    if far is None:
        return total
    stored = stored_as(precision, x)
    received = [
        jax.lax.ppermute(stored.at[rows[0]].get(mode="promise_in_bounds"), NODES, some)
        for rows, some in zip(senders, pairs, strict=True)
    ]
    return total + far.of_device().multiply(jnp.concatenate(received).astype(x.dtype))


def over_nodes(function: Callable[..., Any], mesh: Mesh) -> Callable[..., Any]:
    """``jax.shard_map`` over the axis "nodes", also inside one over other axes of the mesh.

    Args:
        function: of the parts of one device; each argument and each result has an axis of nodes, or
            of devices, first.
        mesh: the devices.
    """
    around = jax.sharding.get_abstract_mesh()
    if around.empty:
        return jax.shard_map(function, mesh=mesh, in_specs=P(NODES), out_specs=P(NODES))
    specs: dict[str, Any] = {"in_specs": P(NODES), "out_specs": P(NODES)}
    return jax.shard_map(function, axis_names={NODES}, **specs)


def sharded_operator(
    graph: Graph,
    mesh: Mesh,
    *,
    backend: Backend = "auto",
    precision: Precision = "full",
    dtype: DTypeLike = jnp.float32,
) -> ShardedOperator:
    """Spreads S over devices; node i goes to device i // (N / P).

    Put the nodes into blocks with few edges between them first (``longnn.operators.blocks_of``).

    Args:
        graph: a graph of N nodes, a multiple of the number P of devices.
        mesh: a mesh with an axis "nodes" of P devices.
        backend: the product of each device, "native", "csr", "segment_sum" or "auto".
        precision: "mixed" rounds the signals that products read, and send, to bfloat16.
        dtype: the dtype of the entries.

    Raises:
        ValueError: if the mesh has no axis "nodes", N is no multiple of P, or the backend is
            "bucketed", whose programs differ between devices.

    Example:
        >>> import numpy as np
        >>> ring = Graph.from_edges(np.array([[0, 1], [1, 2], [2, 3], [3, 0]]), 4)
        >>> S = sharded_operator(ring, jax.make_mesh((1,), ("nodes",)))
        >>> S.matvec(jnp.arange(4.0)).tolist()
        [2.0, 1.0, 2.0, 1.0]
    """
    count = _devices_of(mesh, graph.num_nodes)
    size = graph.num_nodes // count
    rows, columns = (np.asarray(on_host(a), np.int64) for a in (graph.receivers, graph.senders))
    values, block = shift_entries(graph), rows // size
    far = block != columns // size
    exchange, place = exchange_of(block[far], columns[far], count, size)
    made = _Making(mesh, choose(backend), dtype)
    local = rows % size
    inner = (block[~far], local[~far], columns[~far] % size, values[~far])
    outer = (block[far], local[far], place, values[far])
    return ShardedOperator(
        made.part(*inner, (size, size)),
        made.part(*outer, (size, exchange.received)) if far.any() else None,
        tuple(made.spread(a) for a in exchange.senders),
        exchange.pairs,
        mesh,
        graph.num_nodes,
        precision,
    )


@dataclass(frozen=True)
class _Making:
    """Puts what the devices of a mesh have of their own on them."""

    mesh: Mesh
    backend: Backend
    dtype: DTypeLike

    def part(
        self,
        block: Int[np.ndarray, " e"],
        rows: Int[np.ndarray, " e"],
        columns: Int[np.ndarray, " e"],
        values: Float[np.ndarray, " e"],
        shape: tuple[int, int],
    ) -> Part:
        """The entries of all blocks, which are sorted by block and row."""
        sizes = np.bincount(block, minlength=self.mesh.shape[NODES])
        ends = np.cumsum(sizes)
        found = []
        for end, count in zip(ends, sizes, strict=True):
            some = slice(end - count, end)
            pad = (0, sizes.max() - count)  # entries of 0 in the last row
            row = np.pad(rows[some], pad, constant_values=shape[0] - 1)
            column, value = np.pad(columns[some], pad), np.pad(values[some], pad)
            found.append(self._one(row, column, value, shape))
        stacked = jax.tree.map(lambda *leaves: self.spread(np.stack(leaves)), *found)
        return stacked

    def _one(
        self, rows: np.ndarray, columns: np.ndarray, values: np.ndarray, shape: tuple[int, int]
    ) -> Part:
        if self.backend == "native":
            pattern: Pattern = native_rows(rows, columns, shape)
        elif self.backend in ("csr", "segment_sum"):
            of = csr_rows if self.backend == "csr" else segment_rows
            pattern, order = of(rows, columns, shape)
            values = values[order]
        else:
            raise ValueError(
                f"backend {self.backend!r} makes another program for each device; nodes over "
                "devices take 'native', 'csr', 'segment_sum' or 'auto'"
            )
        return jax.tree.map(np.asarray, Part(pattern, on_device(values, self.dtype)))

    def spread(self, values: np.ndarray) -> Array:
        """An array [P, ...] over the devices."""
        return over_devices(values, NamedSharding(self.mesh, P(NODES)))


def _devices_of(mesh: Mesh, nodes: int) -> int:
    """The devices of the axis of nodes, or a ValueError if there is none or it does not fit."""
    if NODES not in mesh.shape:
        raise ValueError(
            f"the mesh has the axes {mesh.axis_names}, expected one called 'nodes'; make it with "
            "jax.make_mesh((8,), ('nodes',))"
        )
    count = mesh.shape[NODES]
    if nodes % count:
        raise ValueError(
            f"{nodes} nodes do not make {count} equal blocks; take the graph of "
            "longnn.operators.blocks_of(...), which adds isolated ones"
        )
    return count
