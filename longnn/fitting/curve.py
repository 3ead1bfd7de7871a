"""How fast a fit by gradients came near the optimum."""

import numpy as np
from jaxtyping import Float64, Integer, Real

from longnn.analysis.basis import host_terms
from longnn.fitting.bases import make_basis
from longnn.fitting.gradient import GradientFit
from longnn.fitting.optimum import Optimum
from polybases import chebyshev_nodes


def excess_curve(fit: GradientFit, optimum: Optimum) -> Float64[np.ndarray, "H P C"]:
    """Returns the squared error above the optimum at the recorded epochs, in float64.

    The float32 parameters are taken as exact numbers, and compared with the optimum in
    coefficients, where nothing cancels.

    Raises:
        ValueError: if the optimum is that of another order.
    """
    setup, (theta, alpha, beta) = fit.setup, fit.path
    if setup.order != optimum.order:
        raise ValueError(f"the fit has order {setup.order}, the optimum {optimum.order}")
    basis = make_basis(setup.basis, setup.order, alpha[..., None], beta[..., None], setup.scale)
    x = chebyshev_nodes(setup.order + 1).reshape(-1, 1, 1, 1)
    terms = host_terms(basis, lambda t: x * t, np.ones((len(x), *alpha.shape, 1)))
    values = np.einsum("hkpc,kjhp->hjpc", theta.astype(np.float64), terms[..., 0])
    return optimum.excess(values)


def epochs_within(
    recorded: Integer[np.ndarray, " H"],
    excess: Real[np.ndarray, "H *channels"],
    optimum: Real[np.ndarray, "*channels"],
    share: float = 0.01,
) -> Float64[np.ndarray, "*channels"]:
    """Returns the epoch from which on a fit stays within a share of the optimum.

    It is infinity where the fit never does.

    Args:
        recorded: [H] numbers of the recorded epochs, ascending.
        excess: [H, ...] squared errors above the optimum.
        optimum: [...] least squared errors.
        share: share of the optimum, 0.01 for 1 %.

    Returns:
        [...] epochs, as floating-point numbers.
    """
    outside = ~(excess <= share * optimum)
    last = len(recorded) - np.argmax(outside[::-1], axis=0)  # first index after the last outside
    first = np.where(outside.any(axis=0), last, 0)
    return np.where(first < len(recorded), recorded[np.minimum(first, len(recorded) - 1)], np.inf)
