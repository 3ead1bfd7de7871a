"""Fitted filters beside their targets, and how fast bases get there."""

import numpy as np
from jaxtyping import Integer, Real
from matplotlib.figure import Figure

from longnn.plot._density import Binned
from longnn.plot.style import COLOURS


def fitted_response(
    lam: Real[np.ndarray, " G"],
    target: Real[np.ndarray, " G"],
    fitted: Real[np.ndarray, "B G"],
    density: Binned | None = None,
    title: str = "",
) -> Figure:
    """Fitted filters over their target, median and range over signals, with the residual below.

    The vertical range is that of the target, widened by a fifth.

    Args:
        lam: [G] eigenvalues of L, ascending in [0, 2].
        target: [G] the response that is aimed at.
        fitted: [B, G] the response of each fit.
        density: (edges [n + 1], share [n]) where the signals have their energy, or None.
        title: of the figure.
    """
    figure = Figure(figsize=(6.4, 5.2), layout="constrained")
    rows = 2 if density is None else 3
    axes = figure.subplots(rows, sharex=True, height_ratios=(3, 1.4, 1)[:rows])
    top, middle = axes[:2]
    for panel, values in ((top, fitted), (middle, fitted - target)):
        low, median, high = np.percentile(values, [0, 50, 100], axis=0)
        colour = COLOURS[1]
        panel.fill_between(lam, low, high, color=colour, alpha=0.25, lw=0, label="range of fits")
        panel.plot(lam, median, color=colour, lw=1.2, label=f"median of {len(fitted)} fits")
    top.plot(lam, target, "--", color="black", lw=1, label="target")
    margin = 0.2 * max(np.ptp(target), 1e-12)
    top.set_ylim(target.min() - margin, target.max() + margin)
    off = np.abs(np.median(fitted, axis=0) - target).max()
    middle.set_ylim(-1.5 * max(off, 1e-12), 1.5 * max(off, 1e-12))
    middle.axhline(0, color="black", lw=0.6)
    top.set_ylabel("response g($\\lambda$)")
    middle.set_ylabel("fit - target")
    top.legend(fontsize="small", frameon=False)
    if density is not None:
        axes[2].stairs(100 * density[1], density[0], fill=True, color="#999999")
        axes[2].set_yscale("log")
        axes[2].set_ylabel("energy of the\nsignals [%]")
    axes[-1].set_xlabel("$\\lambda$, eigenvalue of L = I - S (low frequencies left)")
    axes[-1].set_xlim(0, 2)
    figure.suptitle(title)
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
    figure = Figure(figsize=(6.4, 5.0), layout="constrained")
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
    axes.legend(
        title="basis: epochs to 1 %, median / worst fit",
        fontsize="small",
        frameon=False,
        alignment="left",
    )
    axes.set_title(title)
    return figure


def _reached(epochs: np.ndarray, curve: np.ndarray) -> str:
    """The epoch from which on a curve stays at or below 1 %."""
    outside = np.flatnonzero(~(curve <= 0.01))
    first = outside[-1] + 1 if len(outside) else 0
    return f"{epochs[first]:,}" if first < len(epochs) else "never"
