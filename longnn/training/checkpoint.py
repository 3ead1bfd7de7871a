"""The runs of a trial between two chunks, as named arrays and back.

A trial is kept by itself, run by run, so that it also goes on where its neighbours in the batch
have ended meanwhile: random numbers depend on a run's seed and split alone. Sums are rounded in
another order in a batch of another size, however. So it is also kept which place each run had in a
batch of which size: where all of that batch is there again, every run gets its place back, and the
results are those of undisturbed training to the last bit.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from longnn.training.batch import Batch
from longnn.training.finished import Finished, Selected, selected_of
from longnn.training.loop import predict, run_chunk
from longnn.training.snapshot import Saved, carried, leaves_of
from longnn.training.tables import ANY, FLOAT, INT, Columns, rows_of, table

Arrays = dict[str, np.ndarray]


class Layout(NamedTuple):
    """The batch that runs were in.

    Attributes:
        moment: equal for the trials that were kept at once.
        size: the number of places that the batch began with.
        here: the number that it had then.
        placed: the number of runs that were at a place, of all trials.
        runs: the number of runs of the trials that had not ended.
    """

    moment: str
    size: int
    here: int
    placed: int
    runs: int


class Kept(NamedTuple):
    """A trial as it was kept; runs are counted from 0 in it.

    Attributes:
        layout: of the batch.
        runs: the runs that have begun and not ended.
        place: of each of them in the batch, -1 where it had none.
        ended: the runs that have ended.
        best: the best validation score of each of them.
    """

    layout: Layout
    runs: dict[int, Saved]
    place: dict[int, int]
    ended: dict[int, Finished]
    best: dict[int, float]

    @property
    def epoch(self) -> int:
        """The epoch of the run that is furthest, of those that have not ended if there are any."""
        ended = [int(part.selected.epochs) for part in self.ended.values()]
        return max([saved.epoch for saved in self.runs.values()] or ended)


class Format:
    """Which arrays a trial of a batch is kept as."""

    def __init__(self, batch: Batch):
        state, members = batch.shapes(1)
        chunk = (batch.program, state, members, batch.problem)
        curves = run_chunk.eval_shape(*chunk, length=1)[1]
        outputs = predict.eval_shape(batch.program, state.params, members.settings, batch.problem)
        nodes = batch.splits.part.shape[1]  # rows may be more where nodes are spread over devices
        outputs = outputs.update(shape=(1, nodes, *outputs.shape[2:]))
        selected = leaves_of(selected_of(state, members))
        self._structure = jax.tree.structure(selected_of(state, members))
        self._selected = list(selected)
        self._curves = list(curves)
        lines: Columns = {f"curve.{k}": ((ANY,), np.dtype(v.dtype)) for k, v in curves.items()}
        leaves = leaves_of(carried(state, members))
        self._running = {
            "run": INT,
            "place": INT,
            "seconds": FLOAT,
            **_of(leaves, "leaf."),
            **lines,
        }
        ended = _of({"outputs": outputs}) | _of(selected, "selected.")
        self._ended: Columns = {"run": INT, "seconds": FLOAT, "best": FLOAT, **ended, **lines}

    def arrays(self, kept: Kept) -> Arrays:
        """A trial as arrays by name."""
        moment, *sizes = kept.layout
        running: list[dict[str, Any]] = [
            {"run": run, "place": kept.place[run], "seconds": saved.seconds}
            | {f"leaf.{name}": value for name, value in saved.leaves.items()}
            | self._lines(saved.curves)
            for run, saved in kept.runs.items()
        ]
        ended: list[dict[str, Any]] = [
            {"run": run, "seconds": part.seconds, "best": kept.best[run], "outputs": part.outputs}
            | {f"selected.{name}": value for name, value in leaves_of(part.selected).items()}
            | self._lines(part.curves)
            for run, part in kept.ended.items()
        ]
        return {
            "layout.moment": np.array(moment),
            "layout.sizes": np.array(sizes, np.int64),
            **table("running.", running, self._running),
            **table("ended.", ended, self._ended),
        }

    def kept(self, arrays: Arrays, runs: int) -> Kept:
        """A trial from its arrays.

        Args:
            arrays: by name, of any origin.
            runs: the number of its runs.

        Raises:
            ValueError: if they are not those of such a trial.
        """
        running = rows_of("running.", arrays, self._running)
        ended = rows_of("ended.", arrays, self._ended)
        numbers = [int(row["run"]) for row in running + ended]
        layout = _layout(arrays)
        place = {int(row["run"]): int(row["place"]) for row in running}
        taken = [at for at in place.values() if at != -1]
        if (
            not numbers
            or len(set(numbers)) < len(numbers)
            or not set(numbers) <= set(range(runs))
            or len(set(taken)) < len(taken)
            or not set(taken) <= set(range(layout.here))
        ):
            raise ValueError(f"its runs are {numbers} at the places {taken}")
        return Kept(
            layout,
            {int(row["run"]): self._saved(row) for row in running},
            place,
            {int(row["run"]): self._finished(row) for row in ended},
            {int(row["run"]): float(row["best"]) for row in ended},
        )

    def _lines(self, curves: Arrays) -> Arrays:
        return {f"curve.{name}": curves.get(name, np.empty(0)) for name in self._curves}

    def _read_lines(self, row: Arrays, epochs: int) -> Arrays:
        curves = {name: row[f"curve.{name}"][:epochs] for name in self._curves}
        if any(len(values) != epochs for values in curves.values()):
            raise ValueError(f"its curves are shorter than {epochs} epochs")
        return curves if epochs else {}

    def _saved(self, row: Arrays) -> Saved:
        leaves = {k.removeprefix("leaf."): v for k, v in row.items() if k.startswith("leaf.")}
        saved = Saved(leaves, {}, float(row["seconds"]))
        return saved._replace(curves=self._read_lines(row, saved.epoch))

    def _finished(self, row: Arrays) -> Finished:
        leaves = [row[f"selected.{name}"] for name in self._selected]
        selected: Selected = jax.tree.unflatten(self._structure, leaves)
        curves = self._read_lines(row, int(selected.epochs))
        return Finished(
            int(row["run"]), selected, row["outputs"], curves, float(row["seconds"]), False
        )


def _of(leaves: Mapping[str, Any], prefix: str = "") -> dict[str, tuple[tuple[int, ...], np.dtype]]:
    """The columns of leaves [1, ...], arrays or their shapes."""
    return {f"{prefix}{k}": (v.shape[1:], np.dtype(v.dtype)) for k, v in leaves.items()}


def _layout(arrays: Arrays) -> Layout:
    moment, sizes = arrays.get("layout.moment"), arrays.get("layout.sizes")
    if moment is None or sizes is None or sizes.shape != (4,) or sizes.dtype != np.int64:
        raise ValueError("it does not tell the batch that it is of")
    layout = Layout(str(moment), *map(int, sizes))
    if not 0 < layout.here <= layout.size:
        raise ValueError(f"{layout.here} places are left of {layout.size}")
    return layout
