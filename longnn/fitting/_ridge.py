"""The ridge of a fit: the weights of its penalty, and the check of its strength."""

import numpy as np
from jax import Array
from jaxtyping import Float

from longnn.analysis.basis import Basis
from polybases import Combination


def penalty(basis: Basis) -> Float[Array, "K1 *parameters"] | Float[np.ndarray, " K1"]:
    """Returns the weights w_k of the penalty sum_k w_k theta_k^2.

    For orthogonal polynomials they are the squared norms, so that the penalty is the integral of
    |g|^2 under the basis's weight (Parseval). They are 1 for a basis that has no weight.
    """
    if isinstance(basis, Combination):
        return np.ones(len(basis.matrix))
    if basis.norms is None or isinstance(basis.norms, tuple):
        return np.ones(basis.order + 1)
    return basis.norms


def check_ridge(ridge: float) -> None:
    """Raises a ValueError unless the strength of a ridge is finite and >= 0."""
    if not (np.isfinite(ridge) and ridge >= 0):
        raise ValueError(f"ridge must be finite and >= 0, got {ridge}; 0 is no penalty")
