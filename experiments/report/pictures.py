"""Which figures a report gets, as PNG files with a caption and a text for those who cannot see."""

import io
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from ..differences import by_split
from .overview import by_protocol
from .plot_scores import Scores, scores
from .plot_search import history, parameters
from .runs import Run, Task, by_model
from .settings import numeric, varied

SEARCH = 9
"""Runs of one model on one task from which they are drawn as a search."""

DPI = 150
_PNG = b"\x89PNG\r\n\x1a\n"


class Picture(NamedTuple):
    """A figure of a report: file name, PNG, one sentence below it, and what it shows."""

    name: str
    png: bytes
    caption: str
    alt: str


def picture(figure: Figure, name: str, caption: str, alt: str) -> Picture:
    """Draws a figure; the name becomes a safe file name."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    return Picture(file_name(name), buffer.getvalue(), caption, alt)


def file_name(name: str) -> str:
    """Letters, digits and dashes of a name, as the name of a PNG file."""
    return re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-") + ".png"


def score_pictures(grouped: Mapping[Task, list[Run]]) -> Iterator[Picture]:
    """Test scores with intervals, a figure for each protocol and metric."""
    for (protocol, metric), columns in sorted(by_protocol(grouped).items()):
        panels = {
            dataset: {model: _scores(runs[0]) for model, runs in by_model(found).items()}
            for dataset, found in columns.items()
        }
        yield picture(
            scores(panels, metric, f"split {protocol}"),
            f"scores-{protocol}-{metric}",
            f"Test {metric}, split {protocol}: mean with 95 % interval over all runs, and as pale "
            "points the splits (mean over seeds). Of several runs of a model the best on "
            "validation. Each panel has its own axis.",
            f"Test {metric} by dataset and model: " + "; ".join(_spoken(panels)),
        )


def _scores(run: Run) -> Scores:
    points = np.array(list(by_split(run.result["per_run"]).values()))
    return Scores(points, run.result["test"]["mean"], run.result["test"].get("ci95"))


def _spoken(panels: dict[str, dict[str, Scores]]) -> Iterator[str]:
    for dataset, panel in panels.items():
        yield f"{dataset}: " + ", ".join(f"{m} {found.mean:.1f} %" for m, found in panel.items())


def search_pictures(task: Task, model: str, runs: list[Run]) -> Iterator[Picture]:
    """History of a search, and its settings; nothing for fewer than ``SEARCH`` runs.

    Args:
        task: what the runs share.
        model: of the runs.
        runs: in any order.
    """
    if len(runs) < SEARCH:
        return
    runs = sorted(runs, key=lambda run: (run.finished, run.directory))
    validation = np.array([run.validation for run in runs])
    name, tail = f"{model} on {task.dataset}", f"{model}-{task.dataset}-{task.split_hash[:8]}"
    best = f"{validation.max():.1f} %, reached by run {int(validation.argmax()) + 1}"
    yield picture(
        history(validation, task.metric, f"{name}: {len(runs)} runs"),
        f"history-{tail}",
        f"{name}: validation score of each run in the order in which the results were written.",
        f"Validation {task.metric} of {len(runs)} runs, from {validation.min():.1f} % to {best}",
    )
    values = numeric(varied(runs))
    if values:
        yield picture(
            parameters(values, validation, task.metric, f"{name}: {len(runs)} runs"),
            f"parameters-{tail}",
            f"{name}: validation score against each number that differs between the runs; the star "
            "is the best run.",
            f"Validation {task.metric} against {', '.join(values)}; best {best}",
        )


def filter_picture(run: Run) -> Picture | None:
    """The run's own ``filter.png``; None where there is none."""
    file = run.directory / "filter.png"
    png = file.read_bytes() if file.is_file() else b""
    if not png.startswith(_PNG):
        return None
    task = run.task
    return Picture(
        file_name(f"filter-{run.model}-{task.dataset}-{run.settings}"),
        png,
        f"{run.model} on {task.dataset} (settings {run.settings}, split {task.protocol} "
        f"{task.split_hash[:8]}): learned filter over the eigenvalues of L, above their density.",
        f"Learned filter of {run.model} on {task.dataset}, one curve for each output",
    )
