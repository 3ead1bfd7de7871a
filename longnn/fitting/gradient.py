"""Fitting by gradients in float32: coefficients and exponents, all problems at once."""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Float32, Integer

from longnn.fitting._chunk import initial, run_chunk
from longnn.fitting._parameters import Data, Parameters, Rates, Setup, exponents
from longnn.fitting.bases import make_basis
from longnn.fitting.descent import PATIENCE, Descent
from longnn.fitting.problem import FitProblem
from longnn.operators.protocol import Operator
from polybases import raw_exponent
from polybases.scales import Scale

FLOOR = 1e-12
"""The share of |y|^2 below which a squared error is rounding of float32, and so has converged."""

_DEFAULTS = Descent()

POINTS = 300
"""The largest number of epochs that are recorded."""


class GradientFit(NamedTuple):
    """A fit by gradients, as :func:`descend` returns it.

    Attributes:
        setup: the static settings, among them basis, order and scale.
        theta: [K+1, P, C] coefficients at the end.
        alpha, beta: [P] exponents at the end; the given ones for a basis that does not learn them.
        epochs: number of epochs done.
        recorded: [H] numbers of the recorded epochs, about equally spaced in their logarithm.
        path: theta [H, K+1, P, C], alpha [H, P] and beta [H, P] after the recorded epochs.
    """

    setup: Setup
    theta: Float32[np.ndarray, "K1 P C"]
    alpha: Float32[np.ndarray, " P"]
    beta: Float32[np.ndarray, " P"]
    epochs: int
    recorded: Integer[np.ndarray, " H"]
    path: tuple[
        Float32[np.ndarray, "H K1 P C"], Float32[np.ndarray, "H P"], Float32[np.ndarray, "H P"]
    ]


def descend(
    problem: FitProblem,
    operator: Operator,
    basis: str = "jacobi",
    order: int = 10,
    alpha: float = -0.9,
    beta: float = 0.75,
    scale: Scale = "orthonormal",
    *,
    learnable: bool = True,
    descent: Descent = _DEFAULTS,
    on_progress: Callable[[int, int], None] = lambda epoch, epochs: None,
) -> GradientFit:
    """Fits every problem by gradients from theta = 0; its channels share alpha and beta.

    Args:
        problem: P problems of C channels.
        operator: S in float32.
        basis: name of the basis, one of :data:`longnn.fitting.BASES`.
        order: highest degree K >= 0.
        alpha, beta: exponents at the start, > -1.
        scale: scale of the polynomials, "orthonormal", "monic" or "standard".
        learnable: whether "jacobi" learns alpha and beta; other bases never do.
        descent: the method, the learning rates, and when to stop.
        on_progress: called with the number of epochs done and the largest number after each chunk.

    Raises:
        ValueError: if a setting lies outside its range, or a squared error is not finite.
    """
    make_basis(basis, order, alpha, beta, scale)  # checks before anything is traced
    learnable = learnable and basis == "jacobi"
    data, unit = _normalized(problem, descent.ridge)
    start = [raw_exponent(e) if learnable else e for e in (alpha, beta)]
    p, c = problem.targets.shape[1:]
    params = Parameters(
        jnp.zeros((order + 1, p, c), jnp.float32),
        *(jnp.full((p, 1), value, jnp.float32) for value in start),
    )
    method = descent.method
    setup = Setup(basis, order, scale, learnable, method, descent.chunk)
    state, done = initial(setup, params), 0
    kept: list[list[np.ndarray]] = []
    errors: list[np.ndarray] = []
    numbers = np.array([descent.lr, descent.lr_basis, descent.lr_fall, descent.epochs], np.float32)
    rates = Rates(*map(jnp.asarray, numbers))
    wanted = np.unique(np.geomspace(1, descent.epochs, POINTS).round().astype(int))
    while done < descent.epochs and not _converged(errors, descent.tol):
        setup = setup._replace(epochs=min(descent.chunk, descent.epochs - done))
        at = jnp.asarray(done, jnp.float32)
        params, state, path, sse = run_chunk(setup, operator, data, rates, params, state, at)
        errors.append(_checked(np.asarray(sse), done))
        here = wanted[(wanted > done) & (wanted <= done + setup.epochs)] - done - 1
        kept.append([np.asarray(leaf)[here] for leaf in _given(setup, path, unit)])
        done += setup.epochs
        on_progress(done, descent.epochs)
    theta, end_alpha, end_beta = _given(setup, params, unit)
    thetas, alphas, betas = (np.concatenate(leaves) for leaves in zip(*kept, strict=True))
    recorded = wanted[: len(thetas)]
    return GradientFit(setup, theta, end_alpha, end_beta, done, recorded, (thetas, alphas, betas))


def _normalized(problem: FitProblem, ridge: float) -> tuple[Data, Float[np.ndarray, "P C"]]:
    """Signals and targets of mean square 1 where they count, and the unit [P, C] of theta."""
    inside = problem.mask[:, None, None]
    x, y = problem.signals.astype(np.float64), problem.targets.astype(np.float64)
    sizes = [np.sqrt(np.mean(np.square(v[problem.mask]), axis=0)) for v in (x, y)]
    of_x, of_y = (np.where(size > 0, size, 1) for size in sizes)
    arrays = (
        x / of_x,
        np.where(inside, y / of_y, 0),
        problem.mask,
        ridge / of_x**2 / problem.mask.sum(),
    )
    return Data(*(jnp.asarray(array, jnp.float32) for array in arrays)), of_y / of_x


def _given(
    setup: Setup, params: Parameters, unit: Float[np.ndarray, "P C"]
) -> tuple[
    Float32[np.ndarray, "*fits K1 P C"],
    Float32[np.ndarray, "*fits P"],
    Float32[np.ndarray, "*fits P"],
]:
    """theta in the caller's units, and alpha and beta [..., P]."""
    alpha, beta = exponents(setup, params)
    theta = (np.asarray(params.theta, np.float64) * unit).astype(np.float32)
    return theta, np.asarray(alpha)[..., 0], np.asarray(beta)[..., 0]


def _converged(errors: list[np.ndarray], tol: float) -> bool:
    if len(errors) <= PATIENCE:
        return False
    now, before = errors[-1], errors[-1 - PATIENCE]
    return bool(np.all((np.abs(before - now) < tol * now) | (now < FLOOR)))


def _checked(sse: np.ndarray, epoch: int) -> np.ndarray:
    if not np.isfinite(sse).all():
        problem, channel = np.argwhere(~np.isfinite(sse))[0]
        raise ValueError(
            f"the squared error of problem {problem}, channel {channel} is not finite after "
            f"{epoch} epochs; take a lower lr or lr_basis, or a lower order"
        )
    return sse
