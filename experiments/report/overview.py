"""Models by datasets, one table for each split protocol."""

from collections import defaultdict
from collections.abc import Mapping

from longnn.runs.result import Result

from .runs import Benchmark, by_model
from .settings import protocol
from .tables import Table

ABOUT = "mean +- 95 % interval (Student's t), number of runs in parentheses"

APART = "Different split protocols stand in different tables; do not compare scores between them."


def overview_tables(grouped: Mapping[Benchmark, list[Result]]) -> list[Table]:
    """One table for each protocol (name and settings) and metric: datasets across, models down.

    A column is one dataset, one draw of splits; a model's cell is its run best on validation.

    Args:
        grouped: runs by benchmark.
    """
    families = by_protocol(grouped)
    return [_table(*item) for item in sorted(families.items())]


def by_protocol(
    grouped: Mapping[Benchmark, list[Result]],
) -> dict[tuple[str, str], dict[str, list[Result]]]:
    """(protocol with its settings, metric) -> column name -> runs; no column mixes splits."""
    families: dict[tuple[str, str], dict[Benchmark, list[Result]]] = defaultdict(dict)
    for benchmark, runs in grouped.items():
        for run in runs:
            family = families[protocol(run), benchmark.metric]
            family.setdefault(benchmark, []).append(run)
    return {key: _named(columns) for key, columns in families.items()}


def _named(columns: dict[Benchmark, list[Result]]) -> dict[str, list[Result]]:
    datasets = [benchmark.dataset for benchmark in columns]
    return {
        each.dataset if datasets.count(each.dataset) == 1 else _long_name(each): runs
        for each, runs in columns.items()
    }


def _long_name(benchmark: Benchmark) -> str:
    data, splits = benchmark.checksum[:8], benchmark.split_hash[:8]
    return f"{benchmark.dataset} (data {data}, splits {splits})"


def _table(key: tuple[str, str], columns: dict[str, list[Result]]) -> Table:
    name, metric = key
    chosen = {column: by_model(runs) for column, runs in columns.items()}
    models = sorted({model for found in chosen.values() for model in found})
    rows = [
        (model, *(_cell(found.get(model, [])) for found in chosen.values())) for model in models
    ]
    notes = []
    if any(len(runs) > 1 for found in chosen.values() for runs in found.values()):
        notes.append("best of k: of k runs with different settings, the best on validation.")
    title = f"split {name}"
    return Table(title, f"test {metric} in percent, {ABOUT}", ("model", *columns), rows, notes)


def _cell(runs: list[Result]) -> str:
    if not runs:
        return "-"
    test = runs[0].test
    of = f"; best of {len(runs)}" if len(runs) > 1 else ""
    return f"{test} ({test.n}{of})"
