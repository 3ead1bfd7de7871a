"""Models ranked over several datasets, or two of them compared."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from longnn.analysis.ranks import Ranking, alike, ranking
from longnn.runs.result import Result

from .compared import Compared
from .differences import signed_rank
from .pairtable import shown_p
from .runs import Benchmark, by_model
from .tables import Table

FEWEST = 5
"""Fewer datasets than this say nothing about ranks: the smallest p of five signs is 0.06."""


class Scores(NamedTuple):
    """Test scores of the same models on several datasets.

    Attributes:
        models: names, sorted.
        datasets: those that every model was run on.
        lacking: model -> datasets that it was not run on.
        values: [N, k] mean test score in percent of each dataset and model.
        twice: datasets with runs of several splits or metrics, of which one counts.
    """

    models: list[str]
    datasets: list[str]
    lacking: dict[str, list[str]]
    values: np.ndarray
    twice: list[str]


def scores_of(grouped: Mapping[Benchmark, list[Result]]) -> Scores:
    """The score of each model, by its run best on validation, on each dataset that has them all.

    A dataset counts once: of several draws of splits the one with the most models.

    Args:
        grouped: runs by benchmark.
    """
    chosen: dict[str, dict[str, list[Result]]] = {}
    seen = [benchmark.dataset for benchmark in grouped]
    for benchmark, runs in grouped.items():
        found = by_model(runs)
        if len(found) > len(chosen.get(benchmark.dataset, {})):
            chosen[benchmark.dataset] = found
    models = sorted({model for found in chosen.values() for model in found})
    complete = [name for name, found in chosen.items() if len(found) == len(models)]
    lacking = {m: [name for name, found in chosen.items() if m not in found] for m in models}
    values = [[chosen[name][model][0].test.mean for model in models] for name in complete]
    return Scores(
        models,
        complete,
        {model: names for model, names in lacking.items() if names},
        np.round(np.array(values).reshape(-1, len(models)), 4),  # float32: ties stay ties
        [name for name in chosen if seen.count(name) > 1],
    )


def ranked(scores: Scores) -> Ranking | None:
    """The ranking of three models or more on enough datasets; None otherwise."""
    enough = len(scores.datasets) >= FEWEST and len(scores.models) > 2
    return ranking(scores.values) if enough else None


def over_datasets(grouped: Mapping[Benchmark, list[Result]]) -> Compared:
    """Ranks of the models, or of two models Wilcoxon's test, over all datasets that have them all.

    Args:
        grouped: runs by benchmark.
    """
    scores = scores_of(grouped)
    if len(scores.models) < 2:
        return Compared()
    if len(scores.datasets) < FEWEST:
        return Compared([_too_few(scores)])
    found = ranked(scores)
    table = _of_two(scores) if found is None else _of_several(scores, found)
    if scores.twice:
        table.notes.append(
            f"Of several draws of splits on {', '.join(scores.twice)} the one with the most models "
            "counts."
        )
    return Compared(tables=[table])


def _too_few(scores: Scores) -> str:
    lacking = "; ".join(f"{m} lacks {', '.join(names)}" for m, names in scores.lacking.items())
    return (
        f"Ranks over datasets need at least {FEWEST} datasets that all of "
        f"{', '.join(scores.models)} were run on; there are {len(scores.datasets)}"
        + (f" ({lacking})." if lacking else ".")
    )


def _of_two(scores: Scores) -> Table:
    first, second = scores.models
    differences = scores.values[:, 1] - scores.values[:, 0]
    row = (
        str(len(differences)),
        f"{differences.mean():+.2f}",
        f"{np.count_nonzero(differences > 0)} / {np.count_nonzero(differences < 0)}",
        shown_p(signed_rank(differences)),
    )
    return Table(
        f"{second} minus {first} over datasets",
        "mean difference of test scores in percent; two-sided p of Wilcoxon's signed-rank test",
        ("datasets", "mean difference", "higher / lower", "p, Wilcoxon"),
        [row],
        [f"Datasets: {', '.join(scores.datasets)}."],
    )


def _of_several(scores: Scores, found: Ranking) -> Table:
    order = np.argsort(found.average, kind="stable")
    rows: list[tuple[str, ...]] = [
        (
            scores.models[place],
            f"{found.average[place]:.2f}",
            str(np.count_nonzero(found.ranks[:, place] == found.ranks.min(axis=1))),
        )
        for place in order
    ]
    count, models = found.ranks.shape
    groups = [
        ", ".join(scores.models[place] for place in order[first : last + 1])
        for first, last in alike(found.average[order], found.critical)
    ]
    notes = [
        f"Friedman: chi^2 = {found.chi2:.2f} ({models - 1} degrees of freedom), "
        f"p {_is(found.chi2_p)}; Iman and Davenport: F = {found.f:.2f} ({models - 1} and "
        f"{(models - 1) * (count - 1)}), p {_is(found.f_p)}.",
        f"Nemenyi: ranks that differ by {found.critical:.2f} or more differ at level 0.05. "
        + (f"Models that do not differ: {'; '.join(groups)}." if groups else "All pairs differ."),
        f"Datasets: {', '.join(scores.datasets)}.",
    ]
    about = f"average rank over {count} datasets, 1 is the best (Demsar, JMLR 7 (2006) 1)"
    return Table("Ranks over datasets", about, ("model", "average rank", "best on"), rows, notes)


def _is(p: float) -> str:
    shown = shown_p(p)
    return shown if shown.startswith("below") else f"= {shown}"
