"""On which nodes what was trained errs: by their degree and by their neighbours' classes."""

import itertools
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from longnn.analysis.errors import ErrorRates, errors_by
from longnn.analysis.homophily import local_homophily
from longnn.graphs.device import on_host
from longnn.graphs.graph import Graph
from longnn.plot.style import COLOURS, add_caption, add_title, new_figure
from longnn.runs.outcomes import Outcomes, outcomes_of
from longnn.runs.saved import Run
from longnn.training.result import Fit

HOMOPHILY = np.linspace(0, 1, 6)
"""Edges of the bins of local homophily."""


def errors(trained: str | Path | Run | Fit | Outcomes, *, title: str = "") -> Figure:
    """The share of wrong predictions by number of neighbours, and by local homophily.

    A test node counts once, with the share of the runs testing it that err there. Bars are 95 %
    intervals (Wilson's) for that many independent nodes.

    Args:
        trained: a run directory, an opened one, what ``longnn.fit`` returned, or its test nodes.
        title: of the figure; by default what was trained.

    Raises:
        ValueError: if the models predict no classes, or are a fit without labels or graph.
        DataFileError: if a run's own data are missing.

    Example:
        >>> import longnn
        >>> data = longnn.data.csbm.generate(nodes=60, phi=-0.75)
        >>> splits = longnn.data.splits.stratified(data, count=2)
        >>> run = longnn.fit("longnn", data, splits, optim=longnn.Optim(max_epochs=5))
        >>> longnn.plot.errors(run).savefig("errors.png")  # doctest: +SKIP
    """
    found = trained if isinstance(trained, Outcomes) else outcomes_of(trained)
    panels = error_panels(found)
    rows = [len(rates.nodes) for rates, _ in panels.values()]
    figure = new_figure(2.4 + 0.24 * sum(rows))
    axes = figure.subplots(len(rows), height_ratios=rows, sharex=True, squeeze=False)[:, 0]
    for one, (name, (rates, names)) in zip(axes, panels.items(), strict=True):
        _draw(one, rates, names)
        one.set_ylabel(name)
        one.axvline(100 * np.nanmean(found.wrong_share()), color="black", lw=0.8, ls="--")
    axes[-1].set_xlabel("wrong predictions [%]")
    axes[-1].set_xlim(left=0)
    add_title(figure, title or f"Errors of {found.title}")
    add_caption(figure, "bars: 95 % intervals; dashed: all test nodes")
    return figure


def error_panels(found: Outcomes) -> dict[str, tuple[ErrorRates, list[str]]]:
    """By what errors are drawn -> their rates, and a name for each bin; empty bins are left out.

    Args:
        found: of B classifiers.

    Raises:
        ValueError: if there is no graph.
    """
    if found.graph is None:
        raise ValueError("this fit knows no graph; give what longnn.fit returned on a dataset")
    wrong = found.wrong_share()
    known = ~np.isnan(wrong)
    degree = neighbours(found.graph)[known]
    edges = doubling(int(degree.max()))
    panels = {"neighbours": (errors_by(degree, wrong[known], edges - 0.5), _whole(edges))}
    local = local_homophily(found.graph, found.labels)[known]
    if not np.isnan(local).all():
        names = [f"{100 * a:.0f} to {100 * b:.0f} %" for a, b in itertools.pairwise(HOMOPHILY)]
        rates = errors_by(local, wrong[known], HOMOPHILY)
        panels["neighbours of\nthe same class"] = rates, names
    return {name: _filled(*panel) for name, panel in panels.items()}


def neighbours(graph: Graph) -> Int[np.ndarray, " N"]:
    """[N] how many other nodes each node is joined to, whatever the weights."""
    senders, receivers = on_host(graph.senders), on_host(graph.receivers)
    return np.bincount(receivers[senders != receivers], minlength=graph.num_nodes)


def doubling(largest: int) -> Int[np.ndarray, " edges"]:
    """First numbers of the bins 0, 1, 2, 3 to 4, 5 to 8, ..., and the number after the last bin.

    Args:
        largest: the largest number that has to be in a bin, >= 0.

    Example:
        >>> doubling(7)
        array([0, 1, 2, 3, 5, 9])
    """
    powers = np.arange(max(int(largest) - 1, 0).bit_length() + 1)
    return np.concatenate([[0, 1], 2**powers + 1])


def _whole(edges: Int[np.ndarray, " edges"]) -> list[str]:
    pairs = zip(edges[:-1], edges[1:] - 1, strict=True)
    return [f"{low}" if low == high else f"{low} to {high}" for low, high in pairs]


def _filled(rates: ErrorRates, names: list[str]) -> tuple[ErrorRates, list[str]]:
    kept = rates.nodes > 0
    parts = [part[kept] for part in rates[1:]]
    return ErrorRates(rates.edges, *parts), [n for n, keep in zip(names, kept) if keep]


def _draw(axes: Axes, rates: ErrorRates, names: list[str]) -> None:
    """A row for each bin, the first on top."""
    place = np.arange(len(names))
    reach: Float[np.ndarray, "2 bins"] = np.maximum(
        [rates.rate - rates.low, rates.high - rates.rate], 0
    )
    axes.errorbar(
        100 * rates.rate, place, xerr=100 * reach, fmt="o", color=COLOURS[0], ms=5, capsize=3
    )
    counted = zip(names, rates.nodes, strict=True)
    axes.set_yticks(place, [f"{name}  (n = {count:,})" for name, count in counted])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(axis="x", lw=0.4, color="#dddddd")
