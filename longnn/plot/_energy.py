"""The energy of signals over the frequencies, and the homophily of labels."""

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from longnn.plot._density import Binned, log_if_peaked
from longnn.plot.style import COLOURS, FREQUENCY, SMALL, add_title, new_figure


def energy(energies: dict[str, Binned], density: Binned | None = None, title: str = "") -> Figure:
    """How much of each signal's energy lies below lambda, and the spectrum of the graph below.

    Cumulative: signals of a different mean frequency part at a glance, and no choice of bins shows.
    A signal without regard to the graph follows the eigenvalues, the black line.

    Args:
        energies: name of a signal (features, labels, errors) -> (edges [n + 1], share [n]).
        density: (edges, share) of the graph's spectrum, or None.
        title: of the figure.

    Raises:
        ValueError: if there is no signal.
    """
    if not energies:
        raise ValueError("no energy to draw: give a dict of name -> (edges, share)")
    figure, top, bottom = _above_spectrum(density)
    for number, (name, (edges, share)) in enumerate(energies.items()):
        colour, dashes = COLOURS[number % 6], "--" if number % 2 else "-"
        top.plot(edges, _below(share), dashes, color=colour, label=name)
    if density is not None:
        top.plot(density[0], _below(density[1]), color="black", lw=0.8, label="eigenvalues")
    top.set(ylabel="energy below $\\lambda$ [%]", ylim=(0, 102))
    add_title(top, title)
    top.legend(fontsize=SMALL, frameon=False)
    bottom.set(xlim=(0, 2), xlabel=FREQUENCY)
    return figure


def homophily(
    edges: Float[np.ndarray, " edges"],
    share: Float[np.ndarray, " bins"],
    density: Binned | None = None,
    title: str = "",
) -> Figure:
    """What each frequency adds to the edge homophily; the bars sum to it.

    Args:
        edges: [n + 1] edges of the bins.
        share: [n] the part of the edge homophily in each bin, negative above lambda = 1.
        density: (edges, share) of the graph's spectrum, or None.
        title: of the figure.
    """
    figure, top, bottom = _above_spectrum(density)
    for sign, colour, name in ((1, COLOURS[0], "adds"), (-1, COLOURS[1], "takes away")):
        part = np.where(np.sign(share) == sign, share, 0)
        label = f"{name} {100 * part.sum():+.1f} %"
        top.stairs(100 * part, edges, fill=True, color=colour, label=label)
    top.axhline(0, color="black", lw=0.6)
    top.set(ylabel="homophily per bin [%]")
    add_title(top, title or f"edge homophily {100 * share.sum():.1f} %")
    top.legend(fontsize=SMALL, frameon=False)
    bottom.set(xlim=(0, 2), xlabel=FREQUENCY)
    return figure


def _above_spectrum(density: Binned | None) -> tuple[Figure, Axes, Axes]:
    """A figure, its main axes, and the lowest ones: below them, with the spectrum, or the same."""
    figure = new_figure(4.6 if density is not None else 3.6)
    if density is None:
        axes = figure.subplots()
        return figure, axes, axes
    top, bottom = figure.subplots(2, sharex=True, height_ratios=(3, 1))
    _spectrum(bottom, density)
    return figure, top, bottom


def _spectrum(axes: Axes, density: Binned) -> None:
    """The density as a grey background below another drawing."""
    edges, share = density
    axes.stairs(100 * share, edges, fill=True, color="#999999")
    log_if_peaked(axes, share)
    axes.set_ylabel("eigenvalues\nper bin [%]")


def _below(share: np.ndarray) -> np.ndarray:
    return 100 * np.concatenate([[0], np.cumsum(share)])
