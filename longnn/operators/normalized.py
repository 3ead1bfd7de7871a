"""The normalised adjacency S = D^-1/2 A D^-1/2 as a symmetric operator, on each backend."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float, Int

from longnn.graphs.checks import check_word
from longnn.graphs.device import on_device, on_host
from longnn.graphs.graph import Graph, check_signal
from longnn.graphs.oneline import brief
from longnn.graphs.scaling import check_degrees, degree_power, shift_entries
from longnn.operators.bucketed import Rows, bucketed_rows
from longnn.operators.choice import Backend, choose, written_out_here
from longnn.operators.csr import CsrOperator, csr_operator
from longnn.operators.native.operator import NativeOperator, native_operator
from longnn.operators.order import NodeOrder, OrderedOperator, near_order, ordered
from longnn.operators.precision import Precision, read_as, stored_as
from longnn.operators.transforms import static
from polybases.signals import check_entries


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class BucketedOperator:
    """S by gathers over padded rows; reads only indices where the graph is unweighted.

    Attributes:
        rows: pattern of A.
        scale: [N] D^-1/2, 0 at isolated nodes.
        weights: [2E] edge weights, or None.
        precision: "mixed" rounds what products read; it takes no less memory here.
    """

    rows: Rows
    scale: Float[Array, " N"]
    weights: Float[Array, " entries"] | None
    precision: Precision = static("full")
    of_reals: ClassVar[bool] = True  # filters take complex signals by their parts

    __repr__ = brief

    def matvec(self, x: Float[Array, "N *channels"]) -> Float[Array, "N *channels"]:
        """x [N, ...] -> S x [N, ...]."""
        check_signal(x, self.scale.shape[0])
        scale = self.scale.reshape(-1, *(1,) * (x.ndim - 1)).astype(x.dtype)
        weights = None if self.weights is None else self.weights.astype(x.dtype)
        return scale * self.rows.sum(read_as(self.precision, scale * x), weights)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class SegmentOperator:
    """S by ``segment_sum`` over its entries; plain, and differentiable in ``values``.

    Attributes:
        senders: [2E] column of each entry.
        receivers: [2E] row of each entry, ascending.
        values: [2E] entries of S, symmetric.
        num_nodes: N.
        precision: "mixed" gathers bfloat16, and sums in the type of the signal.
        written_out: steps of a filter's sweep that are written out, see ``longnn.filters.added``;
            0 for a loop of products, which a CPU prefers.
    """

    senders: Int[Array, " entries"]
    receivers: Int[Array, " entries"]
    values: Float[Array, " entries"]
    num_nodes: int = static()
    precision: Precision = static("full")
    written_out: int = static(0)
    of_reals: ClassVar[bool] = True  # filters take complex signals by their parts

    __repr__ = brief

    def matvec(self, x: Float[Array, "N *channels"]) -> Float[Array, "N *channels"]:
        """x [N, ...] -> S x [N, ...]."""
        check_signal(x, self.num_nodes)
        values = check_entries(self.values, x.dtype).reshape(-1, *(1,) * (x.ndim - 1))
        gathered = values * self._gathered(x)
        return jax.ops.segment_sum(
            gathered, self.receivers, self.num_nodes, indices_are_sorted=True
        )

    def add_product(
        self, total: Float[Array, "N W"], x: Float[Array, "N W"], factor: Float[Array, " W"]
    ) -> Float[Array, "N W"]:
        """total + S x diag(factor)."""
        entries = self.values.astype(x.dtype)[:, None] * (factor * self._gathered(x))
        place = total.at[self.receivers]
        return place.add(entries, indices_are_sorted=True, mode="promise_in_bounds")

    def _gathered(self, x: Float[Array, "N *channels"]) -> Float[Array, "entries *channels"]:
        stored = stored_as(self.precision, x)
        return stored.at[self.senders].get(mode="promise_in_bounds").astype(x.dtype)


Pure = CsrOperator | BucketedOperator | SegmentOperator
"""S on one of the backends in pure JAX."""


def normalized_adjacency(
    graph: Graph,
    *,
    backend: Backend = "auto",
    order: NodeOrder = "given",
    precision: Precision = "full",
    dtype: DTypeLike = jnp.float32,
) -> NativeOperator | Pure | OrderedOperator:
    """S = D^-1/2 A D^-1/2 with spectrum in [-1, 1]; no self-loops are added.

    The row of an isolated node is zero: it sits at eigenvalue 0 of S, lambda = 1.
    Source: F. Chung, Spectral Graph Theory (1997), section 1.2 (S = I - L).

    Args:
        graph: N nodes.
        backend: "native" (C++ kernels), "csr" (jaxlib's product), "bucketed" (gathers only),
            "segment_sum", or "auto":
            :func:`choose`.
        order: of the nodes inside the operator; signals stay in that of the graph. "rcm" is
            reverse Cuthill-McKee's (:func:`longnn.operators.order.near_order`), for large graphs
            whose nodes are numbered without regard to their neighbours.
        precision: "mixed" rounds the signals that products read to bfloat16; sums, and results,
            are of the signals' own type. On native and segment_sum that halves what is read.
        dtype: of the entries.

    Raises:
        ValueError: for an unknown backend, order or precision, or a backend that cannot be had.
    """
    check_word("order", order, NodeOrder)
    check_word("precision", precision, Precision)
    backend = choose(backend)
    rows = near_order(graph) if order == "rcm" else None
    if backend == "native":
        return native_operator(graph, dtype, rows, precision)
    if rows is None:
        return _pure(graph, backend, dtype, precision)
    return ordered(_pure(graph.subgraph(rows), backend, dtype, precision), rows)


def _pure(graph: Graph, backend: Backend, dtype: DTypeLike, precision: Precision) -> Pure:
    if backend == "bucketed":
        return _bucketed_operator(graph, dtype, precision)
    values = shift_entries(graph)
    if backend == "csr":
        return csr_operator(graph, values, dtype, precision)
    senders, receivers = (on_device(a, jnp.int32) for a in (graph.senders, graph.receivers))
    return SegmentOperator(
        senders,
        receivers,
        on_device(values, dtype),
        graph.num_nodes,
        precision,
        written_out=written_out_here(),
    )


def _bucketed_operator(graph: Graph, dtype: DTypeLike, precision: Precision) -> BucketedOperator:
    senders, receivers = on_host(graph.senders), on_host(graph.receivers)
    shape = (graph.num_nodes, graph.num_nodes)
    rows = bucketed_rows(receivers, senders, shape, with_values=graph.weights is not None)
    degree = graph.degrees()
    check_degrees(degree, dtype)
    weights = None if graph.weights is None else on_device(graph.weights, dtype)
    scale = on_device(degree_power(degree, -0.5), dtype)
    return BucketedOperator(rows, scale, weights, precision)
