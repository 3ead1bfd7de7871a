"""What a report says, in order; how it looks is elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .blocks import TOP, block
from .compare import Pair, comparison
from .overview import APART, overview
from .runs import Run, Task, by_model
from .tables import Table


@dataclass
class Section:
    """A heading, sentences, tables, and pictures (of ``experiments.report.pictures``)."""

    title: str
    text: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    pictures: list = field(default_factory=list)


def tables(
    grouped: Mapping[Task, list[Run]], compared: list[tuple[str, str, list[Pair]]], top: int = TOP
) -> list[Section]:
    """Overview where there are several datasets, a table for each task, and the paired tests.

    Args:
        grouped: runs by task.
        compared: (first, second, pairs) of each paired test.
        top: rows of one model in a task's table.
    """
    blocks = [block(task, runs, top) for task, runs in grouped.items()]
    sections = [Section("Datasets", tables=blocks)]
    if len({task.dataset for task in grouped}) > 1:
        found = overview(grouped)
        sections.insert(0, Section("Overview", [APART] if len(found) > 1 else [], found))
    if compared:
        tests = [comparison(pairs, first, second) for first, second, pairs in compared]
        sections.append(Section("Paired tests", tables=tests))
    return sections


def best_runs(grouped: Mapping[Task, list[Run]]) -> list[Run]:
    """The run best on validation of each model on each task."""
    return [found[0] for runs in grouped.values() for found in by_model(runs).values()]


def illustrated(
    grouped: Mapping[Task, list[Run]], compared: list[tuple[str, str, list[Pair]]], top: int = TOP
) -> list[Section]:
    """The sections of ``tables`` with figures, and those that are made of figures."""
    from . import costs, pictures  # matplotlib, which tables do without

    every = [run for runs in grouped.values() for run in runs]
    searches = [
        drawn
        for task, runs in grouped.items()
        for model, found in by_model(runs).items()
        for drawn in pictures.search_pictures(task, model, found)
    ]
    best = best_runs(grouped)
    filters = [drawn for drawn in map(pictures.filter_picture, best) if drawn]
    shown = every if len(every) <= costs.MOST else best
    return [
        Section("Scores", pictures=list(pictures.score_pictures(grouped))),
        *tables(grouped, compared, top),
        *([Section("Searches", pictures=searches)] if searches else []),
        *([Section("Learned filters", [_FILTERS], pictures=filters)] if filters else []),
        Section("Time and memory", pictures=list(costs.cost_pictures(shown, len(every)))),
        Section("Where these numbers come from", tables=[_sources(best, len(every))]),
    ]


_FILTERS = "Of each model and dataset the run best on validation, as drawn in its run directory."


def _sources(runs: list[Run], every: int) -> Table:
    rows: list[tuple[str, ...]] = [
        (
            run.settings,
            str(run.directory),
            str(run.result.get("device", "-")),
            str(run.result.get("backend", "-")),
            ", ".join(f"{n} {v}" for n, v in _versions(run).items() if n in ("longnn", "jax")),
        )
        for run in runs
    ]
    about = f"the runs best on validation; report.csv lists all {every}"
    return Table("Run directories", about, ("run", "directory", *_MACHINE), rows)


_MACHINE = ("device", "backend", "versions")


def _versions(run: Run) -> dict[str, str]:
    found = run.result.get("versions")
    return found if isinstance(found, dict) else {}
