"""A search over settings, as figures: what it found when, and where."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from longnn.plot.style import COLOURS, SMALL, add_title, new_figure

from .text import TITLE, literal

DECADES, SKEWED = 20, 3
"""Ratios of the largest value to the smallest and to the median from which an axis is logarithmic.

The second keeps shares linear: a dropout drawn from [0, 1] may start very close to zero.
"""


def history(validation: np.ndarray, metric: str, title: str = "") -> Figure:
    """Validation score of each run in order of completion, and the best so far.

    Args:
        validation: [R] percent.
        metric: name of the metric.
        title: of the figure.
    """
    figure = new_figure(3.4)
    axes = figure.subplots()
    order = np.arange(1, len(validation) + 1)
    best = np.maximum.accumulate(validation)
    axes.plot(order, validation, "o", color=COLOURS[0], ms=5, label="run")
    axes.step(order, best, where="post", color=COLOURS[1], lw=2, label="best so far")
    axes.set_xlabel("run, in order of completion")
    axes.set_ylabel(f"validation {literal(metric)} [%]")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlim(0, len(validation) + 1)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    add_title(axes, literal(title, TITLE))
    return figure


def parameters(
    values: Mapping[str, Sequence[float] | Sequence[str]],
    validation: np.ndarray,
    metric: str,
    title: str = "",
) -> Figure:
    """Validation score against each setting, one panel each; the best run is marked in all.

    Args:
        values: setting -> [R] values: numbers, or words, which are drawn as categories.
        validation: [R] percent.
        metric: name of the metric.
        title: of the figure.
    """
    across = min(len(values), 2)
    down = -(-len(values) // across)
    figure = new_figure(0.7 + 2.0 * down)
    grid = list(figure.subplots(down, across, sharey=True, squeeze=False).flat)
    best = int(np.argmax(validation))
    for axes, (name, column) in zip(grid, values.items()):
        x = _places(axes, column)
        axes.plot(x, validation, "o", color=COLOURS[0], alpha=0.6, ms=5, mew=0)
        axes.plot(x[best], validation[best], "*", color=COLOURS[1], mec="black", ms=12, mew=0.6)
        axes.margins(y=0.1)
        axes.set_xlabel(literal(name))
    for axes in grid[len(values) :]:
        axes.remove()
    figure.supylabel(f"validation {literal(metric)} [%]", fontsize="medium")
    add_title(figure, literal(title, TITLE))
    return figure


def _places(axes: Axes, column: Sequence[float] | Sequence[str]) -> np.ndarray:
    """Where values stand: numbers on a scale, words beside each other in alphabetical order."""
    words = sorted({value for value in column if isinstance(value, str)})
    if not words:
        x = np.asarray(column, float)
        _scale(axes, x)
        return x
    longest = 18 // len(words) + 6  # letters that fit side by side
    axes.set_xticks(range(len(words)), [literal(word, longest) for word in words], fontsize=SMALL)
    axes.set_xlim(-0.5, len(words) - 0.5)
    return np.array([words.index(str(word)) for word in column], float)


def _scale(axes: Axes, x: np.ndarray) -> None:
    x = x[~np.isnan(x)]
    positive = np.sort(x[x > 0])
    if np.any(x < 0) or not _spans_decades(positive):
        axes.locator_params(axis="x", nbins=4)
    elif len(positive) == len(x):
        axes.set_xscale("log")
    else:  # zero stands left of the decade of the smallest
        decade = 10 ** np.floor(np.log10(positive[0]))
        axes.set_xscale("symlog", linthresh=decade, linscale=0.5)
        axes.set_xlim(left=-decade / 4)


def _spans_decades(positive: np.ndarray) -> bool:
    """Whether sorted values stand better on a logarithmic axis."""
    if not len(positive):
        return False
    low, middle, high = positive[[0, (len(positive) - 1) // 2, -1]]
    return bool(high >= DECADES * low and high >= SKEWED * middle)
