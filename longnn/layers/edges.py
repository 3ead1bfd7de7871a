"""S of edges as they come, inside compiled code too: for jraph's graphs, padded or in batches."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Int, Integer, Real

from longnn.graphs.checks import check_count, check_range
from longnn.graphs.graph import check_signal
from longnn.operators.transforms import static

Arrays = np.ndarray | Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class EdgeOperator:
    """S = D^-1/2 (A + w I) D^-1/2 by a sum over edges in any order; see :func:`edge_operator`.

    Attributes:
        senders: [E] node that an edge comes from.
        receivers: [E] node that it goes to.
        weights: [E] weights of the edges, or None.
        scale: [N] D^-1/2, 0 at isolated nodes.
        self_loops: weight w of the loop at every node, a scalar.
        num_nodes: N.
    """

    senders: Int[Array, " E"]
    receivers: Int[Array, " E"]
    weights: Float[Array, " E"] | None
    scale: Float[Array, " N"]
    self_loops: Float[Array, ""]
    num_nodes: int = static()

    def matvec(self, x: Float[Array, "N *channels"]) -> Float[Array, "N *channels"]:
        """x [N, ...] -> S x [N, ...]."""
        check_signal(x, self.num_nodes)
        rest = (1,) * (x.ndim - 1)
        scale = self.scale.reshape(-1, *rest).astype(x.dtype)
        scaled = scale * x
        sent = scaled[self.senders]
        if self.weights is not None:
            sent = self.weights.reshape(-1, *rest).astype(x.dtype) * sent
        gathered = jax.ops.segment_sum(sent, self.receivers, self.num_nodes)
        return scale * (gathered + self.self_loops.astype(x.dtype) * scaled)


def edge_operator(
    senders: Integer[ArrayLike, " E"],
    receivers: Integer[ArrayLike, " E"],
    num_nodes: int,
    weights: Real[ArrayLike, "E *one"] | None = None,
    *,
    self_loops: ArrayLike = 0.0,
) -> EdgeOperator:
    """S = D^-1/2 (A + w I) D^-1/2 of edges that are stored in both directions, as jraph has them.

    Unlike :func:`longnn.normalized_adjacency` it may be called inside ``jax.jit``, where the edges
    change from batch to batch. Several graphs in one tuple are one graph without edges between
    them, and the nodes and edges of ``jraph.pad_with_graphs`` are a component of their own, which
    leaves the others as they are. Edges that come more than once are added up.

    Args:
        senders: [E] indices in [0, N).
        receivers: [E] indices in [0, N).
        num_nodes: N, a Python number, for instance ``len(graphs.nodes)``.
        weights: [E] or [E, 1] weights >= 0, the same in both directions, or None; 0 is no edge, as
            in padding.
        self_loops: weight w >= 0 of a loop at every node; 1 for APPNP and SGC as published.

    Raises:
        ValueError: if shapes or dtypes do not fit, or where the edges are concrete: if an index is
            outside its range, a weight is negative or not finite, or an edge has no counterpart of
            the same weight. Traced edges cannot be checked: filters of an S that is not symmetric
            have wrong derivatives.

    Example:
        >>> senders, receivers = np.array([0, 1, 1, 2]), np.array([1, 0, 2, 1])
        >>> path = edge_operator(senders, receivers, num_nodes=3)
        >>> print(path.matvec(jnp.array([1.0, 0.0, 0.0])).round(3))
        [0.    0.707 0.   ]
    """
    check_count("num_nodes", num_nodes)
    check_range("self_loops", self_loops, 0, float("inf"), "[)")
    sources, targets = _array(senders), _array(receivers)
    values = None if weights is None else _array(weights)
    _check_edges(sources, targets, num_nodes, values)
    sources, targets = jnp.asarray(sources), jnp.asarray(targets)
    if values is not None:
        values = jnp.asarray(values).reshape(len(sources))
        real = jnp.issubdtype(values.dtype, jnp.floating)
        values = values if real else values.astype(jnp.float32)
    each = jnp.ones(len(sources)) if values is None else values
    loops = jnp.asarray(self_loops, each.dtype)
    degree = jax.ops.segment_sum(each, targets, num_nodes) + loops
    isolated = degree == 0  # a negative degree, of traced weights, gives NaN
    scale = jnp.where(isolated, 0, jax.lax.rsqrt(jnp.where(isolated, 1, degree)))
    return EdgeOperator(sources, targets, values, scale, loops, num_nodes)


def _array(values: Any) -> Arrays:
    return values if isinstance(values, jax.Array) else np.asarray(values)


def _check_edges(
    senders: Arrays, receivers: Arrays, num_nodes: int, weights: Arrays | None
) -> None:
    shapes = senders.shape, receivers.shape
    if shapes[0] != shapes[1] or len(shapes[0]) != 1:
        raise ValueError(f"senders and receivers must have one shape [E], got {shapes}")
    for name, indices in (("senders", senders), ("receivers", receivers)):
        if not jnp.issubdtype(indices.dtype, jnp.integer):
            raise ValueError(f"{name} must be integers, got dtype {indices.dtype}")
    if weights is not None and weights.shape not in (shapes[0], (*shapes[0], 1)):
        raise ValueError(
            f"weights must be one number for each of {shapes[0][0]} edges, got shape "
            f"{weights.shape}; for a jraph.GraphsTuple with other features of edges leave "
            "weights out"
        )
    if not any(isinstance(a, jax.core.Tracer) for a in (senders, receivers, weights)):
        given = None if weights is None else np.asarray(weights, np.float64).reshape(-1)
        _check_values(np.asarray(senders), np.asarray(receivers), num_nodes, given)


def _check_values(
    senders: np.ndarray, receivers: np.ndarray, num_nodes: int, weights: np.ndarray | None
) -> None:
    for name, indices in (("sender", senders), ("receiver", receivers)):
        outside = np.flatnonzero((indices < 0) | (indices >= num_nodes))
        if outside.size:
            raise ValueError(
                f"{name} {outside[0]} is {indices[outside[0]]}, but nodes lie in [0, {num_nodes})"
            )
    values = np.ones(len(senders)) if weights is None else weights
    bad = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if bad.size:
        raise ValueError(
            f"weights must be finite and >= 0, but weight {bad[0]} is {values[bad[0]]}"
        )
    matrix = scipy.sparse.csr_array((values, (receivers, senders)), (num_nodes, num_nodes))
    gap = abs(matrix - matrix.T)
    if gap.nnz and gap.max() > 1e-6 * values.max():
        row, column = (int(index[gap.tocoo().data.argmax()]) for index in gap.tocoo().coords)
        raise ValueError(
            f"edges must be stored in both directions with one weight, but from {column} to {row} "
            f"it is {matrix[row, column]:g}, back it is {matrix[column, row]:g}; take "
            "longnn.graphs.from_jraph(graphs), which makes a graph undirected"
        )
