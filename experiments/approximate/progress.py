"""What a terminal shows while a fit runs; nothing is shown elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, TaskID

OnProgress = Callable[[str, int, int], None]
"""Called with a title, the number of epochs done, and the largest number of epochs."""


@contextmanager
def status(text: str) -> Iterator[None]:
    """Shows a line while the block runs."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(text):
        yield


@contextmanager
def progress_bars() -> Iterator[OnProgress]:
    """Gives a function that moves a bar for each title."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda title, done, most: None
        return
    with Progress(console=console) as bars:
        tasks: dict[str, TaskID] = {}

        def on_progress(title: str, done: int, most: int) -> None:
            if title not in tasks:
                tasks[title] = bars.add_task(title, total=most)
            bars.update(tasks[title], completed=done)

        yield on_progress
