"""Models by datasets, one table for each split protocol."""

from collections import defaultdict
from collections.abc import Mapping

from .runs import Run, Task, by_model
from .settings import protocol
from .tables import Table, interval

ABOUT = "mean +- 95 % interval (Student's t), number of runs in parentheses"

APART = "Different split protocols stand in different tables; do not compare scores between them."


def overview(grouped: Mapping[Task, list[Run]]) -> list[Table]:
    """One table for each protocol (name and settings) and metric: datasets across, models down.

    A column is one dataset, one draw of splits; a model's cell is its run best on validation.

    Args:
        grouped: runs by task, from ``tasks``.
    """
    families = by_protocol(grouped)
    return [_table(*item) for item in sorted(families.items())]


def by_protocol(
    grouped: Mapping[Task, list[Run]],
) -> dict[tuple[str, str], dict[str, list[Run]]]:
    """(protocol with its settings, metric) -> column name -> runs; no column mixes splits."""
    families: dict[tuple[str, str], dict[Task, list[Run]]] = defaultdict(dict)
    for task, runs in grouped.items():
        for run in runs:
            family = families[protocol(run), task.metric]
            family.setdefault(task, []).append(run)
    return {key: _named(columns) for key, columns in families.items()}


def _named(columns: dict[Task, list[Run]]) -> dict[str, list[Run]]:
    datasets = [task.dataset for task in columns]
    return {
        task.dataset if datasets.count(task.dataset) == 1 else _long_name(task): runs
        for task, runs in columns.items()
    }


def _long_name(task: Task) -> str:
    return f"{task.dataset} (data {task.checksum[:8]}, splits {task.split_hash[:8]})"


def _table(key: tuple[str, str], columns: dict[str, list[Run]]) -> Table:
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


def _cell(runs: list[Run]) -> str:
    if not runs:
        return "-"
    test = runs[0].result["test"]
    of = f"; best of {len(runs)}" if len(runs) > 1 else ""
    return f"{interval(test)} ({test['n']}{of})"
