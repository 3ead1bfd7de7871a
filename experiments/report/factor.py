"""Does a setting help? Runs that differ in that setting alone, paired by split."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from longnn.runs.result import Result
from longnn.training.intervals import statistics

from ..config.spelling import name_problem
from .compare import ComparisonError, Pair, pair_of
from .compared import Compared
from .differences import signed_rank
from .labels import label
from .pairtable import paired, shown_p
from .runs import Benchmark
from .settings import flat
from .tables import Table

Change = tuple[str, str, str]
"""A model, and the first and the second value of the setting as text."""


class Found(NamedTuple):
    """Runs that a setting tells apart.

    Attributes:
        pairs: of each change the runs that are equal otherwise, the first value first.
        alone: runs that have the setting and no partner.
        without: runs that lack the setting.
    """

    pairs: dict[Change, list[Pair]]
    alone: list[Result]
    without: list[Result]


def effect_of(grouped: Mapping[Benchmark, list[Result]], key: str) -> Compared:
    """The difference that a setting makes on each dataset, and pooled over the datasets.

    Runs are paired if they share data, splits, model, seeds and every other setting. Of more than
    two values each is compared with the first: false, the smallest number, or the first word.

    Args:
        grouped: runs by benchmark.
        key: dotted path of a setting, such as `model.learnable`.

    Raises:
        ComparisonError: if no run has the setting, or no two runs differ in it alone.
    """
    found = pairs_by(grouped, key)
    if not found.pairs:
        raise ComparisonError(_nothing(grouped, key, found))
    result = Compared()
    for (model, first, second), pairs in found.pairs.items():
        title = f"{model}: {key} = {second} minus {key} = {first}, paired by split"
        result += paired(pairs, title, lambda run: f"{key}={_text(flat(run)[key])}")
        result += _pooled(pairs, f"{model}: {key} = {second} minus {first}, pooled over datasets")
    return result + Compared(list(_left(found, key)))


def pairs_by(grouped: Mapping[Benchmark, list[Result]], key: str) -> Found:
    """All runs that differ in a setting alone, each value paired with the first one.

    Args:
        grouped: runs by benchmark.
        key: dotted path of the setting.
    """
    pairs: dict[Change, list[Pair]] = defaultdict(list)
    alone: list[Result] = []
    without: list[Result] = []
    for benchmark, runs in grouped.items():
        having = [run for run in runs if key in flat(run)]
        without += [run for run in runs if key not in flat(run)]
        for same in _equal_otherwise(having, key):
            first, *others = same
            alone += [] if others else [first]
            for other in others:
                change = first.model, _text(flat(first)[key]), _text(flat(other)[key])
                pairs[change].append(pair_of(benchmark, [first], [other]))
    by_model = sorted(pairs.items(), key=lambda item: item[0][0])
    return Found(dict(by_model), alone, without)


def _equal_otherwise(runs: list[Result], key: str) -> Iterator[list[Result]]:
    """Groups of runs that only the setting tells apart, a run for each value, ordered by value."""
    groups: dict[str, dict[str, Result]] = defaultdict(dict)
    for run in runs:
        settings = flat(run)
        value = _text(settings.pop(key))
        told = json.dumps([run.model, settings], sort_keys=True, default=str)
        groups[told].setdefault(value, run)  # the same run twice counts once
    for group in groups.values():
        yield sorted(group.values(), key=lambda run: _order(flat(run)[key]))


def _order(value: Any) -> tuple[bool, float, str]:
    """Numbers in their order, false before true, then words."""
    number = isinstance(value, int | float)
    return not number, float(value) if number else 0.0, str(value)


def _text(value: Any) -> str:
    """A value as it is written on the command line."""
    return value if isinstance(value, str) else json.dumps(value)


def _pooled(pairs: list[Pair], title: str) -> Compared:
    """The mean of the datasets' differences; a sentence where there is one dataset."""
    by_dataset: dict[str, list[float]] = defaultdict(list)
    for pair in pairs:
        by_dataset[pair.benchmark.dataset].append(pair.difference.mean)
    differences = np.array([float(np.mean(found)) for found in by_dataset.values()])
    count = len(differences)
    if count == 1:
        return Compared([f"{title}: nothing to pool, all runs are on {next(iter(by_dataset))}."])
    found = statistics(differences)
    row = (
        str(count),
        f"{found.mean:+.2f} +- {found.ci95:.2f}",
        f"{np.count_nonzero(differences > 0)} / {np.count_nonzero(differences < 0)}",
        shown_p(signed_rank(differences)),
    )
    about = "mean over datasets of their differences in percent, +- 95 % interval (Student's t)"
    header = ("datasets", "difference", "higher / lower", "p, Wilcoxon")
    notes = [
        "Datasets are independent, so that this interval needs no correction; several pairs of one "
        "dataset are averaged first."
    ]
    return Compared(tables=[Table(title, about, header, [row], notes)])


def _left(found: Found, key: str) -> Iterator[str]:
    """Sentences about the runs that could not be paired."""
    if found.alone:
        yield (
            f"Not paired: {_names(found.alone)}. No other run differs from them in {key} alone; "
            "train one with the same dataset, splits, seeds and other settings."
        )
    if found.without:
        models = ", ".join(sorted({run.model for run in found.without}))
        yield f"Not paired: {len(found.without)} runs of {models}, which have no {key}."


def _names(runs: list[Result], most: int = 10) -> str:
    shown = ", ".join(f"{run.title} ({label(run)})" for run in runs[:most])
    return shown + (f" and {len(runs) - most} more" if len(runs) > most else "")


def _nothing(grouped: Mapping[Benchmark, list[Result]], key: str, found: Found) -> str:
    """Why a setting compares nothing."""
    runs = [run for group in grouped.values() for run in group]
    known = sorted({name for run in runs for name in flat(run)})
    problem = name_problem("setting", key, known)
    if problem is not None:
        return f"{problem} Name one as --cfg job shows it, such as model.learnable."
    values = sorted({_text(flat(run)[key]) for run in found.alone})
    if key.startswith(("dataset.", "split.")) and len(values) > 1:
        return (
            f"{key} changes the data or the splits, so that runs cannot be paired by split; "
            "compare them by their tables"
        )
    return (
        f"no two runs differ in {key} alone, so nothing is compared; it is {', '.join(values)} in "
        f"{len(found.alone)} runs; train the same settings with {key}={values[0]} and another value"
    )
