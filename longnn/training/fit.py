"""Trains one model on all trials, splits and seeds as one batch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.typing import ArrayLike

from longnn.data.splits import Splits
from longnn.training.batch import Run, Trial, make_batch
from longnn.training.drive import Progress, Selected, train
from longnn.training.loop import Problem, Program
from longnn.training.metrics import METRICS
from longnn.training.optimizer import Optim

MEMORY_GB = 4.0
"""What training may take unless told otherwise."""


@dataclass(frozen=True)
class Fit:
    """A finished batch of B runs, ordered by trial, then seed, then split.

    Attributes:
        model: module class.
        runs: per run: trial (where there are several), split, seed, best_epoch, epochs, diverged.
        params: parameters at the selected epoch, leaves [B, ...] on the host.
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
    optim: Optim | Sequence[Optim],
    settings: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    metric: str = "accuracy",
    seeds: Sequence[int] = (0,),
    chunk: int = 50,
    memory_gb: float = MEMORY_GB,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Fit:
    """Trains every (trial, seed, split) as one batch through one compiled chunk of epochs.

    Only training and validation nodes are looked at; test scores are read from
    ``log_probabilities`` afterwards, once. Random numbers depend on (seed, split) alone.

    Args:
        model: called as ``model(F, C, dtype=..., rngs=..., **settings)``; see
            ``longnn.models.Model``.
        problem: operator, features and labels on the device.
        splits: S splits of the N nodes.
        classes: C.
        optim: rates, epochs, patience; or one for each of T trials.
        settings: the model's settings; floats are traced, all else is static. Or one for each of
            T trials, which differ in floats only.
        metric: "accuracy" or "roc_auc", for selection.
        seeds: of initial values and dropout; B = T * len(seeds) * S.
        chunk: epochs between two looks at the host.
        memory_gb: that training may take; a larger batch is cut into pieces, one after the other.
        on_progress: called after each chunk.

    Raises:
        ValueError: if shapes do not fit, a label or setting is out of range, a part lacks what
            the metric needs, or an optimizer group has no rates.
        FloatingPointError: if the loss of a run is not finite from its first epoch.
    """
    if chunk < 1:
        raise ValueError(f"chunk must be >= 1 epoch, got {chunk}")
    trials = _trials(optim, settings)
    batch = make_batch(model, problem, splits, classes, trials, metric, seeds)
    trained = train(batch, problem, chunk=chunk, memory=memory_gb * 1e9, on_progress=on_progress)
    _refuse_stillborn(trained.selected)
    return Fit(
        batch.program,
        _summaries(batch.runs, trained.selected),
        trained.selected.params,
        trained.selected.settings,
        trained.curves,
        trained.log_probabilities,
        trained.seconds,
    )


def score(
    metric: str, log_probabilities: np.ndarray, labels: ArrayLike, masks: np.ndarray
) -> np.ndarray:
    """[B] metric in [0, 1] of log-probabilities [B, N, C] on masks [B, N]."""
    scores = jax.vmap(METRICS[metric], in_axes=(0, None, 0))
    return np.asarray(scores(*map(jnp.asarray, (log_probabilities, labels, masks))))


def _trials(
    optim: Optim | Sequence[Optim], settings: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
) -> list[Trial]:
    """One trial for each optim and settings; what is given once holds for all."""
    optims = [optim] if isinstance(optim, Optim) else list(optim)
    given = (
        [settings or {}] if settings is None or isinstance(settings, Mapping) else list(settings)
    )
    count = max(len(optims), len(given))
    if not {len(optims), len(given)} <= {1, count}:
        raise ValueError(
            f"optim and settings must be given once or as often as there are trials, got "
            f"{len(optims)} and {len(given)}"
        )
    repeated = lambda values: values * count if len(values) == 1 else values  # noqa: E731
    return [Trial(*pair) for pair in zip(repeated(given), repeated(optims), strict=True)]


def _refuse_stillborn(selected: Selected) -> None:
    dead = np.flatnonzero(selected.best_epoch == 0)
    if len(dead):
        raise FloatingPointError(
            f"the loss of {len(dead)} run(s) was not finite from the first epoch on (run "
            f"{dead[0]} of the batch first); check learning rates, alpha, beta and the features"
        )


def _summaries(runs: list[Run], selected: Selected) -> list[dict[str, Any]]:
    """Per run what is known of it; "trial" where there are several."""
    several = runs[-1].trial > 0
    return [
        ({"trial": run.trial} if several else {})
        | {
            "split": run.split,
            "seed": run.seed,
            "best_epoch": int(selected.best_epoch[i]),
            "epochs": int(selected.epochs[i]),
            "diverged": bool(selected.diverged[i]),
        }
        for i, run in enumerate(runs)
    ]
