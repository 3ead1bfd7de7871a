"""The magnetic Laplacian of a directed graph: Hermitian, with directions in the phase."""

from dataclasses import dataclass, field
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse
from jax import Array
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Complex, Float, Float64, Int, Real, Shaped

from longnn.graphs.device import on_device
from longnn.graphs.graph import check_signal, checked_edges, checked_weights
from longnn.graphs.scaling import degree_power


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class MagneticLaplacian:
    """L = I - (D^-1/2 A_s D^-1/2) * exp(2 pi i q (A - A^T)), with A_s = (A + A^T) / 2.

    Hermitian with spectrum in [0, 2], so that filters of complex signals take it as any operator,
    with a basis on [0, 2] (``polybases.on_interval``). q = 0 forgets the directions. Source: X.
    Zhang et al., MagNet (arXiv 2102.11391), equations 1 to 3.

    Attributes:
        senders, receivers: [nnz] column and row of each entry, ascending rows; both directions of
            every edge.
        sizes: [nnz] entries of D^-1/2 A_s D^-1/2; D holds the row sums of A_s.
        flows: [nnz] A - A^T, where A_uv is the weight of the edge from u (row) to v (column).
        q: the charge, a number; in [0, 1/4] for unweighted edges, and learnable.
        num_nodes: N.
    """

    senders: Int[Array, " nnz"]
    receivers: Int[Array, " nnz"]
    sizes: Float[Array, " nnz"]
    flows: Float[Array, " nnz"]
    q: Real[ArrayLike, ""]
    num_nodes: int = field(metadata={"static": True})

    def matvec(self, x: Complex[Array, "N *channels"]) -> Complex[Array, "N *channels"]:
        """x [N, ...] complex -> L x; differentiable in q, too.

        Raises:
            ValueError: if x is real, or has not N nodes.
        """
        check_signal(x, self.num_nodes)
        if not jnp.issubdtype(x.dtype, jnp.complexfloating):
            raise ValueError(
                f"a magnetic Laplacian acts on complex signals, got {x.dtype}; convert it, for "
                "instance with x.astype(jnp.complex64)"
            )
        entries = self.entries().astype(x.dtype).reshape(-1, *(1,) * (x.ndim - 1))
        moved = entries * x.at[self.senders].get(mode="promise_in_bounds")
        return x - jax.ops.segment_sum(
            moved, self.receivers, self.num_nodes, indices_are_sorted=True
        )

    def entries(self) -> Complex[Array, " nnz"]:
        """[nnz] entries of I - L."""
        angle = 2 * np.pi * jnp.asarray(self.q, self.flows.dtype) * self.flows
        return self.sizes * jax.lax.complex(jnp.cos(angle), jnp.sin(angle))


def magnetic_laplacian(
    edges: Shaped[np.ndarray, "..."],
    num_nodes: int,
    q: Real[ArrayLike, ""],
    weights: Shaped[np.ndarray, "..."] | None = None,
    *,
    dtype: DTypeLike = jnp.float32,
) -> MagneticLaplacian:
    """The normalised magnetic Laplacian of a directed graph.

    Args:
        edges: [E, 2] integers in [0, num_nodes), (from, to); an edge that comes twice counts
            twice.
        num_nodes: N >= 1; the row of an isolated node is that of the identity.
        q: the charge; 1/4 turns an unweighted edge by a right angle. It may be traced, and be set
            anew with ``dataclasses.replace``.
        weights: [E] positive numbers, or None for ones.
        dtype: of the entries; float32 goes with complex64 signals.

    Raises:
        ValueError: on a wrong shape or dtype, an index out of range, or a weight not positive.
        TypeError: if the edges are traced.

    Example:
        >>> import numpy as np
        >>> laplacian = magnetic_laplacian(np.array([[0, 1]]), 2, 0.25)
        >>> print(laplacian.matvec(jnp.array([1.0 + 0j, 0])).round(3))
        [1.+0.j 0.+1.j]
    """
    edges = checked_edges(edges, num_nodes)
    given = np.ones(len(edges)) if weights is None else checked_weights(weights, len(edges))
    *place, sizes, flows = magnetic_entries(edges, given, num_nodes)
    rows, columns = (on_device(a, jnp.int32) for a in place)
    values, turns = (on_device(a, dtype) for a in (sizes, flows))
    return MagneticLaplacian(columns, rows, values, turns, q, num_nodes)


class Entries(NamedTuple):
    """The entries of I - L^(q), for every q.

    Attributes:
        rows, columns: [nnz] places, by rows.
        sizes: [nnz] entries of D^-1/2 A_s D^-1/2, with A_s = (A + A^T) / 2 and its row sums D.
        flows: [nnz] A - A^T; an entry of I - L is its size times exp(2 pi i q flow).
    """

    rows: Int[np.ndarray, " nnz"]
    columns: Int[np.ndarray, " nnz"]
    sizes: Float64[np.ndarray, " nnz"]
    flows: Float64[np.ndarray, " nnz"]


def magnetic_entries(
    edges: Int[np.ndarray, "E 2"], weights: Float64[np.ndarray, " E"], num_nodes: int
) -> Entries:
    """The entries of I - L, on the host; loops and isolated nodes included.

    Args:
        edges: [E, 2] indices in [0, N), (from, to); an edge that comes twice counts twice.
        weights: [E] positive numbers.
        num_nodes: N.
    """
    shape = (num_nodes, num_nodes)
    there = scipy.sparse.csr_array((weights, (edges[:, 0], edges[:, 1])), shape=shape)
    both = scipy.sparse.csr_array(there + there.T) / 2
    both.sort_indices()
    entries = both.tocoo()
    rows, columns = entries.coords
    flows = np.asarray((there - there.T).tocsr()[rows, columns]).ravel()
    scale = degree_power(both.sum(axis=1), -0.5)
    return Entries(rows, columns, entries.data * scale[rows] * scale[columns], flows)
