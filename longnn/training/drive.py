"""Drives a batch on the host: as many runs as fit go together, and one that ends makes room.

Neither decides a result: random numbers depend on a run's seed and split, not on its place.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from longnn.training.batch import Batch
from longnn.training.executable import compiled_step
from longnn.training.finished import Finished
from longnn.training.places import Places
from longnn.training.room import batch_size, first_size
from longnn.training.snapshot import Snapshot


@dataclass(frozen=True)
class Progress:
    """What a progress callback is told after each chunk.

    Attributes:
        epoch: the epoch that the furthest of the runs in the batch has reached.
        max_epochs: the most epochs that a run is trained for.
        running: the number of runs that are in the batch, and of those that wait.
        runs: the number of all runs.
        best_val: the mean best validation score of the runs that have begun, in percent.
        waiting: the number of runs that have not begun.
        epochs: the epochs of all runs together.
    """

    epoch: int
    max_epochs: int
    running: int
    runs: int
    best_val: float
    waiting: int = 0
    epochs: int = 0


Prune = Callable[[int, int, float], bool]
"""Told (trial, epoch, mean of the best validation scores of its runs, at most 1) after a chunk;
says whether to give the trial up."""


def train(
    batch: Batch,
    *,
    chunk: int,
    memory: float,
    on_progress: Callable[[Progress], None],
    prune: Prune | None = None,
    on_compiled: Callable[[float], None] = lambda _: None,
    start: Snapshot | None = None,
    on_chunk: Callable[[Places], None] = lambda _: None,
) -> Iterator[Finished]:
    """Trains all runs of a batch, and gives each as soon as it has ended.

    Args:
        batch: B runs.
        chunk: epochs between two looks at the host.
        memory: bytes that the compiled program may need; as many runs as fit go together.
        on_progress: called after each chunk.
        prune: asked after each chunk for every trial whose runs have all begun.
        on_compiled: told the seconds that compiling took.
        start: runs that go on from where they were; None: all begin.
        on_chunk: called after each chunk, when the runs that ended have been taken away.

    Raises:
        MemoryError: if one run alone needs more than ``memory``.
    """
    started = time.perf_counter()
    longest = int(batch.members.max_epochs.max())
    length = min(chunk, longest)
    with ThreadPoolExecutor(1) as beside:  # while this thread traces the large one
        small = [beside.submit(program.compile) for program in batch.lowered(first_size(batch))]
        size = batch_size(batch, length, memory, compiled_step)
        for program in small:
            program.result()
    compiling = time.perf_counter() - started
    on_compiled(compiling)
    waiting = deque(range(len(batch.runs)))
    places = Places(batch, size, length)
    if start is not None:
        waiting = places.resume(start)
        on_progress(_progress(places, batch, waiting, longest))
        yield from start.ended.values()
    places.fill(waiting)
    while places.running.any():
        places.advance()
        if prune is not None:
            _prune(places, batch, set(waiting), prune)
        on_progress(_progress(places, batch, waiting, longest))
        yield from places.harvest()
        places.fill(waiting)
        places.shrink(longest - places.epoch)
        if places.running.any():
            on_chunk(places)


def _progress(places: Places, batch: Batch, waiting: deque[int], longest: int) -> Progress:
    running = int(places.running.sum()) + len(waiting)
    scores = [score if np.isfinite(score) else 0.0 for score in places.best.values()]
    return Progress(
        places.epoch,
        longest,
        running,
        len(batch.runs),
        100 * float(np.mean(scores)),
        len(waiting),
        sum(places.reached.values()),
    )


def _prune(places: Places, batch: Batch, waiting: set[int], prune: Prune) -> None:
    """Asks for every trial that is running, once all of its runs have begun."""
    of_trial: dict[int, set[int]] = {}
    for number, run in enumerate(batch.runs):
        of_trial.setdefault(run.trial, set()).add(number)
    for trial, runs in of_trial.items():
        epoch = None if runs & waiting else places.epoch_of(runs)
        if epoch is None:
            continue
        if prune(trial, epoch, float(np.mean([places.best[run] for run in runs]))):
            places.give_up(runs)
