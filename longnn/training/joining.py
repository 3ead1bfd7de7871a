"""Puts the runs that have ended together into what training gives."""

import jax
import numpy as np
from jaxtyping import Float

from longnn.training.batch import Batch
from longnn.training.finished import Finished, Selected
from longnn.training.result import Fit


def joined(batch: Batch, finished: list[Finished], compiling: float) -> Fit:
    """The finished runs as one fit, in the order of the batch.

    Args:
        batch: that they belong to.
        finished: runs, in any order.
        compiling: the seconds that compiling took.
    """
    parts = sorted(finished, key=lambda part: part.run)
    selected: Selected = jax.tree.map(
        lambda *leaves: np.stack(leaves), *(part.selected for part in parts)
    )
    return Fit(
        batch.program,
        [_summary(batch, part) for part in parts],
        selected.params,
        selected.settings,
        _padded([part.curves for part in parts]),
        np.stack([part.outputs for part in parts]),
        {"compile": compiling, "train": sum(part.seconds for part in parts)},
        any(part.pruned for part in parts),
        splits=batch.splits,
        labels=batch.problem.labels_given(),
        metric=batch.metric,
    )


def _padded(curves: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """name -> [B, longest], NaN after a run's end."""
    longest = max(len(values) for run in curves for values in run.values())
    pad = lambda v: np.pad(v, (0, longest - len(v)), constant_values=np.nan)  # noqa: E731
    return {name: np.stack([pad(run[name]) for run in curves]) for name in curves[0]}


def _summary(batch: Batch, part: Finished) -> dict[str, int | bool]:
    """What is known of a run; "trial" where there are several."""
    run, several = batch.runs[part.run], batch.runs[-1].trial > 0
    return ({"trial": run.trial} if several else {}) | {
        "split": run.split,
        "seed": run.seed,
        "best_epoch": int(part.selected.best_epoch),
        "epochs": int(part.selected.epochs),
        "diverged": bool(part.selected.diverged) or grown(part.curves["loss"]),
    }


GROWTH = 100.0
"""A run whose training loss ends above so many times its first one has diverged."""


def grown(loss: Float[np.ndarray, " epochs"]) -> bool:
    """Whether a training loss, which is never negative, has grown beyond what learning does.

    Args:
        loss: [epochs] of one run.

    Example:
        >>> grown(np.array([0.7, 0.5, 71.0])), grown(np.array([0.7, 71.0, 0.5]))
        (True, False)
    """
    return bool(loss[-1] > GROWTH * loss[0] > 0)


def check_started(trained: Fit) -> None:
    """Raises FloatingPointError if the loss of a run was not finite from its first epoch on."""
    dead = [i for i, run in enumerate(trained.runs) if run["best_epoch"] == 0]
    if dead:
        raise FloatingPointError(
            f"the loss of {len(dead)} run(s) was not finite from the first epoch on (run "
            f"{dead[0]} of the batch first); check learning rates, alpha, beta and the features"
        )
