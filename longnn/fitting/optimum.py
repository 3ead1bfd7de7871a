"""The exact optimum of a degree, whatever the basis."""

import numpy as np
from jaxtyping import Float64

from longnn.analysis.basis import host_terms
from longnn.fitting._factors import factor, propagated, solve, targets_by_signal
from longnn.fitting.bases import make_basis
from longnn.fitting.least_squares import solution
from longnn.fitting.problem import FitProblem
from polybases import chebyshev_nodes


class Optimum:
    """The least squared error of any polynomial of a degree, and how far from it a filter is.

    It depends on no basis of the caller's: it is computed from Chebyshev polynomials of S, which
    are well-conditioned, by QR in float64.

    Args:
        problem: P problems of C channels.
        order: highest degree K of the polynomials, >= 0.

    Attributes:
        order: highest degree K.
        sse: [P, C] the least squared errors.
    """

    def __init__(self, problem: FitProblem, order: int):
        terms = propagated(problem, make_basis("chebyshev_t", order))
        targets = targets_by_signal(problem)
        self.order = order
        self._factors = factor(terms)
        found = solution(problem, solve(self._factors, targets), terms, targets)
        self.sse: Float64[np.ndarray, "P C"] = found.sse
        projected = self._factors.left.swapaxes(1, 2) @ targets  # [Q, K+1, R]
        self._projected = np.where(self._factors.singular[..., None] > 0, projected, 0)

    def excess(
        self, values: Float64[np.ndarray, "*fits K1 P C"]
    ) -> Float64[np.ndarray, "*fits P C"]:
        """Returns the squared error above the optimum, computed without cancellation.

        |T c - y|^2 - min = |diag(s) V^T D c - U^T y|^2, with c the Chebyshev coefficients.

        Args:
            values: [..., K+1, P, C] values of filters at the nodes ``chebyshev_nodes(K+1)`` in x.

        Returns:
            [..., P, C] excesses >= 0.
        """
        shape = values.shape[-2:]
        basis = make_basis("chebyshev_t", self.order)
        nodes = chebyshev_nodes(self.order + 1)
        matrix = host_terms(basis, lambda t: nodes * t, np.ones_like(nodes))
        coefficients = np.linalg.solve(matrix.T, values.reshape(*values.shape[:-2], -1))
        signals, rows = self._projected.shape[0], self._projected.shape[2]
        c = coefficients.reshape(*coefficients.shape[:-1], signals, rows)
        c = np.moveaxis(self._factors.scale[..., None] * c, -2, -3)  # [..., Q, K+1, R]
        image = self._factors.singular[..., None] * (self._factors.right @ c)
        return np.square(image - self._projected).sum(axis=-2).reshape(*values.shape[:-3], *shape)
