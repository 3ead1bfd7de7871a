"""The kernel polynomial method: a measure from its Chebyshev moments.

Sources: A. Weisse, G. Wellein, A. Alvermann and H. Fehske, The kernel polynomial method, Rev. Mod.
Phys. 78 (2006) 275; for the distance from the exact measure V. Braverman, A. Krishnan and
C. Musco, Sublinear time spectral density estimation, STOC 2022 (arXiv 2104.03461).
"""

from functools import partial
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from longnn.analysis.measure import Measure
from longnn.graphs.checks import check_word
from longnn.operators.protocol import Operator

Kernel = Literal["lanczos", "jackson", "dirichlet"]
CELLS = 3660
"""Points of a measure made from moments; a multiple of 60 and of 61, so that bins hold whole
cells."""


def chebyshev_moments(
    operator: Operator, start: Float[Array, "N P"], count: int
) -> Float[np.ndarray, " count"]:
    """The moments [count], the sum over the columns z of z^T T_n(S) z, not divided by anything.

    One product gives two moments, by 2 T_m T_n = T_{m+n} + T_{m-n}. Three signals are kept.

    Args:
        operator: S, with spectrum in [-1, 1].
        start: [N, P] real.
        count: the number of moments, n < count, >= 1.
    """
    pairs = max(count // 2, 1)
    total, first, squares, neighbours = _products(operator, start, pairs)
    moments = np.empty(2 * pairs + 2)
    moments[:2] = total, first
    moments[2::2] = 2 * np.asarray(squares, np.float64) - moments[0]
    moments[3::2] = 2 * np.asarray(neighbours, np.float64) - moments[1]
    return moments[:count]


def measure_of_moments(
    moments: Float[np.ndarray, " M"], kernel: Kernel, spike: float = 0.0
) -> Measure:
    """The measure with these moments up to the kernel's factors, in `CELLS` equal cells.

    Its cumulative distribution is c(t) = g_0 mu_0 t / pi + 2 / pi sum_n g_n mu_n sin(n t) / n at
    lambda = 1 - cos t. Where this falls, which only kernel "jackson" rules out, the mean of its
    running maximum and of the minimum of what follows is taken.

    Args:
        moments: [M] mu_n = integral of T_n(1 - lambda), mu_0 = 1.
        kernel: see :func:`kernel_factors`.
        spike: part of the mass known to lie at lambda = 1, in [0, 1]; a point of its own.

    Returns:
        Masses with sum 1, at the middle of the cells (and at lambda = 1).
    """
    edges = np.linspace(0, 2, CELLS + 1)
    middle = (edges[1:] + edges[:-1]) / 2
    if spike >= 1:
        return Measure(np.ones(1), np.ones(1))
    n = np.arange(1, len(moments))
    angle = np.arccos(1 - edges)
    rest = kernel_factors(kernel, len(moments)) * (
        moments - spike * np.cos(np.arange(len(moments)) * np.pi / 2)
    )
    waves = np.sin(np.outer(angle, n)) / n
    cumulative = np.clip((rest[0] * angle + 2 * waves @ rest[1:]) / np.pi, 0, rest[0])
    rising = np.maximum.accumulate(cumulative)
    rising = (rising + np.minimum.accumulate(cumulative[::-1])[::-1]) / 2
    return Measure(np.append(middle, 1.0), np.append(np.diff(rising), spike))


def kernel_factors(kernel: Kernel, count: int) -> Float[np.ndarray, " count"]:
    """The factors [M] g_n by which moments are damped against oscillation.

    - "lanczos": sin(pi n / M) / (pi n / M); nearer to the exact measure than "jackson" on all
      graphs measured, with small negative densities (Weisse et al., table II, exponent 1).
    - "jackson": positive, and smooths over about pi / M (Weisse et al., eq. 71).
    - "dirichlet": 1, no damping; as near or nearer, and spikes ring.

    Raises:
        ValueError: if the kernel is unknown.
    """
    check_word("kernel", kernel, Kernel)
    n = np.arange(count)
    if kernel == "lanczos":
        return np.sinc(n / count)
    if kernel == "dirichlet":
        return np.ones(count)
    phase = np.pi / (count + 1)
    tail = np.sin(n * phase) / np.tan(phase)
    return ((count - n + 1) * np.cos(n * phase) + tail) / (count + 1)


def with_known_moments(
    moments: Float[np.ndarray, " M_and_J"], known: Float[np.ndarray, " J1"]
) -> Float[np.ndarray, " M"]:
    """The moments of the measure times 1 + a polynomial of degree J: mu_0 .. mu_J become right.

    Random probes leave an error in every moment; of the first ones the exact value is cheap
    (mu_1 = tr S / N, mu_2 = 2 ||S||_F^2 / N - 1). Multiplying by the smallest polynomial that
    repairs them is the regression of the other errors on these: the covariance of z^T T_j z and
    z^T T_k z over Gaussian probes is proportional to mu_{j+k} + mu_{|j-k|} (control variates).

    Args:
        moments: [M + J] estimates, mu_0 = 1.
        known: [J + 1] exact mu_0 .. mu_J.

    Returns:
        [M].
    """
    high = len(known)
    n = np.arange(len(moments) - high + 1)
    products = np.stack([moments[n + j] + moments[np.abs(n - j)] for j in range(high)]) / 2
    # a graph with fewer than J + 1 eigenvalues makes this singular
    change = np.linalg.lstsq(products[:, :high].T, known - moments[:high], rcond=1e-4)[0]
    return moments[: len(n)] + change @ products


@partial(jax.jit, static_argnames="pairs")
def _products(operator: Operator, start: Array, pairs: int) -> tuple[Array, ...]:
    """<t_0, t_0>, <t_0, t_1>, then <t_k, t_k> and <t_k, t_{k+1}> for k = 1 .. pairs."""

    def step(carry: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], tuple[Array, ...]]:
        previous, current = carry
        following = 2 * operator.matvec(current) - previous
        return (current, following), (jnp.vdot(current, current), jnp.vdot(current, following))

    second = operator.matvec(start)
    _, (squares, neighbours) = jax.lax.scan(step, (start, second), length=pairs)
    return jnp.vdot(start, start), jnp.vdot(start, second), squares, neighbours
