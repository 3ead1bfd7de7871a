"""Paired tests of two models, or of two settings, on the splits that both were run on."""

from collections.abc import Mapping
from typing import NamedTuple

from longnn.runs.result import Result

from .differences import Difference, by_split, difference
from .labels import label
from .runs import Benchmark, by_model
from .sizes import sizes_of

SHORTEST_PREFIX = 4
"""How many hex digits of a hash must be given at least."""


class ComparisonError(ValueError):
    """Two names do not stand for runs that can be paired."""


class Pair(NamedTuple):
    """Two runs of one benchmark and their difference.

    Attributes:
        benchmark: data, splits and metric of both.
        runs: the first and the second.
        candidates: how many runs each of them was chosen from.
        difference: the second minus the first.
    """

    benchmark: Benchmark
    runs: tuple[Result, Result]
    candidates: tuple[int, int]
    difference: Difference


def pairs(grouped: Mapping[Benchmark, list[Result]], first: str, second: str) -> list[Pair]:
    """Second minus first on every benchmark that has both; of several runs the best on validation.

    Args:
        grouped: runs by benchmark.
        first: a model, the beginning of a hash as tables show it or of an identity, or the name of
            a run directory.
        second: likewise.

    Raises:
        ComparisonError: if a name stands for nothing, or no splits are shared.
    """
    a, b = (_candidates(grouped, name) for name in (first, second))
    shared = [benchmark for benchmark in grouped if benchmark in a and benchmark in b]
    if not shared:
        raise ComparisonError(
            f"{first} and {second} share no splits, so nothing can be paired: {first} has "
            f"{_words(a)}; {second} has {_words(b)}. Train both on the same dataset and split."
        )
    found = [pair_of(each, a[each], b[each]) for each in shared]
    if any(pair.runs[0].directory == pair.runs[1].directory for pair in found):
        raise ComparisonError(f"{first} and {second} are the same run; name two different ones")
    return found


def pair_of(benchmark: Benchmark, a: list[Result], b: list[Result]) -> Pair:
    """The first of some runs and the first of others, paired by split.

    Args:
        benchmark: of all of them.
        a: the first run and those that it was chosen from.
        b: likewise of the second run.

    Raises:
        ComparisonError: if the two were not trained on the same splits.
    """
    first, second = (by_split(runs[0].per_run) for runs in (a, b))
    try:
        found = difference(first, second, sizes_of(a[0]) or sizes_of(b[0]))
    except ValueError as error:
        raise ComparisonError(f"{a[0].directory} and {b[0].directory}: {error}") from error
    return Pair(benchmark, (a[0], b[0]), (len(a), len(b)), found)


def _candidates(
    grouped: Mapping[Benchmark, list[Result]], name: str
) -> dict[Benchmark, list[Result]]:
    """Benchmark -> runs that the name stands for, the best on validation first."""
    everything = {benchmark: by_model(runs) for benchmark, runs in grouped.items()}
    models = {each: found[name] for each, found in everything.items() if name in found}
    if models:
        return models
    by_hash = {
        benchmark: [run for runs in found.values() for run in runs if _is_named(run, name)]
        for benchmark, found in everything.items()
    }
    by_hash = {benchmark: runs for benchmark, runs in by_hash.items() if runs}
    identities = {run.identity for runs in by_hash.values() for run in runs}
    if len(identities) == 1:
        return by_hash
    known = ", ".join(sorted({model for found in everything.values() for model in found}))
    what = f"stands for {len(identities)} runs" if identities else "is none of the runs"
    raise ComparisonError(
        f"{name!r} {what}; give a model ({known}), at least {SHORTEST_PREFIX} digits of a "
        "hash as the table has it, or the name of a run directory"
    )


def _is_named(run: Result, name: str) -> bool:
    hashes = (label(run), run.identity)
    prefix = len(name) >= SHORTEST_PREFIX and any(one.startswith(name) for one in hashes)
    return prefix or run.directory.name == name


def _words(found: Mapping[Benchmark, list[Result]]) -> str:
    return ", ".join(f"{each.dataset} {each.splits}" for each in found)
