"""Series from and to the classes of ``numpy.polynomial``."""

from functools import partial
from typing import Any

import numpy as np
from numpy import polynomial

from polybases._chebyshev import chebyshev
from polybases._hermite import hermite
from polybases._laguerre import laguerre
from polybases._legendre import legendre
from polybases._monomial import monomial
from polybases.family import Basis
from polybases.value import Series

STANDARD: dict[type, Basis] = {
    polynomial.Polynomial: monomial,
    polynomial.Chebyshev: partial(chebyshev, kind="T", scale="standard"),
    polynomial.Legendre: partial(legendre, scale="standard"),
    polynomial.Hermite: partial(hermite, kind="H", scale="standard"),
    polynomial.HermiteE: partial(hermite, kind="He", scale="standard"),
    polynomial.Laguerre: partial(laguerre, scale="standard"),
}
"""The basis of each of numpy's classes."""


def from_numpy(series: Any) -> Series:
    """The same series as a :class:`Series`, with its coefficients, domain and window.

    Args:
        series: of a class of ``numpy.polynomial`` with real coefficients; they get jax's default
            float type.

    Raises:
        TypeError: if it is of no such class.

    Example:
        >>> import numpy as np
        >>> import polybases
        >>> p = polybases.from_numpy(np.polynomial.Chebyshev([1.0, 2.0, 3.0]))
        >>> print(p(0.5).round(3), p.coef)
        0.5 [1. 2. 3.]
    """
    return Series(series.coef, _basis_of(type(series)), series.domain, series.window)


def to_numpy(series: Series, kind: type) -> Any:
    """The same function as a series of numpy, with the domain and the window of ``series``.

    Args:
        series: concrete, without channels.
        kind: class of ``numpy.polynomial``, such as ``numpy.polynomial.Chebyshev``.

    Returns:
        An instance of ``kind`` with float64 coefficients.

    Raises:
        TypeError: if ``kind`` is no such class.
        ValueError: if the series has channels; convert one function at a time.

    Example:
        >>> import numpy as np
        >>> import polybases
        >>> p = polybases.Series([0.0, 0.0, 2.0], polybases.monomial)
        >>> print(polybases.to_numpy(p, np.polynomial.Chebyshev).coef.round(3))
        [1. 0. 1.]
    """
    if series.coef.ndim != 1:
        raise ValueError(
            f"numpy's series hold one function, got coefficients of shape {series.coef.shape}; "
            "convert one channel at a time"
        )
    converted = series.convert(_basis_of(kind))
    parts = (converted.coef, converted.domain, converted.window)
    return kind(*(np.asarray(part, np.float64) for part in parts))


def _basis_of(kind: type) -> Basis:
    if kind not in STANDARD:
        names = ", ".join(known.__name__ for known in STANDARD)
        raise TypeError(f"numpy.polynomial has the classes {names}; got {kind.__name__}")
    return STANDARD[kind]
