"""Which figures a run directory gets."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from longnn import plot
from longnn.data import Dataset
from longnn.training import Fit, graph_of


def figures(
    trained: Fit, dataset: Dataset, result: dict[str, Any]
) -> dict[str, Callable[[Path], None]]:
    """Writers of the figures of a run, by file name."""
    name = f"{result['model']} on {dataset.name}"
    runs = f"{len(trained.runs)} runs ({result['split']})"
    loss = trained.program.task.loss_name
    curves = plot.training_curves(trained.curves, dataset.metric, f"{name}, {runs}", loss)
    drawn = {"curves.png": curves}
    if hasattr(trained.model(0), "response"):
        graph = graph_of(dataset, result["config"]["graph"]["self_loops"])
        title = f"Learned filter of {name},\n{{spread}} of {runs}"
        drawn["filter.png"] = plot.response(trained, graph, title=title)
    if {"alpha", "beta"} <= set(trained.curves):
        selected = np.array([r["best_epoch"] - 1 for r in trained.runs])
        title = f"Learned exponents, {name}"
        path = trained.curves["alpha"], trained.curves["beta"]
        drawn["exponents.png"] = plot.exponents(*path, selected, title)
    return {file: _saver(figure) for file, figure in drawn.items()}


def _saver(figure: Figure) -> Callable[[Path], None]:
    return lambda path: figure.savefig(path, dpi=150)
