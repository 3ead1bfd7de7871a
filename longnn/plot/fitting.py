"""Fitted filters beside their targets, and how fast bases get there."""

import numpy as np
from jaxtyping import Integer, Real
from matplotlib.figure import Figure

from longnn.plot._density import Binned, occupied
from longnn.plot.style import COLOURS, FREQUENCY, SMALL, add_title, new_figure


def fitted_response(
    lam: Real[np.ndarray, " G"],
    target: Real[np.ndarray, " G"],
    fitted: Real[np.ndarray, "B G"],
    density: Binned | None = None,
    title: str = "",
) -> Figure:
    """Fitted filters over their target, median and range over signals, with the residual below.

    The vertical range is that of the target, widened by a fifth; that of the residual is one and a
    half times its largest median where the signals have energy, since no fit is held in the gaps.

    Args:
        lam: [G] eigenvalues of L, ascending in [0, 2].
        target: [G] the response that is aimed at.
        fitted: [B, G] the response of each fit.
        density: (edges [n + 1], share [n]) where the signals have their energy, or None.
        title: of the figure.
    """
    figure = new_figure(5.2)
    rows = 2 if density is None else 3
    axes = figure.subplots(rows, sharex=True, height_ratios=(3, 1.4, 1)[:rows])
    top, middle = axes[:2]
    for panel, values in ((top, fitted), (middle, fitted - target)):
        low, median, high = np.percentile(values, [0, 50, 100], axis=0)
        colour = COLOURS[1]
        panel.fill_between(lam, low, high, color=colour, alpha=0.25, lw=0, label="range of fits")
        panel.plot(lam, median, color=colour, lw=1.2, label=f"median of {len(fitted)} fits")
    top.plot(lam, target, "--", color="black", lw=1, label="target")
    inside = occupied(lam, density)
    margin = 0.2 * max(np.ptp(target), 1e-12)
    top.set_ylim(target.min() - margin, target.max() + margin)
    off = np.abs(np.median(fitted, axis=0) - target)[inside].max(initial=0)
    middle.set_ylim(-1.5 * max(off, 1e-12), 1.5 * max(off, 1e-12))
    middle.axhline(0, color="black", lw=0.6)
    top.set_ylabel("response g($\\lambda$)")
    middle.set_ylabel("fit - target")
    top.legend(fontsize=SMALL, frameon=False)
    if density is not None:
        axes[2].stairs(100 * density[1], density[0], fill=True, color="#999999")
        axes[2].set_yscale("log")
        axes[2].set_ylabel("energy of the\nsignals [%]")
    axes[-1].set_xlabel(FREQUENCY)
    axes[-1].set_xlim(0, 2)
    add_title(figure, title)
    return figure


def convergence(
    recorded: dict[str, Integer[np.ndarray, " _"]],
    excess: dict[str, Real[np.ndarray, "_ _"]],
    title: str = "",
) -> Figure:
    """Squared error above the optimum by epoch, of each basis: median (thick) and worst fit (thin).

    The legend says at which recorded epoch the median and the worst curve reach 1 % for good.

    Args:
        recorded: basis -> [H] epochs.
        excess: basis -> [H, B] SSE / optimum - 1 of each fit.
        title: of the figure.
    """
    figure = new_figure(5.0)
    axes = figure.subplots()
    for number, (name, epochs) in enumerate(recorded.items()):
        colour = COLOURS[number % len(COLOURS)]
        median, worst = np.median(excess[name], axis=1), excess[name].max(axis=1)
        reached = " / ".join(_reached(epochs, curve) for curve in (median, worst))
        dashes = "--" if number % 2 else "-"
        axes.plot(epochs, median, dashes, color=colour, lw=1.8, label=f"{name}: {reached}")
        axes.plot(epochs, worst, dashes, color=colour, lw=0.7)
    axes.axhline(0.01, color="black", lw=0.8, ls=":")
    axes.annotate("1 %", (0.99, 0.01), (0, 2), ("axes fraction", "data"), "offset points",
                  ha="right", va="bottom")  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="epoch", ylabel="squared error / optimum - 1")
    axes.set_ylim(bottom=max(1e-7, axes.get_ylim()[0]))
    figure.legend(
        title="basis: epochs to 1 %, median / worst fit",
        title_fontsize=SMALL,
        fontsize=SMALL,
        frameon=False,
        loc="outside lower center",
        ncols=2,
    )
    add_title(axes, title)
    return figure


def _reached(epochs: np.ndarray, curve: np.ndarray) -> str:
    """The epoch from which on a curve stays at or below 1 %."""
    outside = np.flatnonzero(~(curve <= 0.01))
    first = outside[-1] + 1 if len(outside) else 0
    return f"{epochs[first]:,}" if first < len(epochs) else "never"
