"""How far the work on a store is: a line that changes on a terminal, plain lines elsewhere."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

LOG = logging.getLogger(__name__)

EVERY = 10.0
"""Seconds between two plain lines."""


@contextmanager
def counting(console: Console | None = None) -> Iterator[Callable[[str], None]]:
    """Gives a function that says how far the work is, as often as it is called.

    Args:
        console: where to say it; the standard error stream by default.
    """
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield _plain()
        return
    with console.status("starting") as status:
        yield status.update


def _plain() -> Callable[[str], None]:
    last = time.monotonic()

    def tell(text: str) -> None:
        nonlocal last
        if time.monotonic() - last >= EVERY:
            last = time.monotonic()
            LOG.info(text)

    return tell


def duration(seconds: float) -> str:
    """Seconds in words.

    Example:
        >>> [duration(s) for s in (4.2, 75, 7300)]
        ['4 s', '1 min 15 s', '2 h 1 min']
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
