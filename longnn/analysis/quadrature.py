"""Lanczos quadrature: a measure as the Gauss rule that its own moments define.

Sources: G. H. Golub and G. Meurant, Matrices, Moments and Quadrature with Applications (2010),
chapter 6; over random vectors T. Chen, T. Trogdon and S. Ubaru, Analysis of stochastic Lanczos
quadrature for spectrum approximation, ICML 2021 (arXiv 2105.06595). Lanczos vectors lose
orthogonality, which gives eigenvalues more than once and leaves the measure right
(T. Chen, J. Chem. Phys. 159 (2023) 114101, section III).
"""

from functools import partial

import jax
import numpy as np
import scipy.linalg
from jax import Array

from longnn.analysis.measure import Measure
from longnn.filters.lanczos import lanczos_coefficients
from longnn.operators.protocol import Operator


def lanczos_measure(operator: Operator, start: Array, steps: int) -> Measure:
    """sum_p |z_p|^2 (Gauss rule of ``steps`` points of z_p's measure), over the columns z_p.

    Args:
        operator: S, with spectrum in [-1, 1].
        start: [N, P]; a column of zeros adds nothing.
        steps: n >= 1 products with S; moments up to 2n - 1 are matched.

    Returns:
        P n points; masses sum to ||start||^2.
    """
    lengths, diagonal, off = (np.asarray(a, np.float64) for a in _run(operator, start, steps))
    lam, mass = [], []
    for length, d, b in zip(lengths, diagonal.T, off.T, strict=True):
        x, vectors = scipy.linalg.eigh_tridiagonal(d, b[:-1])
        lam.append(np.clip(1 - x, 0, 2))
        mass.append(length**2 * vectors[0] ** 2)
    return Measure(np.concatenate(lam), np.concatenate(mass))


# compiled as a whole: the vectors, which the coefficients do not need, are then not kept
@partial(jax.jit, static_argnames="steps")
def _run(operator: Operator, start: Array, steps: int) -> tuple[Array, Array, Array]:
    return lanczos_coefficients(operator, steps, start)
