"""The places of a batch on the device, and the runs that come and go at them.

Neither decides a result: random numbers depend on a run's seed and split, not on its place.
"""

import time
from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Bool, Integer

from longnn.graphs.device import on_device
from longnn.training.batch import Batch
from longnn.training.executable import compiled_step
from longnn.training.loop import Member, RunState, predict
from longnn.training.room import bytes_of, worthwhile

NO_RUN = -1
"""The number of the run at a place of the batch that holds none."""


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


class Places:
    """The runs in the batch on the device, each at its place."""

    def __init__(self, batch: Batch, size: int, length: int):
        self._batch, self._size, self._length = batch, size, length
        self._run_at = np.full(size, NO_RUN)
        self.running = np.zeros(size, bool)
        self.best: dict[int, float] = {}  # best validation score of each run that has begun
        self.reached: dict[int, int] = {}  # its epochs
        self.epoch = 0  # of the furthest run in the batch
        self._curves: dict[int, list[dict[str, np.ndarray]]] = {}
        self._seconds: dict[int, float] = {}
        self.pruned: set[int] = set()
        self._step: jax.stages.Compiled | None = None
        self._state: Any = None
        self._members: Any = None

    def fill(self, waiting: deque[int]) -> None:
        """Runs that wait begin at the places that are free."""
        free = np.flatnonzero(self._run_at == NO_RUN)[: len(waiting)]
        if not len(free):
            return
        self._run_at[free] = [waiting.popleft() for _ in free]
        begun = self._batch.begin(np.maximum(self._run_at, 0))
        if self._state is not None:
            new = np.isin(np.arange(len(self._run_at)), free)
            begun = _merged(new, begun, (self._state, self._members))
        self._state, self._members = begun
        self.running[free] = True
        self._mark()

    def _mark(self) -> None:
        self._state = self._state._replace(running=on_device(self.running))

    def advance(self) -> None:
        """One chunk of epochs."""
        step = compiled_step(self._batch, self._state, self._members, self._length)
        began = time.perf_counter()
        self._state, curves = step(self._state, self._members, self._batch.problem)
        curves = jax.tree.map(np.asarray, curves)
        active, self.running = self.running, np.array(self._state.running)
        spent = time.perf_counter() - began
        score, epoch = np.asarray(self._state.best_score), np.asarray(self._state.epoch)
        self.epoch = int(epoch[active].max())
        for place in np.flatnonzero(active):
            run = int(self._run_at[place])
            self._curves.setdefault(run, []).append({k: v[:, place] for k, v in curves.items()})
            self._seconds[run] = self._seconds.get(run, 0.0) + spent / int(active.sum())
            self.best[run], self.reached[run] = float(score[place]), int(epoch[place])
        self._step = step

    def epoch_of(self, runs: set[int]) -> int | None:
        """The least epoch of those of the runs that are still running; None if none is."""
        here = self.running & np.isin(self._run_at, list(runs))
        return int(np.asarray(self._state.epoch)[here].min()) if here.any() else None

    def give_up(self, runs: set[int]) -> None:
        """Ends these runs."""
        self.running &= ~np.isin(self._run_at, list(runs))
        self.pruned |= runs
        self._mark()

    def harvest(self) -> Iterator[Finished]:
        """The runs that have ended; their places become free."""
        ended = np.flatnonzero((self._run_at != NO_RUN) & ~self.running)
        if not len(ended):
            return
        runs = self._run_at[ended]
        self._run_at[ended] = NO_RUN
        selected = _selected(self._state, self._members, ended)
        predicted = self._predicted(selected)
        for i, run in enumerate(map(int, runs)):
            of_run = jax.tree.map(lambda leaf, at=i: leaf[at], selected)
            curves = _curves(self._curves.pop(run), int(of_run.epochs))
            seconds = self._seconds.pop(run)
            yield Finished(run, of_run, predicted[i], curves, seconds, run in self.pruned)

    def _predicted(self, selected: Selected) -> np.ndarray:
        """[ended, N, C] by a program of the first size, whatever is left in the batch."""
        filled = lambda leaf: np.resize(leaf, (self._size, *leaf.shape[1:]))  # noqa: E731
        params, settings = jax.tree.map(filled, (selected.params, selected.settings))
        predicted = predict(self._batch.program, params, settings, self._batch.problem)
        return np.asarray(predicted)[: len(selected.epochs)]

    def shrink(self, epochs: int) -> None:
        """A smaller batch for the last runs, where that pays; ``epochs`` may be left."""
        here, count = len(self._run_at), int(self.running.sum())
        smaller = _halved(here, count)
        if not count or smaller == here:
            return
        assert self._step is not None
        if worthwhile(1 - smaller / here, epochs * bytes_of(self._step)):
            keep = np.argsort(~self.running, kind="stable")[:smaller]
            self._run_at, self.running = self._run_at[keep], self.running[keep]
            self._state, self._members = _taken(keep, (self._state, self._members))


@jax.jit
def _merged(new: Any, begun: Any, old: Any) -> Any:
    """The leaves of ``begun`` at the places ``new`` [b], those of ``old`` elsewhere."""
    pick = lambda a, b: jnp.where(new.reshape(-1, *[1] * (a.ndim - 1)), a, b)  # noqa: E731
    return jax.tree.map(pick, begun, old)


@jax.jit
def _taken(keep: Any, leaves: Any) -> Any:
    """The leaves at the places ``keep`` [b]."""
    return jax.tree.map(lambda leaf: leaf[keep], leaves)


def _halved(size: int, running: int) -> int:
    """The smallest of size, size/2, size/4, ... that holds the running ones."""
    while running and -(-size // 2) >= running and size > 1:
        size = -(-size // 2)
    return size


def _selected(state: RunState, members: Member, ended: np.ndarray) -> Selected:
    chosen = Selected(
        state.best_params,
        members.settings,
        state.best_epoch,
        state.epoch,
        state.diverged,
    )
    return jax.tree.map(lambda leaf: np.asarray(leaf)[ended], chosen)


def _curves(records: list[dict[str, np.ndarray]], epochs: int) -> dict[str, np.ndarray]:
    """name -> [epochs] of one run, from its chunks."""
    return {
        name: np.concatenate([record[name] for record in records])[:epochs] for name in records[0]
    }
