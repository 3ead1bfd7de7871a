"""Time and memory of runs, as a figure."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from longnn.plot.style import COLOURS, add_title, new_figure

from .text import TITLE, literal


def bars(parts: Mapping[str, np.ndarray], labels: Sequence[str], unit: str, title: str) -> Figure:
    """A bar for each run, its parts side by side; the number at the end is their sum.

    Args:
        parts: part -> [R] amounts, none negative.
        labels: [R] names of the runs.
        unit: label of the axis, with its unit.
        title: title of the figure.
    """
    figure = new_figure(1.4 + 0.28 * len(labels))
    axes = figure.subplots()
    left, place = np.zeros(len(labels)), np.arange(len(labels))
    for (name, amounts), colour in zip(parts.items(), COLOURS):
        axes.barh(place, amounts, left=left, color=colour, label=literal(name), height=0.7)
        left = left + amounts
    for y, total in enumerate(left):
        axes.annotate(f"{total:.3g}", (total, y), (4, 0), textcoords="offset points", va="center")
    axes.set_yticks(place, [literal(label) for label in labels])
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xlim(0, 1.12 * max(left.max(initial=0), 1e-9))
    axes.set_xlabel(unit)
    if len(parts) > 1:
        figure.legend(loc="outside lower center", ncols=len(parts), frameon=False)
    add_title(figure, literal(title, TITLE))
    return figure
