"""Independent references: scipy.special, mpmath and dense numpy, none of our own code."""

import mpmath
import numpy as np
from scipy.special import betaln, eval_jacobi, gammaln, roots_jacobi

SPECIAL = [
    (-0.5, -0.5),  # alpha + beta = -1
    (-0.75, -0.75),  # alpha + beta = -1.5
    (-0.9, -0.6),
    (-0.2, -0.8),
    (0.5, -0.5),  # alpha + beta = 0
    (-0.3, 0.3),
    (0.0, 0.0),
    (1.0, 0.0),
    (0.0, 1.0),
    (2.0, -0.25),
    (-0.25, 2.0),
    (-0.99, 3.0),
    (3.0, -0.99),
    (10.0, -0.5),
    (-0.5, 10.0),
]
"""(alpha, beta) where the textbook formulas are 0/0 or large, asymmetric pairs in both orders."""


def random_pairs(count: int, seed: int = 0) -> list[tuple[float, float]]:
    pairs = np.random.default_rng(seed).uniform(-0.99, 10, (count, 2))
    return [(float(a), float(b)) for a, b in pairs]


def orthonormal_jacobi(order: int, alpha, beta, x) -> np.ndarray:
    """[K+1, ...] by scipy, normalised by DLMF 18.3.1; alpha, beta and x broadcast."""
    alpha, beta, x = (np.asarray(a, np.float64) for a in (alpha, beta, x))
    terms = [np.exp(-0.5 * _log_norm(n, alpha, beta)) * eval_jacobi(n, alpha, beta, x)
             for n in range(order + 1)]  # fmt: skip
    return np.stack(np.broadcast_arrays(*terms))


def attention(h: np.ndarray, sender, receiver, linked: np.ndarray) -> np.ndarray:
    """Averages [N, heads, C] of h over j with linked[i, j], by arXiv 1710.10903, eqs. 3 and 4."""
    out = np.zeros_like(h)
    for head, (from_, to) in enumerate(zip(sender, receiver, strict=True)):
        logits = (h[:, head] @ to)[:, None] + (h[:, head] @ from_)[None]
        logits = np.where(logits > 0, logits, 0.2 * logits)
        share = np.where(linked, np.exp(logits), 0)
        share /= np.maximum(share.sum(1, keepdims=True), 1e-300)
        out[:, head] = share @ h[:, head]
    return out


def gauss_jacobi(count: int, alpha: float, beta: float) -> tuple[np.ndarray, np.ndarray]:
    """scipy's nodes and weights, without its 0/0 warning at alpha + beta = -1."""
    with np.errstate(all="ignore"):
        return roots_jacobi(count, alpha, beta)


def _log_norm(n: int, a, b):
    log2 = (a + b + 1) * np.log(2)
    if n == 0:
        return log2 + betaln(a + 1, b + 1)
    gammas = gammaln(n + a + 1) + gammaln(n + b + 1) - gammaln(n + a + b + 1) - gammaln(n + 1)
    return log2 + gammas - np.log(2 * n + a + b + 1)


def mp_orthonormal_jacobi(n: int, a, b, x):
    """p_n(x) in mpmath's working precision, by the explicit sum DLMF 18.5.8."""
    a, b, x = mpmath.mpf(a), mpmath.mpf(b), mpmath.mpf(x)
    power, gamma = mpmath.mpf(2) ** (a + b + 1), mpmath.gamma
    if n == 0:
        return 1 / mpmath.sqrt(power * mpmath.beta(a + 1, b + 1))
    norm = power * gamma(n + a + 1) * gamma(n + b + 1) / gamma(n + a + b + 1)
    norm /= mpmath.factorial(n) * (2 * n + a + b + 1)
    choose = lambda top, m: mpmath.rf(top - m + 1, m) / mpmath.factorial(m)  # noqa: E731
    left, right = (x - 1) / 2, (x + 1) / 2
    terms = [choose(n + a, n - s) * choose(n + b, s) * left**s * right ** (n - s)
             for s in range(n + 1)]  # fmt: skip
    return mpmath.fsum(terms) / mpmath.sqrt(norm)


def mp_values(order: int, alpha: float, beta: float, x) -> np.ndarray:
    """[K+1, n] by mpmath at 40 digits."""
    with mpmath.workdps(40):
        rows = [[mp_orthonormal_jacobi(n, alpha, beta, float(t)) for t in x]
                for n in range(order + 1)]  # fmt: skip
        return np.array(rows, np.float64)


def mp_slopes(order: int, alpha: float, beta: float, x) -> tuple[np.ndarray, np.ndarray]:
    """(d/d alpha, d/d beta) of p_n(x), each [K+1, n], by differences at 40 digits."""
    with mpmath.workdps(40):
        h = mpmath.mpf(10) ** -12

        def slope(n, t, da, db):
            up = mp_orthonormal_jacobi(n, alpha + da * h, beta + db * h, t)
            down = mp_orthonormal_jacobi(n, alpha - da * h, beta - db * h, t)
            return (up - down) / (2 * h)

        degrees, points = range(order + 1), [float(t) for t in x]
        by_alpha = [[slope(n, t, 1, 0) for t in points] for n in degrees]
        by_beta = [[slope(n, t, 0, 1) for t in points] for n in degrees]
        return np.array(by_alpha, np.float64), np.array(by_beta, np.float64)


def scaled_error(got, exact) -> float:
    """max over k of max_x |got - exact| / max_x |exact|, for [K+1, n, ...] arrays."""
    got, exact = np.asarray(got, np.float64), np.asarray(exact, np.float64)
    return float((np.abs(got - exact).max(1) / np.abs(exact).max(1)).max())


def dense_adjacency(edges: np.ndarray, num_nodes: int, weights=None) -> np.ndarray:
    """A of edges given once each."""
    A = np.zeros((num_nodes, num_nodes))
    A[edges[:, 0], edges[:, 1]] = 1.0 if weights is None else weights
    return A + A.T


def dense_normalized(A: np.ndarray) -> np.ndarray:
    """D^-1/2 A D^-1/2, zero rows at isolated nodes."""
    degree = A.sum(1)
    scale = np.zeros(len(A))
    scale[degree > 0] = degree[degree > 0] ** -0.5
    return scale[:, None] * A * scale


def symmetric_matrix(size: int, seed: int = 0) -> np.ndarray:
    """Dense symmetric, spectrum spread over [-0.95, 0.9]."""
    rng = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(rng.normal(size=(size, size)))
    return (basis * np.linspace(-0.95, 0.9, size)) @ basis.T
