"""Shows the progress of training: a bar on a terminal, plain lines elsewhere."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from longnn.training import Progress as Step

LOG = logging.getLogger(__name__)

LINE_EVERY = 200
"""Epochs between two plain lines."""


@contextmanager
def shown(title: str, console: Console | None = None) -> Iterator[Callable[[Step], None]]:
    """Gives a function that shows each step, to be called after each chunk of epochs.

    Args:
        title: what is being trained.
        console: where to draw; the standard error stream by default.
    """
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield _plain(title)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("epoch"),
        MofNCompleteColumn(),
        TextColumn("best validation {task.fields[best]:.2f} %"),
        TextColumn("{task.fields[running]} running"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(title, total=None, best=0.0, running="compiling,")

        def update(step: Step) -> None:
            # the bar ends where the last run stopped, which patience decides
            total = step.max_epochs if step.running else step.epoch
            progress.update(
                task,
                completed=step.epoch,
                total=total,
                best=step.best_val,
                running=f"{step.running}/{step.runs}",
            )

        yield update


def _plain(title: str) -> Callable[[Step], None]:
    reported = 0

    def update(step: Step) -> None:
        nonlocal reported
        reported = min(reported, step.epoch)  # runs that waited start again
        if step.epoch - reported >= LINE_EVERY or not step.running:
            reported = step.epoch
            LOG.info(
                f"{title}: epoch {step.epoch}/{step.max_epochs}, best validation "
                f"{step.best_val:.2f} %, {step.running} of {step.runs} running"
            )

    return update
