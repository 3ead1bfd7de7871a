"""Gegenbauer (ultraspherical) polynomials, orthogonal under (1-x^2)^(lambda - 1/2) on [-1, 1]."""

from functools import partial
from typing import SupportsIndex

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from polybases._jacobi import up_to_a_factor, wide
from polybases.ranges import check_range
from polybases.recurrence import Recurrence, check_order
from polybases.scales import Scale, check_scale, scaled
from polybases.shapes import Numbers


def gegenbauer(order: SupportsIndex, lam: Numbers, scale: Scale = "orthonormal") -> Recurrence:
    """Recurrence of the Gegenbauer polynomials of degrees 0 .. K: Jacobi at alpha = beta.

    Source: DLMF 18.7.1 with 18.3.1; the standard scale is C_k^(lambda), scipy's.

    Args:
        order: K >= 0.
        lam: [...] lambda > -1/2; not 0 in the standard scale, where C_k^(0) = 0 for k >= 1.
        scale: "orthonormal", "monic" or "standard".

    Raises:
        ValueError: if a concrete lambda is outside its range, order < 0 or the scale is unknown.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> basis = polybases.gegenbauer(2, 1.0, "standard")
        >>> print(polybases.evaluate(basis, jnp.array(0.5)))  # U_0, U_1, U_2
        [1. 1. 0.]
    """
    check_lambda(lam, scale)
    lam = jnp.asarray(lam, jnp.result_type(lam, float))
    basis = _built(check_order(order), check_scale(scale), lam)
    check_range(basis.first, basis.ends, lam.dtype)
    return basis


@partial(jax.jit, static_argnums=(0, 1))
def _built(order: int, scale: Scale, lam: Array) -> Recurrence:
    given, lam = lam.dtype, wide(lam)
    basis, factor = up_to_a_factor(order, lam + 0.5, lam + 0.5)
    basis = scaled(basis, scale, lambda: _standard_ratio(order, lam), factor)
    return jax.tree.map(lambda leaf: leaf.astype(given), basis)


def _standard_ratio(order: int, lam: Array) -> Array:
    """[K, ...] f_{k+1} / f_k; the sign of C_1 = 2 lambda x is that of lambda."""
    n = jnp.arange(order, dtype=lam.dtype).reshape(-1, *(1,) * lam.ndim)
    tail = jnp.sqrt((n[1:] + 2 * lam) * (n[1:] + lam) / ((n[1:] + 1) * (n[1:] + 1 + lam)))
    return jnp.concatenate([(lam * jnp.sqrt(2 / (1 + lam)))[None], tail])[:order]


def check_lambda(lam: Numbers, scale: Scale = "orthonormal") -> None:
    """Raises ValueError if a concrete lambda is out of range for the scale; traced values pass."""
    if isinstance(lam, jax.core.Tracer):
        return
    values = np.asarray(lam)
    if not np.all(np.isfinite(values) & (values > -0.5)):
        raise ValueError(f"lambda must be finite and > -1/2, got {lam}")
    if scale == "standard" and np.any(values == 0):
        raise ValueError(
            "lambda = 0 has no standard scale (C_k is 0 for k >= 1); use scale='orthonormal' or "
            "polybases.chebyshev, which is the limit"
        )
