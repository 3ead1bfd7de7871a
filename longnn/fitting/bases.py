"""The bases that filters are fitted in, by name."""

import difflib
from collections.abc import Callable
from typing import Any

import numpy as np
from jax import Array
from jax.typing import ArrayLike

from longnn.analysis.basis import Basis
from polybases import (
    Combination,
    bernstein,
    chebyshev,
    chebyshev_interpolation,
    gegenbauer,
    jacobi,
    legendre,
    monomial,
)
from polybases.scales import Scale

_BUILDERS: dict[str, Callable[[int, Any, Any, Scale], Basis]] = {
    "jacobi": jacobi,
    "gegenbauer": lambda order, alpha, _, scale: gegenbauer(order, alpha + 0.5, scale),
    "legendre": lambda order, alpha, beta, scale: legendre(order, scale),
    "chebyshev_t": lambda order, alpha, beta, scale: chebyshev(order, "T", scale),
    "chebyshev_u": lambda order, alpha, beta, scale: chebyshev(order, "U", scale),
    "chebyshev_v": lambda order, alpha, beta, scale: chebyshev(order, "V", scale),
    "chebyshev_w": lambda order, alpha, beta, scale: chebyshev(order, "W", scale),
    "monomial": lambda order, alpha, beta, scale: monomial(order),
    "bernstein": lambda order, alpha, beta, scale: bernstein(order),
    "chebyshev_interpolation": lambda order, alpha, beta, scale: chebyshev_interpolation(order),
}

BASES = tuple(_BUILDERS)
"""Names of bases. gegenbauer has lambda = alpha + 1/2; alpha and beta matter to jacobi alone
otherwise."""


def make_basis(
    name: str,
    order: int,
    alpha: ArrayLike = 0.0,
    beta: ArrayLike = 0.0,
    scale: Scale = "orthonormal",
) -> Basis:
    """A basis of polynomials of degree up to K in x = 1 - lambda, by name.

    Args:
        name: one of `BASES`.
        order: K >= 0.
        alpha, beta: exponents of the Jacobi weight (1-x)^alpha (1+x)^beta, > -1.
        scale: "orthonormal", "monic" or "standard", where the basis has a weight.

    Returns:
        Basis with K+1 terms, in jax's default precision.

    Raises:
        ValueError: for an unknown name or scale, a wrong order, or an exponent out of range.
    """
    if name not in _BUILDERS:
        near = difflib.get_close_matches(name, BASES)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise ValueError(f"unknown basis {name!r}: {hint}There are {', '.join(BASES)}")
    return _BUILDERS[name](order, alpha, beta, scale)


def penalty(basis: Basis) -> Array | np.ndarray:
    """[K+1, ...] weights w_k of the penalty sum_k w_k theta_k^2.

    For orthogonal polynomials the squared norms, so that the penalty is the integral of |g|^2
    under the basis's weight (Parseval); ones for a basis that is orthogonal under none.
    """
    if isinstance(basis, Combination):
        return np.ones(len(basis.matrix))
    if basis.norms is None or isinstance(basis.norms, tuple):
        return np.ones(basis.order + 1)
    return basis.norms
