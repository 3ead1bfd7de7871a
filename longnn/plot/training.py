"""How training went."""

import numpy as np
from jaxtyping import Float, Integer
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from longnn.plot.style import COLOURS, SMALL, add_caption, add_title, new_figure

GREY = "#777777"
"""What stands for a run of any colour in a legend."""


def training_curves(
    curves: dict[str, Float[np.ndarray, "B epochs"]],
    metric: str,
    title: str = "",
    loss: str = "mean negative log-likelihood",
) -> Figure:
    """Training and validation loss, and the validation metric, per epoch.

    The learning rate is drawn, too, where a schedule changes it.

    Of several runs, the lines are medians over those that still train at an epoch, and the bands
    their quartiles; a caption in the figure says so.

    Args:
        curves: "loss", "val_loss", "val" and perhaps "rate" -> [B, epochs], NaN after a run's end.
        metric: the name of the validation metric.
        title: of the figure.
        loss: the name of the loss.
    """
    scheduled = "rate" in curves
    figure = new_figure(7.0 if scheduled else 5.4)
    panels = figure.subplots(2 + scheduled, 1, sharex=True)
    losses, scores = panels[:2]
    _spread(losses, curves["loss"], COLOURS[0], "training (dropout on)")
    _spread(losses, curves["val_loss"], COLOURS[1], "validation")
    losses.set_ylabel(loss)
    losses.legend(frameon=False, fontsize=SMALL)
    _spread(scores, 100 * curves["val"], COLOURS[1], "validation")
    scores.set(ylabel=f"validation {metric} [%]")
    if scheduled:
        _spread(panels[2], curves["rate"], COLOURS[0], "schedule")
        panels[2].set(ylabel="learning rate / its setting", ylim=(0, None))
    panels[-1].set(xlabel="epoch")
    add_title(figure, title)
    runs = len(curves["loss"])
    if runs > 1:
        add_caption(
            figure,
            f"lines: medians over those of the {runs} runs that still train, which may jump "
            "where a run ends; bands: their quartiles",
        )
    return figure


def exponents(
    alpha: Float[np.ndarray, "B epochs"],
    beta: Float[np.ndarray, "B epochs"],
    selected: Integer[np.ndarray, " B"],
    title: str = "",
    *,
    start: tuple[float, float] | None = None,
) -> Figure:
    """The path of (alpha, beta) of each run in its colour, dots at its selected and last epoch.

    Args:
        alpha: [B, epochs] exponent at lambda = 0 after each epoch, NaN after a run's end.
        beta: [B, epochs] exponent at lambda = 2, likewise.
        selected: [B] index of the selected epoch, from 0.
        title: of the figure.
        start: (alpha, beta) before the first epoch, where all paths begin; None: they begin after
            the first epoch.
    """
    figure = new_figure(4.6)
    axes = figure.subplots()
    first = np.full((len(selected), 0 if start is None else 1), np.nan)
    paths = [np.hstack([first, values]) for values in (alpha, beta)]
    if start is not None:
        paths[0][:, 0], paths[1][:, 0] = start
    for run, chosen in enumerate(selected + first.shape[1]):
        colour = COLOURS[run % len(COLOURS)]
        x, y = (path[run] for path in paths)
        last = np.flatnonzero(~np.isnan(x))[-1]
        axes.plot(x, y, color=colour, lw=0.8)
        axes.plot(x[last], y[last], "o", color=colour, mfc="white", ms=5)
        axes.plot(x[chosen], y[chosen], "o", color=colour, ms=5)
    several = 1 < len(selected) <= len(COLOURS)
    axes.plot([], [], color=GREY, lw=0.8, label="a run" + ", each in its colour" * several)
    axes.plot([], [], "o", color=GREY, ms=5, label="its selected epoch")
    axes.plot([], [], "o", color=GREY, mfc="white", ms=5, label="its last epoch")
    name = "after the first epoch" if start is None else "start"
    axes.plot(paths[0][:1, 0], paths[1][:1, 0], "k+", ms=12, mew=1.5, label=name)
    axes.set_xlabel("$\\alpha$, exponent at $\\lambda = 0$")
    axes.set_ylabel("$\\beta$, exponent at $\\lambda = 2$")
    axes.legend(frameon=False, fontsize=SMALL)
    add_title(axes, title or "learned exponents")
    return figure


def _spread(axes: Axes, values: np.ndarray, colour: str, label: str) -> None:
    # Every epoch has at least one run that is still training, so no column is all NaN.
    low, middle, high = np.nanpercentile(values, [25, 50, 75], axis=0)
    epochs = np.arange(1, values.shape[1] + 1)
    axes.plot(epochs, middle, color=colour, label=label, lw=1)
    axes.fill_between(epochs, low, high, color=colour, alpha=0.2, lw=0)
