"""How good a fitted filter is, in float64."""

import numpy as np

from longnn.analysis.basis import Basis, host_terms
from longnn.fitting.problem import FitProblem
from longnn.graphs.scaling import shift_matrix


def squared_errors(problem: FitProblem, basis: Basis, theta: np.ndarray) -> np.ndarray:
    """[P, C] sum over the nodes that count of (sum_k theta_k p_k(S) x - y)^2.

    Args:
        problem: P problems of C channels.
        basis: leaves broadcasting against the signals [N, P, c].
        theta: [K+1, P, C], taken as exact numbers.
    """
    s = shift_matrix(problem.graph)

    def product(t: np.ndarray) -> np.ndarray:
        return (s @ t.reshape(len(t), -1)).reshape(t.shape)

    terms = host_terms(basis, product, problem.signals.astype(np.float64))[:, problem.mask]
    found = sum(t * weights for t, weights in zip(terms, theta.astype(np.float64), strict=True))
    return np.square(found - problem.counted).sum(axis=0)


def r2(sse: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """R^2 = 1 - SSE / sum_i (y_i - mean y)^2; NaN where the target is constant.

    Args:
        sse: [...] squared errors.
        targets: [M, ...] on the nodes that count.
    """
    total = np.square(targets - targets.mean(axis=0)).sum(axis=0)
    return np.where(total > 0, 1 - sse / np.where(total > 0, total, 1), np.nan)
