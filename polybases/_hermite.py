"""Hermite polynomials, orthogonal under a Gaussian weight on the whole line."""

import math
from typing import Literal, SupportsIndex, get_args

import jax.numpy as jnp
from jax.typing import DTypeLike

from polybases.parameters import check_representable
from polybases.recurrence import Recurrence, check_order
from polybases.scales import Scale, scaled

HermiteKind = Literal["H", "He"]


def hermite(
    order: SupportsIndex,
    kind: HermiteKind = "H",
    scale: Scale = "orthonormal",
    *,
    dtype: DTypeLike | None = None,
) -> Recurrence:
    """Recurrence of the Hermite polynomials of degrees 0 .. K:

        H_k    physicists'      weight exp(-x^2) of mass sqrt(pi)
        He_k   probabilists'    weight exp(-x^2 / 2) of mass sqrt(2 pi)

    Source: DLMF 18.3, table 18.3.1, and 18.9.1 with table 18.9.1; R. Koekoek and R. F. Swarttouw,
    TU Delft report 98-17, eqs. 1.13.2 to 1.13.4.

    Args:
        order: K >= 0.
        kind: "H" or "He".
        scale: "orthonormal", "monic" or "standard" (leading coefficients 2^k for H, 1 for He;
            scipy's ``eval_hermite`` and ``eval_hermitenorm``).
        dtype: of the coefficients; jax's default float if None.

    Raises:
        ValueError: if order < 0, the kind or scale is unknown, or the squared norms, which grow
            as k!, are too large for the dtype in a scale that is not orthonormal.

    Example:
        >>> import jax.numpy as jnp
        >>> import polybases
        >>> H = polybases.hermite(3, "H", "standard")
        >>> print(polybases.evaluate(H, jnp.array(0.5)))  # 1, 2 x, 4 x^2 - 2, 8 x^3 - 12 x
        [ 1.  1. -1. -5.]
    """
    if kind not in get_args(HermiteKind):
        raise ValueError(f"unknown kind {kind!r}; choose one of {', '.join(get_args(HermiteKind))}")
    variance = 0.5 if kind == "H" else 1.0
    k = jnp.arange(check_order(order), dtype=dtype or jnp.result_type(float))
    upper = jnp.sqrt((k + 1) * variance)
    lower = jnp.sqrt(k * variance)
    first = jnp.full((), (2 * math.pi * variance) ** -0.25, k.dtype)
    orthonormal = Recurrence(first, jnp.zeros_like(k), upper, lower)
    basis = scaled(orthonormal, scale, lambda: upper / variance)
    return check_representable(basis, f"hermite {kind}")
