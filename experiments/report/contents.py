"""The sections of a report in their order; other files say how they look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from longnn.runs.result import Result

from .blocks import TOP, block
from .compared import Compared
from .labels import label
from .overview import APART, overview_tables
from .picture import Picture
from .runs import Benchmark, LeftOut, by_model
from .tables import Table

PAIRED = "Paired tests"


@dataclass
class Section:
    """A heading, and below it sentences, a command, tables, pictures and links to files."""

    title: str
    text: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    command: str = ""
    links: dict[str, str] = field(default_factory=dict)  # path beside the page -> what it holds


def tables(
    grouped: Mapping[Benchmark, list[Result]], compared: Compared | None = None, top: int = TOP
) -> list[Section]:
    """An overview of several datasets, a table for each benchmark, and the paired tests.

    Args:
        grouped: runs by benchmark.
        compared: the paired tests; None leaves them out.
        top: how many rows of one model a benchmark's table shows.
    """
    blocks = [block(benchmark, runs, top) for benchmark, runs in grouped.items()]
    sections = [Section("Datasets", tables=blocks)]
    if len({benchmark.dataset for benchmark in grouped}) > 1:
        found = overview_tables(grouped)
        sections.insert(0, Section("Overview", [APART] if len(found) > 1 else [], found))
    if compared:
        sections.append(Section(PAIRED, compared.text, compared.tables))
    return sections


def left_out_section(left_out: Sequence[LeftOut]) -> Section:
    """The results that are not in the report, and why.

    Args:
        left_out: from :func:`~longnn.experiments.report.runs.collect`, at least one.
    """
    rows: list[tuple[str, ...]] = [(str(one.directory), one.reason) for one in left_out]
    about = "results that are damaged or of another layout; no number of them is in this report"
    return Section("Left out", tables=[Table("Left out", about, ("directory", "why"), rows)])


def best_runs(grouped: Mapping[Benchmark, list[Result]]) -> list[Result]:
    """The run of each model on each benchmark that is best on validation."""
    return [found[0] for runs in grouped.values() for found in by_model(runs).values()]


def illustrated(
    grouped: Mapping[Benchmark, list[Result]], compared: Compared | None = None, top: int = TOP
) -> list[Section]:
    """The sections of :func:`tables` with figures, and those that consist of figures."""
    from . import costs, pictures  # matplotlib, which tables do without

    every = [run for runs in grouped.values() for run in runs]
    searches = [
        drawn
        for benchmark, runs in grouped.items()
        for model, found in by_model(runs).items()
        for drawn in pictures.search_pictures(benchmark, model, found)
    ]
    ranks = list(pictures.rank_pictures(grouped))
    best = best_runs(grouped)
    filters = [drawn for drawn in map(pictures.filter_picture, best) if drawn]
    shown = every if len(every) <= costs.MOST else best
    return [
        Section("Scores", pictures=list(pictures.score_pictures(grouped))),
        *tables(grouped, compared, top),
        *([Section("Ranks over datasets", pictures=ranks)] if ranks else []),
        *([Section("Searches", pictures=searches)] if searches else []),
        *([Section("Learned filters", [_FILTERS], pictures=filters)] if filters else []),
        Section("Time and memory", pictures=list(costs.cost_pictures(shown, len(every)))),
        Section("Where these numbers come from", tables=[_sources(best, len(every))]),
    ]


_FILTERS = (
    "The filter of the run that is best on validation, for each model and dataset, as it was drawn "
    "in the run directory."
)


def _sources(runs: list[Result], every: int) -> Table:
    rows: list[tuple[str, ...]] = [
        (
            label(run),
            str(run.directory),
            run.device,
            run.backend,
            ", ".join(f"{n} {v}" for n, v in run.versions.items() if n in ("longnn", "jax")),
        )
        for run in runs
    ]
    about = f"the runs best on validation; report.csv lists all {every}"
    return Table("Run directories", about, ("run", "directory", *_MACHINE), rows)


_MACHINE = ("device", "backend", "versions")
