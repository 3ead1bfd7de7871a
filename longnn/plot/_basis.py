"""The functions of a basis with their weight, and how well a graph tells them apart."""

import numpy as np
from jaxtyping import Float, Real
from matplotlib.figure import Figure

from longnn.plot.style import COLOURS, FREQUENCY, SMALL, add_title, new_figure


def basis(
    lam: Real[np.ndarray, " G"],
    values: Float[np.ndarray, "terms G"],
    weight: Float[np.ndarray, " G"] | None = None,
    title: str = "",
) -> Figure:
    """p_k(lambda), and with a weight p_k sqrt(w) below: the latter are orthonormal without one.

    Args:
        lam: [G] ascending in [0, 2].
        values: [K+1, G] of the polynomials.
        weight: [G] >= 0 at lambda, or None; it may be infinite at the ends.
        title: of the figure.
    """
    figure = new_figure(3.6 if weight is None else 6.0)
    panels = [figure.subplots()] if weight is None else list(figure.subplots(2, sharex=True))
    drawn = [(values, "$p_k(\\lambda)$")]
    if weight is not None:
        inside = np.isfinite(weight)
        root = np.sqrt(np.where(inside, weight, 0))
        drawn.append((np.where(inside, values * root, np.nan), "$p_k\\,\\sqrt{w}$"))
        panels[1].plot(lam, np.where(inside, root, np.nan), color="black", lw=2.2, alpha=0.35,
                       label="$\\sqrt{w}$")  # fmt: skip
    for axes, (lines, name) in zip(panels, drawn, strict=True):
        for k, line in enumerate(lines):
            dashes = ("-", "--", ":")[k // len(COLOURS) % 3]
            axes.plot(lam, line, dashes, color=COLOURS[k % len(COLOURS)], label=f"k = {k}")
        low, high = _bounds(lines)
        axes.set(ylabel=name, ylim=(low, high))
        axes.axhline(0, color="black", lw=0.6)
    add_title(panels[0], title)
    panels[-1].set(xlim=(0, 2), xlabel=FREQUENCY)
    handles, labels = panels[-1].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=4, fontsize=SMALL, frameon=False
    )
    return figure


def conditioning(
    numbers: dict[str, Float[np.ndarray, " _"]],
    measure: str = "spectral density",
    title: str = "",
) -> Figure:
    """Condition number of the Gram matrix of p_0 .. p_K over K, for several bases.

    A line ends where the graph has too few eigenvalues (infinite numbers).

    Args:
        numbers: name of a basis -> [K+1], as ``longnn.analysis.condition_numbers`` returns it.
        measure: what the Gram matrix is taken under, in words.
        title: of the figure.

    Raises:
        ValueError: if there is no basis.
    """
    if not numbers:
        raise ValueError("nothing to draw: give a dict of basis -> condition numbers")
    figure = new_figure(3.8)
    axes = figure.subplots()
    markers = "os^Dvxp*"
    for number, (name, values) in enumerate(numbers.items()):
        shown = np.where(np.isfinite(values), values, np.nan)
        colour, marker = COLOURS[number % len(COLOURS)], markers[number % len(markers)]
        orders = np.arange(len(values))
        axes.plot(orders, shown, label=name, color=colour, marker=marker, ms=4, lw=1.2)
    axes.set(xlabel="order K", yscale="log", ylabel=f"condition number\nunder the {measure}")
    add_title(axes, title)
    axes.locator_params(axis="x", integer=True)
    axes.legend(fontsize=SMALL, frameon=False)
    return figure


def _bounds(lines: np.ndarray) -> tuple[float, float]:
    """A range that the ends of the interval, where bases grow steeply, do not decide alone."""
    inner = lines[:, len(lines[0]) // 20 : -(len(lines[0]) // 20) or None]
    low, high = np.nanmin(inner), np.nanmax(inner)
    margin = 0.08 * max(high - low, 1e-12)
    return low - margin, high + margin
