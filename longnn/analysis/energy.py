"""The energy of a signal over the frequencies of its graph."""

from collections.abc import Iterator
from typing import TypeAlias

import jax.numpy as jnp
import numpy as np
import scipy.sparse
from jaxtyping import Bool, Real

from longnn.analysis.chebyshev import (
    Kernel,
    chebyshev_moments,
    kernel_factors,
    measure_of_moments,
)
from longnn.analysis.density import Method, choose_method
from longnn.analysis.measure import Density, Measure, histogram
from longnn.analysis.quadrature import lanczos_measure
from longnn.analysis.spectrum import EXACT_LIMIT, Spectrum, eigenvectors
from longnn.analysis.twins import twin_classes, twin_energy
from longnn.graphs.graph import Graph
from longnn.operators.normalized import normalized_adjacency

Signal: TypeAlias = (
    Real[np.ndarray, "N *M"]
    | Bool[np.ndarray, "N *M"]
    | scipy.sparse.sparray
    | scipy.sparse.spmatrix
)
"""A numpy array or one of scipy.sparse."""
Columns: TypeAlias = (
    Real[np.ndarray, "N columns"]
    | Bool[np.ndarray, "N columns"]
    | scipy.sparse.sparray
    | scipy.sparse.spmatrix
)
"""A signal that has an axis of columns."""
BLOCK = 2**24
"""Entries of a signal that are propagated at a time."""


def energy_measure(spectrum: Spectrum, signal: Signal) -> Measure:
    """Share of the signal's energy at each eigenvalue: ||u_j^T F||^2 / ||F||^2.

    Args:
        spectrum: of N nodes.
        signal: F, [N] or [N, M], sparse or not; its columns' energies add up.

    Returns:
        N points with masses of sum 1.

    Raises:
        ValueError: if the signal does not fit, is not finite or zero everywhere.
    """
    columns = _checked(signal, len(spectrum.lam))
    energy = np.square(columns.T @ spectrum.vectors).sum(axis=0)
    return Measure(spectrum.lam, energy / energy.sum())


def signal_measure(
    graph: Graph,
    signal: Signal,
    method: Method = "auto",
    *,
    moments: int = 100,
    kernel: Kernel = "lanczos",
    limit: int = EXACT_LIMIT,
) -> Measure:
    """Share of the signal's energy over the frequencies: ||u_j^T F||^2 / ||F||^2 at lambda_j.

    The methods are those of :func:`spectral_measure` with the signal in place of probes, so that
    moments tr F^T T_n(S) F are right up to rounding (local density of states). For several
    signals of one graph call :func:`longnn.analysis.eigenvectors` once, and ``energy_measure``.

    Args:
        graph: N nodes.
        signal: F, [N] or [N, M], sparse or not; its columns' energies add up.
        method: see :func:`spectral_measure`.
        moments: the number M of moments of "kpm" and "lanczos", >= 2.
        kernel: the damping of the moments of "kpm".
        limit: the number of nodes up to which "exact" is allowed.

    Returns:
        Masses of sum 1.

    Raises:
        ValueError: if the signal does not fit, is not finite or zero everywhere; for an unknown
            method or kernel, moments < 2, or "exact" beyond the limit.
    """
    method = choose_method(graph, method, moments, limit)
    columns = _checked(signal, graph.num_nodes)
    if method == "exact":
        return energy_measure(eigenvectors(graph, limit=limit), columns)
    dtype = jnp.result_type(float)
    operator = normalized_adjacency(graph, dtype=dtype)
    blocks = (jnp.asarray(block, dtype) for block in _blocks(columns))
    if method == "lanczos":
        parts = [lanczos_measure(operator, block, moments // 2) for block in blocks]
        lam, mass = (np.concatenate(part) for part in zip(*parts, strict=True))
        return Measure(lam, mass / mass.sum())
    kernel_factors(kernel, moments)
    mu = np.sum([chebyshev_moments(operator, block, moments) for block in blocks], axis=0)
    classes = twin_classes(graph)
    spike = sum(twin_energy(graph, classes, block) for block in _blocks(columns)) / mu[0]
    return measure_of_moments(mu / mu[0], kernel, float(np.clip(spike, 0, 1)))


def signal_energy(
    graph: Graph,
    signal: Signal,
    bins: int = 61,
    method: Method = "auto",
    *,
    moments: int = 100,
    kernel: Kernel = "lanczos",
    limit: int = EXACT_LIMIT,
) -> Density:
    """Share of the signal's energy in equal bins over [0, 2].

    ``histogram`` of :func:`signal_measure`, where the arguments are explained.
    """
    measure = signal_measure(graph, signal, method, moments=moments, kernel=kernel, limit=limit)
    return histogram(measure, bins)


def _checked(signal: Signal, nodes: int) -> Columns:
    """The signal with an axis of columns; raises ValueError if it does not fit."""
    signal = signal if scipy.sparse.issparse(signal) else np.asarray(signal)
    if signal.ndim not in (1, 2) or len(signal.shape) == 0 or signal.shape[0] != nodes:
        raise ValueError(f"a signal needs shape [N] or [N, M] with N = {nodes}, got {signal.shape}")
    values = signal.data if scipy.sparse.issparse(signal) else signal
    if not np.all(np.isfinite(values)) or not np.any(values):
        raise ValueError(
            "a signal must be finite and not zero everywhere; give nodes without a value 0"
        )
    return signal.reshape(nodes, -1)


def _blocks(signal: Columns) -> Iterator[np.ndarray]:
    """Dense groups of columns of equal width, the last one filled up with zeros."""
    nodes, columns = signal.shape
    width = min(columns, max(BLOCK // nodes, 1))
    for low in range(0, columns, width):
        block = signal[:, low : low + width]
        dense = block if isinstance(block, np.ndarray) else block.toarray()
        yield np.pad(dense, ((0, 0), (0, width - dense.shape[1])))
