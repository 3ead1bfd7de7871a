"""Spectral density of a graph."""

import numpy as np
import scipy.sparse

from longnn.graph import Graph

EXACT_LIMIT = 3000
"""Nodes up to which all eigenvalues are computed; above, the kernel polynomial method."""


def spectral_density(
    graph: Graph,
    bins: int = 60,
    *,
    moments: int = 200,
    probes: int = 10,
    seed: int = 0,
    exact_limit: int = EXACT_LIMIT,
) -> tuple[np.ndarray, np.ndarray]:
    """Share of the eigenvalues of L = I - S in equal bins over [0, 2].

    Exact up to ``exact_limit`` nodes; above, Chebyshev moments by random probes with Jackson's
    kernel (Weisse et al., Rev. Mod. Phys. 78 (2006) 275, eqs. 19 and 71), which smooths over
    about pi / moments.

    Args:
        graph: N nodes.
        bins: number of bins.
        moments: of the approximation.
        probes: random vectors of the approximation.
        seed: of the probes.
        exact_limit: N up to which the spectrum is exact.

    Returns:
        (edges [bins + 1], share [bins]); the shares sum to 1.
    """
    edges = np.linspace(0, 2, bins + 1)
    s = shift_matrix(graph)
    if graph.num_nodes <= exact_limit:
        eigenvalues = np.clip(1 - np.linalg.eigvalsh(s.toarray()), 0, 2)
        return edges, np.histogram(eigenvalues, edges)[0] / graph.num_nodes
    share = _kernel_polynomial(s, 1 - edges, moments, np.random.default_rng(seed), probes)
    return edges, share / share.sum()


def shift_matrix(graph: Graph) -> scipy.sparse.csr_array:
    """S = D^-1/2 A D^-1/2 as a scipy matrix [N, N]."""
    senders, receivers = np.asarray(graph.senders), np.asarray(graph.receivers)
    weights = np.ones(len(senders)) if graph.weights is None else np.asarray(graph.weights)
    degree = graph.degrees()
    scale = np.where(degree > 0, np.maximum(degree, 1e-300) ** -0.5, 0)
    values = weights * scale[senders] * scale[receivers]
    shape = (graph.num_nodes, graph.num_nodes)
    return scipy.sparse.csr_array((values, (receivers, senders)), shape=shape)


def _kernel_polynomial(
    s: scipy.sparse.csr_array, x: np.ndarray, moments: int, rng: np.random.Generator, probes: int
) -> np.ndarray:
    """Mass of the smoothed density between consecutive points of a descending x in [-1, 1]."""
    nodes = s.shape[0]
    start = rng.choice([-1.0, 1.0], (nodes, probes))
    previous, current = start, s @ start
    mu = [1.0, np.vdot(start, current) / start.size]
    for _ in range(2, moments):
        previous, current = current, 2 * (s @ current) - previous
        mu.append(np.vdot(start, current) / start.size)
    n = np.arange(moments)
    phase = np.pi / (moments + 1)
    jackson = (
        (moments - n + 1) * np.cos(n * phase) + np.sin(n * phase) / np.tan(phase)
    ) / (moments + 1)  # fmt: skip
    angle = np.arccos(np.clip(x, -1, 1))  # ascending, since x descends
    weight = jackson * np.array(mu)
    # integral of cos(n t) dt between the angles
    cumulative = weight[0] * angle / np.pi + (
        2 / np.pi * np.sin(np.outer(angle, n[1:])) / n[1:]
    ) @ weight[1:]  # fmt: skip
    return np.maximum(np.diff(cumulative), 0)
