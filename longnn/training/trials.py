"""Trains many trials of one model as one batch, and gives each as soon as it has ended."""

from collections.abc import Callable, Iterator, Sequence

from longnn.data.splits import Splits
from longnn.training.batch import Batch, make_batch
from longnn.training.builder import ModelClass, Trial
from longnn.training.device_counts import Devices, checked_devices
from longnn.training.directions import with_directions
from longnn.training.drive import Progress, Prune, train
from longnn.training.finished import Finished
from longnn.training.joining import check_started, joined
from longnn.training.keeper import Checkpoints, Keeper
from longnn.training.loop import Problem
from longnn.training.ranges import check_setting
from longnn.training.refused import refusals
from longnn.training.result import Fit
from longnn.training.room import MEMORY_GB


def fit_each(
    model: ModelClass,
    problem: Problem,
    splits: Splits,
    trials: Sequence[Trial],
    *,
    classes: int,
    metric: str = "accuracy",
    chunk: int = 50,
    memory_gb: float = MEMORY_GB,
    devices: Devices = "all",
    on_progress: Callable[[Progress], None] = lambda _: None,
    prune: Prune | None = None,
    checkpoints: Checkpoints | None = None,
) -> Iterator[tuple[int, Fit | Exception]]:
    """Trains all trials as one batch, and gives each as soon as it has ended.

    A trial whose settings are refused, or whose loss is not finite from the first epoch on, comes
    as its exception, and the others go on.

    Args:
        model: the class, see ``longnn.fit``, also for the arguments that are not named here.
        problem: the operator, features and labels of N nodes.
        splits: S splits of the N nodes.
        trials: the settings, optim and seeds of each; they may differ in floats and seeds.
        classes: C.
        metric: the name of the metric, for selection.
        chunk: epochs between two looks at the host, >= 1.
        memory_gb: the memory that training may take on each device.
        devices: over how many the runs are spread, see ``longnn.fit``.
        on_progress: called after each chunk.
        prune: told (trial, epoch, mean best validation score, at most 1) after each chunk; True
            gives the trial up (``Fit.pruned``).
        checkpoints: where trials are kept between chunks and found again; None: nowhere.

    Yields:
        (number of the trial, its fit or its exception). ``Fit.seconds["train"]`` is its share.

    Raises:
        ValueError: if the trials cannot share a program, or there are fewer devices.
        MemoryError: if one run alone needs more than ``memory_gb``.
    """
    check_setting("chunk", chunk)
    check_setting("memory_gb", memory_gb)
    checked_devices(devices)
    trials = with_directions(trials, problem)
    refused = refusals(model, problem, classes, trials)
    yield from refused.items()
    numbers = [i for i in range(len(trials)) if i not in refused]
    if not numbers:
        return
    accepted = [trials[i] for i in numbers]
    batch = make_batch(model, problem, splits, classes, accepted, metric, devices)
    parts: dict[int, list[Finished]] = {trial: [] for trial in range(len(accepted))}
    keeper = None if checkpoints is None else Keeper(batch, numbers, checkpoints)
    compiling: list[float] = []
    for finished in train(
        batch,
        chunk=chunk,
        memory=memory_gb * 1e9,
        on_progress=on_progress,
        prune=None if prune is None else lambda i, *seen: prune(numbers[i], *seen),
        on_compiled=compiling.append,
        start=None if keeper is None else keeper.restored(),
        on_chunk=lambda places: None if keeper is None else keeper.keep(places, parts),
    ):
        trial = batch.runs[finished.run].trial
        parts[trial].append(finished)
        if len(parts[trial]) == len(accepted[trial].seeds) * len(splits.part):
            ended = parts.pop(trial)
            yield numbers[trial], _of_trial(batch, ended, sum(compiling) / len(accepted))


def _of_trial(batch: Batch, parts: list[Finished], compiling: float) -> Fit | Exception:
    trained = joined(batch, parts, compiling)
    try:
        check_started(trained)
    except FloatingPointError as error:
        return error
    return trained
