"""Drives the epochs: mini-batches in their order, an evaluation, and the basis that is used."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from longnn.graphs.device import on_device
from longnn.models.propagated import Propagated
from longnn.training.finished import Finished, selected_of
from longnn.training.minibatch.anchor import anchored, bases_of, condition_numbers, nearer
from longnn.training.minibatch.outputs import all_outputs, on_device_in
from longnn.training.minibatch.plan import Group, Nodes
from longnn.training.minibatch.reading import Held, Terms, padded, prefetched
from longnn.training.minibatch.step import Part, compiled_batch, end_epoch, evaluated_weights
from longnn.training.minibatch.work import Work, part_shapes
from longnn.training.program import Member, RunState, best_val
from longnn.training.room import bytes_of
from longnn.training.step import Seen


@dataclass(frozen=True)
class BatchProgress:
    """What a progress callback is told after each mini-batch.

    Attributes:
        epoch: epochs that are completed.
        max_epochs: the most epochs that a run is trained for.
        batch: mini-batches of this epoch that are done.
        batches: mini-batches of an epoch.
        running: the number of runs that are not over.
        runs: the number of all runs.
        best_val: the mean best validation score of the runs, in percent; 0 before the first epoch.
        seconds_left: until ``max_epochs`` at the pace so far; None before the second
            mini-batch. Patience may end it before.
    """

    epoch: int
    max_epochs: int
    batch: int
    batches: int
    running: int
    runs: int
    best_val: float
    seconds_left: float | None


class Trainer:
    """All runs on their way: what a checkpoint keeps are its attributes without an underscore.

    Args:
        work: what they are trained on.
        tolerance: the bound on the error of the connection above which another basis is taken.
    """

    def __init__(self, work: Work, tolerance: float):
        self.work, self._tolerance = work, tolerance
        runs = np.arange(len(work.batch.runs))
        self.state: RunState
        self.members: Member
        self.state, self.members = work.batch.begin(runs)
        self.loss: Any = on_device(np.zeros(len(runs), work.dtype))
        self.epoch, self.number = 0, 0
        self.curves: dict[str, list[np.ndarray]] = {}
        self.anchor: tuple[float, float] | None = None
        self._labels = on_device(work.labels[work.seen])
        self._started, self._done = 0.0, -1  # of the first mini-batch most is compilation

    @property
    def tolerance(self) -> float:
        """The bound above which another basis is taken."""
        return self._tolerance

    @property
    def running(self) -> np.ndarray:
        """[B] which runs are not over."""
        return np.asarray(self.state.running)

    def train(
        self,
        on_progress: Callable[[BatchProgress], None],
        keep: Callable[["Trainer"], None] = lambda _: None,
    ) -> None:
        """Trains until every run is over.

        Args:
            on_progress: called after each mini-batch, and after each epoch.
            keep: called before it, likewise.
        """
        step = self._step()
        self._look()
        if not self.epoch and not self.number:
            self._measure()
        self._hold()
        while self.running.any():
            groups = self.work.plan.epoch(self.epoch)
            shares = self.work.shares(groups)
            for part in prefetched(self._reader(shares), self._left(groups)):
                jax.block_until_ready(self.loss)  # no more than one mini-batch waits for the device
                self.state, self.loss = step(self.state, self.members, self.loss, part)
                self.number += 1
                self._count()
                keep(self)
                on_progress(self._progress(len(shares)))
            self._end((shares > 0).sum(axis=0))
            keep(self)
            on_progress(self._progress(len(shares)))

    def _step(self) -> jax.stages.Compiled:
        """The compiled mini-batch; a MemoryError if it needs more than its share."""
        work = self.work
        step = compiled_batch(work.batch.program, self.state, self.members, part_shapes(work))
        needed = bytes_of(step)
        if needed > work.room:
            raise MemoryError(
                f"a mini-batch of {work.plan.size:,} nodes needs {needed / 1e9:.3g} GB for "
                f"{len(work.batch.runs)} run(s), but {work.room / 1e9:.3g} GB are for it, half of "
                "memory_gb; lower batch_nodes or the number of runs, or raise memory_gb"
            )
        return step

    def _count(self) -> None:
        """Counts the mini-batches that the pace is made of."""
        if self._done < 0:
            jax.block_until_ready(self.loss)
            self._started = time.perf_counter()
        self._done += 1

    def _left(self, groups: list[Group]) -> Iterator[tuple[int, Group, Nodes]]:
        """(number, group, nodes) of the mini-batches of an epoch that are not done."""
        each = [(group, nodes) for group in groups for nodes in group.batches]
        for number in range(self.number, len(each)):
            yield number, *each[number]

    def _reader(self, shares: np.ndarray) -> Callable[[tuple[int, Group, Nodes]], Part]:
        """Makes mini-batches; a group is read when its first one is asked for."""
        work, basis = self.work, on_device_in(self._terms.basis, self.work.dtype)
        held: dict[int, Terms] = {}

        def read(item: tuple[int, Group, Nodes]) -> Part:
            number, group, nodes = item
            terms = self._held
            if terms is None:
                if id(group) not in held:
                    held.clear()
                    held[id(group)] = Held(self._terms, group.nodes, work.dtype)
                terms = held[id(group)]
            size = work.plan.size
            return Part(
                Propagated(on_device(padded(terms.take(nodes), size, axis=1)), basis),
                on_device(padded(nodes, size), np.int32),
                on_device(padded(work.labels[nodes], size)),
                on_device(padded(work.masks(nodes), size, axis=1)),
                on_device(shares[number], work.dtype),
                on_device(np.int32(number)),
            )

        return read

    def _look(self) -> None:
        """Reads terms in the basis that is used from now on."""
        work = self.work
        self._terms: Terms = work.terms
        if self.anchor is not None:
            self._terms = anchored(work.terms, self.anchor, work.dtype)

    def _hold(self) -> None:
        """Reads the terms that fit into memory."""
        work = self.work
        self._held: Terms | None = None  # before others are read
        self._seen: Terms = self._terms
        if work.plan.in_memory:
            self._held = Held(self._terms, work.plan.nodes, work.dtype)
        if work.held:
            self._seen = Held(self._terms, work.seen, work.dtype)

    def _end(self, counts: np.ndarray) -> None:
        """Evaluates and selects; ``counts`` [B] are the mini-batches that each run took part in."""
        work, program = self.work, self.work.batch.program
        weights, extras = evaluated_weights(program, self.state, self.members)
        given = (program, weights, self.members.settings, self._seen, work.seen)
        outputs = on_device(all_outputs(*given, work.plan.size, work.dtype))
        mean = self.loss / on_device(counts, work.dtype)
        self.state, curves = end_epoch(
            program, self.state, self.members, mean, Seen(weights, extras, outputs), self._labels
        )
        for name, values in curves.items():
            self.curves.setdefault(name, []).append(np.asarray(values))
        self.loss = on_device(np.zeros(len(counts), work.dtype))
        self.epoch, self.number = self.epoch + 1, 0
        before = self.anchor
        for name, values in self._measure().items():
            self.curves.setdefault(name, []).append(values)
        if self.anchor != before:
            self._hold()

    def _measure(self) -> dict[str, np.ndarray]:
        """The bounds [B] by name, in the basis that was used; takes a nearer one where needed."""
        work, running = self.work, self.running
        bases = bases_of(work.batch.program, self.state.params, self.members.settings)
        kappa = condition_numbers(bases.leaves, self._terms.basis)
        stored = condition_numbers(bases.leaves, work.terms.basis)
        drift = kappa * np.finfo(work.dtype).eps
        if running.any() and (drift[running] > self._tolerance).any():
            order = work.terms.basis.diagonal.shape[0]
            found = nearer(bases, running, kappa, order)
            if found is not None:
                self.anchor = found
                self._look()
        return {"drift": drift, "drift_disk": stored * np.finfo(work.terms.dtype).eps}

    def _progress(self, batches: int) -> BatchProgress:
        longest = int(self.work.batch.members.max_epochs.max())
        best = np.asarray(best_val(self.state)) if self.epoch else np.zeros(1)
        pace = (time.perf_counter() - self._started) / self._done if self._done > 0 else None
        left = (longest - self.epoch) * batches - self.number
        return BatchProgress(
            self.epoch,
            longest,
            self.number,
            batches,
            int(self.running.sum()),
            len(self.work.batch.runs),
            100 * float(np.where(np.isfinite(best), best, 0).mean()),
            None if pace is None else pace * left * bool(self.running.any()),
        )

    def finished(self, seconds: float) -> list[Finished]:
        """The runs as they ended, without outputs.

        Args:
            seconds: that training took.
        """
        selected = jax.tree.map(np.asarray, selected_of(self.state, self.members))
        empty = np.empty((0, self.work.batch.builder.classes), self.work.dtype)
        found = []
        for run in range(len(self.work.batch.runs)):
            of_run = jax.tree.map(lambda leaf, at=run: leaf[at], selected)
            epochs = int(of_run.epochs)
            curves = {name: np.stack(v)[:epochs, run] for name, v in self.curves.items()}
            share = seconds / len(self.work.batch.runs)
            found.append(Finished(run, of_run, empty, curves, share, False))
        return found
