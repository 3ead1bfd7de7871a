"""One table for each dataset and draw of splits: every model, every settings."""

from typing import Any

from .runs import Run, Task, by_model
from .settings import varied, words
from .tables import Table, interval

TOP = 10
"""Rows of one model that are shown unless the caller says otherwise."""


def block(task: Task, runs: list[Run], top: int = TOP) -> Table:
    """Rows of runs that share data and splits; a model's rows by validation, best first.

    Args:
        task: what the runs share.
        runs: of that task.
        top: rows shown of each model; a note counts the others.
    """
    models = by_model(runs)
    several = any(len(found) > 1 for found in models.values())
    header = ("model", "settings", "test", "validation", "n", "alpha", "beta")
    rows = [row for found in models.values() for row in _rows(found, top, several)]
    return Table(
        f"{task.dataset}, split {task.protocol} ({task.split_hash[:8]})",
        f"{task.metric} in percent, mean +- 95 % interval (Student's t)",
        (*header, "differs in") if several else header,
        rows,
        _notes(models, top, several),
    )


def _rows(runs: list[Run], top: int, several: bool) -> list[tuple[str, ...]]:
    differing = varied(runs)
    rows = []
    for index, run in enumerate(runs[:top]):
        result = run.result
        row = (
            run.model,
            run.settings,
            interval(result["test"]),
            interval(result["val"]),
            str(result["test"]["n"]),
            *(mean_of(result["per_run"], name) for name in ("alpha", "beta")),
        )
        rows.append((*row, words(differing, index) or "-") if several else row)
    return rows


def _notes(models: dict[str, list[Run]], top: int, several: bool) -> list[str]:
    notes = []
    if several:
        notes.append(
            "Runs with different settings, seeds included, are separate rows and never averaged; "
            "a model's rows are ordered by validation."
        )
    for model, runs in models.items():
        if len(runs) > top:
            notes.append(
                f"{model}: {len(runs) - top} of {len(runs)} runs hidden, those lowest on "
                "validation (--top N shows N)."
            )
        diverged = sum(run.result.get("diverged", 0) for run in runs[:top])
        if diverged:
            notes.append(
                f"{model}: {diverged} splits or seeds in these rows diverged; their scores are of "
                "the epochs before."
            )
    return notes


def mean_of(per_run: list[dict[str, Any]], name: str) -> str:
    """Mean of a learned exponent over the splits and seeds that have one."""
    values = [run[name] for run in per_run if name in run]
    return f"{sum(values) / len(values):.2f}" if values else "-"
