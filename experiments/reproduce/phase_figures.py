"""The phase diagram as a figure: what each variant gains, where."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from . import phase_design as design
from .phase_design import CONTRASTS
from .phase_records import Entry
from .phase_tests import Found, results

REACH = 5.0
"""Points of accuracy at which colours end."""


def diagram(entries: Sequence[Entry]) -> Figure:
    """A panel for each number of training nodes: where the energy sits down, contrasts across.

    Args:
        entries: the records, one at least.
    """
    found = results(entries)
    figure = Figure(figsize=(9.6, 9.0), layout="constrained")
    axes = figure.subplots(len(design.TRAIN), 1, sharex=True)
    for one, train in zip(axes, design.TRAIN, strict=True):
        image = _panel(one, [f for f in found if f.region.train == train])
        one.set_title(f"{100 * train:.0f} % of the nodes train")
    axes[-1].set_xticks(
        range(len(CONTRASTS)),
        [f"{c.first}\nminus\n{c.second}" for c in CONTRASTS],
        rotation=45,
        ha="right",
        fontsize="small",
    )
    bar = figure.colorbar(image, ax=axes, shrink=0.5)
    bar.set_label("difference of test accuracy [points]")
    return figure


def _panel(axes: Axes, found: Sequence[Found]) -> AxesImage:
    rows = list(dict.fromkeys((f.region.family, f.region.level) for f in found))
    values = np.full((len(rows), len(CONTRASTS)), np.nan)
    for one in found:
        row = rows.index((one.region.family, one.region.level))
        column = CONTRASTS.index(one.contrast)
        if one.test is not None:
            values[row, column] = one.test.mean
            words = f"{one.test.mean:+.1f}\n{one.verdict}"
            axes.text(column, row, words, ha="center", va="center", fontsize="x-small")
    image = axes.imshow(values, cmap="PuOr", vmin=-REACH, vmax=REACH, aspect="auto")
    axes.set_yticks(range(len(rows)), [name_of(*row) for row in rows])
    return image


def name_of(family: str, level: str) -> str:
    """What a level is called."""
    return f"{level} band" if family == "bands" else f"cSBM, phi = {level}"
