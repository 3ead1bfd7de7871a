"""Where a filter passes what the labels do not have."""

import numpy as np
from jaxtyping import Float, Real
from matplotlib.figure import Figure

from longnn.plot.style import COLOURS, FREQUENCY, SMALL, add_title, new_figure


def over_passing(
    lam: Real[np.ndarray, " G"],
    filters: dict[str, Real[np.ndarray, " G"]],
    edges: Float[np.ndarray, " edges"],
    passed: dict[str, Float[np.ndarray, " bins"]],
    missing: Float[np.ndarray, " bins"],
    title: str = "",
) -> Figure:
    """|g(lambda)| of several filters, and below, the over-passing summed up from lambda = 0.

    On top the background is grey where labels carry less energy per eigenvalue than on average,
    darkest where they carry none. Below, each line rises where a filter passes in vain, and ends
    at its over-passing, which the legend has in numbers.

    Args:
        lam: [G] ascending in [0, 2].
        filters: name -> [G] values g, for a fair look each over the root of its
            ``OverPassing.norm``.
        edges: [n + 1] edges of the bins.
        passed: name -> [n] share of the norm in each bin, ``OverPassing.passed`` of a channel.
        missing: [n] in [0, 1], ``OverPassing.missing``.
        title: of the figure.

    Raises:
        ValueError: if there is no filter, or the names differ.
    """
    if not filters or filters.keys() != passed.keys():
        raise ValueError(
            f"filters and passed need the same names, at least one, got {list(filters)} and "
            f"{list(passed)}"
        )
    figure = new_figure(5)
    top, bottom = figure.subplots(2, sharex=True, height_ratios=(3, 2))
    for number, (name, values) in enumerate(filters.items()):
        colour, dashes = COLOURS[number % len(COLOURS)], "--" if number % 2 else "-"
        top.plot(lam, np.abs(values), dashes, color=colour)
        below = 100 * np.concatenate([[0], np.cumsum(passed[name] * missing)])
        bottom.plot(edges, below, dashes, color=colour, label=f"{name}: {below[-1]:.1f} %")
    height = 1.05 * max(np.max(np.abs(values)) for values in filters.values())
    shade = {"cmap": "Greys", "vmin": 0, "vmax": 2, "zorder": 0, "rasterized": True}
    top.pcolormesh(edges, [0, height], missing[None], **shade)
    top.set(ylim=(0, height), ylabel="|g($\\lambda$)|")
    add_title(top, title)
    bottom.set(xlim=(0, 2), ylim=(0, None), xlabel=FREQUENCY)
    bottom.set_ylabel("passed in vain\nbelow $\\lambda$ [%]")
    bottom.legend(fontsize=SMALL, frameon=False, title="over-passing", title_fontsize=SMALL)
    return figure
