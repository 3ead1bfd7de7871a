"""Trains one model on all splits and seeds as one batch."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.typing import ArrayLike

from longnn.data.splits import Splits
from longnn.training.batch import Batch, make_batch
from longnn.training.loop import Problem, Program, RunState, predict, run_chunk
from longnn.training.metrics import METRICS
from longnn.training.optimizer import Optim


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
        ValueError: if shapes do not fit, a label or setting is out of range, a part lacks what
            the metric needs, or an optimizer group has no rates.
        FloatingPointError: if the loss of a run is not finite from its first epoch.
    """
    if chunk < 1:
        raise ValueError(f"chunk must be >= 1 epoch, got {chunk}")
    batch = make_batch(model, problem, splits, classes, optim, dict(settings or {}), metric, seeds)
    state, curves, seconds = _run(batch, problem, optim, chunk, on_progress)
    params, traced = state.best_params, batch.members.settings
    log_probabilities = np.asarray(predict(batch.program, params, traced, problem))
    runs = _summaries(batch.pairs, state)
    return Fit(batch.program, runs, params, traced, curves, log_probabilities, seconds)


def score(
    metric: str, log_probabilities: np.ndarray, labels: ArrayLike, masks: np.ndarray
) -> np.ndarray:
    """[B] metric in [0, 1] of log-probabilities [B, N, C] on masks [B, N]."""
    scores = jax.vmap(METRICS[metric], in_axes=(0, None, 0))
    return np.asarray(scores(*map(jnp.asarray, (log_probabilities, labels, masks))))


def _run(
    batch: Batch,
    problem: Problem,
    optim: Optim,
    chunk: int,
    on_progress: Callable[[Progress], None],
) -> tuple[RunState, dict[str, np.ndarray], dict[str, float]]:
    started = time.perf_counter()
    program, state, members, _ = batch
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
