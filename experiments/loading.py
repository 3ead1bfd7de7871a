"""From a config to a dataset: files first, with a bar, then the graph as asked for."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TransferSpeedColumn

from longnn.data.dataset import Dataset
from longnn.data.download import fetch, place
from longnn.data.reduce import reduced
from longnn.runs.configured import made

from .catalogue import files

LOG = logging.getLogger(__name__)


class Bar:
    """One file on a bar, as `longnn.data.download.Progress` wants it."""

    def __init__(self, progress: Progress, task: TaskID):
        self._progress, self._task, self._total = progress, task, 0

    @property
    def total(self) -> int:
        """Bytes expected; 0: unknown."""
        return self._total

    @total.setter
    def total(self, count: int) -> None:
        self._total = count
        self._progress.update(self._task, total=count or None, completed=0)

    def update(self, count: int) -> None:
        """`count` more bytes."""
        self._progress.advance(self._task, count)

    def reset(self) -> None:
        """From the beginning."""
        self._progress.update(self._task, completed=0)

    def close(self) -> None:
        """Done."""


def load(config: DictConfig) -> Dataset:
    """The dataset of ``config.dataset`` on the nodes that ``config.graph.keep`` says.

    Files that are not there yet are downloaded first. Warnings become log lines.
    """
    dataset = OmegaConf.to_container(config.dataset, resolve=True)
    assert isinstance(dataset, dict)
    about: dict[str, Any] = dataset.pop("about", {})
    download(files(about))
    with logged_warnings():
        return reduced(made(dataset), config.graph.keep)


def download(names: list[str]) -> None:
    """Fetches the files that are not there yet, with a bar on a terminal."""
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


@contextmanager
def logged_warnings() -> Iterator[None]:
    """Our own warnings as log lines, without the source line that Python shows."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        if warning.category.__module__.startswith("longnn."):
            LOG.warning(f"{warning.message}")
        else:
            warnings.showwarning(
                warning.message, warning.category, warning.filename, warning.lineno
            )
