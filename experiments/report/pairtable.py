"""Pairs of runs as a table, and as numbers."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from longnn.analysis.comparison import holm
from longnn.runs.result import Result

from .compare import Pair
from .compared import Compared
from .labels import label
from .tables import Table

HEADER = (
    *("dataset", "split", "first", "second", "second minus first", "standard error"),
    *("corrected", "p, paired t", "p, corrected", "p, Holm", "p, Wilcoxon", "n"),
)

_NOTE = (
    "Seeds are averaged within each split first; n is the number of splits. Training parts of "
    "different splits overlap, so that the plain interval and p are smaller than they should be: "
    "those called corrected are Nadeau and Bengio's. Holm adjusts the corrected p to all pairs of "
    "a dataset."
)
_CHOSEN = "best of k: of k runs with different settings, the best on validation."
_UNKNOWN = (
    "Where no corrected numbers stand, the run directories lack the sizes of training and test "
    "parts (predictions.npz), or the differences of all splits are equal."
)


def model_of(run: Result) -> str:
    """What a run is called in a pair of models."""
    return run.model


def paired(
    found: Sequence[Pair], title: str, named: Callable[[Result], str] = model_of
) -> Compared:
    """A row for each pair, with Holm's adjustment over the pairs of each benchmark.

    Args:
        found: the pairs.
        title: of the table.
        named: what a run is called in it.
    """
    if not found:
        return Compared()
    adjusted = _adjusted(found)
    notes = [_NOTE]
    if any(max(pair.candidates) > 1 for pair in found):
        notes.append(_CHOSEN)
    if any(pair.difference.corrected_p is None for pair in found):
        notes.append(_UNKNOWN)
    about = "difference of test scores in percent, +- 95 % interval (Student's t); two-sided p"
    rows = [_row(pair, p, named) for pair, p in zip(found, adjusted, strict=True)]
    records = [_record(pair, p, named) for pair, p in zip(found, adjusted, strict=True)]
    return Compared(tables=[Table(title, about, HEADER, rows, notes)], records=records)


def _adjusted(found: Sequence[Pair]) -> list[float | None]:
    """Holm's p of each pair, among those of its benchmark."""
    p = np.array([pair.difference.corrected_p for pair in found], dtype=float)  # None: NaN
    result = np.full(len(found), np.nan)
    for benchmark in {pair.benchmark for pair in found}:
        of_it = np.array([pair.benchmark == benchmark for pair in found])
        result[of_it] = holm(p[of_it])
    return [None if np.isnan(one) else float(one) for one in result]


def _row(pair: Pair, holm_p: float | None, named: Callable[[Result], str]) -> tuple[str, ...]:
    found = pair.difference
    half = "" if found.ci95 is None else f" +- {found.ci95:.2f}"
    first, second = (
        _score(mean, run, number, named)
        for mean, run, number in zip(
            (found.first, found.second), pair.runs, pair.candidates, strict=True
        )
    )
    return (
        pair.benchmark.dataset,
        pair.benchmark.splits,
        first,
        second,
        f"{found.mean:+.2f}{half}",
        "-" if found.standard_error is None else f"{found.standard_error:.2f}",
        "-" if found.corrected_ci95 is None else f"+- {found.corrected_ci95:.2f}",
        *map(shown_p, (found.t_p, found.corrected_p, holm_p, found.wilcoxon_p)),
        str(found.splits),
    )


def _score(mean: float, run: Result, candidates: int, named: Callable[[Result], str]) -> str:
    of = f", best of {candidates}" if candidates > 1 else ""
    return f"{named(run)} {mean:.2f} ({label(run)}{of})"


def shown_p(value: float | None) -> str:
    """A p value as tables show it."""
    if value is None:
        return "-"
    return "below 0.0001" if value < 1e-4 else f"{value:.4f}"


def _record(pair: Pair, holm_p: float | None, named: Callable[[Result], str]) -> dict[str, Any]:
    a, b = pair.runs
    return {
        "dataset": pair.benchmark.dataset,
        "protocol": pair.benchmark.protocol,
        "split_hash": pair.benchmark.split_hash,
        "metric": pair.benchmark.metric,
        "first": named(a),
        "second": named(b),
        "first_run": label(a),
        "second_run": label(b),
        **{f"{name}_mean": getattr(pair.difference, name) for name in ("first", "second")},
        "difference": pair.difference.mean,
        **{
            name: getattr(pair.difference, name)
            for name in ("standard_error", "ci95", "corrected_ci95", "t_p", "corrected_p")
        },
        "holm_p": holm_p,
        "wilcoxon_p": pair.difference.wilcoxon_p,
        "splits": pair.difference.splits,
    }
