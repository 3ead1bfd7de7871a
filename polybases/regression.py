"""Series through data: weighted least squares."""

from typing import SupportsIndex

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.scipy.linalg import solve_triangular
from jax.typing import ArrayLike
from jaxtyping import Float, Real

from polybases.family import Family
from polybases.recurrence import Recurrence, check_order, evaluate


def least_squares(
    recurrence: Recurrence,
    x: Real[ArrayLike, " n"],
    y: Real[ArrayLike, "n *channels"],
    weights: Real[ArrayLike, " n"] | None = None,
) -> Float[Array, "terms *channels"]:
    """Coefficients that minimise sum_i weights_i |y_i - sum_k theta_k p_k(x_i)|^2.

    By a QR decomposition, with one step of refinement; the step carries the derivatives, which
    exist in x, y, weights (also where one is 0) and the parameters of the basis, to every order.
    Source: Å. Björck, Numerical Methods for Least Squares Problems (1996), sections 2.4 and 6.6.

    Args:
        recurrence: basis of order K with scalar parameters.
        x: [n] points, at least K+1 different ones of positive weight.
        y: [n, ...] values.
        weights: [n] >= 0, of the squared residuals (``numpy.polynomial`` takes their roots); all 1
            if None.

    Returns:
        [K+1, ...].

    Raises:
        ValueError: if the shapes do not fit, n <= K, or concrete points, values or weights are not
            finite, weights are negative, or too few points differ.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> x = jnp.linspace(-1.0, 1.0, 9)
        >>> theta = polybases.least_squares(polybases.monomial(2), x, 1 + 3 * x**2)
        >>> print(abs(theta.round(4)))
        [1. 0. 3.]
    """
    x, y = jnp.asarray(x), jnp.asarray(y)
    weights = jnp.ones_like(x) if weights is None else jnp.asarray(weights)
    _check(recurrence.order, x, y, weights)
    dtype = jnp.result_type(x, y, weights, float)
    x, y, weights = x.astype(dtype), y.astype(dtype), weights.astype(dtype)
    flat = y.reshape(len(y), -1)
    p = evaluate(recurrence, x).T
    root = jnp.sqrt(jax.lax.stop_gradient(weights))[:, None]
    q, r = jnp.linalg.qr(root * jax.lax.stop_gradient(p))
    start = solve_triangular(r, _times(q.T, root * jax.lax.stop_gradient(flat)))
    # theta = start + correction exactly, whatever start is, so only the correction has derivatives
    correction = jax.lax.custom_linear_solve(
        lambda theta: _times(p.T, weights[:, None] * _times(p, theta)),
        _times(p.T, weights[:, None] * (flat - _times(p, start))),
        lambda _, right: solve_triangular(r, solve_triangular(r, right, trans=1)),
        symmetric=True,
    )
    return (start + correction).reshape(-1, *y.shape[1:])


def check_degree(basis: Recurrence | Family, deg: SupportsIndex | None) -> int:
    """Returns the degree of a fit, by default the order of the basis; ValueError if unknown."""
    if deg is not None:
        return check_order(deg)
    if isinstance(basis, Family):
        raise ValueError(
            "deg is needed where the basis is a function of the order; give the degree of the fit, "
            "for instance deg=8"
        )
    return basis.order


def check_points(recurrence: Recurrence, points: Array) -> None:
    """Raises ValueError if concrete points lie outside a known interval."""
    if recurrence.ends is None or not points.size:
        return
    left, right = recurrence.ends.left.at, recurrence.ends.right.at
    if any(isinstance(a, jax.core.Tracer) for a in (points, left, right)):
        return
    low, high = float(points.min()), float(points.max())
    slack = 1e-3 * float(right - left)
    if low < left - slack or high > right + slack:
        raise ValueError(
            f"the basis lives on [{left}, {right}], and the points go from {low} to {high}; map "
            "them there, for instance with domain=(x.min(), x.max())"
        )


def _times(a: Array, b: Array) -> Array:
    return jnp.matmul(a, b, precision="highest")


def _check(order: int, x: Array, y: Array, weights: Array) -> None:
    if x.ndim != 1 or y.shape[:1] != x.shape or weights.shape != x.shape:
        raise ValueError(
            f"x and weights must have one shape [n], and y [n, ...], got {x.shape}, "
            f"{weights.shape} and {y.shape}"
        )
    if len(x) <= order:
        raise ValueError(
            f"a fit of degree {order} needs at least {order + 1} points, got {len(x)}; take a "
            "lower degree"
        )
    names = ("x", "y", "weights")
    given = {n: np.asarray(a) for n, a in zip(names, (x, y, weights)) if _concrete(a)}
    for name, array in given.items():
        if np.iscomplexobj(array) or not np.isfinite(np.asarray(array, np.float64)).all():
            raise ValueError(f"{name} must be real and finite")
    if "weights" in given and (given["weights"] < 0).any():
        raise ValueError(f"weights must be >= 0, got {given['weights'].min()}")
    if "x" in given and "weights" in given:
        different = len(np.unique(given["x"][given["weights"] > 0]))
        if different <= order:
            raise ValueError(
                f"a fit of degree {order} needs {order + 1} different points of positive weight, "
                f"got {different}"
            )


def _concrete(array: Array) -> bool:
    return not isinstance(array, jax.core.Tracer)
