"""How fast a fit by gradients came near the optimum."""

import numpy as np

from longnn.analysis.basis import host_terms
from longnn.fitting.bases import make_basis
from longnn.fitting.gradient import GradientFit
from longnn.fitting.optimum import Optimum
from polybases import chebyshev_nodes


def excess_curve(fit: GradientFit, optimum: Optimum) -> np.ndarray:
    """[H, P, C] squared error above the optimum at the recorded epochs, in float64.

    The float32 parameters are taken as exact numbers, and compared with the optimum in
    coefficients, where nothing cancels.

    Raises:
        ValueError: if the optimum is of another order.
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
    recorded: np.ndarray, excess: np.ndarray, optimum: np.ndarray, share: float = 0.01
) -> np.ndarray:
    """Epoch from which on a fit stays within a share of the optimum; infinity if it never does.

    Args:
        recorded: [H] epochs.
        excess: [H, ...] squared errors above the optimum.
        optimum: [...] least squared errors.
        share: 0.01 for 1 %.

    Returns:
        [...] float.
    """
    outside = ~(excess <= share * optimum)
    last = len(recorded) - np.argmax(outside[::-1], axis=0)  # first index after the last outside
    first = np.where(outside.any(axis=0), last, 0)
    return np.where(first < len(recorded), recorded[np.minimum(first, len(recorded) - 1)], np.inf)
