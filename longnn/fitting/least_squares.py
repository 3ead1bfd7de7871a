"""The best coefficients directly: linear least squares on the terms p_k(S) x, in float64."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from longnn.analysis.basis import Basis
from longnn.fitting._factors import factor, propagated, solve, targets_by_signal
from longnn.fitting._ridge import check_ridge, penalty
from longnn.fitting.problem import FitProblem


class Solution(NamedTuple):
    """The coefficients of a fit, and how well they do.

    Attributes:
        theta: [K+1, P, C] coefficients.
        sse: [P, C] squared error of each channel, summed over the nodes that count.
    """

    theta: Float64[np.ndarray, "K1 P C"]
    sse: Float64[np.ndarray, "P C"]


def lstsq(problem: FitProblem, basis: Basis, ridge: float = 0.0) -> Solution:
    """Minimises |T theta - y|^2 + ridge sum_k w_k theta_k^2 for every channel, exactly.

    T holds the terms p_k(S) x of a signal, and all targets of a signal are solved with one QR
    factorisation. The weights w_k are the squared norms of orthogonal polynomials, so that the
    penalty is the squared norm of the filter under their weight; they are 1 for a basis without a
    weight. Where terms are linearly dependent to rounding, the solution with the least sum of
    (|T_k| theta_k)^2 is taken. Source: Golub and Van Loan, Matrix Computations (2013), sections
    5.3 and 5.5.

    Args:
        problem: P problems of C channels.
        basis: a basis of K+1 terms with scalar parameters.
        ridge: strength of the penalty, >= 0.

    Raises:
        ValueError: if the ridge is negative or not finite, or if a term overflows.

    Example:
        >>> from longnn.graphs import Graph
        >>> graph = Graph.from_edges(np.array([[0, 1], [1, 2], [2, 3]]), 4)
        >>> x = np.array([1.0, 0.0, 0.0, 0.0]).reshape(4, 1, 1)
        >>> problem = FitProblem(graph, x, 3 * x, np.ones(4, bool))
        >>> from polybases import legendre
        >>> lstsq(problem, legendre(2, "standard")).theta[0].round(6).tolist()
        [[3.0]]
    """
    check_ridge(ridge)
    terms = propagated(problem, basis)
    targets = targets_by_signal(problem)
    if not ridge:
        return solution(problem, solve(factor(terms), targets), terms, targets)
    roots = np.sqrt(ridge * np.asarray(penalty(basis), np.float64))
    extra = np.broadcast_to(np.diag(roots), (len(terms), len(roots), len(roots)))
    nothing = np.zeros((len(terms), len(roots), targets.shape[2]))
    theta = solve(
        factor(np.concatenate([terms, extra], axis=1)),
        np.concatenate([targets, nothing], axis=1),
    )
    return solution(problem, theta, terms, targets)


def solution(
    problem: FitProblem,
    theta: Float64[np.ndarray, "Q K1 R"],
    terms: Float64[np.ndarray, "Q M K1"],
    targets: Float64[np.ndarray, "Q M R"],
) -> Solution:
    """Returns coefficients by problem and channel, with their errors from the residuals."""
    shape = problem.targets.shape[1:]
    sse = np.square(targets - terms @ theta).sum(axis=1).reshape(shape)
    return Solution(np.moveaxis(theta, 1, 0).reshape(-1, *shape), sse)
