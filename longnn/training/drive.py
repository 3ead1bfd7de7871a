"""Drives a batch on the host: pieces that fit the memory, chunks of epochs, stopped runs sent away.

Neither decides a result: random numbers depend on a run's seed and split, not on its place.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from longnn.training.batch import Batch
from longnn.training.loop import Member, Problem, Program, RunState, predict, run_chunk


@dataclass(frozen=True)
class Progress:
    """What a progress callback is told after each chunk."""

    epoch: int
    max_epochs: int
    running: int  # of this piece, and all of those that wait
    runs: int
    best_val: float  # mean over the runs of this piece that were not sent away, in percent
    piece: int = 1
    pieces: int = 1


class Selected(NamedTuple):
    """What is kept of a run, at its selected epoch."""

    params: nnx.State
    settings: nnx.State
    best_epoch: Any
    epochs: Any
    diverged: Any


@dataclass
class Trained:
    """A finished batch on the host; leaves [B, ...].

    Attributes:
        selected: per run.
        log_probabilities: [B, N, C] at the selected epoch, dropout off.
        curves: name -> [B, epochs], NaN after a run's end.
        seconds: of compiling and training.
    """

    selected: Selected
    log_probabilities: np.ndarray
    curves: dict[str, np.ndarray]
    seconds: dict[str, float] = field(default_factory=dict)


def train(
    batch: Batch,
    problem: Problem,
    *,
    chunk: int,
    memory: float,
    on_progress: Callable[[Progress], None],
) -> Trained:
    """Trains all runs of a batch to their end.

    Args:
        batch: B runs.
        problem: what they share.
        chunk: epochs between two looks at the host.
        memory: bytes that the compiled program may need; as many runs as fit go together.
        on_progress: called after each chunk.
    """
    started = time.perf_counter()
    longest = int(batch.members.max_epochs.max())
    length = min(chunk, longest)
    size = piece_size(batch, problem, length, memory)
    compiling = time.perf_counter() - started
    index = np.arange(len(batch.runs))
    pieces = [index[i : i + size] for i in range(0, len(index), size)]

    def train_piece(number: int, piece: np.ndarray) -> Trained:
        waiting = max(len(index) - number * size, 0)

        def tell(epoch: int, running: int, best: float) -> None:
            left = running + waiting
            on_progress(Progress(epoch, longest, left, len(index), best, number, len(pieces)))

        return _train_piece(batch, problem, piece, size, length, compiling, tell)

    trained = _joined([train_piece(*numbered) for numbered in enumerate(pieces, 1)])
    total = time.perf_counter() - started
    trained.seconds = {"compile": compiling, "train": total - compiling}
    return trained


CACHED = 80e6
"""Bytes that a batch on a CPU should not exceed much: beyond, runs push each other out of the
caches."""

FEW = 16
"""Runs that always go together on a CPU, as each operation has a fixed cost; if memory allows."""


def piece_size(batch: Batch, problem: Problem, length: int, memory: float) -> int:
    """How many runs go together: as many as are fast, and as the program holds in ``memory``."""
    runs, cached = len(batch.runs), jax.default_backend() == "cpu"
    shared = sum(leaf.nbytes for leaf in jax.tree.leaves(problem))

    def compiled(size: int) -> Any:
        state, members = jax.eval_shape(batch.begin, np.zeros(size, int))
        return _step(batch.program, state, members, problem, length)

    size = _equal(runs, FEW) if cached else runs
    needed = _bytes(compiled(size))
    each = max(needed - shared, 1) / size
    wanted = max(int(CACHED / each), FEW) if cached else runs
    if needed > memory or min(wanted, runs) > 2 * size:
        size = _equal(runs, min(wanted, int((memory - shared) / each)))
        compiled(size)
    return size


def _equal(runs: int, most: int) -> int:
    """Size of the fewest equal pieces of at most ``most`` runs."""
    pieces = -(-runs // max(most, 1))
    return -(-runs // pieces)


def worthwhile(share: float, seconds: float, compiling: float) -> bool:
    """Whether a smaller program pays its compilation.

    Args:
        share: of the work that the smaller program saves.
        seconds: that the present one may still run.
        compiling: seconds that the present one took to compile.
    """
    return share * seconds > 2 * compiling


def _step(program: Program, state: Any, members: Any, problem: Problem, length: int) -> Any:
    """The compiled chunk for states and members of these shapes."""
    leaves, structure = jax.tree.flatten((state, members, problem))
    shapes = tuple(jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in leaves)
    return _compiled(program, length, structure, shapes)


@lru_cache(maxsize=32)
def _compiled(program: Program, length: int, structure: Any, shapes: tuple) -> Any:
    """One executable for each program and set of shapes, kept for the next fit."""
    state, members, problem = jax.tree.unflatten(structure, shapes)
    return run_chunk.lower(program, state, members, problem, length=length).compile()


def _bytes(step: Any) -> float:
    """Peak memory of a compiled program; 0 where the platform does not tell."""
    stats = step.memory_analysis()
    if stats is None:
        return 0
    parts = stats.temp_size_in_bytes + stats.argument_size_in_bytes + stats.output_size_in_bytes
    return parts - stats.alias_size_in_bytes


def _train_piece(
    batch: Batch,
    problem: Problem,
    piece: np.ndarray,
    size: int,
    length: int,
    compiling: float,
    tell: Callable[[int, int, float], None],
) -> Trained:
    """Trains the runs ``piece`` as a batch of ``size``; places left over stay still."""
    state, members = batch.begin(np.resize(piece, size))
    place = np.arange(size)  # run of the piece at each place of the batch
    state = state._replace(running=jnp.asarray(place < len(piece)))
    records: list[tuple[np.ndarray, dict[str, np.ndarray]]] = []
    kept: list[tuple[np.ndarray, Selected]] = []
    longest = int(batch.members.max_epochs.max())
    running = np.asarray(state.running)
    while running.any():
        step = _step(batch.program, state, members, problem, length)
        began = time.perf_counter()
        state, curves = step(state, members, problem)
        records.append((place, jax.tree.map(np.asarray, curves)))
        running = np.asarray(state.running)
        per_chunk, epoch = time.perf_counter() - began, int(state.epoch.max())
        tell(epoch, int(running.sum()), 100 * float(state.best_score[place < len(piece)].mean()))
        smaller = _halved(len(place), int(running.sum()))
        left = per_chunk * (longest - epoch) / length
        if 0 < smaller < len(place) and worthwhile(1 - smaller / len(place), left, compiling):
            kept.append((place, _selected(state, members)))
            keep = np.argsort(~running, kind="stable")[:smaller]
            place = np.where(running, place, len(piece))[keep]
            state, members = jax.tree.map(lambda leaf, at=keep: leaf[at], (state, members))
    kept.append((place, _selected(state, members)))
    selected = _placed(kept, len(piece))
    log_probabilities = _predicted(batch.program, selected, problem, size)
    return Trained(selected, log_probabilities, _curves(records, len(piece), selected.epochs))


def _halved(size: int, running: int) -> int:
    """The smallest of size, size/2, size/4, ... that holds the running ones."""
    while running and -(-size // 2) >= running and size > 1:
        size = -(-size // 2)
    return size


def _selected(state: RunState, members: Member) -> Selected:
    chosen = Selected(
        state.best_params,
        members.settings,
        state.best_epoch,
        state.epoch,
        state.diverged,
    )
    return jax.tree.map(np.asarray, chosen)


def _placed(kept: list[tuple[np.ndarray, Selected]], runs: int) -> Selected:
    """One row for each run; what was written last is its state."""

    def write(*leaves: np.ndarray) -> np.ndarray:
        out = np.zeros((runs, *leaves[0].shape[1:]), leaves[0].dtype)
        for (place, _), leaf in zip(kept, leaves, strict=True):
            out[place[place < runs]] = leaf[place < runs]
        return out

    return jax.tree.map(write, *(selected for _, selected in kept))


def _predicted(program: Program, selected: Selected, problem: Problem, size: int) -> np.ndarray:
    params, settings = jax.tree.map(
        lambda leaf: np.resize(leaf, (size, *leaf.shape[1:])), (selected.params, selected.settings)
    )
    return np.asarray(predict(program, params, settings, problem))[: len(selected.epochs)]


def _curves(records: list, runs: int, epochs: np.ndarray) -> dict[str, np.ndarray]:
    """name -> [runs, longest], NaN where a run had no such epoch."""
    length = sum(len(next(iter(curves.values()))) for _, curves in records)
    out = {k: np.full((runs, length), np.nan, v.dtype) for k, v in records[0][1].items()}
    start = 0
    for place, curves in records:
        for name, values in curves.items():
            here = place < runs
            out[name][place[here], start : start + len(values)] = values.T[here]
        start += len(values)
    return {name: values[:, : epochs.max()] for name, values in out.items()}


def _joined(done: list[Trained]) -> Trained:
    longest = max(max(v.shape[1] for v in part.curves.values()) for part in done)
    pad = lambda v: np.pad(v, ((0, 0), (0, longest - v.shape[1])), constant_values=np.nan)  # noqa: E731
    return Trained(
        jax.tree.map(lambda *leaves: np.concatenate(leaves), *(part.selected for part in done)),
        np.concatenate([part.log_probabilities for part in done]),
        {k: np.concatenate([pad(part.curves[k]) for part in done]) for k in done[0].curves},
    )
