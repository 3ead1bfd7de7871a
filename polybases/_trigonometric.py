"""Sines and cosines of x, through their Chebyshev series."""

from typing import SupportsIndex

import jax.numpy as jnp
from jax.typing import DTypeLike

from polybases.chebinterp import chebyshev_interpolation, chebyshev_nodes
from polybases.combination import Combination
from polybases.recurrence import check_order
from polybases.shapes import Scalar


def trigonometric(
    order: SupportsIndex,
    omega: Scalar,
    *,
    degree: SupportsIndex | None = None,
    dtype: DTypeLike | None = None,
) -> Combination:
    """1, cos(omega x), sin(omega x), ..., cos(K omega x), sin(K omega x): 2K+1 terms.

    An operator function is a polynomial in practice: each term is interpolated at Chebyshev nodes,
    whose error falls faster than exponentially once the degree exceeds K |omega|
    (Jacobi-Anger, DLMF 10.35.2). Differentiable in omega.

    Args:
        order: K >= 0.
        omega: scalar frequency; may be traced.
        degree: of the polynomials; by default 2 K + 10, enough for |omega| <= 1 in float32.
        dtype: of the coefficients; jax's default float if None.

    Raises:
        ValueError: if order < 0 or degree < order.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> basis = polybases.trigonometric(1, jnp.pi)
        >>> terms = basis.expand(lambda t: 0.5 * t, jnp.ones(1))[:, 0]
        >>> print(jnp.round(jnp.abs(terms), 6))  # 1, cos(pi / 2), sin(pi / 2)
        [1. 0. 1.]
    """
    order = check_order(order)
    degree = 2 * order + 10 if degree is None else check_order(degree)
    if degree < order:
        raise ValueError(f"degree must be at least the order {order}, got {degree}")
    interpolation = chebyshev_interpolation(degree, dtype=dtype)
    nodes = jnp.asarray(chebyshev_nodes(degree + 1), interpolation.matrix.dtype)
    phase = jnp.outer(
        jnp.arange(1.0, order + 1, dtype=nodes.dtype) * jnp.asarray(omega, nodes.dtype), nodes
    )
    waves = jnp.stack([jnp.cos(phase), jnp.sin(phase)], axis=1).reshape(2 * order, len(nodes))
    values = jnp.concatenate([jnp.ones_like(nodes)[None], waves])
    return Combination(values @ interpolation.matrix, interpolation.recurrence)
