"""The published code run again: with our random numbers, and with others than the reference's."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from longnn.models import NAMES
from longnn.runs.result import TrainedModel

from ..report.differences import Difference, by_split, on_shared_splits
from ..report.markdown import markdown_table
from ..report.tables import Table
from .records import Record
from .scores import Measured, place

FILE = "again.json"
"""In docs/results: what was measured, and how, under "source",
"followed", "runs" (of the published code) and "more" (runs of ours)."""

FOUND = (
    "Given the same random numbers both are one computation: rows of features and their "
    "normalisation, recurrence and decomposition, the start of the coefficients, places and scale "
    "of the dropouts, Adam with its groups and decays, evaluation and the selection of the epoch. "
    "None of these makes the common sign of the nine differences, so the description lacks no "
    "setting. Nor do the random numbers differ in kind: the linear layer starts uniform in the "
    "same interval, and the masks of the runs above look independent (96 statistics of those on "
    "Cora, Citeseer, Chameleon and Actor: rates, counts of epochs, entries and rows, products of "
    "neighbours in time and place; none lies beyond 2.3 standard deviations). What is left is "
    "their draw, of which the reference has one for each split, and the table above three of "
    "ours: seven further seeds leave nothing of the difference on Cora (second table). The other "
    "datasets were not run again.\n\n"
    "One dataset differs, in its labels: the published loader takes Citeseer's 15 nodes without a "
    "label as class 0, all of them in the training part. Here they are in no part, as in the "
    "comparison with the same random numbers."
)


def run_again(folder: Path, records: Iterable[Record], reference: Measured) -> list[str]:
    """What the published code of JacobiConv gives when it is run again, as Markdown.

    Args:
        folder: docs/results.
        records: of JacobiConv, at most one for each dataset.
        reference: see :func:`~longnn.experiments.reproduce.scores.measured`.
    """
    found: dict[str, Any] = json.loads((folder / FILE).read_text())
    known = reference.get(NAMES["jacobiconv"], {})
    more = {name: [TrainedModel(**run) for run in runs] for name, runs in found["more"].items()}
    ours = {
        name: [*r.result.per_run, *more.get(name, ())]
        for r in records
        for name in [r.result.dataset]
    }
    return [
        "## Whether JacobiConv's code differs from ours",
        f"{found['source']}. The numbers are in [{FILE}]({FILE}).",
        markdown_table(followed(found["followed"])),
        markdown_table(with_others(found["runs"], ours, known)),
        FOUND,
    ]


def followed(runs: Iterable[Mapping[str, Any]]) -> Table:
    """How far the published code stays with a run of ours whose random numbers it is given.

    Args:
        runs: of each the dataset, the epochs, the greatest relative difference of the training
            losses, the number of epochs whose validation scores differ, and the test scores in
            percent at the selected epoch, theirs and ours.
    """
    rows: list[tuple[str, ...]] = [
        (
            run["dataset"],
            str(run["epochs"]),
            f"{run['loss']:.0e}",
            str(run["val_differs"]),
            *(f"{score:.2f}" for score in run["test"]),
        )
        for run in sorted(runs, key=lambda run: place(run["dataset"]))
    ]
    about = (
        "split 0, seed 0 of ours; the published code is given its initial weights and its dropout "
        "masks of every epoch; loss: the greatest relative difference of the training losses; "
        "validation: the epochs at which the validation scores differ; test: at the epoch "
        "selected among these, in percent; coauthor_physics has Cora's values and a split of "
        "longnn.data.splits.per_class"
    )
    header = ("dataset", "epochs", "loss", "validation", "test, published code", "test, ours")
    return Table("The same random numbers", about, header, rows)


def with_others(
    runs: Mapping[str, Iterable[Mapping[str, Any]]],
    ours: Mapping[str, Sequence[TrainedModel]],
    reference: Mapping[str, Mapping[int, float]],
) -> Table:
    """Runs of the published code with other seeds, beside its reference run and beside ours.

    Args:
        runs: dataset -> runs of the published code, as those of ours are recorded.
        ours: dataset -> runs of ours.
        reference: dataset -> split -> the test score of the reference.
    """
    rows: list[tuple[str, ...]] = []
    for name in sorted(runs, key=place):
        theirs = [TrainedModel(**run) for run in runs[name]]
        scores = by_split(theirs)
        above = on_shared_splits(reference[name], scores)
        mine = by_split(ours[name])
        lead, gap = (on_shared_splits(known, mine) for known in (scores, reference[name]))
        first = (str(len(theirs)), f"{above.second:.2f}", _with_error(above))
        second = (str(len(ours[name])), f"{lead.second:.2f}", *map(_with_error, (lead, gap)))
        rows.append((name, *first, *second))
    about = (
        "the published code on the ten splits, with seeds that say nothing of the split; averaged "
        "within the split before a difference is taken, in percent; in brackets its standard "
        "error; ours with the seeds above and with 3 to 9"
    )
    header = ("dataset", "n", "published code", "minus its reference run", "n of ours", "ours",
              "minus the published code", "minus the reference run")  # fmt: skip
    return Table("Other random numbers", about, header, rows)


def _with_error(found: Difference) -> str:
    return f"{found.mean:+.2f} ({found.standard_error or 0.0:.2f})"
