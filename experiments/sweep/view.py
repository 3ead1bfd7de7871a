"""The progress of a sweep: a live table on a terminal, a line now and then elsewhere."""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table as RichTable

from longnn.runs import attempts
from longnn.runs.kinds import is_count
from longnn.runs.result import Result, read_result
from longnn.runs.text import printable

from .state import ORDER

LOG = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two looks."""

ROWS = 12
"""Jobs under way that a table names."""

LINE_EVERY = 30.0
"""Seconds between two plain lines."""


class Work(NamedTuple):
    """A job under way, as far as its process has told.

    Attributes:
        name: of its directory.
        host: that it runs on.
        device: that computes, such as "NVIDIA H100".
        epochs: that are trained, of all of its runs together.
    """

    name: str
    host: str
    device: str
    epochs: int


@dataclass
class Look:
    """What one look at the directory of a sweep saw.

    Attributes:
        counts: state -> number of jobs.
        best: dataset -> (validation in percent, directory name).
        epochs: of all finished jobs, and of the running ones as far as they have told.
        working: the jobs under way.
    """

    counts: dict[str, int]
    best: dict[str, tuple[float, str]]
    epochs: int
    working: list[Work]


@dataclass
class Watcher:
    """Looks at a sweep again and again; a finished job is read once.

    Attributes:
        directory: of the sweep.
        names: of the directories of its jobs.
    """

    directory: Path
    names: Sequence[str]
    _done: dict[str, Result] = field(default_factory=dict)
    _first: tuple[float, Look] | None = None

    def look(self) -> Look:
        """The present state."""
        counts = dict.fromkeys(ORDER, 0)
        working = []
        for name in self.names:
            state, work = self._state(name)
            counts["missing" if state == "superseded" else state] += 1
            working += [work] if work else []
        epochs = sum(work.epochs for work in working)
        best: dict[str, tuple[float, str]] = {}
        for name, result in self._done.items():
            epochs += sum(row.epochs for row in result.per_run)
            before = best.get(result.dataset, (float("-inf"), ""))
            best[result.dataset] = max(before, (result.validation, name))
        seen = Look(counts, best, epochs, working)
        self._first = self._first or (time.monotonic(), seen)
        return seen

    def rates(self, seen: Look) -> tuple[float, float | None]:
        """Epochs per second since the first look, and the seconds left; None where unknown."""
        assert self._first is not None
        began, first = self._first
        elapsed = max(time.monotonic() - began, 1e-9)
        over = sum(seen.counts[s] - first.counts[s] for s in ("done", "failed", "pruned"))
        left = sum(seen.counts[s] for s in ("running", "missing", "killed", "stopped"))
        return (seen.epochs - first.epochs) / elapsed, elapsed / over * left if over > 0 else None

    def _state(self, name: str) -> tuple[str, Work | None]:
        """State of a job, and what its running attempt has told."""
        if name in self._done:
            return "done", None
        try:
            state = attempts.status(self.directory / name)
            if state == "done":
                self._done[name] = read_result(self.directory / name)
                return state, None
            attempt = attempts.newest(self.directory / name) if state == "running" else None
        except (OSError, ValueError):  # being written, or not ours; the next look tells
            return "missing", None
        if attempt is None:
            return state, None
        host, device, epochs = (attempt.content.get(key) for key in ("host", "device", "epochs"))
        return state, Work(
            name,
            printable(host or ""),
            printable(device or ""),
            epochs if isinstance(epochs, int) and is_count(epochs) else 0,
        )


def line(watcher: Watcher, seen: Look) -> str:
    """The progress of a sweep in one line."""
    rate, left = watcher.rates(seen)
    counts = ", ".join(f"{number} {name}" for name, number in seen.counts.items() if number)
    best = ", ".join(
        f"{printable(dataset)} {val:.2f} %" for dataset, (val, _) in sorted(seen.best.items())
    )
    parts = [f"{len(watcher.names)} jobs: {counts}"]
    parts += [f"{rate:.0f} epochs/s"] if rate > 0 else []
    parts += [f"best validation {best}"] if best else []
    parts += [f"{clock(left)} left"] if left is not None else []
    return "; ".join(parts)


def table(watcher: Watcher, seen: Look) -> RichTable:
    """A sweep as a table for a terminal."""
    rate, left = watcher.rates(seen)
    over = sum(seen.counts[s] for s in ("done", "failed", "pruned"))
    grid = RichTable.grid()
    grid.add_row(ProgressBar(total=len(watcher.names), completed=over))
    counts = [
        f"{_styled(name)}{number} {name}[/]" for name, number in seen.counts.items() if number
    ]
    grid.add_row("  ".join(counts))
    known = [f"{rate:.0f} epochs/s"] if rate > 0 else []
    known += [f"{clock(left)} left"] if left is not None else []
    grid.add_row(f"[dim]{', '.join(known)}[/]")
    if seen.best:
        best = RichTable("dataset", "best validation", "run", box=None, pad_edge=False)
        for dataset, (val, name) in sorted(seen.best.items()):
            best.add_row(escape(printable(dataset)), f"{val:.2f} %", escape(name))
        grid.add_row(best)
    if seen.working:
        grid.add_row(_working(seen.working))
    return grid


def _working(jobs: Sequence[Work]) -> RichTable:
    """Which job runs where, as far as there is room."""
    rows = RichTable("host", "job", "epochs", "device", box=None, pad_edge=False)
    shown = sorted(jobs, key=lambda work: (work.host, work.name))[:ROWS]
    for work in shown:
        epochs = f"{work.epochs:,}" if work.epochs else ""
        rows.add_row(*map(escape, (work.host, work.name, epochs, work.device)))
    if len(jobs) > len(shown):
        rows.add_row("", f"[dim]and {len(jobs) - len(shown)} more[/]")
    return rows


def _styled(state: str) -> str:
    return f"[{_STYLES.get(state, 'default')}]"


_STYLES = {"done": "green", "running": "cyan", "failed": "bold red", "killed": "red"}


def clock(seconds: float | None) -> str:
    """Seconds as h:mm:ss or m:ss."""
    if seconds is None or not math.isfinite(seconds):
        return "unknown time"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


@contextmanager
def watched(
    directory: Path, names: Sequence[str], console: Console | None = None
) -> Iterator[Watcher]:
    """Shows a sweep while the block runs."""
    console = console or Console(stderr=True)
    watcher = Watcher(directory, names)
    if console.is_terminal:
        live = Live(table(watcher, watcher.look()), console=console, auto_refresh=False)
        redraw = lambda: live.update(table(watcher, watcher.look()), refresh=True)  # noqa: E731
        with live, _repeated(EVERY, redraw):
            yield watcher
        return
    watcher.look()
    with _repeated(LINE_EVERY, lambda: LOG.info(line(watcher, watcher.look()))):
        yield watcher


@contextmanager
def _repeated(seconds: float, action: Callable[[], None]) -> Iterator[None]:
    stop = threading.Event()

    def repeat() -> None:
        while not stop.wait(seconds):
            action()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
