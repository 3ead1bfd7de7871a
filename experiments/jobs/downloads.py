"""Files of datasets fetched with a bar, and warnings about them as log lines; imports no jax."""

import logging
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TransferSpeedColumn

from longnn.data.download import fetch, place

LOG = logging.getLogger(__name__)


class Bar:
    """One file on a bar, with the interface of `longnn.data.transfer.Progress`.

    Args:
        progress: the bars of all files.
        task: the bar of this file.
    """

    def __init__(self, progress: Progress, task: TaskID):
        self._progress, self._task, self._total = progress, task, 0

    @property
    def total(self) -> int:
        """Number of bytes expected; 0 if it is not known."""
        return self._total

    @total.setter
    def total(self, count: int) -> None:
        self._total = count
        self._progress.update(self._task, total=count or None, completed=0)

    def update(self, count: int) -> None:
        """Counts ``count`` more bytes."""
        self._progress.advance(self._task, count)

    def reset(self) -> None:
        """Counts from the beginning again."""
        self._progress.update(self._task, completed=0)

    def close(self) -> None:
        """Ends the report; the bar stays as it is."""


def download(names: Iterable[str]) -> None:
    """Fetches those of the files that are not there yet, with a bar on a terminal.

    Args:
        names: registered files, such as "planetoid/ind.cora.allx".

    Raises:
        DataFileError: if a file cannot be fetched.
    """
    missing = [name for name in names if not place(name).is_file()]
    if not missing:
        return
    console = Console(stderr=True)
    columns = (*Progress.get_default_columns()[:1], BarColumn(), DownloadColumn())
    with (
        logged_warnings(),
        Progress(*columns, TransferSpeedColumn(), console=console) as progress,
    ):
        for name in missing:
            fetch(name, Bar(progress, progress.add_task(name, total=None)))


_SAID: set[tuple[Path, str]] = set()
"""What was logged of each sweep, by this process."""


@contextmanager
def logged_warnings(sweep: Path | None = None) -> Iterator[None]:
    """Turns our own warnings into log lines, without the source line that Python shows.

    Args:
        sweep: the directory of the sweep, of whose jobs only the first says something that all
            would say; None: it is always said.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        if warning.category.__module__.startswith("longnn."):
            said = None if sweep is None else (sweep, str(warning.message))
            if said in _SAID:
                continue
            if said is not None:
                _SAID.add(said)
            LOG.warning(f"{warning.message}")
        else:
            warnings.showwarning(
                warning.message, warning.category, warning.filename, warning.lineno
            )
