"""Scores of several models on several datasets, as a figure."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from longnn.plot.style import COLOURS, add_title, new_figure

from .text import TITLE, literal

MARKERS = "osD^vPX*"


class Scores(NamedTuple):
    """Scores of one model on one dataset, in percent.

    Attributes:
        points: [S] one for each split.
        mean: of all runs.
        ci95: half-width of its interval, or None.
    """

    points: np.ndarray
    mean: float
    ci95: float | None


def scores(panels: Mapping[str, Mapping[str, Scores]], metric: str, title: str = "") -> Figure:
    """A panel for each dataset with its own axis: models below each other, splits as points.

    Args:
        panels: dataset -> model -> scores.
        metric: name of the metric.
        title: of the figure.
    """
    models = sorted({model for panel in panels.values() for model in panel})
    across = min(len(panels), 2)
    down = -(-len(panels) // across)
    height = 0.7 + down * (0.75 + 0.42 * len(models))
    figure = new_figure(height)
    grid = list(figure.subplots(down, across, sharey=True, squeeze=False).flat)
    for axes, (dataset, panel) in zip(grid, panels.items()):
        for place, model in enumerate(models):
            if model in panel:
                _row(axes, place, panel[model])
        add_title(axes, literal(dataset))
        axes.grid(axis="x", color="#dddddd", lw=0.6)
        axes.set_axisbelow(True)
        axes.set_yticks(range(len(models)), [literal(model) for model in models])
        axes.set_ylim(len(models) - 0.5, -0.5)
    for axes in grid[len(panels) :]:
        axes.remove()
    figure.supxlabel(f"test {literal(metric)} [%]", fontsize="medium")
    add_title(figure, literal(title, TITLE))
    return figure


def _row(axes: Axes, place: int, found: Scores) -> None:
    colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
    spread = np.linspace(-0.16, 0.16, len(found.points)) if len(found.points) > 1 else np.zeros(1)
    axes.plot(found.points, place + spread, "o", color=colour, alpha=0.35, ms=4, mew=0)
    axes.errorbar(
        found.mean,
        place,
        xerr=found.ci95,
        fmt=marker,
        color=colour,
        mec="white",
        ms=8,
        lw=2,
        capsize=5,
    )
