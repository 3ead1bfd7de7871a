"""Curves of learned filters, for few classes in one panel, for more in small panels."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Real
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from longnn.analysis.kinds import filter_kind
from longnn.plot._density import Binned, occupied
from longnn.plot.style import COLOURS, FREQUENCY, SMALL, add_caption, add_title, new_figure

TOGETHER, MULTIPLES = 6, 24
"""The numbers of channels up to which they share one panel, and up to which each has its own."""

_CUT = "curves and bands are cut off where the graph has no eigenvalue"
_ACROSS = 3


def response_curves(
    lam: Real[np.ndarray, " G"],
    values: Real[np.ndarray, "B G C"],
    density: Binned | None = None,
    title: str = "",
    channel: str = "class",
) -> Figure:
    """Learned filter g(lambda), median and quartiles over runs, above the spectrum of the graph.

    Of more than six channels each has a small panel, with the others in grey. Of more than 24, the
    median over runs of each is a thin line, and the median over channels, with their quartiles, a
    thick one. A caption says what kind of filter each median is (``longnn.analysis.filter_kind``).

    The vertical range is that of the quartiles where the graph has eigenvalues: elsewhere the
    polynomial is free, and often large. Where that cuts the quartiles, a caption says so.

    Args:
        lam: [G] eigenvalues of L, ascending in [0, 2].
        values: [B, G, C] filter of each run and channel.
        density: (edges [n + 1], share [n]) of the graph's spectrum, or None.
        title: of the figure.
        channel: what a channel is called in the legend.
    """
    runs, _, channels = values.shape
    names = [f"{channel} {c}" for c in range(channels)] if channels > 1 else [f"every {channel}"]
    inside = occupied(lam, density)
    kinds = [filter_kind(np.median(values, axis=0)[inside, c]) for c in range(channels)]
    several = f"median and quartiles over {runs} runs" if runs > 1 else ""
    small = TOGETHER < channels <= MULTIPLES
    figure, panels, bottom = _panels(channels if small else 1, density)
    if channels > MULTIPLES:
        values = np.median(values, axis=0).T[:, :, None]  # channels as if they were runs
        panels[0].plot(lam, values[:, :, 0].T, color="#bbbbbb", lw=0.5)
        names = [f"median of {channels} {channel}{'es' if channel.endswith('s') else 's'}"]
    low, middle, high = np.percentile(values, [25, 50, 75], axis=0)
    for c, name in enumerate(names):
        axes = panels[c if small else 0]
        if small:
            axes.plot(lam, middle, color="#cccccc", lw=0.5)
            axes.set_title(f"{name}: {kinds[c]}", fontsize=SMALL)
        _draw(axes, lam, [part[:, c] for part in (low, middle, high)], c, name)
    cut = _limit(panels, low, high, inside)
    if not small:
        above = (0.5, 1.0)
        panels[0].legend(
            loc="lower center", bbox_to_anchor=above, ncols=3, fontsize=SMALL, frameon=False
        )
    add_title(figure, title or several)
    panels[0].set_xlim(0, 2)
    bottom.set_xlim(0, 2)
    said = [] if small else [_words(names, kinds)]
    if small and density is None:
        said = [FREQUENCY]
    else:
        bottom.set_xlabel(FREQUENCY)
    add_caption(figure, "\n".join([*said, _CUT] if cut else said))
    return figure


def _panels(count: int, density: Binned | None) -> tuple[Figure, list[Axes], Axes]:
    """A figure with so many panels, and the lowest axes, with the spectrum if there is one."""
    rows = -(-count // _ACROSS) if count > 1 else 1
    across = _ACROSS if count > 1 else 1
    height = 1.2 + (1.15 * rows if count > 1 else 2.4)
    figure = new_figure(height + (1.2 if density is not None else 0))
    grid = figure.add_gridspec(rows + 1, across, height_ratios=[3.0 / across] * rows + [1.0])
    if density is None:
        grid = figure.add_gridspec(rows, across)
    first = figure.add_subplot(grid[0, 0])
    places = [divmod(number, across) for number in range(1, count)]
    share = {"sharex": first, "sharey": first}
    panels = [first, *(figure.add_subplot(grid[place], **share) for place in places)]
    for number, axes in enumerate(panels):
        axes.tick_params(labelleft=number % across == 0, labelbottom=number + across >= count)
        if number % across == 0:
            axes.set_ylabel("response g($\\lambda$)" if count == 1 else "g($\\lambda$)")
    if density is None:
        return figure, panels, panels[0]
    bottom = figure.add_subplot(grid[-1, :], **({"sharex": first} if count == 1 else {}))
    edges, amount = density
    bottom.stairs(100 * amount, edges, fill=True, color="#999999")
    bottom.set_ylabel("eigenvalues\nper bin [%]")
    return figure, panels, bottom


def _draw(
    axes: Axes, lam: np.ndarray, parts: list[Float[np.ndarray, " G"]], number: int, name: str
) -> None:
    """The median and the quartiles of one channel."""
    low, middle, high = parts
    colour, dashes = COLOURS[number % len(COLOURS)], "--" if number % 2 else "-"
    axes.plot(lam, middle, dashes, color=colour, label=name)
    axes.fill_between(lam, low, high, color=colour, alpha=0.2, lw=0)


def _limit(
    panels: list[Axes], low: np.ndarray, high: np.ndarray, inside: Bool[np.ndarray, " G"]
) -> bool:
    """Draws zero and sets the vertical range; says whether that cuts anything."""
    bounds = np.min(low[inside], initial=0), np.max(high[inside], initial=0)
    margin = 0.05 * np.ptp(bounds)
    for axes in panels:
        axes.axhline(0, color="black", lw=0.6)
        axes.set_ylim(bounds[0] - margin, bounds[1] + margin)
    bottom, top = panels[0].get_ylim()
    return bool(low.min() < bottom or high.max() > top)


def _words(names: Sequence[str], kinds: Sequence[str]) -> str:
    """The kind of each filter, or how many there are of each kind."""
    if len(names) == len(kinds):
        if len(set(kinds)) == 1:
            return kinds[0]
        pairs = zip(names, kinds, strict=True)
        return ", ".join(f"{name}: {kind}".replace(" ", "\u00a0") for name, kind in pairs)
    return ", ".join(f"{count} {kind}" for kind, count in Counter(kinds).most_common())
