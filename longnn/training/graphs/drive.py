"""Drives the training of all splits on the host, some epochs at a time, one after the other."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import jax
import numpy as np

from longnn.data.partition import TRAIN, VAL, Splits
from longnn.graphs.device import on_device
from longnn.training.batch import Batch
from longnn.training.drive import Progress
from longnn.training.finished import Finished, curves_of, selected_of
from longnn.training.graphs.outputs import all_outputs
from longnn.training.graphs.plan import Plan, even, plan_of, sizes_in, stacked
from longnn.training.graphs.step import Split, run_epochs
from longnn.training.graphs.stored import Stored
from longnn.training.program import best_val


@dataclass(frozen=True)
class Work:
    """What is trained, on what, and in which order.

    Attributes:
        batch: B runs of all splits.
        of: all graphs.
        plan: what an epoch is compiled for.
        splits: the graphs of each split.
        length: the most epochs between two looks at the host.
    """

    batch: Batch
    of: Stored
    plan: Plan
    splits: list[Split]
    length: int


def work_of(batch: Batch, of: Stored, splits: Splits, graphs: int, seed: int, length: int) -> Work:
    """What a batch of runs is trained on.

    Args:
        batch: B runs.
        of: G graphs.
        splits: S splits of them.
        graphs: of a batch.
        seed: of the order of the training graphs.
        length: the most epochs between two looks at the host.
    """
    watched = batch.program.options.watched
    looks = watched is not None and watched.metric is not None and watched.part == "train"
    sizes, part = sizes_in(of.packing), splits.part
    seen = [
        even(np.flatnonzero((row == VAL) | (looks & (row == TRAIN))), sizes, graphs) for row in part
    ]
    train = stacked([np.flatnonzero(row == TRAIN) for row in part])
    plan = plan_of(sizes, np.flatnonzero((part == TRAIN).any(axis=0)), seen, graphs)
    key = jax.random.key(seed)
    made = [
        Split(
            on_device(train[s], np.int32),
            on_device(rows, np.int32),
            on_device(np.append(part[s], -1), np.int32),
            jax.random.fold_in(key, s),
        )
        for s, rows in enumerate(stacked(seen))
    ]
    longest = int(batch.members.max_epochs.max())
    return Work(batch, of, plan, made, min(length, longest))


def train(work: Work, on_progress: Callable[[Progress], None]) -> Iterator[Finished]:
    """Trains all runs, and gives those of each split when they have ended.

    Args:
        work: what is trained.
        on_progress: called after each look at the host.
    """
    runs = np.array([run.split for run in work.batch.runs])
    ended: list[float] = []
    epochs = 0
    for number, split in enumerate(work.splits):
        mine = np.flatnonzero(runs == number)
        started = time.perf_counter()
        state, members = work.batch.begin(mine)
        records: list[dict[str, np.ndarray]] = []
        running, done = np.ones(len(mine), bool), 0
        while running.any():
            state, curves = run_epochs(
                work.batch.program, state, members, work.of, split, on_device(np.int32(done)),
                plan=work.plan, length=work.length,
            )  # fmt: skip
            records.append(jax.tree.map(np.asarray, curves))
            running, done = np.asarray(state.running), done + work.length
            best = np.asarray(best_val(state))
            reached = int(np.asarray(state.epoch).sum())
            left = len(runs) - len(ended) - len(mine)
            scores = [*ended, *np.where(np.isfinite(best), best, 0)]
            on_progress(
                Progress(
                    int(np.asarray(state.epoch).max()),
                    int(work.batch.members.max_epochs.max()),
                    int(running.sum()) + left,
                    len(runs),
                    100 * float(np.mean(scores)),
                    left,
                    epochs + reached,
                )
            )
        epochs += reached
        ended += list(np.where(np.isfinite(best), best, 0))
        selected = jax.tree.map(np.asarray, selected_of(state, members))
        given = (work.batch.program, selected.params, selected.settings, work.of)
        outputs = all_outputs(*given, np.arange(work.of.graphs), work.plan.batch)
        spent = (time.perf_counter() - started) / len(mine)
        for place, run in enumerate(mine):
            of_run = jax.tree.map(lambda leaf, at=place: leaf[at], selected)
            each = [{k: v[:, place] for k, v in record.items()} for record in records]
            curve = curves_of(each, int(of_run.epochs))
            yield Finished(int(run), of_run, outputs[place], curve, spent, False)
