"""Shows the progress of training: a bar on a terminal, plain lines elsewhere."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

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
    wide = console.width >= WIDE
    columns = (
        TextColumn("{task.description}"),
        *([BarColumn(BAR)] if wide else []),
        TextColumn("{task.fields[known]}"),
        TimeElapsedColumn(),
    )
    room = console.width - len(" 0:00:00 ") - (BAR + 1 if wide else 0)
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=None, known="")

        def update(known: str, completed: int = 0, total: int | None = None) -> None:
            name = escape(_shortened(title, room - len(known) - 1))
            progress.update(task, description=name, known=known, completed=completed, total=total)

        def told(step: Step) -> None:
            # the bar ends where the last run stopped, which patience decides
            total = step.max_epochs if step.running else step.epoch
            update(_known(step, total), step.epoch, total)

        update("compiling")
        progress.refresh()
        yield told


WIDE, BAR = 100, 24
"""Columns of a terminal from which on there is room for a bar, and those that it takes."""


def _known(step: Step, total: int) -> str:
    """What a step says; nothing is told of the time that is left, since patience decides it."""
    score = f"best validation {step.best_val:.2f} %"
    return f"epoch {step.epoch}/{total}, {score}, {step.running}/{step.runs} running"


def _shortened(title: str, room: int) -> str:
    """A title in so many columns, at least ten."""
    room = max(room, 10)
    return title if len(title) <= room else f"{title[: room - 1]}…"


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
