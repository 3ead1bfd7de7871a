"""The symmetric scaling S = D^-1/2 A D^-1/2 of an adjacency matrix, on the host; written once."""

import jax.numpy as jnp
import numpy as np
import scipy.sparse
from jax.typing import DTypeLike
from jaxtyping import Float64, Real

from longnn.graphs.device import on_host
from longnn.graphs.graph import Graph


def degree_power(
    degree: Real[np.ndarray, " N"], exponent: float, isolated: float = 0.0
) -> Float64[np.ndarray, " N"]:
    """Powers of the degrees, with a value of its own where a node is isolated.

    This is the one guard against division by a degree of 0. Every positive degree is taken as it
    is, subnormal numbers too.

    Args:
        degree: [N] degrees >= 0.
        exponent: -1/2 for the scaling of S.
        isolated: the result where the degree is 0.

    Returns:
        [N] degree^exponent.

    Example:
        >>> print(degree_power(np.array([4, 0, 1]), -0.5))
        [0.5 0.  1. ]
    """
    powers = np.full(degree.shape, isolated, np.float64)
    with np.errstate(over="ignore"):  # the inverse of a subnormal number
        return np.power(degree.astype(np.float64), exponent, out=powers, where=degree > 0)


def check_degrees(degree: Real[np.ndarray, " N"], dtype: DTypeLike) -> None:
    """Raises a ValueError if a positive degree or its inverse is no normal number of the dtype.

    For operators that multiply by powers of the degrees on the device, where smaller numbers are
    flushed to 0; the entries of S themselves are always between 0 and 1.

    Args:
        degree: [N] degrees >= 0.
        dtype: a floating dtype.
    """
    least = float(jnp.finfo(dtype).tiny)
    outside = (degree > 0) & ((degree < least) | (degree > 1 / least))
    if outside.any():
        node = int(np.flatnonzero(outside)[0])
        raise ValueError(
            f"node {node} has degree {degree[node]:.3g}, beyond the range of {jnp.dtype(dtype)}; "
            "multiply all weights by one number (S does not depend on it), or take backend='csr' "
            "or 'segment_sum'"
        )


def shift_entries(graph: Graph) -> Float64[np.ndarray, " entries"]:
    """The 2E entries of S, in the order of the graph's senders.

    Example:
        >>> path = Graph.from_edges(np.array([[0, 1], [1, 2]]), 3)
        >>> print(shift_entries(path).round(3))
        [0.707 0.707 0.707 0.707]
    """
    scale = degree_power(graph.degrees(), -0.5)
    senders, receivers = on_host(graph.senders), on_host(graph.receivers)
    weights = 1.0 if graph.weights is None else on_host(graph.weights, np.float64)
    # in this order nothing overflows: weight <= degree, and degree * degree^-1/2 is in range
    return weights * scale[senders] * scale[receivers]


def shift_matrix(graph: Graph) -> scipy.sparse.csr_array:
    """S = D^-1/2 A D^-1/2 as a scipy matrix [N, N] in float64; isolated nodes have zero rows.

    Example:
        >>> print(shift_matrix(Graph.from_edges(np.array([[0, 1]]), 3)).toarray())
        [[0. 1. 0.]
         [1. 0. 0.]
         [0. 0. 0.]]
    """
    index = (on_host(graph.receivers), on_host(graph.senders))
    shape = (graph.num_nodes, graph.num_nodes)
    return scipy.sparse.csr_array((shift_entries(graph), index), shape=shape)
