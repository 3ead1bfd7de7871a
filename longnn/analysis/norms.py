"""The norm of a filter under any measure.

Under the weight of its own basis it follows from the coefficients (Parseval): ``polybases.norm``.
"""

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Float

from longnn.analysis.basis import Basis, filter_values
from longnn.analysis.measure import Measure


def squared_norm(
    basis: Basis, theta: ArrayLike, measure: Measure
) -> Float[np.ndarray, "..."] | np.floating:
    """The squared norm [...] of a filter, sum_j |g(lambda_j)|^2 mass_j.

    Under the spectral density of a graph it is ||g(L)||_F^2 / N, the mean power that white noise
    keeps; under the energy of a signal, what the filter leaves of that.

    Args:
        basis: of order K.
        theta: [K+1, ...].
        measure: of a graph (``spectral_measure``), of a signal (``signal_measure``), or the weight
            of a basis of order K + 1 (``weight_measure``).

    Raises:
        ValueError: if theta has not K+1 rows.
    """
    values = filter_values(basis, theta, measure.lam)
    return np.tensordot(measure.mass, values**2, axes=1)
