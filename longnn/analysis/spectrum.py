"""All eigenvalues and eigenvectors of a graph that is small enough."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from longnn.graphs.graph import Graph
from longnn.graphs.oneline import brief
from longnn.graphs.scaling import shift_matrix

EXACT_LIMIT = 5000
"""Nodes up to which a dense eigensolver is started: 7 s for eigenvalues on two
cores (python -m benchmarks.spectra power-law-5000), 400 MB."""


class Spectrum(NamedTuple):
    """L = U diag(lam) U^T.

    Attributes:
        lam: [N] eigenvalues of L = I - S, ascending in [0, 2].
        vectors: [N, N] U, one orthonormal eigenvector per column.
    """

    lam: Float[np.ndarray, " N"]
    vectors: Float[np.ndarray, "N N"]

    def __repr__(self) -> str:
        return brief(self)


def eigenvalues(graph: Graph, *, limit: int = EXACT_LIMIT) -> Float[np.ndarray, " N"]:
    """The eigenvalues [N] of L = I - S = I - D^-1/2 A D^-1/2, ascending in [0, 2].

    An isolated node has lambda = 1.

    Args:
        graph: N nodes.
        limit: the largest N for which the dense matrix is made.

    Raises:
        ValueError: if N > limit.

    Example:
        >>> import longnn, numpy as np
        >>> eigenvalues(longnn.Graph.from_edges(np.array([[0, 1]]), num_nodes=3))
        array([0., 1., 2.])
    """
    return np.clip(1 - np.linalg.eigvalsh(_dense(graph, limit, matrices=2))[::-1], 0, 2)


def eigenvectors(graph: Graph, *, limit: int = EXACT_LIMIT) -> Spectrum:
    """Eigenvalues with eigenvectors; about three times the time of the former alone.

    Args:
        graph: N nodes.
        limit: the largest N for which the dense matrix is made.

    Raises:
        ValueError: if N > limit.
    """
    values, vectors = np.linalg.eigh(_dense(graph, limit, matrices=5))
    return Spectrum(np.clip(1 - values[::-1], 0, 2), vectors[:, ::-1])


def check_limit(nodes: int, limit: int, matrices: int = 2) -> None:
    """Raises ValueError, with what to do instead, if nodes > limit."""
    if nodes > limit:
        gigabytes = matrices * 8 * nodes**2 / 1e9
        raise ValueError(
            f"the exact spectrum of {nodes} nodes would take about {gigabytes:.1f} GB and time "
            f"proportional to N^3, and the limit is {limit} nodes; take method='kpm' or "
            f"method='lanczos', or pass limit={nodes} if you mean it"
        )


def _dense(graph: Graph, limit: int, matrices: int) -> np.ndarray:
    check_limit(graph.num_nodes, limit, matrices)
    return shift_matrix(graph).toarray()
