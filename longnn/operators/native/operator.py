"""The normalised adjacency on the native kernels."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float, Float64, Int, Real

from longnn.graphs.device import on_device, on_host
from longnn.graphs.graph import Graph, check_signal
from longnn.graphs.oneline import brief
from longnn.graphs.scaling import check_degrees, degree_power
from longnn.operators.exported import exporting, portable_product
from longnn.operators.native.rows import (
    READ_AHEAD,
    NativeRows,
    check_dtype,
    kernel,
    padded_rows,
)
from longnn.operators.order import inverse_of
from longnn.operators.precision import Precision, check_float32, read_as
from longnn.operators.products import symmetric_product
from longnn.operators.transforms import static
from polybases import Recurrence

NEAR = 49_152
"""Nodes whose narrowest panel (32 bytes a node) fills kNear of product.h."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class NativeOperator:
    """S = D^-1/2 A D^-1/2 with whole filter sweeps in one call each.

    ``matvec`` is differentiable in every mode (S is symmetric). Programs for ``jax.export`` hold
    other products in place of the kernels.

    The ``NEAR`` nodes of highest degree come first, by falling degree: nodes that many rows read
    then share lines of the nearest caches. All others keep their order, unless another is given.

    Attributes:
        rows: pattern of A in the order of rows, padded.
        node_of_row, row_of_node: [N] int32, inverse to each other.
        weights: edge weights in the order of ``rows``, or empty for an unweighted graph.
        root: [N] sqrt(degree) of each row, 1 at isolated nodes.
        inverse_degree: [N] of each row, 0 at isolated nodes.
        precision: "mixed" keeps what neighbours read as bfloat16; those filters are for float32.
    """

    rows: NativeRows
    node_of_row: Int[Array, " N"]
    row_of_node: Int[Array, " N"]
    weights: Float[Array, " padded"]
    root: Float[Array, " N"]
    inverse_degree: Float[Array, " N"]
    precision: Precision = static("full")
    of_reals: ClassVar[bool] = True  # filters take complex signals by their parts

    __repr__ = brief

    def matvec(self, x: Float[Array, "N *channels"]) -> Float[Array, "N *channels"]:
        """x [N, ...] -> S x [N, ...]."""
        self._check(x)
        return symmetric_product(self, x)

    def multiply(self, x: Float[Array, "N W"]) -> Float[Array, "N W"]:
        """x [N, W] -> S x [N, W], without derivatives."""
        if exporting():
            return self._portable(x)
        size = (x.shape[0] + 1) * _padded(x.shape[1], x.dtype)
        scratch = jax.ShapeDtypeStruct((self._stored(size),), x.dtype)
        call = kernel(f"longnn_matvec_{self._kind(x)}", (x, scratch))
        return call(*self._graph_arrays(x.dtype), x)[0]

    def _portable(self, x: Array) -> Array:
        """The same in operations of jax alone."""
        root, inverse = (a.astype(x.dtype)[:, None] for a in (self.root, self.inverse_degree))
        columns = self.rows.columns[:-READ_AHEAD]
        weights = self.weights.astype(x.dtype) if self.weights.size else None
        scaled = read_as(self.precision, x[self.node_of_row] / root)
        total = portable_product(self.rows.start, columns, weights, scaled)
        return (root * inverse * total)[self.row_of_node]

    def filter_sum(
        self,
        recurrence: Recurrence,
        theta: Float[Array, "terms *channels"],
        x: Float[Array, "N *channels"],
    ) -> Float[Array, "N *channels"]:
        """sum_k theta_k p_k(S) x as ``polybases.weighted_sum``, without derivatives.

        Args:
            recurrence: leaves [K, ...] of the trailing rank of x.
            theta: [K+1, ...] of the trailing shape of x.
            x: [N, ...].
        """
        arrays, width = self._arrays(recurrence, theta, x)
        shape = jax.ShapeDtypeStruct((x.shape[0], width), x.dtype)
        scratch = jax.ShapeDtypeStruct((self._scratch(x, width, 1),), x.dtype)
        call = kernel(f"longnn_filter_sum_{self._kind(x)}", (shape, scratch))
        return call(*arrays)[0].reshape(x.shape)

    def filter_adjoint(
        self,
        recurrence: Recurrence,
        theta: Float[Array, "terms *channels"],
        x: Float[Array, "N *channels"],
        g: Float[Array, "N *channels"],
    ) -> tuple[Float[Array, "terms *channels"], Float[Array, "N *channels"]]:
        """(dtheta [K+1, ...], dx [N, ...]): see ``longnn.filter``."""
        arrays, width = self._arrays(recurrence, theta, x)
        terms, chunks = theta.shape[0], len(self.rows.chunks) - 1
        shapes = (
            jax.ShapeDtypeStruct((terms, width), x.dtype),
            jax.ShapeDtypeStruct((x.shape[0], width), x.dtype),
            jax.ShapeDtypeStruct(
                (self._scratch(x, width, 2) + chunks * terms * _padded(width, x.dtype),), x.dtype
            ),
        )
        call = kernel(f"longnn_filter_adjoint_{self._kind(x)}", shapes)
        dtheta, dx, _ = call(*arrays, g.reshape(-1, width))
        return dtheta.reshape(theta.shape), dx.reshape(x.shape)

    def lanczos_sum(
        self, theta: Float[Array, "terms *channels"], x: Float[Array, "N *channels"]
    ) -> Float[Array, "N *channels"]:
        """sum_k theta_k v_k: see ``longnn.filters.lanczos.lanczos_filter``, without derivatives.

        Args:
            theta: [K+1, ...] of the trailing shape of x.
            x: [N, ...].
        """
        wide, scratch = self._lanczos(theta, x, 4)
        y = jax.ShapeDtypeStruct(wide[1].shape, x.dtype)
        call = kernel(f"longnn_lanczos_sum_{x.dtype.name}", (y, scratch))
        return call(*self._graph_arrays(x.dtype), *wide)[0].reshape(x.shape)

    def lanczos_adjoint(
        self,
        theta: Float[Array, "terms *channels"],
        x: Float[Array, "N *channels"],
        g: Float[Array, "N *channels"],
    ) -> tuple[Float[Array, "terms *channels"], Float[Array, "N *channels"]]:
        """(dtheta [K+1, ...], dx [N, ...]) for the cotangent g of :meth:`lanczos_sum`."""
        wide, scratch = self._lanczos(theta, x, theta.shape[0] + 4)
        shapes = [jax.ShapeDtypeStruct(a.shape, x.dtype) for a in wide]
        call = kernel(f"longnn_lanczos_adjoint_{x.dtype.name}", (*shapes, scratch))
        dtheta, dx, _ = call(*self._graph_arrays(x.dtype), *wide, g.reshape(wide[1].shape))
        return dtheta.reshape(theta.shape), dx.reshape(x.shape)

    def _lanczos(
        self, theta: Array, x: Array, signals: int
    ) -> tuple[list[Array], jax.ShapeDtypeStruct]:
        """theta and x with one axis of columns, and memory for one panel of ``signals`` signals.

        Threads have memory of their own for the panels of a near graph.
        """
        self._check(x)
        nodes, terms, chunks = x.shape[0], theta.shape[0], len(self.rows.chunks) - 1
        panel = 2 * _padded(1, x.dtype)
        size = (signals * (nodes + 1) + 6 * terms * chunks) * panel if 2 * (nodes + 1) > NEAR else 0
        wide = [theta.reshape(terms, -1), x.reshape(nodes, -1)]
        return wide, jax.ShapeDtypeStruct((size,), x.dtype)

    def _graph_arrays(self, dtype: DTypeLike) -> list[Array]:
        """Operands of every kernel, in their order."""
        pattern = [
            self.rows.start,
            self.rows.columns,
            self.rows.chunks,
            self.node_of_row,
            self.row_of_node,
        ]
        return pattern + [a.astype(dtype) for a in (self.weights, self.root, self.inverse_degree)]

    def _scratch(self, x: Array, width: int, more: int) -> int:
        """Size of the 2 signals that a sweep works on, and of those that it sums in panels, too.

        Far signals whose columns fill vectors stay where they are: memory is what they wait for.
        """
        padded = _padded(width, x.dtype)
        stay = padded == width and x.shape[0] > NEAR
        signal = (x.shape[0] + 1) * padded
        return self._stored(2 * signal) + (0 if stay else more * signal)

    def _stored(self, numbers: int) -> int:
        """Size of what is kept for neighbours to read, in numbers of the signals' own type."""
        return numbers // 2 if self.precision == "mixed" else numbers

    def _kind(self, x: Array) -> str:
        """The end of a kernel's name."""
        return "mixed" if self.precision == "mixed" else x.dtype.name

    def _check(self, x: Array) -> None:
        check_signal(x, len(self.root))
        check_dtype(x)
        if self.precision == "mixed":
            check_float32(x)

    def _arrays(self, recurrence: Recurrence, theta: Array, x: Array) -> tuple[list[Array], int]:
        """Operands in the order of the kernels: coefficients of every column, [K, W]."""
        self._check(x)
        nodes, *columns = x.shape
        width = int(np.prod(columns))
        first, *rest = (
            jnp.broadcast_to(leaf, (*leaf.shape[:leading], *columns)).astype(x.dtype)
            for leaf, leading in zip(recurrence[:4], (0, 1, 1, 1), strict=True)
        )
        return [
            *self._graph_arrays(x.dtype),
            first.reshape(width),
            *(leaf.reshape(-1, width) for leaf in (*rest, theta)),
            x.reshape(nodes, width),
        ], width


def native_operator(
    graph: Graph,
    dtype: DTypeLike = jnp.float32,
    order: Int[np.ndarray, " N"] | None = None,
    precision: Precision = "full",
) -> NativeOperator:
    """S on the device; the kernels must be active (``longnn.operators.native.status``).

    Args:
        graph: N nodes.
        dtype: float32 or float64, of weights and degrees.
        order: [N] node of each row; None: see :class:`NativeOperator`.
        precision: likewise.
    """
    degree = graph.degrees()
    check_degrees(degree, dtype)
    pattern = native_pattern(graph, _hubs_first(degree) if order is None else order)
    weights = np.zeros(0) if graph.weights is None else pattern.padded(on_host(graph.weights))
    degree = degree[pattern.node_of_row]
    scaling = degree_power(degree, 0.5, isolated=1.0), degree_power(degree, -1.0)
    return pattern.operator(weights, *scaling, dtype, precision)


class NativePattern(NamedTuple):
    """Where the native kernels keep the entries of a matrix.

    Attributes:
        rows: the padded rows.
        node_of_row: [N] the node of each row.
        place: [2E] where each entry of the graph lies among the padded ones.
    """

    rows: NativeRows
    node_of_row: Int[np.ndarray, " N"]
    place: Int[np.ndarray, " entries"]

    def padded(self, values: Real[np.ndarray, " entries"]) -> Float64[np.ndarray, " padded"]:
        """Values in the order of the graph's entries, in that of the kernels; 0 elsewhere."""
        out = np.zeros(int(self.rows.start[-1]))
        out[self.place] = values
        return out

    def operator(
        self,
        weights: Float64[np.ndarray, " padded"],
        root: Float64[np.ndarray, " N"],
        inverse_degree: Float64[np.ndarray, " N"],
        dtype: DTypeLike,
        precision: Precision,
    ) -> NativeOperator:
        """The operator on the device; the arguments are attributes of :class:`NativeOperator`."""
        order = self.node_of_row, inverse_of(self.node_of_row)
        there, back = (on_device(a, np.int32) for a in order)
        values, scale, both = (on_device(a, dtype) for a in (weights, root, inverse_degree))
        return NativeOperator(self.rows, there, back, values, scale, both, precision)


def native_pattern(graph: Graph, node_of_row: Int[np.ndarray, " N"] | None = None) -> NativePattern:
    """The pattern of a graph's adjacency matrix.

    Args:
        graph: N nodes.
        node_of_row: [N] the node of each row; None: see :class:`NativeOperator`.
    """
    if node_of_row is None:
        node_of_row = _hubs_first(graph.degrees())
    row_of_node = inverse_of(node_of_row)
    receivers, senders = (row_of_node[on_host(a)] for a in (graph.receivers, graph.senders))
    entries = np.argsort(receivers, kind="stable")
    rows, place = padded_rows(
        receivers[entries],
        senders[entries],
        (graph.num_nodes, graph.num_nodes),
        # what is near is summed in more chains; for what is far, a smaller pattern counts
        together=4 if graph.num_nodes <= NEAR else 2,
    )
    where = np.empty_like(place)
    where[entries] = place
    return NativePattern(rows, node_of_row, where)


def _hubs_first(degree: Real[np.ndarray, " N"]) -> Int[np.ndarray, " N"]:
    """[N] nodes, the ``NEAR`` of highest degree first."""
    order = np.argsort(-degree, kind="stable")
    order[NEAR:].sort()  # so that their signals are read and written one after the other
    return order


def _padded(width: int, dtype: DTypeLike) -> int:
    """Columns in whole 64-byte vectors, as the kernels lay them out."""
    lanes = 64 // jnp.dtype(dtype).itemsize
    return -(-width // lanes) * lanes
