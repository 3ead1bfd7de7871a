"""The normalised adjacency with its rows over devices, which send each other boundary rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.sharding import AxisType, Mesh, NamedSharding
from jax.sharding import PartitionSpec as P
from jax.typing import DTypeLike
from jaxtyping import Float, Int32

from longnn.graphs.device import on_host, over_devices
from longnn.graphs.graph import Graph, check_signal
from longnn.graphs.oneline import brief
from longnn.graphs.scaling import shift_entries
from longnn.operators.choice import Backend, choose
from longnn.operators.halo import Pairs, exchange_of
from longnn.operators.precision import Precision, read_as, stored_as
from longnn.operators.products import Pattern, symmetric_product
from longnn.operators.stacking import Stacked, stacked
from longnn.operators.transforms import static

NODES = "nodes"
"""The axis of a mesh over which nodes are spread."""

BY_NODES = P(NODES)
"""Arrays of which every device has some rows."""


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
        _sent(stored.at[rows[0]].get(mode="promise_in_bounds"), some)
        for rows, some in zip(senders, pairs, strict=True)
    ]
    return total + far.of_device().multiply(jnp.concatenate(received).astype(x.dtype))


def _sent(rows: Array, pairs: Pairs) -> Array:
    """What a device receives, zeros where no other sends it rows."""
    if rows.dtype != jnp.bfloat16:
        return jax.lax.ppermute(rows, NODES, pairs)
    # as whole numbers: XLA would send float32 on a CPU
    sent = jax.lax.ppermute(jax.lax.bitcast_convert_type(rows, jnp.uint16), NODES, pairs)
    return jax.lax.bitcast_convert_type(sent, jnp.bfloat16)


def over_nodes(
    function: Callable[..., Any], mesh: Mesh, given: Any = BY_NODES, made: Any = BY_NODES
) -> Callable[..., Any]:
    """``jax.shard_map`` over the axis "nodes", also inside one over other axes of the mesh.

    Args:
        function: of the parts of one device.
        mesh: the devices.
        given: which axes of each argument are spread; the first one, unless it is said.
        made: likewise of the results.
    """
    specs: dict[str, Any] = {"in_specs": given, "out_specs": made}
    around = jax.sharding.get_abstract_mesh()
    if around.empty:
        return jax.shard_map(function, mesh=mesh, **specs)
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
        mesh: a mesh with an axis "nodes" of P devices; the operator's own has automatic axes.
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
    count, mesh = _devices_of(mesh, graph.num_nodes), _automatic(mesh)
    size = graph.num_nodes // count
    rows, columns = (np.asarray(on_host(a), np.int64) for a in (graph.receivers, graph.senders))
    values, block = shift_entries(graph), rows // size
    far = block != columns // size
    exchange, place = exchange_of(block[far], columns[far], count, size)
    local, backend, by_device = rows % size, choose(backend), NamedSharding(mesh, BY_NODES)

    def part(which: np.ndarray, columns: np.ndarray, width: int) -> Part:
        of = block[which], local[which], columns, (size, width), count, backend
        return _part(stacked(*of), values[which], dtype, by_device)

    return ShardedOperator(
        part(~far, columns[~far] % size, size),
        part(far, place, exchange.received) if far.any() else None,
        tuple(over_devices(rows, by_device) for rows in exchange.senders),
        exchange.pairs,
        mesh,
        graph.num_nodes,
        precision,
    )


def _part(
    made: Stacked, values: Float[np.ndarray, " e"], dtype: DTypeLike, sharding: NamedSharding
) -> Part:
    """The entries on the devices."""
    placed = Part(made.pattern, np.append(values, 0)[made.entry].astype(dtype))
    return jax.tree.map(lambda leaf: over_devices(leaf, sharding), placed)


def _automatic(mesh: Mesh) -> Mesh:
    """The same devices, where jit chooses how signals are spread that do not say so themselves."""
    return Mesh(mesh.devices, mesh.axis_names, axis_types=(AxisType.Auto,) * mesh.devices.ndim)


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
