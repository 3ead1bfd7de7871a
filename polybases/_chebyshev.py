"""Chebyshev polynomials of the four kinds, on [-1, 1]."""

from functools import partial
from typing import Literal, SupportsIndex

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike

from polybases._jacobi import up_to_a_factor, wide
from polybases.ranges import check_range
from polybases.recurrence import Recurrence, check_order
from polybases.scales import Scale, check_scale, scaled

Kind = Literal["T", "U", "V", "W"]

_EXPONENTS: dict[str, tuple[float, float]] = {
    "T": (-0.5, -0.5),
    "U": (0.5, 0.5),
    "V": (-0.5, 0.5),
    "W": (0.5, -0.5),
}


def chebyshev(
    order: SupportsIndex,
    kind: Kind = "T",
    scale: Scale = "orthonormal",
    *,
    dtype: DTypeLike | None = None,
) -> Recurrence:
    """Recurrence of the Chebyshev polynomials of degrees 0 .. K; with x = cos(phi):

        T_k = cos(k phi)                          weight (1-x)^(-1/2) (1+x)^(-1/2)
        U_k = sin((k+1) phi) / sin(phi)           weight (1-x)^(1/2) (1+x)^(1/2)
        V_k = cos((k+1/2) phi) / cos(phi/2)       weight (1-x)^(-1/2) (1+x)^(1/2)
        W_k = sin((k+1/2) phi) / sin(phi/2)       weight (1-x)^(1/2) (1+x)^(-1/2)

    Source: J. C. Mason and D. C. Handscomb, Chebyshev Polynomials (2003), section 1.2. Some books
    name V and W the other way round.

    Args:
        order: K >= 0.
        kind: "T", "U", "V" or "W".
        scale: "orthonormal", "monic" or "standard" (the formulas above).
        dtype: of the coefficients; jax's default float if None.

    Raises:
        ValueError: if order < 0, or the kind or scale is unknown.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> T = polybases.chebyshev(3, "T", "standard")
        >>> print(polybases.evaluate(T, jnp.array(0.5)))
        [ 1.   0.5 -0.5 -1. ]
    """
    if kind not in _EXPONENTS:
        raise ValueError(f"unknown kind {kind!r}; choose one of {', '.join(_EXPONENTS)}")
    dtype = jnp.dtype(dtype or jnp.result_type(float))
    basis = _built(check_order(order), kind, check_scale(scale), dtype)
    check_range(basis.first, basis.ends, dtype)
    return basis


@partial(jax.jit, static_argnums=(0, 1, 2, 3))
def _built(order: int, kind: Kind, scale: Scale, dtype: np.dtype) -> Recurrence:
    p, q = (wide(1 + jnp.asarray(e, dtype)) for e in _EXPONENTS[kind])
    # squared norms are pi for k = 0 and pi / 2 after it (T), pi / 2 (U), pi (V, W)
    ratio = jnp.ones(order, p.dtype).at[:1].set(0.5**0.5 if kind == "T" else 1.0)
    basis, factor = up_to_a_factor(order, p, q)
    basis = scaled(basis, scale, lambda: ratio, factor)
    return jax.tree.map(lambda leaf: leaf.astype(dtype), basis)
