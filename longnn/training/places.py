"""The places of a batch on the device, and the runs that come and go at them.

Neither decides a result: random numbers depend on a run's seed and split, not on its place.
"""

import time
from collections import deque
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from longnn.training.batch import Batch
from longnn.training.executable import compiled_step
from longnn.training.finished import Finished, Selected, curves_of, selected_of
from longnn.training.loop import predict
from longnn.training.program import best_val
from longnn.training.room import bytes_of, worthwhile
from longnn.training.snapshot import Saved, Snapshot, as_saved, saved_at
from longnn.training.spreading import Spread

NO_RUN = -1
"""The number of the run at a place of the batch that holds none."""


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
        self._saved: dict[int, Saved] = {}  # runs of a snapshot that are not in the batch yet
        self._step: jax.stages.Compiled | None = None
        self._state: Any = None
        self._members: Any = None

    def fill(self, waiting: deque[int]) -> None:
        """Runs that wait begin at the places that are free."""
        free = np.flatnonzero(self._run_at == NO_RUN)[: len(waiting)]
        if not len(free):
            return
        self._run_at[free] = [waiting.popleft() for _ in free]
        self._begin(free)

    def _begin(self, new: np.ndarray) -> None:
        """The runs at the places ``new`` [b] begin, or go on as they were saved."""
        run_at = {int(place): int(self._run_at[place]) for place in new}
        known = {at: self._saved.pop(run) for at, run in run_at.items() if run in self._saved}
        spread = self._batch.spread
        begun = as_saved(known, *self._batch.begin(np.maximum(self._run_at, 0)), spread)
        if self._state is not None:
            at_new = np.isin(np.arange(len(self._run_at)), new)
            begun = _merged(spread, at_new, begun, (self._state, self._members))
        self._state, self._members = begun
        self.running[new] = True
        self._mark()

    def resume(self, start: Snapshot) -> deque[int]:
        """Takes runs up as they were; to be called first.

        They get the places that they had if the batch is as large as it was, else any.

        Returns:
            The runs that wait, first those that had begun.
        """
        self._saved = dict(start.runs)
        self.best = dict(start.best)
        self.reached = {run: int(part.selected.epochs) for run, part in start.ended.items()}
        for run, saved in start.runs.items():
            self.best[run], self.reached[run] = saved.best, saved.epoch
            self._seconds[run] = saved.seconds
            self._curves[run] = [saved.curves] if saved.curves else []
            self.epoch = max(self.epoch, saved.epoch)
        if start.run_at is not None and self._fits(start):
            self._run_at, self.running = start.run_at.copy(), start.run_at != NO_RUN
            self._begin(np.flatnonzero(self.running))
        gone = {*map(int, self._run_at), *start.ended}
        numbers = [*start.runs, *(n for n in range(len(self._batch.runs)) if n not in start.runs)]
        return deque(run for run in numbers if run not in gone)

    def _fits(self, start: Snapshot) -> bool:
        """Whether the places are those of the batch as it is now, on these devices."""
        assert start.run_at is not None
        return start.size == self._size and len(start.run_at) % self._batch.spread.count == 0

    def snapshot(self) -> Snapshot:
        """The runs that have begun and not ended, as they are."""
        runs, taken = dict(self._saved), np.flatnonzero(self._run_at != NO_RUN)
        saved = saved_at(taken, self._state, self._members, self._batch.spread)
        for place, leaves in saved.items():
            run = int(self._run_at[place])
            records = self._curves.get(run)
            curves = curves_of(records, int(leaves["state.epoch"])) if records else {}
            runs[run] = Saved(leaves, curves, self._seconds.get(run, 0.0))
        return Snapshot(self._size, self._run_at.copy(), runs, {}, dict(self.best))

    def _mark(self) -> None:
        self._state = self._state._replace(running=self._batch.spread.put(self.running))

    def advance(self) -> None:
        """One chunk of epochs."""
        step = compiled_step(self._batch, self._state, self._members, self._length)
        began = time.perf_counter()
        self._state, curves = step(self._state, self._members, self._batch.problem)
        state = self._state
        curves, running, score, epoch = self._batch.spread.fetched(
            (curves, state.running, best_val(state), state.epoch)
        )
        active, self.running = self.running, np.array(running)
        spent = time.perf_counter() - began
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
        return min((self.reached[int(run)] for run in self._run_at[here]), default=None)

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
        selected = self._taken_out(ended)
        predicted = self._predicted(selected)
        for i, run in enumerate(map(int, runs)):
            of_run = jax.tree.map(lambda leaf, at=i: leaf[at], selected)
            curves = curves_of(self._curves.pop(run), int(of_run.epochs))
            seconds = self._seconds.pop(run)
            yield Finished(run, of_run, predicted[i], curves, seconds, run in self.pruned)

    def _predicted(self, selected: Selected) -> np.ndarray:
        """[ended, N, C] by a program of the first size, whatever is left in the batch."""
        filled = lambda leaf: np.resize(leaf, (self._size, *leaf.shape[1:]))  # noqa: E731
        batch, over = self._batch, self._batch.spread
        given = over.put(jax.tree.map(filled, (selected.params, selected.settings)))
        predicted = predict(batch.program, *given, batch.problem, spread=over)
        found: np.ndarray = over.fetched(predicted)
        return batch.problem.given(found[: len(selected.epochs)], axis=1)

    def _taken_out(self, ended: np.ndarray) -> Selected:
        of_all = self._batch.spread.fetched(selected_of(self._state, self._members))
        return jax.tree.map(lambda leaf: leaf[ended], of_all)

    def shrink(self, epochs: int) -> None:
        """A smaller batch for the last runs, where that pays; ``epochs`` may be left."""
        here, count, spread = len(self._run_at), int(self.running.sum()), self._batch.spread
        smaller = spread.count * _halved(here // spread.count, -(-count // spread.count))
        if not count or smaller == here:
            return
        assert self._step is not None
        if worthwhile(1 - smaller / here, epochs * bytes_of(self._step)):
            keep = np.argsort(~self.running, kind="stable")[:smaller]
            self._run_at, self.running = self._run_at[keep], self.running[keep]
            self._state, self._members = _taken(spread, keep, (self._state, self._members))


@jax.jit(static_argnums=0)
def _merged(spread: Spread, new: Any, begun: Any, old: Any) -> Any:
    """The leaves of ``begun`` at the places ``new`` [b], those of ``old`` elsewhere."""
    pick = lambda a, b: jnp.where(new.reshape(-1, *[1] * (a.ndim - 1)), a, b)  # noqa: E731
    return spread.kept(jax.tree.map(pick, begun, old))


@jax.jit(static_argnums=0)
def _taken(spread: Spread, keep: Any, leaves: Any) -> Any:
    """The leaves at the places ``keep`` [b]."""
    return spread.kept(jax.tree.map(lambda leaf: leaf[keep], leaves))


def _halved(size: int, running: int) -> int:
    """The smallest of size, size/2, size/4, ... that holds the running ones."""
    while running and -(-size // 2) >= running and size > 1:
        size = -(-size // 2)
    return size
