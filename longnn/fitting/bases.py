"""The bases that filters are fitted in, by name, and their terms on the host in float64."""

import difflib
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from jax import Array
from jax.typing import ArrayLike

from polybases import (
    Combination,
    Recurrence,
    bernstein,
    chebyshev,
    chebyshev_interpolation,
    gegenbauer,
    jacobi,
    legendre,
    monomial,
)
from polybases.scales import Scale

Basis: TypeAlias = Recurrence | Combination

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


def host_terms(
    basis: Basis, product: Callable[[np.ndarray], np.ndarray], x: np.ndarray
) -> np.ndarray:
    """All terms p_k(S) x in float64 numpy, with the coefficients as the basis has them.

    Args:
        basis: leaves broadcasting against ``x``.
        product: t -> S t; for values of the polynomials, t -> points * t with x of ones.
        x: [...] float64.

    Returns:
        [K+1, ...].
    """
    recurrence = basis.recurrence if isinstance(basis, Combination) else basis
    first, diagonal, upper, lower = (np.asarray(leaf, np.float64) for leaf in recurrence[:4])
    terms = [first * x]
    for d, u, low in zip(diagonal, upper, lower, strict=True):
        following = product(terms[-1]) - d * terms[-1]
        if len(terms) > 1:
            following = following - low * terms[-2]
        terms.append(following / u)
    stacked = np.stack(terms)
    if isinstance(basis, Combination):
        return np.tensordot(np.asarray(basis.matrix, np.float64), stacked, axes=1)
    return stacked


def fitted(basis: Basis, theta: ArrayLike, lam: np.ndarray) -> np.ndarray:
    """The filter sum_k theta_k p_k(1 - lambda), in float64 on the host.

    Args:
        basis: leaves broadcasting against ``theta[0]``.
        theta: [K+1, ...].
        lam: [G].

    Returns:
        [G, ...].
    """
    theta = np.asarray(theta, np.float64)
    x = (1 - np.asarray(lam, np.float64)).reshape(-1, *(1,) * (theta.ndim - 1))
    ones = np.ones(np.broadcast_shapes(x.shape, theta.shape[1:]))
    return np.einsum("k...,kg...->g...", theta, host_terms(basis, lambda t: x * t, ones))


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
