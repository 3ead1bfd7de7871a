"""The magnetic operator of a directed graph in real numbers, on each backend."""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Float, Real

from longnn.graphs.checks import check_word
from longnn.graphs.device import on_device, on_host
from longnn.graphs.digraph import Digraph
from longnn.graphs.graph import Graph, check_signal
from longnn.graphs.magnetic import magnetic_entries
from longnn.graphs.oneline import brief
from longnn.operators.bucketed import bucketed_rows
from longnn.operators.choice import Backend, choose, written_out_here
from longnn.operators.csr import csr_operator
from longnn.operators.native.operator import NativeOperator, native_pattern
from longnn.operators.normalized import BucketedOperator, Pure, SegmentOperator
from longnn.operators.precision import Precision
from longnn.operators.transforms import static


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class MagneticOperator:
    """The Hermitian H = I - L^(q) on complex signals, as a symmetric matrix on their parts.

    H = (D^-1/2 A_s D^-1/2) * exp(2 pi i q (A - A^T)) with A_s = (A + A^T) / 2, and its spectrum
    lies in [-1, 1]. With H = B + i C the matrix [[B, -C], [C, B]] takes (Re z, Im z), as [2N, C],
    to the parts of H z; it has each eigenvalue of H twice. q = 0 forgets the directions: H is S of
    A + A^T. Source: X. Zhang et al., MagNet (arXiv 2102.11391).

    The charge is a leaf of the pytree, so that programs take it as they come: a sweep over it
    compiles once. Its derivative is that of ``polybases.weighted_sum(basis, theta, op.matvec,
    op.pair(x))`` on the backends segment_sum and bucketed, which are differentiable in entries.

    Attributes:
        pattern: the matrix at q = 0, on one of the backends.
        even, odd: [nnz] factors of cos and sin of each entry's angle, in the pattern's order.
        turns: [nnz] 2 pi (A - A^T), the angle of each entry at q = 1.
        charge: q, a number; 1/4 turns an unweighted one-way edge by a right angle.
        num_nodes: N.
    """

    pattern: Pure | NativeOperator
    even: Float[Array, " nnz"]
    odd: Float[Array, " nnz"]
    turns: Float[Array, " nnz"]
    charge: Real[ArrayLike, ""]
    num_nodes: int = static()

    __repr__ = brief

    @property
    def symmetric(self) -> Pure | NativeOperator:
        """The matrix on [2N, C] at this charge; take it once, before several products."""
        angle = jnp.asarray(self.charge, self.turns.dtype) * self.turns
        entries = self.even * jnp.cos(angle) + self.odd * jnp.sin(angle)
        return _with_entries(self.pattern, entries)

    def matvec(self, x: Float[Array, "pairs *channels"]) -> Float[Array, "pairs *channels"]:
        """The product with signals [2N, ...], real parts first."""
        return self.symmetric.matvec(x)

    def pair(self, x: Float[Array, "N C"]) -> Float[Array, "pairs C"]:
        """(x, 0): a real signal as a complex one."""
        check_signal(x, self.num_nodes)
        return jnp.concatenate([x, jnp.zeros_like(x)])


def magnetic_operator(
    digraph: Digraph,
    charge: Real[ArrayLike, ""] = 0.25,
    *,
    backend: Backend = "auto",
    precision: Precision = "full",
    dtype: DTypeLike = jnp.float32,
) -> MagneticOperator:
    """The magnetic operator of a directed graph; isolated nodes have zero rows.

    Args:
        digraph: N nodes.
        charge: q; it may be set anew with ``dataclasses.replace``, and be traced there.
        backend, precision, dtype: see ``longnn.operators.normalized_adjacency``.

    Raises:
        ValueError: for an unknown backend or precision, or a backend that cannot be had.

    Example:
        >>> import numpy as np
        >>> path = Digraph.from_edges(np.array([[0, 1]]), 2)
        >>> turned = magnetic_operator(path, 0.25, backend="segment_sum")
        >>> x = jnp.array([[1.0], [0.0]])
        >>> print(turned.matvec(turned.pair(x)).round(3).ravel() + 0)  # its parts: 0, 0 and 0, -1
        [ 0.  0.  0. -1.]
    """
    check_word("precision", precision, Precision)
    graph, *factors = _doubled(digraph)
    pattern, factors = _on_backend(graph, factors, choose(backend), dtype, precision)
    even, odd, turns = (on_device(a, dtype) for a in factors)
    at = charge if isinstance(charge, Array) else on_device(charge, dtype)
    return MagneticOperator(pattern, even, odd, turns, at, digraph.num_nodes)


def _doubled(digraph: Digraph) -> tuple[Graph, np.ndarray, np.ndarray, np.ndarray]:
    """The pattern on 2N nodes, and even, odd and turns in the order of its entries."""
    n = digraph.num_nodes
    rows, columns, sizes, flows = magnetic_entries(digraph.edges, digraph.sizes(), n)
    turning = flows != 0  # only these ever have an imaginary part
    r, c, size, none = rows[turning], columns[turning], sizes[turning], np.zeros(turning.sum())
    receivers = np.concatenate([rows, rows + n, r, r + n])
    senders = np.concatenate([columns, columns + n, c + n, c])
    even = np.concatenate([sizes, sizes, none, none])
    odd = np.concatenate([np.zeros(2 * len(sizes)), -size, size])
    turns = 2 * np.pi * np.concatenate([flows, flows, flows[turning], flows[turning]])
    order = np.lexsort((senders, receivers))
    graph = Graph(senders[order], receivers[order], None, 2 * n)
    return graph, even[order], odd[order], turns[order]


def _on_backend(
    graph: Graph,
    factors: list[np.ndarray],
    backend: Backend,
    dtype: DTypeLike,
    precision: Precision,
) -> tuple[Pure | NativeOperator, list[np.ndarray]]:
    """The matrix at q = 0, and the factors in the order of its entries."""
    even, nodes = factors[0], graph.num_nodes
    if backend == "native":
        laid_out = native_pattern(graph)
        factors = [laid_out.padded(values) for values in factors]
        ones = np.ones(nodes)  # even and odd are scaled by degrees already
        return laid_out.operator(factors[0], ones, ones, dtype, precision), factors
    if backend == "csr":
        return csr_operator(graph, even, dtype, precision), factors
    values = on_device(even, dtype)
    senders, receivers = on_host(graph.senders), on_host(graph.receivers)
    if backend == "bucketed":
        rows = bucketed_rows(receivers, senders, (nodes, nodes), with_values=True)
        scale = on_device(np.ones(nodes), dtype)
        return BucketedOperator(rows, scale, values, precision), factors
    places = on_device(senders, jnp.int32), on_device(receivers, jnp.int32)
    summed = SegmentOperator(*places, values, nodes, precision, written_out=written_out_here())
    return summed, factors


def _with_entries(
    pattern: Pure | NativeOperator, entries: Float[Array, " nnz"]
) -> Pure | NativeOperator:
    """The operator with other entries, in the same places."""
    if isinstance(pattern, NativeOperator | BucketedOperator):
        return replace(pattern, weights=entries)
    return replace(pattern, values=entries)
