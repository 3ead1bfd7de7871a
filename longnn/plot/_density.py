"""The spectral density of a graph, by one method or several."""

from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Real
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from longnn.plot.style import COLOURS, FREQUENCY, SMALL, add_title, new_figure

Binned: TypeAlias = tuple[Float[np.ndarray, " edges"], Real[np.ndarray, " bins"]]
"""(edges [n + 1], share [n]) as ``longnn.analysis.spectral_density`` returns it."""


def density(densities: dict[str, Binned], title: str = "") -> Figure:
    """Share of the eigenvalues in each bin; several densities lie over one another.

    The first is filled, the others are lines. Where one bin holds ten times the typical share
    (lambda = 1, as a rule) the axis is logarithmic.

    Args:
        densities: what a density is called in the legend -> (edges, share).
        title: of the figure.

    Raises:
        ValueError: if there is no density.
    """
    if not densities:
        raise ValueError("no density to draw: give a dict of name -> (edges, share)")
    figure = new_figure(3.6)
    axes = figure.subplots()
    for number, (name, (edges, share)) in enumerate(densities.items()):
        if number == 0:
            axes.stairs(100 * share, edges, fill=True, color="#bbbbbb", label=name)
            continue
        dashes = ("-", "--", ":")[(number - 1) % 3]
        colour = COLOURS[(number - 1) % len(COLOURS)]
        axes.stairs(100 * share, edges, color=colour, ls=dashes, lw=1.4, label=name)
    shares = np.concatenate([share for _, share in densities.values()])
    log_if_peaked(axes, shares)
    axes.set(xlim=(0, 2), xlabel=FREQUENCY, ylabel="eigenvalues per bin [%]")
    add_title(axes, title)
    axes.legend(fontsize=SMALL, frameon=False)
    return figure


def occupied(lam: Real[np.ndarray, " G"], density: Binned | None) -> Bool[np.ndarray, " G"]:
    """Which points [G] lie in a bin that holds something; all where there are no bins."""
    if density is None:
        return np.full(len(lam), True)
    edges, share = density
    bins = np.clip(np.searchsorted(edges, lam, side="right") - 1, 0, len(share) - 1)
    return share[bins] > 0


def log_if_peaked(axes: Axes, share: Real[np.ndarray, " bins"]) -> None:
    """A logarithmic axis over four decades, if one bin holds ten times the median of the filled."""
    filled = 100 * share[share > 0]
    if len(filled) and filled.max() > 10 * np.median(filled):
        axes.set(yscale="log", ylim=(max(filled.min(), filled.max() / 1e4) / 2, None))
