"""Every orthonormal basis there is, by its coefficients (Favard's theorem)."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Real

from polybases.recurrence import Recurrence


def favard(diagonal: Real[ArrayLike, "K *basis"], upper: Real[ArrayLike, "K *basis"]) -> Recurrence:
    """Orthonormal polynomials of some weight of mass 1, p_0 = 1.

        upper_k p_{k+1} = (x - diagonal_k) p_k - upper_{k-1} p_{k-1}

    By Favard's theorem any real diagonal and positive upper define such a weight, supported where
    the Jacobi matrix has its spectrum: by Gershgorin inside max(|diagonal_k| + upper_k +
    upper_{k-1}). Source: Gautschi (2004), theorem 1.27; as a graph filter, Guo and Wei
    (arXiv 2302.12432, FavardGNN).

    Args:
        diagonal: [K, ...] real.
        upper: [K, ...] positive; to learn it, use softplus of a parameter.

    Raises:
        ValueError: if shapes differ, or a concrete upper is not positive and finite.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> basis = polybases.favard(jnp.zeros(2), jnp.full(2, 0.5))  # Chebyshev, second kind
        >>> print(polybases.evaluate(basis, jnp.array(0.5)))
        [1. 1. 0.]
    """
    dtype = jnp.result_type(diagonal, upper, float)
    diagonal, upper = jnp.asarray(diagonal, dtype), jnp.asarray(upper, dtype)
    if diagonal.ndim < 1 or diagonal.shape != upper.shape:
        raise ValueError(
            f"diagonal and upper must have one shape [K, ...], got {diagonal.shape} and "
            f"{upper.shape}"
        )
    if not isinstance(upper, jax.core.Tracer):
        values = np.asarray(upper)
        if not np.all(np.isfinite(values) & (values > 0)):
            raise ValueError("upper must be positive and finite; use softplus of a parameter")
    lower = jnp.concatenate([jnp.zeros_like(upper[:1]), upper[:-1]])
    return Recurrence(jnp.ones(upper.shape[1:], upper.dtype), diagonal, upper, lower)
