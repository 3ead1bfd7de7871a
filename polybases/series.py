"""Series sum_k theta_k p_k: derivative, norm, and the projection of a function."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Real

from polybases._connection import multiply_by_x
from polybases.quadrature import gauss
from polybases.recurrence import Recurrence, check_theta, evaluate, squared_norms


def truncate(recurrence: Recurrence, order: int) -> Recurrence:
    """The first terms of a basis.

    Args:
        recurrence: basis of order K.
        order: at most K.

    Raises:
        ValueError: if ``order`` is not in [0, K].

    Example:
        >>> import polybases
        >>> print(polybases.truncate(polybases.legendre(5), 2).order)
        2
    """
    if not 0 <= order <= recurrence.order:
        raise ValueError(f"order must lie in [0, {recurrence.order}], got {order}")
    first, diagonal, upper, lower, norms, ends = recurrence
    norms = jax.tree.map(lambda squared: squared[: order + 1], norms)
    if ends is not None:
        ends = ends.truncated(order)
    return Recurrence(first, diagonal[:order], upper[:order], lower[:order], norms, ends)


def derivative(
    recurrence: Recurrence, theta: Real[ArrayLike, "terms *channels"]
) -> Float[Array, "terms *channels"]:
    """Coefficients of the derivative of a series in the same basis.

    Args:
        recurrence: three-term basis of order K with scalar parameters.
        theta: [K+1, ...].

    Returns:
        [K+1, ...]; the last one is 0.

    Raises:
        ValueError: if theta has not K+1 rows, or the leaves have trailing dimensions.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> theta = jnp.array([1.0, 2.0, 3.0])
        >>> print(polybases.derivative(polybases.monomial(2), theta))  # 2 + 6 x
        [2. 6. 0.]
    """
    theta = check_theta(recurrence, theta)
    return jnp.einsum("kj,k...->j...", slopes(recurrence), theta[1:], precision="highest")


def slopes(recurrence: Recurrence) -> Float[Array, "K terms"]:
    """Rows k = 1 .. K of the lower triangular D in p_k' = sum_j D_kj p_j.

    They follow from the recurrence differentiated:
    upper_k p'_{k+1} = p_k + (x - diagonal_k) p'_k - lower_k p'_{k-1}.

    Args:
        recurrence: three-term basis of order K with scalar parameters.

    Raises:
        ValueError: if the leaves have trailing dimensions.
    """
    if jnp.ndim(recurrence.first):
        raise ValueError("derivative takes scalar parameters; use jax.vmap over several bases")

    def step(carry, coefficients):
        before, current, one = carry
        d, u, low = coefficients
        after = (one + multiply_by_x(recurrence, current) - d * current - low * before) / u
        return (current, after, jnp.roll(one, 1)), after

    zero = jnp.zeros(recurrence.order + 1, recurrence.diagonal.dtype)
    start = (zero, zero, zero.at[0].set(1))
    leaves = (recurrence.diagonal, recurrence.upper, recurrence.lower)
    return jax.lax.scan(step, start, leaves)[1]


def norm(
    recurrence: Recurrence, theta: Real[ArrayLike, "terms *channels"]
) -> Float[Array, "*channels"]:
    """sqrt of the integral of |sum_k theta_k p_k|^2 w dx (Parseval).

    Args:
        recurrence: orthogonal basis of order K.
        theta: [K+1, ...].

    Returns:
        [...]; its gradient at theta = 0 is 0.

    Raises:
        ValueError: if theta has not K+1 rows, or the basis has no weight.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> print(polybases.norm(polybases.legendre(1), jnp.array([3.0, 4.0])))
        5.0
    """
    theta = check_theta(recurrence, theta)
    norms = squared_norms(recurrence)
    if norms is not None:
        norms = norms.reshape(norms.shape + (1,) * (theta.ndim - norms.ndim))
    squared = jnp.sum(theta**2 if norms is None else norms * theta**2, axis=0)
    return jnp.where(squared > 0, jnp.sqrt(jnp.where(squared > 0, squared, 1)), 0)


def project(
    function: Callable[[Array], Array], recurrence: Recurrence, order: int
) -> Float[Array, "terms ..."]:
    """Coefficients of the best approximation of degree ``order`` in the norm of the weight.

    The integrals <f, p_k> / <p_k, p_k> are taken by the Gauss rule of ``recurrence``, whose order
    n must be larger: they are exact for polynomials f of degree up to 2n - 1 - order.

    Args:
        function: response g, nodes [n] -> values [n, ...].
        recurrence: orthogonal basis of order n > ``order``, with scalar parameters.
        order: K of the result.

    Returns:
        [K+1, ...].

    Raises:
        ValueError: if ``order`` is not below n, or the basis has no weight.

    Example:
        >>> import polybases
        >>> P = polybases.legendre(4, "standard")
        >>> print(abs(polybases.project(lambda x: x**2, P, 2)).round(4))  # x^2 = 1/3 + 2/3 P_2
        [0.3333 0.     0.6667]
    """
    if not 0 <= order < recurrence.order:
        raise ValueError(
            f"project needs more nodes than terms: order must lie in [0, {recurrence.order - 1}] "
            f"for a basis of order {recurrence.order}, got {order}"
        )
    nodes, weights = gauss(recurrence)
    short = truncate(recurrence, order)
    p = evaluate(short, nodes) * weights
    moments = jnp.einsum("kn,n...->k...", p, function(nodes), precision="highest")
    norms = squared_norms(short)
    if norms is None:
        return moments
    return moments / norms.reshape(-1, *(1,) * (moments.ndim - 1))
