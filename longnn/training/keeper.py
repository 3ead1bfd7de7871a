"""Keeps the trials of a batch while they are trained, so that another process can go on."""

import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np

from longnn.training.batch import Batch
from longnn.training.checkpoint import Arrays, Format, Kept, Layout
from longnn.training.finished import Finished
from longnn.training.loop import run_chunk
from longnn.training.places import NO_RUN, Places
from longnn.training.snapshot import Snapshot

PROGRAM = "program"
"""The array that holds the hash of the program."""


@runtime_checkable
class Checkpoints(Protocol):
    """Where trials are kept, such as files; trials are counted as ``fit_each`` was given them."""

    def load(self, trial: int) -> Arrays | None:
        """What was kept of a trial before, if there is something."""

    def resumed(self, trial: int, epoch: int) -> None:
        """Told that a trial goes on, and from which epoch its furthest run does."""

    def ignored(self, trial: int, why: str) -> None:
        """Told that what was kept of a trial cannot be used."""

    def save(self, make: Callable[[], Mapping[int, Arrays]]) -> None:
        """Called after each chunk: if it is time, keeps what ``make`` gives of each trial."""


class Keeper:
    """The checkpoints of one batch."""

    def __init__(self, batch: Batch, numbers: Sequence[int], checkpoints: Checkpoints):
        """Args: the batch, the number that each of its trials was given as, where to keep them."""
        self._batch, self._numbers, self._checkpoints = batch, numbers, checkpoints
        self._runs: dict[int, list[int]] = {}
        for run, of in enumerate(batch.runs):
            self._runs.setdefault(of.trial, []).append(run)

    @cached_property
    def _format(self) -> Format:
        return Format(self._batch)

    @cached_property
    def _program(self) -> str:
        """A hash of the code of a run, as it is handed to the compiler: first values, one epoch."""
        batch = self._batch.alone()  # so that runs go on where there are other devices
        epoch = run_chunk.lower(batch.program, *batch.shapes(1), batch.problem, length=1)
        texts = [lowered.as_text() for lowered in (epoch, *batch.lowered(1))]
        return hashlib.sha256("\n".join(texts).encode()).hexdigest()

    def restored(self) -> Snapshot | None:
        """The runs as they were kept; None where nothing was, or nothing that can be used."""
        kept: dict[int, Kept] = {}
        for trial, number in enumerate(self._numbers):
            arrays = self._checkpoints.load(number)
            if arrays is None:
                continue
            try:
                kept[trial] = self._read(trial, arrays)
            except ValueError as error:
                self._checkpoints.ignored(number, str(error))
        for trial, one in kept.items():
            self._checkpoints.resumed(self._numbers[trial], one.epoch)
        return self._joined(kept) if kept else None

    def _read(self, trial: int, arrays: Arrays) -> Kept:
        if str(arrays.get(PROGRAM)) != self._program:
            raise ValueError("it is of another program: the code has changed")
        return self._format.kept(arrays, len(self._runs[trial]))

    def _joined(self, kept: dict[int, Kept]) -> Snapshot:
        number = {(t, i): run for t, runs in self._runs.items() for i, run in enumerate(runs)}
        places = {number[t, i]: p for t, one in kept.items() for i, p in one.place.items()}
        ended = {number[t, i]: part for t, one in kept.items() for i, part in one.ended.items()}
        return Snapshot(
            next(iter(kept.values())).layout.size,
            _run_at({one.layout for one in kept.values()}, places, len(self._batch.runs)),
            {number[t, i]: saved for t, one in kept.items() for i, saved in one.runs.items()},
            {run: part._replace(run=run) for run, part in ended.items()},
            {number[t, i]: best for t, one in kept.items() for i, best in one.best.items()},
        )

    def keep(self, places: Places, parts: Mapping[int, Sequence[Finished]]) -> None:
        """Keeps all trials that have not ended, if it is time.

        Args:
            places: between two chunks.
            parts: trial that has not ended -> its runs that have.
        """
        self._checkpoints.save(lambda: self._arrays(places.snapshot(), parts))

    def _arrays(
        self, snapshot: Snapshot, parts: Mapping[int, Sequence[Finished]]
    ) -> dict[int, Arrays]:
        assert snapshot.run_at is not None
        place = {int(run): at for at, run in enumerate(snapshot.run_at)}
        layout = Layout(
            uuid.uuid4().hex,
            snapshot.size,
            len(snapshot.run_at),
            int((snapshot.run_at != NO_RUN).sum()),
            sum(len(self._runs[trial]) for trial in parts),
        )
        found = {}
        for trial, finished in parts.items():
            runs = {i: run for i, run in enumerate(self._runs[trial]) if run in snapshot.runs}
            index = {run: i for i, run in enumerate(self._runs[trial])}
            kept = Kept(
                layout,
                {i: snapshot.runs[run] for i, run in runs.items()},
                {i: place.get(run, NO_RUN) for i, run in runs.items()},
                {index[part.run]: part for part in finished},
                {index[part.run]: snapshot.best[part.run] for part in finished},
            )
            if kept.runs or kept.ended:
                program = {PROGRAM: np.array(self._program)}
                found[self._numbers[trial]] = self._format.arrays(kept) | program
        return found


def _run_at(layouts: set[Layout], places: Mapping[int, int], runs: int) -> np.ndarray | None:
    """[b] the run at each place of the batch; None if it is not all of the batch that was kept."""
    placed = {at: run for run, at in places.items() if at != NO_RUN}
    (layout, *others) = layouts
    if others or (len(placed), runs) != (layout.placed, layout.runs):
        return None
    run_at = np.full(layout.here, NO_RUN)
    run_at[list(placed)] = list(placed.values())
    return run_at
