"""Runs as CSV, for a spreadsheet or pandas."""

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

from .runs import Run


def csv_text(runs: Sequence[Run], *, per_run: bool = False) -> str:
    """A header and a line for each run directory, or for each split and seed of each.

    Args:
        runs: in order of the lines.
        per_run: a line for each split and seed.
    """
    write: Callable[[Run], list[dict[str, Any]]] = _splits if per_run else _summary
    lines = [line for run in runs for line in write(run)]
    names = list(dict.fromkeys(name for line in lines for name in line))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return buffer.getvalue()


def _names(run: Run) -> dict[str, Any]:
    task = run.task
    return {
        "dataset": task.dataset,
        "model": run.model,
        "protocol": task.protocol,
        "split_hash": task.split_hash,
        "settings": run.settings,
        "metric": task.metric,
    }


def _summary(run: Run) -> list[dict[str, Any]]:
    test, seconds = run.result["test"], run.result.get("seconds", {})
    return [
        {
            **_names(run),
            **{f"test_{name}": test.get(name) for name in ("mean", "std", "ci95", "n")},
            "val_mean": run.validation,
            "dataset_checksum": run.task.checksum,
            **{f"seconds_{name}": value for name, value in sorted(seconds.items())},
            "directory": str(run.directory),
        }
    ]


def _splits(run: Run) -> list[dict[str, Any]]:
    return [
        {**_names(run), **row, "directory": str(run.directory)} for row in run.result["per_run"]
    ]
