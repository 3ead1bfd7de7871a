"""Which classes are taken for which, as a figure."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, Integer
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from longnn.plot.style import SMALL, add_caption, add_title, new_figure
from longnn.runs.outcomes import known_fit
from longnn.runs.saved import Run
from longnn.training.result import Fit

NUMBERED = 12
"""Above so many classes a cell has no room for its number."""

NAMED = 20
"""Above so many classes an axis has no room for their names."""

_LONGEST = 14
"""Characters of a class name that an axis has room for."""


def confusion(trained: str | Path | Run | Fit, *, title: str = "") -> Figure:
    """The confusion matrix of the test nodes: the share of each true class that is taken for which.

    A cell is the mean over the runs, in percent of the nodes of its row.

    Args:
        trained: a run directory, an opened one, or what ``longnn.fit`` returned.
        title: of the figure; by default what was trained.

    Raises:
        ValueError: if the models predict no classes, or are a fit without labels.
        DataFileError: if a run's own data are missing.

    Example:
        >>> import longnn
        >>> data = longnn.data.csbm.generate(nodes=60, phi=-0.75)
        >>> splits = longnn.data.splits.stratified(data, count=2)
        >>> run = longnn.fit("longnn", data, splits, optim=longnn.Optim(max_epochs=5))
        >>> longnn.plot.confusion(run).savefig("confusion.png")  # doctest: +SKIP
    """
    fit = known_fit(trained)
    names = () if fit.inputs is None else fit.inputs.classes
    return confusion_matrix(fit.confusion(), names, title or fit.title)


def confusion_matrix(
    counts: Integer[np.ndarray, "B C C"], names: Sequence[str] = (), title: str = ""
) -> Figure:
    """The mean of the confusion matrices of B runs, each row in percent of its nodes.

    Args:
        counts: [B, C, C] nodes of class c (row) that are taken for class d (column).
        names: of the C classes; their numbers by default.
        title: of the figure.
    """
    share, classes = shares(counts), counts.shape[1]
    figure = new_figure(4.6)
    axes = figure.subplots()
    shown = axes.imshow(100 * share, vmin=0, vmax=100, cmap="cividis")
    figure.colorbar(shown, ax=axes, label="share of the true class [%]")
    axes.set(xlabel="predicted class", ylabel="true class")
    add_title(axes, title)
    if classes <= NUMBERED:
        _add_numbers(axes, share)
    if classes <= NAMED:
        _add_names(axes, names or [str(number) for number in range(classes)])
    else:
        axes.locator_params(integer=True)
    if len(counts) > 1:
        add_caption(figure, f"mean of {len(counts)} runs, test nodes")
    return figure


def shares(counts: Integer[np.ndarray, "B C C"]) -> Float[np.ndarray, "C C"]:
    """The mean over the runs of each row's shares; NaN in the row of a class that no run tests.

    Args:
        counts: [B, C, C] of B runs.
    """
    rows = counts.sum(axis=2, keepdims=True)
    tested = (rows > 0).sum(axis=0)
    total = (counts / np.maximum(rows, 1)).sum(axis=0)
    return np.where(tested > 0, total / np.maximum(tested, 1), np.nan)


def _add_numbers(axes: Axes, share: Float[np.ndarray, "C C"]) -> None:
    for (row, column), value in np.ndenumerate(share):
        if np.isfinite(value):
            colour = "black" if value > 0.5 else "white"
            words = f"{100 * value:.0f}"
            axes.text(column, row, words, ha="center", va="center", color=colour, fontsize=SMALL)


def _add_names(axes: Axes, names: Sequence[str]) -> None:
    """Names of the classes at both axes, shortened where they are long."""
    short = [n if len(n) <= _LONGEST else n[: _LONGEST - 1] + "…" for n in names]
    words = [name.replace("$", r"\$") for name in short]
    turned = 0 if max(map(len, words)) <= 3 else 60 if len(words) <= NUMBERED else 90
    side = "right" if turned == 60 else "center"
    axes.set_xticks(range(len(words)), words, rotation=turned, ha=side, fontsize=SMALL)
    axes.set_yticks(range(len(words)), words, fontsize=SMALL)
