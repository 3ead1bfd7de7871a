"""A run directory as far as it can be read: what is missing is said, and the rest goes on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from longnn.runs import load
from longnn.runs.outcomes import known_fit
from longnn.runs.result import Result, read_result
from longnn.runs.text import printable
from longnn.training import Fit

from ..jobs.device import computing_in
from .text import TITLE, literal


class Opened(NamedTuple):
    """What is known of a run.

    Attributes:
        result: its scores and settings.
        shown: the same, with names that figures show unchanged.
        fit: its models, with labels and graph where the data are there; None without.
        models: why there are no models; empty where there are.
        data: why labels and graph are not known; empty where they are.
    """

    result: Result
    shown: Result
    fit: Fit | None
    models: str
    data: str


@contextmanager
def opened_run(folder: Path) -> Iterator[Opened]:
    """Opens a run by the rules of :func:`longnn.load`, and computes in its precision.

    Args:
        folder: of the run.

    Raises:
        FileNotFoundError: if no run has finished there.
        RunDirectoryError: if its result is damaged.
    """
    result = read_result(folder)
    shown = replace(
        result,
        model=literal(result.model),
        dataset=literal(result.dataset),
        split=literal(result.split),
    )
    dtype = str(result.config.get("dtype", "float32"))
    with computing_in(dtype):
        fit, models, data = _fit(folder)
        if fit is not None:
            fit = replace(fit, title=literal(shown.title, TITLE))
        yield Opened(result, shown, fit, models, data)


def _fit(folder: Path) -> tuple[Fit | None, str, str]:
    """The models, why there are none, and why there are no data."""
    try:
        run = load(folder)
    except Exception as error:  # what a config names may raise anything
        return None, reason(error), reason(error)
    try:
        return known_fit(run), "", ""
    except Exception as error:  # as above
        return run.fit, "", reason(error)


def reason(error: Exception) -> str:
    """An error in one line, with its kind where it says nothing."""
    return printable(str(error).strip() or type(error).__name__)
