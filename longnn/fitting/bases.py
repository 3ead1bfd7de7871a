"""The bases that filters are fitted in, by name."""

import difflib
from collections.abc import Callable

from jax.typing import ArrayLike

from longnn.analysis.basis import Basis
from polybases import (
    bernstein,
    chebyshev,
    chebyshev_interpolation,
    gegenbauer,
    jacobi,
    legendre,
    monomial,
)
from polybases.scales import Scale

_BUILDERS: dict[str, Callable[[int, ArrayLike, ArrayLike, Scale], Basis]] = {
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
"""The names of the bases. Only two use exponents: "jacobi" alpha and beta, and "gegenbauer" alpha,
by lambda = alpha + 1/2."""


def make_basis(
    name: str,
    order: int,
    alpha: ArrayLike = 0.0,
    beta: ArrayLike = 0.0,
    scale: Scale = "orthonormal",
) -> Basis:
    """Returns a basis of polynomials of degree up to K in x = 1 - lambda, by its name.

    Args:
        name: the name of the basis, one of `BASES`.
        order: highest degree K >= 0.
        alpha, beta: exponents of the Jacobi weight (1-x)^alpha (1+x)^beta, > -1.
        scale: scale of the polynomials, "orthonormal", "monic" or "standard"; it matters where the
            basis has a weight.

    Returns:
        A basis with K+1 terms, in jax's default precision.

    Raises:
        ValueError: if the name or the scale is unknown, the order is negative, or an exponent is
            out of its range.

    Example:
        >>> make_basis("legendre", order=3).order
        3
    """
    if name not in _BUILDERS:
        near = difflib.get_close_matches(name, BASES)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise ValueError(f"unknown basis {name!r}: {hint}There are {', '.join(BASES)}")
    return _BUILDERS[name](order, alpha, beta, scale)
