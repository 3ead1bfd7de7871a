"""The figures of a run directory."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from longnn import plot
from longnn.data import Dataset
from longnn.runs.directory import FILTER
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
    name, runs = result.title, f"{len(trained.runs)} runs ({result.split})"
    loss = trained.program.task.loss_name
    curves = plot.training_curves(trained.curves, dataset.metric, f"{name}, {runs}", loss)
    drawn = {"curves.png": curves}
    if hasattr(trained.model(0), "response"):
        graph = graph_of(dataset, result.config["graph"]["self_loops"])
        drawn[FILTER] = plot.response(replace(trained, title=name), graph)
    if {"alpha", "beta"} <= set(trained.curves):
        selected = np.array([r["best_epoch"] - 1 for r in trained.runs])
        title = f"Learned exponents, {name}"
        path = trained.curves["alpha"], trained.curves["beta"]
        drawn["exponents.png"] = plot.exponents(*path, selected, title, start=start_of(result))
    return {file: partial(_save, figure) for file, figure in drawn.items()}


def start_of(result: Result) -> tuple[float, float] | None:
    """The exponents before the first epoch; None where the config does not say."""
    model = result.config.get("model", {})
    alpha, beta = (model.get(name) for name in ("alpha", "beta"))
    return (float(alpha), float(beta)) if is_number(alpha) and is_number(beta) else None


def _save(figure: Figure, path: Path) -> None:
    """Draws the very image of ``figure.savefig``, which draws twice, first for the layout alone."""
    figure.set_dpi(DPI)
    FigureCanvasAgg(figure).print_png(path)
