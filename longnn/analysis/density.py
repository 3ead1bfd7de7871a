"""Spectral density of a graph."""

from typing import Literal

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from longnn.analysis.chebyshev import (
    Kernel,
    chebyshev_moments,
    kernel_factors,
    measure_of_moments,
    with_known_moments,
)
from longnn.analysis.measure import Density, Measure, histogram
from longnn.analysis.quadrature import lanczos_measure
from longnn.analysis.spectrum import EXACT_LIMIT, check_limit, eigenvalues
from longnn.analysis.twins import twin_classes, twin_share
from longnn.graphs.checks import check_word
from longnn.graphs.device import on_device
from longnn.graphs.graph import Graph
from longnn.operators.normalized import normalized_adjacency

Method = Literal["auto", "exact", "kpm", "lanczos"]
AUTO_LIMIT = 1500
"""Nodes up to which "auto" is exact: 0.2 s (python -m benchmarks.spectra power-law-1500)."""


def spectral_measure(
    graph: Graph,
    method: Method = "auto",
    *,
    moments: int = 100,
    probes: int = 10,
    kernel: Kernel = "lanczos",
    seed: int = 0,
    limit: int = EXACT_LIMIT,
) -> Measure:
    """Distribution of the N eigenvalues of L = I - S, each with mass 1 / N.

    - "exact": a dense eigensolver.
    - "kpm": Chebyshev moments tr T_n(S) / N by random signs z (z^T T_n(S) z / N), of which the
      first two are repaired and eigenvalues that can be counted kept apart
      (``longnn.analysis.twins``). moments / 2 + 1 products with S for each probe.
    - "lanczos": Gauss rules of moments / 2 points from the same probes; no smoothing.
    - "auto": "exact" up to `AUTO_LIMIT` nodes, else "kpm".

    Wasserstein-1 distance of "kpm" from "exact", 100 moments, 10 probes, in units of lambda:
    docs/analysis.md. A trace by probes has a standard deviation of at most sqrt(2 / (N probes)).

    Args:
        graph: N nodes.
        method: see above.
        moments: the number M of moments, >= 2.
        probes: the number of random vectors, >= 1.
        kernel: damping of the moments, see ``longnn.analysis.chebyshev.kernel_factors``.
        seed: random seed of the probes.
        limit: the number of nodes up to which "exact" is allowed.

    Raises:
        ValueError: for an unknown method or kernel, moments < 2, probes < 1, or "exact" beyond
            the limit.

    Example:
        >>> import longnn
        >>> ring = longnn.data.lattices.ring(nodes=12).graph
        >>> spectral_measure(ring).lam.round(2)[:3]
        array([0.  , 0.13, 0.13])
    """
    method = choose_method(graph, method, moments, limit)
    nodes = graph.num_nodes
    if method == "exact":
        return Measure(eigenvalues(graph, limit=limit), np.full(nodes, 1 / nodes))
    if probes < 1:
        raise ValueError(f"a density by {method} needs probes >= 1, got {probes}")
    kernel_factors(kernel, moments)  # before minutes of work
    dtype = jnp.result_type(float)
    start = np.random.default_rng(seed).integers(0, 2, (nodes, probes), np.int8) * 2 - 1
    operator = normalized_adjacency(graph, dtype=dtype)
    if method == "lanczos":
        points = lanczos_measure(operator, on_device(start, dtype), moments // 2)
        return Measure(points.lam, points.mass / points.mass.sum())
    mu = chebyshev_moments(operator, on_device(start, dtype), moments + 2) / start.size
    mu = with_known_moments(mu, first_moments(graph))
    return measure_of_moments(mu, kernel, twin_share(graph, twin_classes(graph)))


def spectral_density(
    graph: Graph,
    bins: int = 61,
    method: Method = "auto",
    *,
    moments: int = 100,
    probes: int = 10,
    kernel: Kernel = "lanczos",
    seed: int = 0,
    limit: int = EXACT_LIMIT,
) -> Density:
    """Share of the eigenvalues of L = I - S in equal bins over [0, 2].

    ``histogram`` of :func:`spectral_measure`, where the arguments are explained.
    """
    settings = {"moments": moments, "probes": probes, "seed": seed, "limit": limit}
    return histogram(spectral_measure(graph, method, kernel=kernel, **settings), bins)


def choose_method(graph: Graph, method: Method, moments: int, limit: int) -> Method:
    """What "auto" stands for; raises ValueError where the method cannot be had."""
    check_word("method", method, Method)
    if method == "auto":
        method = "exact" if graph.num_nodes <= min(AUTO_LIMIT, limit) else "kpm"
    if method == "exact":
        check_limit(graph.num_nodes, limit)
    elif moments < 2:
        raise ValueError(f"a density by {method} needs moments >= 2, got {moments}")
    return method


def first_moments(graph: Graph) -> Float[np.ndarray, "3"]:
    """The integrals [3] of T_n(1 - lambda) over the spectrum: 1, tr S / N, 2 ||S||^2 / N - 1."""
    senders, receivers = np.asarray(graph.senders), np.asarray(graph.receivers)
    weights = np.ones(1) if graph.weights is None else np.asarray(graph.weights, np.float64)
    degree = graph.degrees()
    inverse = np.where(degree > 0, 1 / np.where(degree > 0, degree, 1), 0)
    square = inverse @ np.bincount(
        receivers, weights**2 * inverse[senders], minlength=graph.num_nodes
    )
    trace = np.sum((weights * inverse[senders])[senders == receivers])
    return np.array([1, trace / graph.num_nodes, 2 * square / graph.num_nodes - 1])
