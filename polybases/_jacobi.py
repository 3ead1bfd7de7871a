"""Jacobi polynomials, orthonormal under (1-x)^alpha (1+x)^beta on [-1, 1]."""

from functools import partial
from typing import SupportsIndex

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from polybases._mass import level
from polybases.ends import End, Ends
from polybases.ranges import check_range
from polybases.recurrence import Recurrence, check_order
from polybases.scales import Scale, check_scale, scaled
from polybases.shapes import Numbers, Values


def jacobi(
    order: SupportsIndex, alpha: Numbers, beta: Numbers, scale: Scale = "orthonormal"
) -> Recurrence:
    """Recurrence of the Jacobi polynomials p_0 .. p_K, orthonormal unless another scale is named.

    The integral of p_j p_k (1-x)^alpha (1+x)^beta over [-1, 1] is 1 if j = k and 0 otherwise;
    p_k has a positive leading coefficient. Derivatives with respect to alpha and beta exist on
    the whole domain, alpha + beta = -1 and 0 included: everything is written in p = 1 + alpha,
    q = 1 + beta, t = p + q, where the removable singularities of the textbook form are gone.
    Source: DLMF 18.9.2 with 18.3.1 for the norms; the symmetric form as in Gautschi (2004),
    table 1.1.

    Args:
        order: K >= 0, a Python int.
        alpha: [...] real, > -1; exponent at x = 1 (the low frequencies of a graph).
        beta: [...] real, > -1; exponent at x = -1. Broadcasts with ``alpha``.
        scale: "orthonormal", "monic" (leading coefficient 1) or "standard" (scipy's, DLMF 18.3.1).

    Returns:
        Recurrence with leaves [K, ...] in the dtype of alpha and beta.

    Raises:
        ValueError: if order is not an int >= 0, the scale is unknown, a concrete alpha or beta is
            <= -1 or not finite, or values on [-1, 1] are outside the range of the dtype (p_0 is
            1e-150 at alpha = 1000). Traced values cannot be checked: constrain them
            (``polybases.constraints``). Outside the domain the result is NaN or has no meaning;
            in it, what the dtype does not hold is 0 or infinite.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> basis = polybases.jacobi(2, 0.0, 0.0)
        >>> nodes, weights = polybases.gauss(polybases.jacobi(8, 0.0, 0.0))
        >>> p = polybases.evaluate(basis, nodes)
        >>> print(jnp.round(jnp.abs(p * weights @ p.T), 6))
        [[1. 0. 0.]
         [0. 1. 0.]
         [0. 0. 1.]]
    """
    order, scale = check_order(order), check_scale(scale)
    check_exponent("alpha", alpha)
    check_exponent("beta", beta)
    dtype = jnp.result_type(alpha, beta, float)
    exponents = jnp.broadcast_arrays(jnp.asarray(alpha, dtype), jnp.asarray(beta, dtype))
    basis = _built(order, scale, *exponents)
    check_range(basis.first, basis.ends, dtype)
    return basis


@partial(jax.jit, static_argnums=(0, 1))
def _built(order: int, scale: Scale, alpha: Array, beta: Array) -> Recurrence:
    p, q = 1 + wide(alpha), 1 + wide(beta)
    basis, factor = up_to_a_factor(order, p, q)
    basis = scaled(basis, scale, lambda: _standard_ratio(order, p, q), factor)
    return jax.tree.map(lambda leaf: leaf.astype(alpha.dtype), basis)


def wide(values: Array) -> Array:
    """In float32 at least: products of degrees leave the range of float16 and its precision."""
    return values.astype(jnp.float32) if jnp.finfo(values.dtype).bits < 32 else values


def up_to_a_factor(
    order: int, p: Float[Array, "*basis"], q: Float[Array, "*basis"]
) -> tuple[Recurrence, Float[Array, "*basis"]]:
    """A multiple of the orthonormal basis, with moderate numbers, and the factor that is missing.

    Args:
        order: K.
        p: [...] 1 + alpha > 0.
        q: [...] 1 + beta > 0.
    """
    upper = _off_diagonal(order, p, q)
    lower = jnp.concatenate([jnp.zeros_like(p)[None], upper])[:order]
    ends = Ends(jnp.ones_like(p), _end(order, p, q, 1.0), _end(order, q, p, -1.0))
    first = jnp.sqrt(p) * jnp.sqrt(q)
    return Recurrence(first, _diagonal(order, p, q), upper, lower, ends=ends), level(p, q)


def weight(x: Numbers, alpha: Numbers, beta: Numbers) -> Values:
    """The weight (1-x)^alpha (1+x)^beta for x in (-1, 1), broadcasting.

    Example:
        >>> import polybases
        >>> print(polybases.weight(0.0, 2.0, 1.0), polybases.weight(0.5, 1.0, 0.0))
        1.0 0.5
    """
    x = jnp.asarray(x)
    return (1 - x) ** alpha * (1 + x) ** beta


def check_exponent(name: str, value: Numbers) -> None:
    """Raises ValueError unless a concrete ``value`` is finite and > -1; traced values pass."""
    if isinstance(value, jax.core.Tracer):
        return
    array = np.asarray(value)
    if array.dtype.kind not in "fiu" and not jnp.issubdtype(array.dtype, jnp.floating):
        raise ValueError(f"{name} must be a real number or array, got {value!r}")
    if not np.all(np.isfinite(array) & (array > -1)):
        raise ValueError(
            f"{name} must be finite and > -1 (else the Jacobi weight has no finite integral), "
            f"got {value}; to train it, use polybases.constraints"
        )


def _standard_ratio(order: int, p: Array, q: Array) -> Array:
    """[K, ...] sqrt(h_{k+1} / h_k) of DLMF 18.3.1; k = 0 apart, where t - 1 cancels."""
    t = p + q
    k = _degrees(1, order, p)
    tail = (2 * k + t - 1) * (k + p) * (k + q) / ((2 * k + t + 1) * (k + 1) * (k + t - 1))
    return jnp.sqrt(jnp.concatenate([(p * q / (t + 1))[None], tail])[:order])


def _diagonal(order: int, p: Array, q: Array) -> Array:
    """[K, ...] a_0 = (q-p)/t, a_k = (q-p)(t-2) / ((2k-2+t)(2k+t))."""
    t = p + q
    k = _degrees(1, order, p)
    tail = (q - p) * (t - 2) / ((2 * k - 2 + t) * (2 * k + t))
    return jnp.concatenate([((q - p) / t)[None], tail])[:order]


def _off_diagonal(order: int, p: Array, q: Array) -> Array:
    """[K, ...] b_1 .. b_K; b_1 apart, since the general form is 0/0 there at t = 1.

    As k grows, b_k goes to 1/2, and 4 b_k^2 - 1 has a form of its own, whose roundings count as
    little as it does itself.
    """
    t, s, d = p + q, (p - 1) + (q - 1), p - q
    k = _degrees(2, order + 1, p)
    m = 2 * k + s
    beyond = (1 - s**2 - d**2 + (s * d / m) ** 2) / ((m - 1) * (m + 1))
    small = jnp.abs(beyond) < 0.5
    beyond = jnp.where(small, beyond, 0)  # no derivative of a root of 0 below
    near_half = 0.5 + 0.5 * beyond / (1 + jnp.sqrt(1 + beyond))
    product = (k / (m - 1)) * ((k - 1 + p) / m) * ((k - 1 + q) / m) * ((k - 2 + t) / (m + 1))
    head = jnp.sqrt((p / t) * (q / t) / (t + 1))
    tail = jnp.where(small, near_half, 2 * jnp.sqrt(product))
    return jnp.concatenate([2 * head[None], tail])[:order]


def _end(order: int, p: Array, q: Array, at: float) -> End:
    """The steps about x = 1, or about x = -1 with p and q exchanged.

    The coefficients are products of positive factors; k = 0 apart, where t - 1 cancels, and where
    p_1 grows from 1 in place of sqrt(p q).
    """
    t = p + q
    k = _degrees(1, order, p)
    slope = ((2 * k + t - 1) / (k + t - 1)) * ((k + t / 2) / (k + p))
    carry = (k / (k + t - 1)) * ((k - 1 + q) / (k + p)) * ((k + t / 2) / (k - 1 + t / 2))
    growth = ((2 * k + t + 1) / (2 * k + t - 1)) * ((k + p) / (k + 1)) * ((k + t - 1) / (k + q))
    growth = at * jnp.concatenate([(p * jnp.sqrt(t + 1))[None], jnp.sqrt(growth)])[:order]
    slope = jnp.concatenate([(t / (2 * p))[None], slope])[:order]
    carry = jnp.concatenate([jnp.zeros_like(p)[None], carry * growth[: len(k)]])[:order]
    end = jnp.full_like(p, at)
    return End(end, end, slope, carry, growth)


def _degrees(start: int, stop: int, like: Array) -> Array:
    k = jnp.arange(start, max(start, stop), dtype=like.dtype)
    return k.reshape(-1, *(1,) * like.ndim)
