"""Fits of every filter to every signal, by the solver that the config names."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from omegaconf import DictConfig

from longnn.analysis import filter_values
from longnn.fitting import (
    Descent,
    FitProblem,
    Optimum,
    descend,
    epochs_within,
    excess_curve,
    lstsq,
    make_basis,
    squared_errors,
)
from longnn.operators import normalized_adjacency

from .data import Signals, Target

Told = Callable[[str, int, int], None]
"""What progress is told: a title, epochs done, epochs at most."""

SOLVERS = ("lstsq", "nesterov", "adam")
SHARES = ("none", "filters", "signals")
LAM = np.linspace(0, 2, 401)


class Fits(NamedTuple):
    """All fits of one basis: F filters, B signals.

    Attributes:
        arrays: theta [F, K+1, B], sse [F, B], response [F, 401, B], and of a gradient solver
            alpha and beta [F, B], epochs_to_1pct [F, B] (infinity: never).
        epochs: [F], 0 of least squares.
        seconds: [F] or, where all were solved at once, one number.
        curves: by filter, (recorded epochs [H], SSE / optimum - 1 [H, B]).
    """

    arrays: dict[str, np.ndarray]
    epochs: list[int]
    seconds: list[float]
    curves: list[tuple[np.ndarray, np.ndarray]]


def check(config: DictConfig) -> None:
    """Raises ValueError for a setting that no solver could use, before anything is loaded."""
    for key, known in (("solver", SOLVERS), ("share", SHARES)):
        if config[key] not in known:
            raise ValueError(f"unknown {key} {config[key]!r}; choose one of {', '.join(known)}")
    for name in (config.basis, *config.compare):
        make_basis(name, config.order, config.alpha, config.beta, config.scale)
    if config.compare and config.solver == "lstsq":
        raise ValueError(
            "compare=[...] draws epochs, which solver=lstsq has none of; take nesterov or adam"
        )
    if config.signals < 1:
        raise ValueError(f"signals must be >= 1, got {config.signals}")
    if config.solver != "lstsq":
        descent_of(config)


def descent_of(config: DictConfig) -> Descent:
    """The settings of a gradient solver."""
    names = ("epochs", "lr", "lr_basis", "lr_fall", "tol", "ridge")
    return Descent(method=config.solver, **{name: config[name] for name in names})


def problem_of(signals: Signals, targets: list[Target]) -> FitProblem:
    """All filters as channels of every signal: P = B, C = F."""
    stacked = np.stack([target.values for target in targets], axis=2)
    return FitProblem(signals.graph, signals.values[:, :, None], stacked, signals.mask)


def solve_directly(config: DictConfig, problem: FitProblem) -> Fits:
    """Least squares, all at once."""
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
    config: DictConfig, problem: FitProblem, optimum: np.ndarray, basis: str, told: Told
) -> Fits:
    """Gradients in float32: filter by filter, or all filters together where they share exponents.

    Args:
        config: settings.
        problem: of `problem_of`.
        optimum: [B, F] least squared errors.
        basis: name.
        told: of the epochs.
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
            on_progress=lambda done, most, title=title: told(title, done, most),  # type: ignore[misc]
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
    """Some filters, arranged so that what shares exponents are channels of one problem."""
    signals, targets = problem.signals, problem.targets[:, :, group]
    if share == "signals":
        signals, targets = signals.swapaxes(1, 2), targets.swapaxes(1, 2)
    return FitProblem(problem.graph, signals, targets, problem.mask)


def _by_filter(values: np.ndarray, share: str) -> np.ndarray:
    """[..., P, C] -> [f, ..., B]."""
    return np.moveaxis(values, -2 if share == "signals" else -1, 0)


def _arrays(config: DictConfig, problem: FitProblem, fit: Any, name: str) -> dict[str, np.ndarray]:
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
