"""The normalised adjacency S = D^-1/2 A D^-1/2 as a symmetric operator.

Anything with ``matvec`` and the pytree structure of its arrays is an operator; a graph shift of
your own is one dataclass away.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import DTypeLike

from longnn.graph import Graph
from longnn.rows import Rows, bucketed_rows
from longnn.transforms import static

Backend = Literal["bucketed", "segment_sum"]


class Operator(Protocol):
    """A symmetric linear map on node signals, and a pytree."""

    def matvec(self, x: Array) -> Array:
        """x [N, ...] -> S x [N, ...]."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class BucketedOperator:
    """S by gathers over padded rows; reads only indices where the graph is unweighted.

    Attributes:
        rows: pattern of A.
        scale: [N] D^-1/2, 0 at isolated nodes.
        weights: [2E] edge weights, or None.
    """

    rows: Rows
    scale: Array
    weights: Array | None

    def matvec(self, x: Array) -> Array:
        """x [N, ...] -> S x [N, ...]."""
        _check_signal(x, self.scale.shape[0])
        scale = self.scale.reshape(-1, *(1,) * (x.ndim - 1)).astype(x.dtype)
        weights = None if self.weights is None else self.weights.astype(x.dtype)
        return scale * self.rows.sum(scale * x, weights)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class SegmentOperator:
    """S by ``segment_sum`` over its entries; plain, and differentiable in ``values``.

    Attributes:
        senders: [2E] column of each entry.
        receivers: [2E] row of each entry, ascending.
        values: [2E] entries of S, symmetric.
        num_nodes: N.
    """

    senders: Array
    receivers: Array
    values: Array
    num_nodes: int = static()

    def matvec(self, x: Array) -> Array:
        """x [N, ...] -> S x [N, ...]."""
        _check_signal(x, self.num_nodes)
        values = self.values.reshape(-1, *(1,) * (x.ndim - 1)).astype(x.dtype)
        gathered = values * x.at[self.senders].get(mode="promise_in_bounds")
        return jax.ops.segment_sum(
            gathered, self.receivers, self.num_nodes, indices_are_sorted=True
        )


def _check_signal(x: Array, num_nodes: int) -> None:
    """Gathers trust their indices, so a wrong N must be caught here."""
    if x.ndim < 1 or x.shape[0] != num_nodes:
        raise ValueError(f"a signal must have shape [N, ...] with N = {num_nodes}, got {x.shape}")


def normalized_adjacency(
    graph: Graph, *, backend: Backend = "bucketed", dtype: DTypeLike = jnp.float32
) -> BucketedOperator | SegmentOperator:
    """S = D^-1/2 A D^-1/2 with spectrum in [-1, 1]; no self-loops are added.

    The row of an isolated node is zero: it sits at eigenvalue 0 of S, lambda = 1.
    Source: F. Chung, Spectral Graph Theory (1997), section 1.2 (S = I - L).

    Args:
        graph: N nodes.
        backend: "bucketed" (gathers only, the choice on a CPU) or "segment_sum".
        dtype: of the entries.

    Raises:
        ValueError: for an unknown backend.
    """
    degree = graph.degrees()
    scale = np.where(degree > 0, 1 / np.sqrt(np.maximum(degree, np.finfo(float).tiny)), 0.0)
    senders, receivers = np.asarray(graph.senders), np.asarray(graph.receivers)
    weights = None if graph.weights is None else np.asarray(graph.weights)
    if backend == "bucketed":
        shape = (graph.num_nodes, graph.num_nodes)
        rows = bucketed_rows(receivers, senders, shape, with_values=weights is not None)
        device_weights = None if weights is None else jnp.asarray(weights, dtype)
        return BucketedOperator(rows, jnp.asarray(scale, dtype), device_weights)
    if backend == "segment_sum":
        values = scale[senders] * scale[receivers] * (1.0 if weights is None else weights)
        return SegmentOperator(
            jnp.asarray(senders, jnp.int32),
            jnp.asarray(receivers, jnp.int32),
            jnp.asarray(values, dtype),
            graph.num_nodes,
        )
    raise ValueError(f"unknown backend {backend!r}; choose 'bucketed' or 'segment_sum'")
