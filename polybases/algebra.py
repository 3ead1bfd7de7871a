"""Series as functions of x: their products, antiderivatives and roots, in coefficients."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Complex, Float, Real

from polybases._connection import multiply_by_x
from polybases.recurrence import Recurrence, check_theta, weighted_sum, with_rank
from polybases.series import slopes, truncate
from polybases.signals import complex_of


def product(
    recurrence: Recurrence,
    left: Real[ArrayLike, "left_terms *channels"],
    right: Real[ArrayLike, "right_terms *channels"],
) -> Float[Array, "terms *channels"]:
    """Coefficients of the product of two series of degrees L and R, of degree L + R.

    The shorter series is summed by Clenshaw's algorithm at the operator "times x", which acts on
    the coefficients of the longer one: no weight and no quadrature, exact up to rounding in every
    basis. It takes L (L + R) operations for each channel.

    Args:
        recurrence: basis of order >= L + R with scalar parameters.
        left: [L+1, ...].
        right: [R+1, ...], of the same channels.

    Returns:
        [L+R+1, ...].

    Raises:
        ValueError: if the basis is shorter than the product.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> T = polybases.chebyshev(4, "T", "standard")
        >>> T_2 = jnp.array([0.0, 0.0, 1.0])
        >>> print(abs(polybases.product(T, T_2, T_2)).round(3))  # T_2^2 = T_0 / 2 + T_4 / 2
        [0.5 0.  0.  0.  0.5]
    """
    dtype = jnp.result_type(left, right, recurrence.diagonal, float)
    short, long = sorted((jnp.asarray(a, dtype) for a in (left, right)), key=len)
    order = len(short) + len(long) - 2
    whole = with_rank(truncate(recurrence, order), long.ndim - 1)
    whole = jax.tree.map(lambda leaf: leaf.astype(dtype), whole)
    start = jnp.concatenate([long, jnp.zeros((len(short) - 1, *long.shape[1:]), dtype)])
    part = with_rank(truncate(recurrence, len(short) - 1), long.ndim)
    return weighted_sum(part, short, lambda c: multiply_by_x(whole, c), start)


def antiderivative(
    recurrence: Recurrence, theta: Real[ArrayLike, "degrees *channels"]
) -> Float[Array, "terms *channels"]:
    """Coefficients of the antiderivative of a series of degree K, that of p_0 being 0.

    Args:
        recurrence: basis of order >= K + 1 with scalar parameters.
        theta: [K+1, ...].

    Returns:
        [K+2, ...]; the first one is 0.

    Raises:
        ValueError: if the basis is too short.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> print(polybases.antiderivative(polybases.monomial(2), jnp.array([2.0, 6.0])))
        [0. 2. 3.]
    """
    theta = jnp.asarray(theta, jnp.result_type(theta, recurrence.diagonal, float))
    rows = slopes(truncate(recurrence, len(theta)))[:, :-1].astype(theta.dtype)
    flat = theta.reshape(len(theta), -1)
    solved = jax.scipy.linalg.solve_triangular(rows, flat, trans=1, lower=True)
    return jnp.concatenate([jnp.zeros_like(theta[:1]), solved.reshape(theta.shape)])


def roots(
    recurrence: Recurrence, theta: Real[ArrayLike, "terms *channels"]
) -> Complex[Array, "K *channels"]:
    """All K roots of a series of degree K: the eigenvalues of its comrade matrix.

    The matrix of "times x" with p_K replaced by what it is where the series is 0; for powers that
    is the companion matrix, for Chebyshev polynomials the colleague matrix. Source: S. Barnett,
    Linear Algebra Appl. 11 (1975) 1 (comrade); J. P. Boyd, SIAM Rev. 55 (2013) 375 (accuracy).

    Args:
        recurrence: basis of order K with scalar parameters.
        theta: [K+1, ...], the last one not 0. Traced coefficients are not checked, and the result
            is not finite where the last one is 0.

    Returns:
        [K, ...] complex, sorted by real and then imaginary part. First derivatives exist where a
        root is simple.

    Raises:
        ValueError: if theta has not K+1 rows, or concrete coefficients are not finite or end in 0.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> P = polybases.legendre(2, "standard")
        >>> print(polybases.roots(P, jnp.array([-1.0, 0.0, 1.0])).real.round(3))  # P_2 = P_0
        [-1.  1.]
    """
    theta = check_theta(recurrence, theta)
    check_leading(theta)
    theta = theta.astype(jnp.result_type(theta, recurrence.diagonal, float))
    order, channels = recurrence.order, theta.shape[1:]
    if order == 0:
        return jnp.zeros(theta[1:].shape, complex_of(theta.dtype))
    step = jnp.arange(order)
    matrix = jnp.zeros((order, order), theta.dtype).at[step, step].set(recurrence.diagonal)
    matrix = matrix.at[step[:-1], step[1:]].set(recurrence.upper[:-1])
    matrix = matrix.at[step[1:], step[:-1]].set(recurrence.lower[1:])
    last = recurrence.upper[-1] * jnp.moveaxis(theta[:-1] / theta[-1], 0, -1)
    matrices = jnp.broadcast_to(matrix, (*channels, order, order)).at[..., -1, :].add(-last)
    return jnp.moveaxis(jnp.sort(jnp.linalg.eigvals(matrices)), -1, 0)


def check_leading(theta: Real[Array, "terms *channels"]) -> None:
    """Raises ValueError unless concrete coefficients are finite and the last ones are not 0."""
    if isinstance(theta, jax.core.Tracer):
        return
    if not np.isfinite(theta).all():
        raise ValueError("roots need finite coefficients, got NaN or infinity among them")
    if not np.all(theta[-1]):
        raise ValueError(
            f"the coefficient of degree {len(theta) - 1} is 0, so there are fewer roots; leave "
            "such terms out, for instance with Series.trim()"
        )
