"""Average ranks of models over datasets, with the groups that do not differ."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from longnn.analysis.ranks import alike
from longnn.plot.style import COLOURS, add_title, new_figure

ROW = 0.36
"""Inches of a line of the figure."""


def ranks(
    average: Mapping[str, float], critical: float, title: str = "", level: float = 0.05
) -> Figure:
    """The critical-difference figure: models on an axis of ranks, joined where they do not differ.

    The best model stands above, its dot at its average rank. A bar joins models whose ranks differ
    by less than the critical difference, which is drawn to scale on top (Demsar, JMLR 7 (2006) 1,
    figure 1).

    Args:
        average: model -> average rank, 1 for the best; at least two models.
        critical: Nemenyi's critical difference of ``longnn.analysis.ranking``.
        title: of the figure.
        level: of the test, which the scale names.

    Raises:
        ValueError: if there are fewer than two models.

    Example:
        >>> from longnn import plot
        >>> figure = plot.ranks({"longnn": 1.2, "gcn": 1.9, "mlp": 2.9}, critical=1.05)
        >>> figure.axes[0].get_xlabel()
        'average rank (1 is the best)'
    """
    if len(average) < 2:
        raise ValueError(f"ranks compare at least two models, got {list(average)}")
    names = sorted(average, key=lambda name: average[name])
    places = np.array([average[name] for name in names])
    groups = alike(places, critical)
    figure = new_figure(1.5 + ROW * (len(names) + len(groups)))
    axes = figure.subplots()
    _models(axes, names, places)
    for number, (first, last) in enumerate(groups):
        height = len(names) + 0.2 + 0.7 * number
        axes.plot(places[[first, last]], [height] * 2, color="black", lw=4, solid_capstyle="butt")
    _scale(axes, places, critical, level)
    bottom = len(names) + 0.7 * len(groups)
    axes.set(xlim=(0.9, max(len(names) + 0.1, 1 + critical + 0.1)), ylim=(bottom, -1.6), yticks=[])
    axes.set_xticks(range(1, len(names) + 1))
    axes.set_xlabel("average rank (1 is the best)")
    axes.spines[["left", "right", "top"]].set_visible(False)
    add_title(axes, title)
    return figure


def _models(axes: Axes, names: list[str], places: np.ndarray) -> None:
    """A dot for each model on a thin line, with its name and rank on the side with more room."""
    middle = (1 + len(names)) / 2
    for row, (name, place) in enumerate(zip(names, places, strict=True)):
        left = place > middle
        axes.axvline(place, color="#dddddd", lw=0.6, zorder=0)
        axes.plot(place, row, "o", color=COLOURS[row % len(COLOURS)], ms=7)
        axes.annotate(
            f"{name}  {place:.2f}".replace("$", r"\$"),
            (place, row),
            (-8 if left else 8, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
        )


def _scale(axes: Axes, places: np.ndarray, critical: float, level: float) -> None:
    """The critical difference as a length, above the models."""
    axes.plot([1, 1 + critical], [-0.8, -0.8], "|-", color="#777777", lw=1.2, ms=8)
    words = f"critical difference {critical:.2f} (level {level:g})"
    axes.annotate(words, (1, -0.8), (0, 5), textcoords="offset points", color="#777777")
