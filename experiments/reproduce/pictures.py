"""Draws the figures of docs/results from records alone."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from longnn.models import NAMES
from longnn.plot import COLOURS
from longnn.training.intervals import statistics

from ..report.differences import by_split
from ..report.plot_scores import Scores, scores
from . import trials
from .ablation import PARTS, change, changes, neighbours
from .directed import SYMMETRIC, chosen, operator_of
from .records import Record
from .scores import Measured, measured, place
from .targets import PAIR


def page_figures(name: str, records: Sequence[Record], folder: Path) -> dict[str, Figure]:
    """The figures of a page by file name; there are none without records.

    Args:
        name: of the page.
        records: of its runs.
        folder: docs/results, with the scores of others.
    """
    if name == "family":  # the few runs on other datasets are in the tables
        records = [r for r in records if r.result.dataset in PAIR]
    if name == "directed":  # of the charges the chosen ones; all are in the tables
        records = chosen(records)
    if not records:
        return {}
    if name == "ablation":
        return {"ablation.png": effect_sizes(records)}
    reference = measured(folder) if name in ("published", "searched") else {}
    metrics = " or ".join(sorted({r.result.metric for r in records}))
    drawn = {f"{name}.png": scores(panels(records, reference), metrics, "")}
    searches = trials.read(folder / "records" / "trials.jsonl") if name == "searched" else []
    return drawn | ({"trials.png": trials.clouds(searches)} if searches else {})


def panels(records: Iterable[Record], reference: Measured) -> dict[str, dict[str, Scores]]:
    """dataset -> who -> scores by split, ours and those measured on the same splits."""
    found: dict[str, dict[str, Scores]] = {}
    for record in sorted(records, key=lambda r: place(r.result.dataset)):
        points = by_split(record.result.per_run)
        of_dataset = found.setdefault(record.result.dataset, {})
        test = record.result.test
        of_dataset[_name_of(record)] = Scores(np.array(list(points.values())), test.mean, test.ci95)
    for model, datasets in reference.items():
        for dataset in set(datasets) & set(found):
            values = np.array(list(datasets[dataset].values()))
            summary = statistics(values)
            found[dataset][f"{model}, reference"] = Scores(values, summary.mean, summary.ci95)
    return found


def _name_of(record: Record) -> str:
    operator = operator_of(record)
    added = [", searched"] * record.searched + [f", {operator}"] * (operator != SYMMETRIC)
    return "".join([NAMES[record.result.model], *added])


def effect_sizes(records: Sequence[Record]) -> Figure:
    """Change of test accuracy by each part alone, with its 95 % interval, for each dataset: in
    LON-GNN, and as the mean over all combinations of the other parts."""
    alone = list(changes(PARTS))
    figure = Figure(figsize=(9.6, 1.4 + 0.6 * len(alone)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    _effects(left, "all else as in LON-GNN", neighbours(records))
    _effects(right, "in every combination, mean", records)
    left.set_yticks(range(len(alone)), [f"{p}: {new}\nnot {old}" for p, old, new in alone])
    left.set_ylim(len(alone) - 0.5, -0.5)
    left.legend(frameon=False, fontsize="small")
    figure.supxlabel("change of test accuracy [points], 95 % interval over ten splits", size=10)
    return figure


def _effects(axes: Axes, title: str, records: Sequence[Record]) -> None:
    datasets = sorted({r.result.dataset for r in records}, key=place)
    for number, dataset in enumerate(datasets):
        shift = 0.16 * (number - (len(datasets) - 1) / 2)
        colour = COLOURS[number % len(COLOURS)]
        for row, (part, base, other) in enumerate(changes(PARTS)):
            values = change(records, dataset, part, base, other)
            if values is not None:
                summary = statistics(values)
                label = dataset if row == 0 else None
                axes.errorbar(summary.mean, row + shift, xerr=summary.ci95, fmt="o",
                              color=colour, ms=4, capsize=2, label=label)  # fmt: skip
    axes.set_title(title)
    axes.axvline(0, color="black", lw=0.6)
    axes.grid(axis="x", color="#dddddd", lw=0.6)
    axes.set_axisbelow(True)
