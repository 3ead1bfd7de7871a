"""The basis of the tuned peer: theta_k p_k in Chebyshev polynomials, on small numpy arrays."""

from collections.abc import Mapping
from functools import cache

import numpy as np
import torch
from scipy.special import loggamma
from torch import Tensor

from benchmarks.peers.reference import FLOOR, SHARPNESS


class Coefficients:
    """theta_k p_k as gamma_j T_j, and the way back to the gradient; small float64 arrays."""

    def __init__(self, gamma0: float, p: Mapping[str, Tensor], dp: Mapping[str, Tensor]) -> None:
        self.gamma0 = gamma0
        self.eta, self.w, self.raw = (p[name].numpy() for name in ("eta", "w", "raw"))
        self.d_eta, self.d_w, self.d_raw = (dp[name].numpy() for name in ("eta", "w", "raw"))

    def update(self) -> None:
        """To be called when the parameters have changed."""
        excess = SHARPNESS * (self.raw.astype(float) + (1 - FLOOR))
        exponents = np.logaddexp(0, excess) / SHARPNESS + (FLOOR - 1)
        self.slope = 1 / (1 + np.exp(-excess))
        self.c, self.dc = jacobi_in_chebyshev(len(self.eta), *exponents)
        self.tanh = np.tanh(self.eta.astype(float))
        self.factors = np.append(1, np.cumprod(self.gamma0 * self.tanh))[:, None]
        self.theta = self.w * self.factors
        self.gamma = torch.from_numpy((self.c.T @ self.theta).astype(np.float32))

    def backward(self, dgamma: Tensor) -> None:
        """Writes the gradients of eta, w and raw."""
        d = dgamma.numpy().astype(float)
        dtheta = self.c @ d
        self.d_w[:] = dtheta * self.factors
        # row i: the factors with tanh eta_i replaced by its derivative
        rows = np.tile(self.gamma0 * self.tanh, (len(self.eta), 1))
        np.fill_diagonal(rows, self.gamma0 * (1 - self.tanh**2))
        self.d_eta[:] = np.triu(np.cumprod(rows, 1)) @ (dtheta * self.w).sum(1)[1:]
        self.d_raw[:] = self.slope * (self.dc * (self.theta @ d.T)).sum((1, 2))


def jacobi_in_chebyshev(order: int, alpha: float, beta: float) -> tuple[np.ndarray, np.ndarray]:
    """C [K+1, K+1] with p_k = sum_j C_kj T_j, and its derivatives [2, K+1, K+1] in (alpha, beta).

    Values at the K+1 Chebyshev nodes and a discrete cosine transform; the derivatives by a complex
    step, exact in double precision.
    """
    step = 1e-30
    p, q = np.eye(2) * (1j * step) + [[1 + alpha], [1 + beta]]
    first, diagonal, off = _jacobi(order, p, q)
    nodes, transform = _chebyshev(order)
    slope, ratio = (nodes - diagonal[..., None]) / off[..., None], (off[:-1] / off[1:])[..., None]
    values = [first[:, None] + 0 * nodes]
    values.append(slope[0] * values[0])
    for a, b in zip(slope[1:], ratio):
        values.append(a * values[-1] - b * values[-2])
    c = (np.concatenate(values) @ transform).reshape(order + 1, 2, order + 1)
    return c[:, 0].real, c.imag.swapaxes(0, 1) / step


@cache
def _chebyshev(order: int) -> tuple[np.ndarray, np.ndarray]:
    """The K+1 nodes, and the matrix from values there to coefficients of T_0 .. T_K."""
    angle = np.pi * (np.arange(order + 1) + 0.5) / (order + 1)
    transform = np.cos(np.outer(angle, np.arange(order + 1))) * 2 / (order + 1)
    transform[:, 0] /= 2
    return np.cos(angle), transform.astype(complex)


def _jacobi(order: int, p: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """p_0 and the symmetric recurrence [K, ...] at p = 1 + alpha, q = 1 + beta (DLMF 18.9.2)."""
    k = np.arange(1, order)[:, None]
    t, gap = p + q, q - p
    n = 2 * k + t
    square = n * n
    diagonal = [gap[None] / t, gap * (t - 2) / (square - 2 * n)]
    off = [4 * p * q / (t * t * (t + 1))[None]]
    off.append(4 * (k + 1) * (k + p) * (k + q) * (k - 1 + t) / (square * (square - 1)))
    log_mass = (t - 1) * np.log(2) + loggamma(p) + loggamma(q) - loggamma(t)
    return np.exp(-log_mass / 2), np.concatenate(diagonal), np.sqrt(np.concatenate(off))
