"""A dataset at a glance."""

import numpy as np
from jaxtyping import Float, Real
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from longnn.plot._density import Binned
from longnn.plot.style import COLOURS, FREQUENCY, SMALL, add_title, new_figure

NUMBERED = 12
"""Up to how many classes the shares are written into their cells."""


def dataset(
    degrees: Real[np.ndarray, " N"],
    counts: Real[np.ndarray, " C"],
    mixing: Float[np.ndarray, "C C"],
    density: Binned,
    title: str = "",
) -> Figure:
    """A dataset at a glance: degrees, class sizes, who is joined to whom, and the spectrum.

    Args:
        degrees: [N] of the nodes.
        counts: [C] labelled nodes of each class.
        mixing: [C, C] share of the neighbours of class c that are of class d, in [0, 1]; drawn in
            percent, on a scale up to the largest.
        density: (edges [n + 1], share [n]) of the graph's spectrum.
        title: of the figure.
    """
    figure, sizes, neighbours = _glance(degrees, density, title)
    sizes.bar(np.arange(len(counts)), counts, color=COLOURS[1])
    sizes.set(xlabel="class", ylabel="nodes")
    sizes.locator_params(axis="x", integer=True)
    percent = 100 * mixing
    shown = neighbours.imshow(percent, vmin=0, vmax=max(percent.max(), 1e-9), cmap="cividis")
    figure.colorbar(shown, ax=neighbours, label="share of neighbours [%]")
    if len(percent) <= NUMBERED:
        _numbers(neighbours, percent)
    neighbours.set(xlabel="class of the neighbour", ylabel="class of the node")
    neighbours.locator_params(integer=True)
    return figure


def valued_dataset(
    degrees: Real[np.ndarray, " N"],
    labels: Real[np.ndarray, " n"],
    joined: Real[np.ndarray, "2 M"],
    density: Binned,
    title: str = "",
) -> Figure:
    """A dataset of real-valued labels at a glance: degrees, labels, those of neighbours, spectrum.

    Args:
        degrees: [N] of the nodes.
        labels: [n] of the labelled nodes.
        joined: [2, M] labels of a node and of its neighbour.
        density: (edges [n + 1], share [n]) of the graph's spectrum.
        title: of the figure.
    """
    figure, values, neighbours = _glance(degrees, density, title)
    values.hist(labels, 40, color=COLOURS[1])
    values.set(xlabel="label", ylabel="nodes per bin")
    counted = neighbours.hist2d(joined[1], joined[0], 40, cmap="cividis", cmin=1)
    figure.colorbar(counted[3], ax=neighbours, label="pairs per cell")
    neighbours.set(xlabel="label of the neighbour", ylabel="label of the node")
    return figure


def _numbers(axes: Axes, percent: Float[np.ndarray, "C C"]) -> None:
    """Writes each share into its cell, dark on light and light on dark."""
    for (row, column), value in np.ndenumerate(percent):
        colour = "black" if value > 0.6 * percent.max() else "white"
        axes.text(
            column, row, f"{value:.0f}", color=colour, ha="center", va="center", fontsize=SMALL
        )


def _glance(
    degrees: Real[np.ndarray, " N"], density: Binned, title: str
) -> tuple[Figure, Axes, Axes]:
    """A figure with degrees and spectrum, and its two other axes: above and below."""
    figure = new_figure(8)
    places = "AB;CC;DD"
    axes = figure.subplot_mosaic(places, height_ratios=(1.2, 2.2, 1))
    _draw_degrees(axes["A"], degrees)
    edges, share = density
    axes["D"].stairs(100 * share, edges, fill=True, color="#999999")
    axes["D"].set(xlim=(0, 2), xlabel=FREQUENCY, ylabel="eigenvalues\nper bin [%]")
    add_title(figure, title)
    return figure, axes["B"], axes["C"]


def _draw_degrees(axes: Axes, degrees: Real[np.ndarray, " N"]) -> None:
    """How many nodes there are of each degree; one bar where all degrees are equal."""
    linked = degrees[degrees > 0]
    low, high = (np.min(linked), np.max(linked)) if len(linked) else (1, 2)
    axes.set_xlabel("degree")
    if np.isclose(low, high):  # weights are summed with rounding errors
        axes.bar([high], [len(linked)], width=0.2 * high, color=COLOURS[0])
        axes.set(xlim=(0, 2 * high), ylabel="nodes")
    else:
        axes.hist(linked, np.geomspace(low, max(high, 2), 30).tolist(), color=COLOURS[0])
        axes.set(xscale="log", yscale="log" if len(linked) else "linear", ylabel="nodes per bin")
    isolated = len(degrees) - len(linked)
    if isolated:
        axes.set_title(f"and {isolated:,} isolated nodes", fontsize=SMALL)
