"""Runs that have ended, and what is kept of them."""

from typing import NamedTuple

import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Bool, Integer

from longnn.training.loop import Member, RunState


class Selected(NamedTuple):
    """What is kept of a run, at its selected epoch."""

    params: nnx.State
    settings: nnx.State
    best_epoch: Integer[np.ndarray | Array, "..."]
    epochs: Integer[np.ndarray | Array, "..."]
    diverged: Bool[np.ndarray | Array, "..."]


class Finished(NamedTuple):
    """A run that has ended.

    Attributes:
        run: its number in the batch.
        selected: leaves of this run.
        outputs: [N, C] at the selected epoch, dropout off.
        curves: name -> [epochs].
        seconds: its share of the time that training took.
        pruned: whether its trial was given up before its end.
    """

    run: int
    selected: Selected
    outputs: np.ndarray
    curves: dict[str, np.ndarray]
    seconds: float
    pruned: bool


def selected_of(state: RunState, members: Member) -> Selected:
    """What is kept of all runs of a batch; leaves [B, ...], as they are or their shapes."""
    return Selected(
        state.best_params, members.settings, state.best_epoch, state.epoch, state.diverged
    )


def curves_of(records: list[dict[str, np.ndarray]], epochs: int) -> dict[str, np.ndarray]:
    """name -> [epochs] of one run, from its chunks."""
    return {
        name: np.concatenate([record[name] for record in records])[:epochs] for name in records[0]
    }
