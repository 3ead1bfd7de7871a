"""The basis that is orthonormal under a graph's own spectral density."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from longnn.analysis.density import spectral_measure
from longnn.graphs.graph import Graph
from polybases import from_nodes


def density_recurrence(graph: Graph, order: int, **settings: Any) -> Float[np.ndarray, "2 K"]:
    """Recurrence of the polynomials that are orthonormal under the eigenvalues of a graph.

    u_{k+1} p_{k+1} = (x - d_k) p_k - u_k p_{k-1} with p_0 = 1 and
    (1 / N) sum_i p_j(1 - lambda_i) p_k(1 - lambda_i) = 1 if j = k, else 0. White noise on the
    nodes then has equal power in every term p_k(S) x, and the terms are not correlated. LON-GNN
    takes it as its setting ``recurrence``.

    Args:
        graph: N nodes.
        order: K >= 1, fewer than the different eigenvalues.
        settings: of ``longnn.analysis.spectral_measure``, such as ``method="kpm"``.

    Returns:
        [2, K] the diagonal d and the off-diagonal u > 0.

    Raises:
        ValueError: if the graph has too few different eigenvalues, or a setting is out of range.

    Example:
        >>> import longnn
        >>> graph = longnn.data.lattices.ring(nodes=100).graph  # the density of cos(angle)
        >>> density_recurrence(graph, 3).round(3) + 0.0
        array([[0.   , 0.   , 0.   ],
               [0.707, 0.5  , 0.5  ]])
    """
    lam, mass = spectral_measure(graph, **settings)
    x = np.round(1 - lam, 7)  # equal eigenvalues differ by rounding, and are one point
    found = from_nodes(order, jnp.asarray(x), jnp.asarray(mass))
    return np.stack([found.diagonal, found.upper]).astype(np.float64)
