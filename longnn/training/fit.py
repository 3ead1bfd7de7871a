"""Trains one model on all splits and seeds as one batch."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jax.typing import ArrayLike

from longnn.data.splits import Splits
from longnn.training.loop import Member, Problem, Program, RunState, initial_state, run_chunk
from longnn.training.metrics import METRICS
from longnn.training.optimizer import Rates, check_rates, group_labels, grouped_adam


@dataclass(frozen=True)
class Optim:
    """How to train.

    Attributes:
        rates: learning rate and coupled weight decay of each optimizer group.
        max_epochs: upper limit.
        patience: stop at the (patience + 1)-th consecutive epoch strictly below the best.
        decay: "factors" decays w and eta as published; "theta" takes the decay of group "w" on
            theta itself, which penalises the norm of the learned filter (Parseval).
    """

    rates: Rates
    max_epochs: int = 1000
    patience: int = 200
    decay: Literal["factors", "theta"] = "factors"

    def __post_init__(self) -> None:
        if self.max_epochs < 1 or self.patience < 0:
            raise ValueError(
                f"max_epochs must be >= 1 and patience >= 0, got {self.max_epochs} and "
                f"{self.patience}"
            )
        if self.decay not in ("factors", "theta"):
            raise ValueError(f"unknown decay {self.decay!r}; choose 'factors' or 'theta'")
        check_rates(self.rates)
        if self.decay == "theta" and "w" not in self.rates:
            raise ValueError("decay='theta' takes its strength from the rates of group 'w'")


@dataclass(frozen=True)
class Progress:
    """What a progress callback is told after each chunk."""

    epoch: int
    max_epochs: int
    running: int
    runs: int
    best_val: float  # mean over the runs, in percent


@dataclass(frozen=True)
class Fit:
    """A finished batch of B runs, ordered by seed, then split.

    Attributes:
        model: module class.
        runs: per run: split, seed, best_epoch, epochs, diverged.
        params: parameters at the selected epoch, leaves [B, ...].
        settings: traced hyperparameters, leaves [B, ...].
        curves: name -> [B, epochs], NaN after a run's end.
        log_probabilities: [B, N, C] at the selected epoch, dropout off.
        seconds: compile and train.
    """

    program: Program
    runs: list[dict[str, Any]]
    params: nnx.State
    settings: nnx.State
    curves: dict[str, np.ndarray]
    log_probabilities: np.ndarray
    seconds: dict[str, float] = field(default_factory=dict)

    def model(self, run: int) -> Any:
        """The trained module of one run."""
        take = lambda leaf: leaf[run]  # noqa: E731
        return self.program.model(
            jax.tree.map(take, self.params), jax.tree.map(take, self.settings)
        )


def fit(
    model: Callable[..., nnx.Module],
    problem: Problem,
    splits: Splits,
    *,
    classes: int,
    optim: Optim,
    settings: Mapping[str, Any] | None = None,
    metric: str = "accuracy",
    seeds: Sequence[int] = (0,),
    chunk: int = 50,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Fit:
    """Trains every (split, seed) as one batch through one compiled chunk of epochs.

    Only training and validation nodes are looked at; test scores are read from
    ``log_probabilities`` afterwards, once. Random numbers depend on (seed, split) alone.

    Args:
        model: called as ``model(F, C, dtype=..., rngs=..., **settings)``; see
            ``longnn.models.Model``.
        problem: operator, features and labels on the device.
        splits: S splits of the N nodes.
        classes: C.
        optim: rates, epochs, patience.
        settings: the model's settings; floats are traced, all else is static.
        metric: "accuracy" or "roc_auc", for selection.
        seeds: of initial values and dropout; B = S * len(seeds).
        chunk: epochs between two looks at the host.
        on_progress: called after each chunk.

    Raises:
        ValueError: if shapes do not fit, a setting is out of range, or an optimizer group has no
            rates.
        FloatingPointError: if the loss of a run is not finite from its first epoch.
    """
    dtype = problem.features.dtype
    _check(problem, splits, metric)
    build = _builder(model, problem.features.shape[1], classes, dtype, dict(settings or {}))
    program, traced = _program(build, settings or {}, optim, metric)
    pairs = [(seed, split) for seed in seeds for split in range(len(splits.part))]
    keys = jax.vmap(jax.random.split)(jnp.stack([_run_key(*pair) for pair in pairs]))
    params, rest = jax.jit(jax.vmap(lambda key: build(key, traced)[1:]))(keys[:, 0])
    members = _members(keys[:, 1], pairs, splits, rest, optim, dtype)
    state = jax.jit(jax.vmap(lambda p, m: initial_state(program, p, m)))(params, members)
    state, curves, seconds = _run(program, state, members, problem, optim, chunk, on_progress)
    log_probabilities = _predict(program, state.best_params, members.settings, problem)
    runs = _summaries(pairs, state)
    return Fit(
        program, runs, state.best_params, members.settings, curves, log_probabilities, seconds
    )


def score(
    metric: str, log_probabilities: np.ndarray, labels: ArrayLike, masks: np.ndarray
) -> np.ndarray:
    """[B] metric in [0, 1] of log-probabilities [B, N, C] on masks [B, N]."""
    scores = jax.vmap(METRICS[metric], in_axes=(0, None, 0))
    return np.asarray(scores(*map(jnp.asarray, (log_probabilities, labels, masks))))


def _check(problem: Problem, splits: Splits, metric: str) -> None:
    nodes = problem.labels.shape[0]
    if metric not in METRICS:
        raise ValueError(f"unknown metric {metric!r}; choose one of {sorted(METRICS)}")
    if problem.features.shape[0] != nodes or splits.part.shape[1] != nodes:
        raise ValueError(
            f"features have {problem.features.shape[0]} rows, labels {nodes}, splits "
            f"{splits.part.shape[1]}; all must be the number of nodes"
        )


def _builder(
    model: Callable[..., nnx.Module], in_features: int, classes: int, dtype: Any, settings: dict
) -> Callable[[Array, dict], tuple]:
    """(key, traced settings) -> (graphdef, parameters, the rest)."""
    fixed = {k: v for k, v in settings.items() if not isinstance(v, float)}

    def build(key: Array, traced: dict) -> tuple:
        rngs = nnx.Rngs(key)
        module = model(in_features, classes, dtype=dtype, rngs=rngs, **fixed, **traced)
        return nnx.split(module, nnx.Param, ...)

    return build


def _program(
    build: Callable, settings: Mapping[str, Any], optim: Optim, metric: str
) -> tuple[Program, dict[str, float]]:
    traced = {k: v for k, v in settings.items() if isinstance(v, float)}
    graphdef, params, _ = build(jax.random.key(0), traced)  # concrete, so that ranges are checked
    labels = group_labels(params)
    grouped_adam(labels, optim.rates)
    program = Program(
        graphdef, tuple(jax.tree.leaves(labels)), METRICS[metric], optim.decay == "theta"
    )
    return program, traced


def _run_key(seed: int, split: int) -> Array:
    return jax.random.fold_in(jax.random.key(seed), split)


def _members(
    keys: Array, pairs: list, splits: Splits, settings: nnx.State, optim: Optim, dtype: Any
) -> Member:
    index = np.array([split for _, split in pairs])
    full = lambda value, kind: jnp.full(len(pairs), value, kind)  # noqa: E731
    by_theta = optim.decay == "theta"
    rates: Rates = {
        group: {
            "lr": full(rate["lr"], dtype),
            "weight_decay": full(
                0.0 if by_theta and group in ("w", "eta") else rate["weight_decay"], dtype
            ),
        }
        for group, rate in optim.rates.items()
    }
    return Member(
        key=keys,
        train=jnp.asarray(splits.train[index]),
        val=jnp.asarray(splits.val[index]),
        settings=settings,
        rates=rates,
        theta_decay=full(optim.rates["w"]["weight_decay"] if by_theta else 0.0, dtype),
        patience=full(optim.patience, jnp.int32),
        max_epochs=full(optim.max_epochs, jnp.int32),
    )


def _run(
    program: Program,
    state: RunState,
    members: Member,
    problem: Problem,
    optim: Optim,
    chunk: int,
    on_progress: Callable[[Progress], None],
) -> tuple[RunState, dict[str, np.ndarray], dict[str, float]]:
    started = time.perf_counter()
    length = min(chunk, optim.max_epochs)
    leaves, structure = jax.tree.flatten((state, members, problem))
    shapes = tuple(jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in leaves)
    step = _compiled(program, length, structure, shapes)
    compiled = time.perf_counter()
    pieces: list[dict[str, np.ndarray]] = []
    running = len(members.patience)
    while running:
        state, curves = step(state, members, problem)
        pieces.append(jax.tree.map(np.asarray, curves))
        running = int(state.running.sum())
        epoch = int(state.epoch.max())
        best = 100 * float(state.best_score.mean())
        on_progress(Progress(epoch, optim.max_epochs, running, len(members.patience), best))
    _refuse_stillborn(state)
    epochs = int(state.epoch.max())
    merged = {k: np.concatenate([p[k] for p in pieces])[:epochs].T for k in pieces[0]}
    finished = time.perf_counter()
    return state, merged, {"compile": compiled - started, "train": finished - compiled}


@lru_cache(maxsize=32)
def _compiled(program: Program, length: int, structure: Any, shapes: tuple) -> Any:
    """One executable for each program and set of shapes, kept for the next fit."""
    state, members, problem = jax.tree.unflatten(structure, shapes)
    return run_chunk.lower(program, state, members, problem, length=length).compile()


def _refuse_stillborn(state: RunState) -> None:
    dead = np.flatnonzero(np.asarray(state.best_epoch) == 0)
    if len(dead):
        raise FloatingPointError(
            f"the loss of {len(dead)} run(s) was not finite from the first epoch on (run "
            f"{dead[0]} of the batch first); check learning rates, alpha, beta and the features"
        )


def _predict(
    program: Program, params: nnx.State, settings: nnx.State, problem: Problem
) -> np.ndarray:
    def one(p: nnx.State, s: nnx.State, data: Problem) -> Array:
        return program.model(p, s)(data.operator, data.features)

    return np.asarray(jax.jit(jax.vmap(one, in_axes=(0, 0, None)))(params, settings, problem))


def _summaries(pairs: list, state: RunState) -> list[dict[str, Any]]:
    columns = [np.asarray(c) for c in (state.best_epoch, state.epoch, state.diverged)]
    return [
        {
            "split": split,
            "seed": seed,
            "best_epoch": int(best),
            "epochs": int(epochs),
            "diverged": bool(diverged),
        }
        for (seed, split), best, epochs, diverged in zip(pairs, *columns, strict=True)
    ]
