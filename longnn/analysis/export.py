"""A filter without its framework: Chebyshev coefficients that numpy and scipy can use."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Real
from numpy.polynomial import chebyshev

_DEGREE = 128
_TOLERANCE = 2e-6  # of a float32 response, relative to its largest coefficient


@dataclass(frozen=True)
class ChebyshevFilter:
    """g_c(lambda) = sum_k a_kc T_k(1 - lambda), a plain function.

    Attributes:
        coefficients: [K+1, C] a, float64. ``numpy.polynomial.Chebyshev(a[:, c])`` is g_c as a
            function of x = 1 - lambda, on [-1, 1].
    """

    coefficients: Float[np.ndarray, "terms C"]

    def __call__(self, lam: Real[np.ndarray, "..."] | float) -> Float[np.ndarray, "... C"]:
        """lambda [...] in [0, 2] -> g [..., C]."""
        x = 1 - np.asarray(lam, float)
        return np.moveaxis(chebyshev.chebval(x, self.coefficients), 0, -1)


def chebyshev_filter(
    filter: Callable[[Float[np.ndarray, " G"]], Real[np.ndarray, "G ..."]],
) -> ChebyshevFilter:
    """A filter as a Chebyshev series.

    The series is the least-squares polynomial of degree 128 at 513 Chebyshev points, cut where the
    coefficients are rounding errors of the response (a polynomial of degree K leaves K+1 of them).

    Args:
        filter: takes lambda [G] in [0, 2], and gives g(lambda) [G] or [G, C]; of a trained model,
            for instance, ``lambda lam: run.response(lam)[0]``.

    Raises:
        ValueError: if g is of another shape, or is no polynomial of degree below 128 to the
            accuracy of float32.

    Example:
        >>> chebyshev_filter(lambda lam: 1 - lam).coefficients.round(6)
        array([[0.],
               [1.]])
    """
    x = np.cos(np.pi * np.arange(513) / 512).astype(np.float32).astype(float)
    values = np.asarray(filter(1 - x), float)
    if values.ndim not in (1, 2) or len(values) != len(x):
        raise ValueError(
            f"a filter gives [G] or [G, C] values at lambda [G], got shape {values.shape} at "
            f"{len(x)} points; choose one of several runs, as in run.response(lam)[0]"
        )
    values = values.reshape(len(x), -1)
    fitted = chebyshev.chebfit(x, values, _DEGREE)
    large = np.flatnonzero(np.abs(fitted).max(axis=1) > _TOLERANCE * np.abs(fitted).max())
    degree = int(large.max(initial=0))
    if degree > _DEGREE * 3 // 4:
        raise ValueError(
            f"the response is no polynomial of a degree below {_DEGREE * 3 // 4}; evaluate the "
            "filter itself at the eigenvalues that you need"
        )
    return ChebyshevFilter(chebyshev.chebfit(x, values, degree))
