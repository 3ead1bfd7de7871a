"""The normalised adjacency on the native kernels."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.custom_batching import custom_vmap
from jax.typing import DTypeLike

from longnn.graph import Graph, check_signal
from longnn.native.rows import NativeRows, check_dtype, native_rows
from longnn.transforms import refuse_gradient
from polybases import Recurrence


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class NativeOperator:
    """S = D^-1/2 A D^-1/2 with whole filter sweeps in one call each.

    ``matvec`` is differentiable in reverse mode (S is symmetric); for forward mode take
    ``backend="bucketed"``.

    Attributes:
        rows: pattern of A.
        weights: [2E] edge weights, or empty for an unweighted graph.
        root: [N] sqrt(degree), 1 at isolated nodes.
        inverse_degree: [N], 0 at isolated nodes.
        values: [2E] entries of S.
    """

    rows: NativeRows
    weights: Array
    root: Array
    inverse_degree: Array
    values: Array

    def matvec(self, x: Array) -> Array:
        """x [N, ...] -> S x [N, ...]."""
        self._check(x)
        return _symmetric(self.rows, self.values.astype(x.dtype), x)

    def filter_sum(self, recurrence: Recurrence, theta: Array, x: Array) -> Array:
        """sum_k theta_k p_k(S) x as ``polybases.weighted_sum``, without derivatives.

        Args:
            recurrence: leaves [K, ...] of the trailing rank of x.
            theta: [K+1, ...] of the trailing shape of x.
            x: [N, ...].
        """
        arrays, width = self._arrays(recurrence, theta, x)
        shape = jax.ShapeDtypeStruct((x.shape[0], width), x.dtype)
        scratch = jax.ShapeDtypeStruct((3, x.shape[0], _padded(width, x.dtype)), x.dtype)
        call = jax.ffi.ffi_call(f"longnn_filter_sum_{x.dtype.name}", (shape, scratch))
        return call(*arrays)[0].reshape(x.shape)

    def filter_adjoint(
        self, recurrence: Recurrence, theta: Array, x: Array, g: Array
    ) -> tuple[Array, Array]:
        """(dtheta [K+1, ...], dx [N, ...]): see ``longnn.filter``."""
        arrays, width = self._arrays(recurrence, theta, x)
        terms, chunks = theta.shape[0], len(self.rows.chunks) - 1
        shapes = (
            jax.ShapeDtypeStruct((terms, width), x.dtype),
            jax.ShapeDtypeStruct((x.shape[0], width), x.dtype),
            jax.ShapeDtypeStruct(
                ((4 * x.shape[0] + chunks * terms) * _padded(width, x.dtype),), x.dtype
            ),
        )
        call = jax.ffi.ffi_call(f"longnn_filter_adjoint_{x.dtype.name}", shapes)
        dtheta, dx, _ = call(*arrays, g.reshape(-1, width))
        return dtheta.reshape(theta.shape), dx.reshape(x.shape)

    def _check(self, x: Array) -> None:
        check_signal(x, len(self.root))
        check_dtype(x)

    def _arrays(self, recurrence: Recurrence, theta: Array, x: Array) -> tuple[list[Array], int]:
        """Operands in the order of the kernels: coefficients of every column, [K, W]."""
        self._check(x)
        nodes, *columns = x.shape
        width = int(np.prod(columns))
        first, *rest = (
            jnp.broadcast_to(leaf, (*leaf.shape[:leading], *columns)).astype(x.dtype)
            for leaf, leading in zip(recurrence[:4], (0, 1, 1, 1), strict=True)
        )
        graph = (self.weights, self.root, self.inverse_degree)
        return [
            self.rows.start,
            self.rows.columns,
            self.rows.chunks,
            *(array.astype(x.dtype) for array in graph),
            first.reshape(width),
            *(leaf.reshape(-1, width) for leaf in (*rest, theta)),
            x.reshape(nodes, width),
        ], width


def native_operator(graph: Graph, dtype: DTypeLike = jnp.float32) -> NativeOperator:
    """S on the device; the kernels must be active (``longnn.native.status``)."""
    degree = graph.degrees()
    senders, receivers = np.asarray(graph.senders), np.asarray(graph.receivers)
    weights = np.zeros(0) if graph.weights is None else np.asarray(graph.weights)
    root = np.where(degree > 0, np.sqrt(degree), 1.0)
    inverse = np.where(degree > 0, 1 / root**2, 0.0)
    values = (weights if len(weights) else 1.0) / (root[senders] * root[receivers])
    rows = native_rows(receivers, senders, (graph.num_nodes, graph.num_nodes))
    return NativeOperator(rows, *(jnp.asarray(a, dtype) for a in (weights, root, inverse, values)))


def _padded(width: int, dtype: DTypeLike) -> int:
    """Columns in whole 64-byte vectors, as the kernels lay them out."""
    lanes = 64 // jnp.dtype(dtype).itemsize
    return -(-width // lanes) * lanes


@jax.custom_vjp
def _symmetric(rows: NativeRows, values: Array, x: Array) -> Array:
    return _product(rows, values, x)


def _symmetric_forward(rows: Any, values: Any, x: Any) -> tuple[Array, Any]:
    rows, values = refuse_gradient(
        (rows, values),
        "the native operator gives no derivative in its entries; take backend='bucketed' or "
        "'segment_sum'",
    )
    return _product(rows, values, x.value), (rows, values)


def _symmetric_backward(residuals, g):
    if isinstance(g, jax.custom_derivatives.SymbolicZero):
        return None, None, jnp.zeros(g.shape, g.dtype)
    return None, None, _product(*residuals, g)


_symmetric.defvjp(_symmetric_forward, _symmetric_backward, symbolic_zeros=True)


@custom_vmap
def _product(rows: NativeRows, values: Array, x: Array) -> Array:
    return _members(rows, values, x[None])[0]


@_product.def_vmap
def _(axis_size, in_batched, rows, values, x):
    rows_batched, values_batched, x_batched = in_batched
    if any(jax.tree.leaves((rows_batched, values_batched))):
        raise ValueError("vmap over graphs needs backend='bucketed' or 'segment_sum'")
    return (_members(rows, values, x) if x_batched else _product(rows, values, x)), x_batched


def _members(rows: NativeRows, values: Array, x: Array) -> Array:
    """[B, N, ...] -> [B, N, ...]."""
    flat = x.reshape(*x.shape[:2], -1)
    return rows.sum_members(values[None], flat).reshape(x.shape)
