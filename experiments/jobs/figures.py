"""The figures of a run directory."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from longnn import plot
from longnn.data import Dataset
from longnn.data.labels import kind_of
from longnn.runs.directory import CONFUSION_PNG, CURVES_PNG, EXPONENTS_PNG, FILTER
from longnn.runs.kinds import is_number
from longnn.runs.record import Writer
from longnn.runs.result import Result
from longnn.training import Fit, graph_of

DPI = 150
"""Pixels in an inch of a figure."""


def figure_writers(trained: Fit, dataset: Dataset, result: Result) -> dict[str, Writer]:
    """Draws the curves of a run and, where it has them, its filter and exponents.

    Args:
        trained: the B trained models.
        dataset: its data.
        result: what is recorded of it.

    Returns:
        The writer of each figure by file name.
    """
    graph = graph_of(dataset, result.config["graph"]["self_loops"])
    drawn = {
        CURVES_PNG: curves_figure(trained, result),
        FILTER: filter_figure(replace(trained, graph=graph), result),
        EXPONENTS_PNG: exponents_figure(trained, result),
        CONFUSION_PNG: confusion_figure(trained, result),
    }
    return {file: partial(_save, figure) for file, figure in drawn.items() if figure is not None}


def curves_figure(trained: Fit, result: Result) -> Figure:
    """Losses and validation score by epoch.

    Args:
        trained: the B trained models.
        result: what is recorded of them.
    """
    title = f"{result.title}, {len(trained.runs)} runs ({result.split})"
    loss = trained.program.task.loss_name
    return plot.training_curves(trained.curves, result.metric, title, loss)


def filter_figure(trained: Fit, result: Result) -> Figure | None:
    """The learned filter, above the spectrum where the graph is known; None of a model without.

    Args:
        trained: the B trained models.
        result: what is recorded of them.
    """
    if not hasattr(trained.model(0), "response"):
        return None
    return plot.response(replace(trained, title=result.title))


def exponents_figure(trained: Fit, result: Result) -> Figure | None:
    """The path of alpha and beta; None of a model that learns none.

    Args:
        trained: the B trained models.
        result: what is recorded of them.
    """
    if not {"alpha", "beta"} <= set(trained.curves):
        return None
    selected = np.array([r["best_epoch"] - 1 for r in trained.runs])
    path = trained.curves["alpha"], trained.curves["beta"]
    title = f"Learned exponents, {result.title}"
    return plot.exponents(*path, selected, title, start=start_of(result))


def start_of(result: Result) -> tuple[float, float] | None:
    """The exponents before the first epoch; None where the config does not say.

    Args:
        result: of a run that learned them.
    """
    model = result.config.get("model", {})
    alpha, beta = (model.get(name) for name in ("alpha", "beta"))
    return (float(alpha), float(beta)) if is_number(alpha) and is_number(beta) else None


def confusion_figure(trained: Fit, result: Result) -> Figure | None:
    """The mean confusion matrix of the test nodes; None without classes, or in a search.

    Args:
        trained: the B trained models, which know the labels.
        result: what is recorded of them.
    """
    if kind_of(result.metric) != "classes" or not result.config.get("show_test", True):
        return None
    title = f"Confusion, {result.title}"
    return plot.confusion_matrix(trained.confusion(), result.class_names, title)


def _save(figure: Figure, path: Path) -> None:
    """Draws the very image of ``figure.savefig``, which draws twice, first for the layout alone."""
    figure.set_dpi(DPI)
    FigureCanvasAgg(figure).print_png(path)
