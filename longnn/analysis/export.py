"""A learned filter without its framework: Chebyshev coefficients that numpy and scipy can use."""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev

from longnn.analysis.response import Trained, response

_DEGREE = 128
_TOLERANCE = 2e-6  # of a float32 response, relative to its largest coefficient


@dataclass(frozen=True)
class ChebyshevFilter:
    """g_c(lambda) = sum_k a_kc T_k(1 - lambda), a plain function.

    Attributes:
        coefficients: [K+1, C] a, float64. ``numpy.polynomial.Chebyshev(a[:, c])`` is g_c as a
            function of x = 1 - lambda, on [-1, 1].
    """

    coefficients: np.ndarray

    def __call__(self, lam: np.ndarray | float) -> np.ndarray:
        """lambda [...] in [0, 2] -> g [..., C]."""
        x = 1 - np.asarray(lam, float)
        return np.moveaxis(chebyshev.chebval(x, self.coefficients), 0, -1)


def chebyshev_filter(trained: Trained, run: int = 0) -> ChebyshevFilter:
    """The filter of one run as a Chebyshev series.

    Its least-squares polynomial of degree 128 at 513 Chebyshev points, cut where the coefficients
    are rounding errors of the response (a polynomial of degree K leaves K+1 of them).

    Args:
        trained: see :func:`longnn.analysis.response`.
        run: which of its B runs.

    Raises:
        ValueError: if the model has no response, there is no such run, or the response is no
            polynomial of degree below 128 to the accuracy of float32.
    """
    x = np.cos(np.pi * np.arange(513) / 512).astype(np.float32).astype(float)
    values = response(trained, 1 - x).astype(float)
    if not 0 <= run < len(values):
        raise ValueError(f"there are runs 0 to {len(values) - 1}, got {run}")
    fitted = chebyshev.chebfit(x, values[run], _DEGREE)
    large = np.flatnonzero(np.abs(fitted).max(axis=1) > _TOLERANCE * np.abs(fitted).max())
    degree = int(large.max(initial=0))
    if degree > _DEGREE * 3 // 4:
        raise ValueError(
            f"the response is no polynomial of a degree below {_DEGREE * 3 // 4}; use "
            "longnn.analysis.response on the eigenvalues that you need"
        )
    return ChebyshevFilter(chebyshev.chebfit(x, values[run], degree))
