"""How training went."""

import numpy as np
from jaxtyping import Float, Integer
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from longnn.plot.style import COLOURS, add_caption

GREY = "#777777"
"""What stands for a run of any colour in a legend."""


def training_curves(
    curves: dict[str, Float[np.ndarray, "B epochs"]],
    metric: str,
    title: str = "",
    loss: str = "mean negative log-likelihood",
) -> Figure:
    """Training and validation loss, and the validation metric, per epoch.

    Of several runs, the lines are medians over those that still train at an epoch, and the bands
    their quartiles; a caption in the figure says so.

    Args:
        curves: "loss", "val_loss", "val" -> [B, epochs], NaN after a run's end.
        metric: the name of the validation metric.
        title: of the figure.
        loss: the name of the loss.
    """
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    _spread(left, curves["loss"], COLOURS[0], "training (dropout on)")
    _spread(left, curves["val_loss"], COLOURS[1], "validation")
    left.set_ylabel(loss)
    left.legend(frameon=False)
    _spread(right, 100 * curves["val"], COLOURS[1], "validation")
    right.set_ylabel(f"validation {metric} [%]")
    for axes in (left, right):
        axes.set_xlabel("epoch")
    figure.suptitle(title)
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
) -> Figure:
    """The path of (alpha, beta) of each run in its colour, with a dot at the selected epoch.

    Args:
        alpha: [B, epochs] exponent at lambda = 0, NaN after a run's end.
        beta: [B, epochs] exponent at lambda = 2, likewise.
        selected: [B] index of the selected epoch, from 0.
        title: of the figure.
    """
    figure = Figure(figsize=(4.8, 4.4), layout="constrained")
    axes = figure.subplots()
    for run, chosen in enumerate(selected):
        colour = COLOURS[run % len(COLOURS)]
        axes.plot(alpha[run], beta[run], color=colour, lw=0.8)
        axes.plot(alpha[run, chosen], beta[run, chosen], "o", color=colour, ms=4)
    several = 1 < len(selected) <= len(COLOURS)
    axes.plot([], [], color=GREY, lw=0.8, label="a run" + ", each in its colour" * several)
    axes.plot([], [], "o", color=GREY, ms=4, label="its selected epoch")
    axes.plot(alpha[0, 0], beta[0, 0], "k+", ms=10, label="start")
    axes.set_xlabel("$\\alpha$, exponent at $\\lambda = 0$")
    axes.set_ylabel("$\\beta$, exponent at $\\lambda = 2$")
    axes.legend(frameon=False, fontsize="small")
    axes.set_title(title or "learned exponents")
    return figure


def _spread(axes: Axes, values: np.ndarray, colour: str, label: str) -> None:
    # Every epoch has at least one run that is still training, so no column is all NaN.
    low, middle, high = np.nanpercentile(values, [25, 50, 75], axis=0)
    epochs = np.arange(1, values.shape[1] + 1)
    axes.plot(epochs, middle, color=colour, label=label, lw=1)
    axes.fill_between(epochs, low, high, color=colour, alpha=0.2, lw=0)
