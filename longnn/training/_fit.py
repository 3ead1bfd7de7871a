"""Trains one model on all trials, splits and seeds as one batch."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.typing import ArrayLike

from longnn.data.splits import Splits
from longnn.training.batch import Batch, Trial, make_batch, refusals
from longnn.training.drive import Finished, Progress, Prune, Selected, train
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
        outputs: [B, N, C] at the selected epoch, dropout off.
        seconds: compile and train.
        pruned: whether it was given up before its end.
    """

    program: Program
    runs: list[dict[str, Any]]
    params: nnx.State
    settings: nnx.State
    curves: dict[str, np.ndarray]
    outputs: np.ndarray
    seconds: dict[str, float] = field(default_factory=dict)
    pruned: bool = False

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
    ``outputs`` afterwards, once. Random numbers depend on (seed, split) alone.

    Args:
        model: called as ``model(F, C, dtype=..., rngs=..., **settings)``; see
            ``longnn.models.Model``.
        problem: operator, features and labels on the device.
        splits: S splits of the N nodes.
        classes: C; 1 for metric "r2".
        optim: rates, epochs, patience; or one for each of T trials.
        settings: the model's settings; floats are traced, all else is static. Or one for each of
            T trials, which differ in floats only.
        metric: "accuracy", "macro_f1", "roc_auc" or "r2", for selection; "r2" trains on the mean
            squared error, the others on the mean negative log-likelihood.
        seeds: of initial values and dropout; B = T * len(seeds) * S.
        chunk: epochs between two looks at the host.
        memory_gb: that training may take; of a larger batch the rest waits until runs have ended.
        on_progress: called after each chunk.

    Raises:
        MemoryError: if one run alone needs more than ``memory_gb``.
        ValueError: if shapes do not fit, a label or setting is out of range, a part lacks what
            the metric needs, or an optimizer group has no rates.
        FloatingPointError: if the loss of a run is not finite from its first epoch.
    """
    _check_chunk(chunk)
    trials = [trial._replace(seeds=seeds) for trial in _trials(optim, settings)]
    batch = make_batch(model, problem, splits, classes, trials, metric)
    started = time.perf_counter()
    compiling: list[float] = []
    finished = train(
        batch,
        chunk=chunk,
        memory=memory_gb * 1e9,
        on_progress=on_progress,
        on_compiled=compiling.append,
    )
    trained = _joined(batch, list(finished), sum(compiling))
    trained.seconds["train"] = time.perf_counter() - started - sum(compiling)
    _refuse_stillborn(trained)
    return trained


def fit_each(
    model: Callable[..., nnx.Module],
    problem: Problem,
    splits: Splits,
    trials: Sequence[Trial],
    *,
    classes: int,
    metric: str = "accuracy",
    chunk: int = 50,
    memory_gb: float = MEMORY_GB,
    on_progress: Callable[[Progress], None] = lambda _: None,
    prune: Prune | None = None,
) -> Iterator[tuple[int, Fit | Exception]]:
    """Trains all trials as one batch, and gives each as soon as it has ended.

    A trial whose settings are refused, or whose loss is not finite from the first epoch on, comes
    as its exception, and the others go on.

    Args:
        model: see :func:`fit`, also for the arguments that are not named here.
        problem: see there.
        splits: S splits.
        trials: settings, optim and seeds of each; they may differ in floats and seeds.
        classes: C.
        metric: for selection.
        chunk: epochs between two looks at the host.
        memory_gb: that training may take.
        on_progress: called after each chunk.
        prune: told (trial, epoch, mean best validation score, at most 1) after each chunk; True
            gives the trial up (``Fit.pruned``).

    Yields:
        (number of the trial, its fit or its exception). ``Fit.seconds["train"]`` is its share.

    Raises:
        ValueError: if the trials cannot share a program.
        MemoryError: if one run alone needs more than ``memory_gb``.
    """
    _check_chunk(chunk)
    refused = refusals(model, problem, classes, trials)
    yield from refused.items()
    numbers = [i for i in range(len(trials)) if i not in refused]
    if not numbers:
        return
    accepted = [trials[i] for i in numbers]
    batch = make_batch(model, problem, splits, classes, accepted, metric)
    parts: list[list[Finished]] = [[] for _ in accepted]
    compiling: list[float] = []
    for finished in train(
        batch,
        chunk=chunk,
        memory=memory_gb * 1e9,
        on_progress=on_progress,
        prune=None if prune is None else lambda i, *seen: prune(numbers[i], *seen),
        on_compiled=compiling.append,
    ):
        trial = batch.runs[finished.run].trial
        parts[trial].append(finished)
        if len(parts[trial]) == len(accepted[trial].seeds) * len(splits.part):
            yield numbers[trial], _of_trial(batch, parts[trial], sum(compiling) / len(accepted))
            parts[trial] = []


def _check_chunk(chunk: int) -> None:
    if chunk < 1:
        raise ValueError(f"chunk must be >= 1 epoch, got {chunk}")


def _of_trial(batch: Batch, parts: list[Finished], compiling: float) -> Fit | Exception:
    trained = _joined(batch, parts, compiling)
    try:
        _refuse_stillborn(trained)
    except FloatingPointError as error:
        return error
    return trained


def _joined(batch: Batch, finished: list[Finished], compiling: float) -> Fit:
    """Finished runs in their order, as one."""
    parts = sorted(finished, key=lambda part: part.run)
    selected: Selected = jax.tree.map(
        lambda *leaves: np.stack(leaves), *(part.selected for part in parts)
    )
    seconds = {"compile": compiling, "train": sum(part.seconds for part in parts)}
    return Fit(
        batch.program,
        [_summary(batch, part) for part in parts],
        selected.params,
        selected.settings,
        _padded([part.curves for part in parts]),
        np.stack([part.outputs for part in parts]),
        seconds,
        any(part.pruned for part in parts),
    )


def _padded(curves: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """name -> [B, longest], NaN after a run's end."""
    longest = max(len(values) for run in curves for values in run.values())
    pad = lambda v: np.pad(v, (0, longest - len(v)), constant_values=np.nan)  # noqa: E731
    return {name: np.stack([pad(run[name]) for run in curves]) for name in curves[0]}


def _summary(batch: Batch, part: Finished) -> dict[str, Any]:
    """What is known of a run; "trial" where there are several."""
    run, several = batch.runs[part.run], batch.runs[-1].trial > 0
    return ({"trial": run.trial} if several else {}) | {
        "split": run.split,
        "seed": run.seed,
        "best_epoch": int(part.selected.best_epoch),
        "epochs": int(part.selected.epochs),
        "diverged": bool(part.selected.diverged),
    }


def score(metric: str, outputs: np.ndarray, labels: ArrayLike, masks: np.ndarray) -> np.ndarray:
    """[B] metric, at most 1, of log-probabilities or values [B, N, C] on masks [B, N]."""
    scores = jax.vmap(METRICS[metric], in_axes=(0, None, 0))
    return np.asarray(scores(*map(jnp.asarray, (outputs, labels, masks))))


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


def _refuse_stillborn(trained: Fit) -> None:
    dead = [i for i, run in enumerate(trained.runs) if run["best_epoch"] == 0]
    if dead:
        raise FloatingPointError(
            f"the loss of {len(dead)} run(s) was not finite from the first epoch on (run "
            f"{dead[0]} of the batch first); check learning rates, alpha, beta and the features"
        )
