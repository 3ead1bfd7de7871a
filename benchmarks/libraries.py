"""The same mathematics from three libraries: orthonormal Jacobi values, and Gauss rules."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import orthax
import scipy.special
from orthax.recurrence import Jacobi

import polybases

Values = Callable[[int, Any, Any, Any], Any]
"""(K, alpha, beta, x [M]) -> orthonormal p_k(x); degree first for ours and scipy's."""


def ours(order: int, alpha: Any, beta: Any, x: Any) -> jax.Array:
    """[K+1, M] by ``polybases``."""
    return polybases.evaluate(polybases.jacobi(order, alpha, beta), x)


def by_orthax(order: int, alpha: Any, beta: Any, x: Any) -> jax.Array:
    """[M, K+1] by orthax's Vandermonde matrix in its "normalized" scale."""
    return orthax.orthvander(x, order, Jacobi(alpha, beta, scale="normalized"))


def by_scipy(order: int, alpha: Any, beta: Any, x: Any) -> np.ndarray:
    """[K+1, M] by ``scipy.special.eval_jacobi`` over the square root of DLMF 18.3.1's norm.

    scipy works in float64 inside; the result is rounded to the dtype of x.
    """
    dtype = np.asarray(x).dtype
    alpha, beta, x = (np.asarray(v, np.float64) for v in (alpha, beta, x))
    k = np.arange(order + 1)[:, None]
    values = scipy.special.eval_jacobi(k, alpha, beta, x) * np.exp(-_half_log_norm(k, alpha, beta))
    return values.astype(dtype)


def gauss_ours(order: int, alpha: Any, beta: Any) -> tuple[jax.Array, jax.Array]:
    """Nodes and weights [n] by ``polybases``."""
    return polybases.gauss(polybases.jacobi(order, alpha, beta))


def gauss_orthax(order: int, alpha: Any, beta: Any) -> tuple[jax.Array, jax.Array]:
    """Nodes and weights [n] by orthax."""
    return orthax.orthgauss(order, Jacobi(alpha, beta))


@functools.cache
def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` jitted with its first argument, the order, static."""
    return jax.jit(function, static_argnums=0)


def _half_log_norm(k: np.ndarray, alpha: Any, beta: Any) -> np.ndarray:
    gammaln, s = scipy.special.gammaln, alpha + beta + 1
    log_mass = s * np.log(2.0) + scipy.special.betaln(alpha + 1, beta + 1)
    n = np.maximum(k, 1)  # degree 0 apart: both n + s and 2n + s may vanish there
    ratio = gammaln(n + alpha + 1) + gammaln(n + beta + 1) - gammaln(n + s) - gammaln(n + 1.0)
    return 0.5 * np.where(k == 0, log_mass, s * np.log(2.0) + ratio - np.log(2 * n + s))
