"""The integral of the Jacobi weight, in a form without cancellation.

With p = 1 + alpha, q = 1 + beta and t = p + q it is mu(p, q) = 2^(t-1) Gamma(p) Gamma(q) / Gamma(t)
(DLMF 5.12.1). Logarithms of the three Gamma functions are large and cancel, and so do their
derivatives where p and q are nearly equal. Here p and q are raised by 8 (DLMF 5.5.1), where
Stirling's series (DLMF 5.11.1) has its full accuracy in float64, and its large terms are united.
"""

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

SHIFT = 8
STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400)
"""B_2n / (2n (2n - 1)): at z = 8 the next term is 1e-16 of 1."""


def level(p: Float[Array, "*basis"], q: Float[Array, "*basis"]) -> Float[Array, "*basis"]:
    """[...] (p q mu)^(-1/2): the constant p_0 over sqrt(p q), finite at p = 0 and at q = 0.

    Args:
        p: [...] 1 + alpha > 0.
        q: [...] 1 + beta > 0.
    """
    t = p + q
    j = jnp.arange(1, SHIFT, dtype=p.dtype).reshape(-1, *(1,) * p.ndim)
    # (t/2 + j) (t/2 + j + 1/2) / ((p + j) (q + j)) - 1, the factors of 5.5.1
    beyond = ((p - q) / (p + j)) * ((p - q) / (q + j)) / 4 + (t / 2 + j) / (2 * (p + j) * (q + j))
    product = (t / 4) * (t + 1) * jnp.prod(1 + beyond, axis=0)
    return jnp.exp(-0.5 * _log_mass(p + SHIFT, q + SHIFT)) / jnp.sqrt(product)


def _log_mass(p: Array, q: Array) -> Array:
    """log mu(p, q) for p, q >= 8, by Stirling's series."""
    t = p + q
    main = _entropy(p, q) - 0.5 * sum(_logarithms(p, q)) + 0.5 * jnp.log(2 * jnp.pi / t)
    of_p, of_q, of_t = _correction(jnp.stack([p, q, t]))
    return main + (of_p + of_q - of_t)


def _correction(z: Array) -> Array:
    """log Gamma(z) less the main terms of Stirling's formula."""
    inverse, total = 1 / z, jnp.zeros_like(z)
    for coefficient in reversed(STIRLING):
        total = coefficient + total * inverse**2
    return inverse * total


@jax.custom_jvp
def _entropy(p: Array, q: Array) -> Array:
    """p log(2p/t) + q log(2q/t); its derivatives are the two logarithms, the rest cancels."""
    by_p, by_q = _logarithms(p, q)
    return p * by_p + q * by_q


@_entropy.defjvp
def _entropy_jvp(primals, tangents):
    by_p, by_q = _logarithms(*primals)
    return _entropy(*primals), by_p * tangents[0] + by_q * tangents[1]


def _logarithms(p: Array, q: Array) -> tuple[Array, Array]:
    """log(2p/t) and log(2q/t), accurate near 0 too."""
    t = p + q
    ratio = (p - q) / t
    near = jnp.abs(ratio) < 0.25  # from 0.29 on XLA's log1p has lost a digit in float64
    ratio = jnp.where(near, ratio, 0)
    by_p = jnp.where(near, jnp.log1p(ratio), jnp.log(2 * p / t))
    return by_p, jnp.where(near, jnp.log1p(-ratio), jnp.log(2 * q / t))
