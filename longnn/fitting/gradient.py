"""Fitting by gradients in float32: coefficients and exponents, all problems at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from longnn.fitting.bases import make_basis
from longnn.fitting.chunk import (
    Data,
    Method,
    Parameters,
    Rates,
    Setup,
    exponents,
    initial,
    run_chunk,
)
from longnn.fitting.least_squares import check_ridge
from longnn.fitting.problem import FitProblem
from longnn.graphs.checks import check_word
from longnn.operators.protocol import Operator
from polybases import raw_exponent
from polybases.scales import Scale

FLOOR = 1e-12
"""Share of |y|^2 below which a squared error is rounding of float32 and counts as converged."""

PATIENCE = 4
"""Chunks over which squared errors are compared."""

POINTS = 300
"""Epochs that are recorded at most."""


@dataclass(frozen=True)
class Descent:
    """How to descend.

    Attributes:
        method: "nesterov" (accelerated, with steps from the Gram matrix) or "adam".
        epochs: at most.
        lr: Adam's rate of the coefficients at the start, in units of |y| / |x|.
        lr_basis: Adam's rate of the exponents at the start, in both methods.
        lr_fall: factor of both rates after ``epochs``; they fall geometrically.
        chunk: epochs between two propagations (`longnn.fitting.chunk`).
        tol: it stops once no squared error has changed by this share in `PATIENCE` chunks; 0:
            never.
        ridge: as in `longnn.fitting.least_squares`.

    Raises:
        ValueError: for a value out of its range.
    """

    method: Method = "nesterov"
    epochs: int = 20000
    lr: float = 0.1
    lr_basis: float = 0.01
    lr_fall: float = 1e-4
    chunk: int = 500
    tol: float = 1e-5
    ridge: float = 0.0

    def __post_init__(self) -> None:
        check_ridge(self.ridge)
        check_word("method", self.method, Method)
        if min(self.epochs, self.chunk) < 1:
            raise ValueError(f"epochs and chunk must be >= 1, got {self.epochs} and {self.chunk}")
        if not (self.lr > 0 and self.lr_basis >= 0 and 0 < self.lr_fall <= 1 and self.tol >= 0):
            raise ValueError(
                "needed: lr > 0, lr_basis >= 0, 0 < lr_fall <= 1 and tol >= 0, got "
                f"{self.lr}, {self.lr_basis}, {self.lr_fall} and {self.tol}"
            )


class GradientFit(NamedTuple):
    """What `descend` found.

    Attributes:
        setup: basis, order and scale.
        theta: [K+1, P, C] float32 at the end.
        alpha, beta: [P] exponents at the end; the given ones for a basis that does not learn them.
        epochs: done.
        recorded: [H] numbers of epochs, about equally spaced in their logarithm.
        path: theta [H, K+1, P, C], alpha and beta [H, P] after them.
    """

    setup: Setup
    theta: np.ndarray
    alpha: np.ndarray
    beta: np.ndarray
    epochs: int
    recorded: np.ndarray
    path: tuple[np.ndarray, np.ndarray, np.ndarray]


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
    descent: Descent = Descent(),
    on_progress: Callable[[int, int], None] = lambda epoch, epochs: None,
) -> GradientFit:
    """Fits every problem from theta = 0; the channels of a problem share its exponents.

    Args:
        problem: P problems of C channels.
        operator: S in float32.
        basis: name in `longnn.fitting.bases.BASES`.
        order: K.
        alpha, beta: exponents at the start, > -1.
        scale: of the polynomials.
        learnable: whether "jacobi" learns alpha and beta; other bases never do.
        descent: rates, number of epochs, when to stop.
        on_progress: told (epochs done, epochs at most) after each chunk.

    Raises:
        ValueError: for a setting out of its range, or a squared error that is not finite.
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


def _normalized(problem: FitProblem, ridge: float) -> tuple[Data, np.ndarray]:
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
    setup: Setup, params: Parameters, unit: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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
