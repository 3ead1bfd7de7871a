"""What a search could see: the trials' validation scores beside their test scores.

Looked at when the searches had ended and their outcomes were reported; nothing is chosen by it.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypedDict

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from longnn.models import NAMES
from longnn.plot import COLOURS
from longnn.runs.atomic import atomic_write

from ..report.runs import collect
from ..report.tables import Table
from ..sweep.outcome import search_outcome
from .scores import place

TOP = 10
"""Trials that count as the best by validation."""


class SearchScores(TypedDict):
    """The scores of the trials of a search that ended: the chosen one first, then by validation.

    Attributes:
        dataset: name of the dataset.
        model: name of the model's config.
        splits: how many splits chose.
        validation: mean validation score of each trial, in percent.
        test: mean test score of each trial, in percent.
    """

    dataset: str
    model: str
    splits: int
    validation: list[float]
    test: list[float]


def trials_of(directory: Path) -> SearchScores:
    """The trials of a finished search, from its directory; those that were pruned have no result.

    Finals are no trials; the chosen one is that whose final was the best.

    Raises:
        FileNotFoundError: if no search has finished there.
        ValueError: if several have.
    """
    found = search_outcome(directory)
    chosen = found.finals.get(found.directory, found.directory)
    order = lambda run: (run.directory.name != chosen, -run.validation, run.settings)  # noqa: E731
    trials = [r for r in collect([directory]).runs if r.directory.name not in found.finals]
    runs = sorted(trials, key=order)
    return {
        "dataset": runs[0].dataset,
        "model": runs[0].model,
        "splits": runs[0].val.n,
        "validation": [round(run.val.mean, 3) for run in runs],
        "test": [round(run.test.mean, 3) for run in runs],
    }


def read(file: Path) -> list[SearchScores]:
    """The trials of all searches; none where there is no file yet."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def add(file: Path, new: Iterable[SearchScores]) -> None:
    """Adds searches to a file, in place of those of the same dataset and model."""
    found = {(t["model"], t["dataset"]): t for t in [*read(file), *new]}
    with atomic_write(file) as path:
        path.write_text("".join(json.dumps(found[key]) + "\n" for key in sorted(found)))


def searches_table(searches: Sequence[SearchScores]) -> Table:
    """A row for each search: what its validation scores say of the test scores."""
    rows: list[tuple[str, ...]] = []
    for search in sorted(
        searches, key=lambda t: (list(NAMES).index(t["model"]), place(t["dataset"]))
    ):
        validation, test = np.array(search["validation"]), np.array(search["test"])
        half = (len(test) + 1) // 2
        rows.append(
            (
                NAMES[search["model"]],
                search["dataset"],
                str(len(test)),
                f"{validation[0]:.2f}",
                f"{test[0]:.2f}",
                f"{test[:TOP].mean():.2f}",
                f"{test.max():.2f}",
                _correlation(validation, test),
                _correlation(validation[:half], test[:half]),
            )
        )
    header = ("model", "dataset", "trials", "best validation", "its test", f"the {TOP} best's",
              "highest test", "correlation", "in the better half")  # fmt: skip
    about = (
        "trials that ended, on the splits of the search, in percent; correlation is Spearman's of "
        "validation and test score over the trials, and over those in the better half by validation"
    )
    return Table("What the searches could see", about, header, rows)


def clouds(searches: Sequence[SearchScores]) -> Figure:
    """A panel for each search: test over validation score of its trials, the chosen one marked."""
    across = min(len(searches), 3)
    down = -(-len(searches) // across)
    figure = Figure(figsize=(2.6 * across, 0.4 + 2.3 * down), layout="constrained")
    grid = list(figure.subplots(down, across, squeeze=False).flat)
    for axes, search in zip(grid, sorted(searches, key=lambda t: place(t["dataset"]))):
        validation, test = search["validation"], search["test"]
        axes.plot(validation, test, "o", ms=3, alpha=0.4, mew=0, color=COLOURS[0], label="trial")
        axes.plot(validation[0], test[0], "*", ms=11, color=COLOURS[1], label="chosen")
        # the better ones; those that failed would squeeze them into a corner
        axes.set_xlim(np.quantile(validation, 0.25), max(validation) + 0.5)
        kept = np.array(test)[np.array(validation) >= np.quantile(validation, 0.25)]
        axes.set_ylim(np.quantile(kept, 0.05) - 1, kept.max() + 1)
        axes.set_title(search["dataset"], fontsize="medium")
        axes.grid(color="#dddddd", lw=0.6)
        axes.set_axisbelow(True)
    for axes in grid[len(searches) :]:
        axes.remove()
    handles, labels = grid[0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, ncols=2, loc="outside upper center")
    figure.supxlabel("validation score in the search [%]", fontsize="medium")
    figure.supylabel("test score, same splits [%]", fontsize="medium")
    return figure


def _correlation(a: np.ndarray, b: np.ndarray) -> str:
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return "-"
    return f"{spearmanr(a, b).statistic:+.2f}"
