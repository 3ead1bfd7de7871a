"""Fits of every filter to every signal, by the solver that the config names."""

import time
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float
from omegaconf import DictConfig

from longnn.analysis import filter_values
from longnn.fitting import (
    Descent,
    FitProblem,
    GradientFit,
    Optimum,
    descend,
    epochs_within,
    excess_curve,
    lstsq,
    make_basis,
    squared_errors,
)
from longnn.graphs.checks import check_word
from longnn.operators import normalized_adjacency
from longnn.training.ranges import check_setting

from .data import Signals, Target
from .progress import OnProgress

Solver = Literal["lstsq", "nesterov", "adam"]
"""Least squares, or a method of gradient descent."""

Share = Literal["none", "filters", "signals"]
"""Which fits have common exponents."""

LAM = np.linspace(0, 2, 401)
"""The eigenvalues at which responses are stored."""


class Fits(NamedTuple):
    """All fits in one basis, of F filters to B signals.

    Attributes:
        arrays: theta [F, K+1, B], sse [F, B] and response [F, 401, B]; those of a gradient solver
            also hold alpha and beta [F, B] and epochs_to_1pct [F, B] (infinity for never).
        epochs: number of epochs of each filter, 0 for least squares.
        seconds: time of each filter, or one number where all were solved at once.
        curves: for each filter the recorded epochs [H], and SSE / optimum - 1 [H, B]; empty for
            least squares.
    """

    arrays: dict[str, np.ndarray]
    epochs: list[int]
    seconds: list[float]
    curves: list[tuple[np.ndarray, np.ndarray]]


def check(config: DictConfig) -> None:
    """Raises a ValueError for a setting that no solver could use, before anything is loaded."""
    check_word("solver", config.solver, Solver)
    check_word("share", config.share, Share)
    for name in (config.basis, *config.compare):
        make_basis(name, config.order, config.alpha, config.beta, config.scale)
    if config.compare and config.solver == "lstsq":
        raise ValueError(
            "compare=[...] compares numbers of epochs, and solver=lstsq has none; take "
            "solver=nesterov or solver=adam"
        )
    check_setting("signals", config.signals)
    check_setting("limit", config.limit)
    if config.solver != "lstsq":
        descent_of(config)


def descent_of(config: DictConfig) -> Descent:
    """Returns the settings of a gradient solver."""
    names = ("epochs", "lr", "lr_basis", "lr_fall", "tol", "ridge")
    return Descent(method=config.solver, **{name: config[name] for name in names})


def problem_of(signals: Signals, targets: list[Target]) -> FitProblem:
    """Returns all F filters as channels of each of the B signals: P = B, C = F."""
    stacked = np.stack([target.values for target in targets], axis=2)
    return FitProblem(signals.graph, signals.values[:, :, None], stacked, signals.mask)


def solve_directly(config: DictConfig, problem: FitProblem) -> Fits:
    """Solves all fits at once by least squares."""
    basis = make_basis(config.basis, config.order, config.alpha, config.beta, config.scale)
    started = time.perf_counter()
    theta, sse = lstsq(problem, basis, config.ridge)
    seconds = time.perf_counter() - started
    arrays = {
        "theta": np.moveaxis(theta, 2, 0),
        "sse": sse.T,
        "response": np.moveaxis(filter_values(basis, theta, LAM), 2, 0),
    }
    return Fits(arrays, [0] * len(sse.T), [seconds], [])


def descended(
    config: DictConfig,
    problem: FitProblem,
    optimum: Float[np.ndarray, "B F"],
    basis: str,
    on_progress: OnProgress,
) -> Fits:
    """Fits by gradients in float32: filter by filter, or all together where they share exponents.

    Args:
        config: settings of the fit.
        problem: the problem, see :func:`problem_of`.
        optimum: [B, F] least squared errors.
        basis: name of the basis.
        on_progress: called after every few epochs.
    """
    operator = normalized_adjacency(problem.graph)
    filters = range(problem.targets.shape[2])
    groups = [list(filters)] if config.share == "filters" else [[f] for f in filters]
    parts: list[dict[str, np.ndarray]] = []
    epochs, seconds, curves = [], [], []
    for group in groups:
        sub = _part(problem, group, config.share)
        title = basis if len(groups) == 1 else f"{basis}, filter {group[0] + 1} of {len(filters)}"
        started = time.perf_counter()
        fit = descend(
            sub,
            operator,
            basis,
            config.order,
            config.alpha,
            config.beta,
            config.scale,
            learnable=config.learnable,
            descent=descent_of(config),
            on_progress=partial(on_progress, title),
        )
        seconds.append(time.perf_counter() - started)
        here = np.moveaxis(optimum[:, group], 0, 1)  # [f, B]
        curve = _by_filter(excess_curve(fit, Optimum(sub, config.order)), config.share)
        parts.append(_arrays(config, sub, fit, basis) | {
            "epochs_to_1pct": np.stack(
                [epochs_within(fit.recorded, c, o) for c, o in zip(curve, here, strict=True)]
            )
        })  # fmt: skip
        epochs += [fit.epochs] * len(group)
        with np.errstate(divide="ignore"):
            curves += [(fit.recorded, c / o) for c, o in zip(curve, here, strict=True)]
    arrays = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Fits(arrays, epochs, seconds, curves)


def _part(problem: FitProblem, group: list[int], share: str) -> FitProblem:
    """Some of the filters; fits that share exponents become channels of one problem."""
    signals, targets = problem.signals, problem.targets[:, :, group]
    if share == "signals":
        signals, targets = signals.swapaxes(1, 2), targets.swapaxes(1, 2)
    return FitProblem(problem.graph, signals, targets, problem.mask)


def _by_filter(values: np.ndarray, share: str) -> np.ndarray:
    """[..., P, C] -> [f, ..., B]."""
    return np.moveaxis(values, -2 if share == "signals" else -1, 0)


def _arrays(
    config: DictConfig, problem: FitProblem, fit: GradientFit, name: str
) -> dict[str, np.ndarray]:
    alpha, beta = fit.alpha[:, None], fit.beta[:, None]
    basis = make_basis(name, config.order, alpha, beta, config.scale)
    sse = squared_errors(problem, basis, fit.theta)
    values = {
        "theta": fit.theta,
        "sse": sse,
        "response": filter_values(basis, fit.theta, LAM),
        "alpha": np.broadcast_to(alpha, sse.shape),
        "beta": np.broadcast_to(beta, sse.shape),
    }
    return {key: _by_filter(value, config.share) for key, value in values.items()}
