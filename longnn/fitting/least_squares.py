"""The best coefficients directly: linear least squares on the terms p_k(S) x, in float64."""

from typing import NamedTuple

import numpy as np

from longnn.analysis.basis import Basis, host_terms
from longnn.fitting.bases import penalty
from longnn.fitting.problem import FitProblem
from longnn.graphs.scaling import shift_matrix


class Solution(NamedTuple):
    """theta [K+1, P, C] float64, and sse [P, C], the squared error of each channel."""

    theta: np.ndarray
    sse: np.ndarray


class Factors(NamedTuple):
    """T D^-1 = U diag(s) V^T of the terms T [M, K+1] of each of Q signals on the nodes that count.

    Attributes:
        terms: [Q, M, K+1] T.
        scale: [K+1, Q] lengths of the columns of T, the diagonal of D (1 where a column is 0).
        left: [Q, M, m] U, m = min(M, K+1).
        singular: [Q, m] s, descending; 0 where it is rounding.
        right: [Q, m, K+1] V^T.
    """

    terms: np.ndarray
    scale: np.ndarray
    left: np.ndarray
    singular: np.ndarray
    right: np.ndarray


def lstsq(problem: FitProblem, basis: Basis, ridge: float = 0.0) -> Solution:
    """Minimises |T theta - y|^2 + ridge sum_k w_k theta_k^2 for every channel, exactly.

    All targets of a signal are solved with one QR factorisation. w is
    `longnn.fitting.bases.penalty`: with orthogonal polynomials the penalty is the squared norm of
    the filter under their weight. Where terms are linearly dependent to rounding, the solution
    with the least sum of (|T_k| theta_k)^2 is taken. Source: Golub and Van Loan, Matrix
    Computations (2013), sections 5.3 and 5.5.

    Args:
        problem: P problems of C channels.
        basis: K+1 terms with scalar parameters.
        ridge: >= 0.

    Raises:
        ValueError: for a ridge that is negative or not finite, or terms that overflow.
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


def propagated(problem: FitProblem, basis: Basis) -> np.ndarray:
    """[Q, M, K+1] float64 terms p_k(S) x of each signal on the nodes that count.

    Raises:
        ValueError: if a term overflows.
    """
    s = shift_matrix(problem.graph)
    signals = problem.signals.reshape(len(problem.mask), -1).astype(np.float64)
    terms = host_terms(basis, lambda t: s @ t, signals)[:, problem.mask]
    if not np.isfinite(terms).all():
        degree = int(np.flatnonzero(~np.isfinite(terms).all(axis=(1, 2)))[0])
        raise ValueError(f"term {degree} of the basis overflows; take a lower order or its scale")
    return np.ascontiguousarray(np.moveaxis(terms, (0, 1, 2), (2, 1, 0)))


def factor(terms: np.ndarray) -> Factors:
    """Factors terms [Q, M, K+1] whose columns are scaled to length 1 first."""
    length = np.sqrt(np.einsum("qmk,qmk->qk", terms, terms))
    scale = np.where(length > 0, length, 1)
    q, r = _tall_qr(terms / scale[:, None])
    u, singular, right = np.linalg.svd(r, full_matrices=False)
    noise = max(terms.shape[1:]) * np.finfo(float).eps * singular[:, :1]
    return Factors(terms, scale.T, q @ u, np.where(singular > noise, singular, 0), right)


def _tall_qr(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """QR of tall matrices [Q, M, n], by blocks of rows and then of their triangles.

    As stable as Householder's, and ten times faster here than LAPACK's threads on whole columns.
    Source: Demmel, Grigori, Hoemmen and Langou, SIAM J. Sci. Comput. 34 (2012) A206.
    """
    count, rows, columns = a.shape
    size = max(256, 4 * columns)
    if rows <= 2 * size:
        return np.linalg.qr(a)
    padded = np.pad(a, ((0, 0), (0, -rows % size), (0, 0)))
    inner, triangles = np.linalg.qr(padded.reshape(count, -1, size, columns))
    outer, r = np.linalg.qr(triangles.reshape(count, -1, columns))
    q = inner @ outer.reshape(count, -1, columns, columns)
    return q.reshape(count, -1, columns)[:, :rows], r


def solve(factors: Factors, targets: np.ndarray) -> np.ndarray:
    """[Q, K+1, R] coefficients for targets [Q, M, R]."""
    projected = factors.left.swapaxes(1, 2) @ targets
    kept = factors.singular > 0
    inverse = kept / np.where(kept, factors.singular, 1)
    scaled = factors.right.swapaxes(1, 2) @ (inverse[..., None] * projected)
    return scaled / factors.scale.T[..., None]


def check_ridge(ridge: float) -> None:
    """Raises ValueError unless ridge is finite and >= 0."""
    if not (np.isfinite(ridge) and ridge >= 0):
        raise ValueError(f"ridge must be finite and >= 0, got {ridge}")


def targets_by_signal(problem: FitProblem) -> np.ndarray:
    """[Q, M, R] targets on the nodes that count: R of each of the Q signals, Q R = P C."""
    signals = problem.signals.shape[1] * problem.signals.shape[2]
    counted = problem.counted
    return np.ascontiguousarray(np.moveaxis(counted.reshape(len(counted), signals, -1), 0, 1))


def solution(
    problem: FitProblem, theta: np.ndarray, terms: np.ndarray, targets: np.ndarray
) -> Solution:
    """Of coefficients [Q, K+1, R], with squared errors from the residuals themselves."""
    shape = problem.targets.shape[1:]
    sse = np.square(targets - terms @ theta).sum(axis=1).reshape(shape)
    return Solution(np.moveaxis(theta, 1, 0).reshape(-1, *shape), sse)
