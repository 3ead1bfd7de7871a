"""Bases orthonormal under weights that are given, not named: points, or any function.

A graph's own spectral density is such a weight.
"""

from collections.abc import Callable
from typing import SupportsIndex

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Real

from polybases.lanczos import reorthogonalised_step
from polybases.ranges import check_positive
from polybases.recurrence import Recurrence, check_order


def from_nodes(
    order: SupportsIndex, nodes: Real[ArrayLike, " M"], weights: Real[ArrayLike, " M"]
) -> Recurrence:
    """Polynomials orthonormal under sum_i weights_i f(nodes_i) g(nodes_i).

    Lanczos on the diagonal matrix of the nodes, each vector orthogonalised twice against all
    before it, so that K up to the number of nodes is safe. Differentiable in nodes and weights.
    Source: Gautschi (2004), sections 2.2.3 (Stieltjes, Lanczos).

    Args:
        order: K; K + 1 at most the number of different nodes with positive weight.
        nodes: [M] real.
        weights: [M] >= 0.

    Raises:
        ValueError: if shapes differ, concrete nodes and weights do not allow this order, or their
            dtype does not hold the sum of the weights.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> nodes, weights = jnp.array([-1.0, 0.0, 1.0]), jnp.ones(3)
        >>> p = polybases.evaluate(polybases.from_nodes(1, nodes, weights), nodes)
        >>> print(jnp.round(jnp.abs(p * weights @ p.T), 6))
        [[1. 0.]
         [0. 1.]]
    """
    order = check_order(order)
    nodes, weights = jnp.asarray(nodes), jnp.asarray(weights)
    _check_nodes(order, nodes, weights)
    dtype = jnp.result_type(nodes, weights, float)
    nodes, weights = nodes.astype(dtype), weights.astype(dtype)
    total = jnp.sum(weights)
    check_positive("the sum of the weights", total, "weights that sum to 1")
    start = jnp.sqrt(weights / total)
    basis = jnp.zeros((order + 1, len(nodes)), nodes.dtype).at[0].set(start)

    def step(basis, k):
        current = basis[k]
        vector, diagonal, upper = reorthogonalised_step(nodes * current, current, basis)
        return basis.at[k + 1].set(vector / upper), (diagonal, upper)

    _, (diagonal, upper) = jax.lax.scan(step, basis, jnp.arange(order))
    lower = jnp.concatenate([jnp.zeros_like(upper[:1]), upper[:-1]])
    return Recurrence(1 / jnp.sqrt(total), diagonal, upper, lower)


def from_weight(
    order: SupportsIndex,
    weight: Callable[[Array], Array],
    left: float = -1.0,
    right: float = 1.0,
    *,
    points: int | None = None,
    dtype: DTypeLike | None = None,
) -> Recurrence:
    """Polynomials orthonormal under a weight function on [left, right].

    The weight is discretised by Gauss's rule in the angle phi of x = -cos(phi), which is
    spectrally accurate for smooth weights and for square-root singularities at the ends; other
    singularities converge slowly, and steep weights want more points. In float32 points near a
    singular end carry its rounding (4e-5 at K = 32 for Chebyshev's weight). Source: Gautschi
    (2004), section 2.2.4.

    Args:
        order: K >= 0.
        weight: w(x) >= 0 for x [M] inside the interval; may depend on traced parameters.
        left, right: concrete ends.
        points: M; by default 2 (K + 1) + 40.
        dtype: of the coefficients; jax's default float if None.

    Raises:
        ValueError: if the interval is empty, M <= K, or a concrete weight is negative or not
            finite.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> basis = polybases.from_weight(2, lambda x: jnp.ones_like(x))
        >>> print(jnp.allclose(basis.upper, polybases.legendre(2).upper))
        True
    """
    order = check_order(order)
    if not (np.isfinite([left, right]).all() and left < right):
        raise ValueError(f"an interval needs finite ends, left < right, got {left}, {right}")
    count = 2 * (order + 1) + 40 if points is None else points
    dtype = dtype or jnp.result_type(float)
    x, fractions = np.polynomial.legendre.leggauss(count)
    angle = (x + 1) * np.pi / 2
    half, middle = (right - left) / 2, (right + left) / 2
    inside = np.nextafter(np.asarray([left, right], dtype), np.asarray([right, left], dtype))
    nodes = jnp.clip(jnp.asarray(middle - half * np.cos(angle), dtype), *inside)
    # dx = half sin(phi) dphi; the factor keeps 1/sqrt(1-x^2) singularities finite and exact
    density = half * np.pi / 2 * fractions * np.sin(angle)
    return from_nodes(order, nodes, weight(nodes) * jnp.asarray(density, dtype))


def _check_nodes(order: int, nodes: Array, weights: Array) -> None:
    if nodes.ndim != 1 or nodes.shape != weights.shape:
        raise ValueError(
            f"nodes and weights must have one shape [M], got {nodes.shape} and {weights.shape}"
        )
    if any(isinstance(a, jax.core.Tracer) for a in (nodes, weights)):
        return
    x, w = np.asarray(nodes), np.asarray(weights)
    if not (np.isfinite(x).all() and np.isfinite(w).all() and (w >= 0).all()):
        raise ValueError("nodes and weights must be finite, and weights >= 0")
    different = len(np.unique(x[w > 0]))
    if different < order + 1:
        raise ValueError(
            f"a basis of order {order} needs {order + 1} different nodes of positive weight, "
            f"got {different}"
        )
