"""Runs as CSV, for a spreadsheet or pandas."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from longnn.runs.result import Result

from .labels import label


def csv_text(runs: Sequence[Result], *, per_run: bool = False) -> str:
    """A header, and a line for each run directory or for each split and seed of each.

    Args:
        runs: in the order of the lines.
        per_run: whether each split and seed has a line.
    """
    write: Callable[[Result], list[dict[str, Any]]] = _splits if per_run else _summary
    lines = [line for run in runs for line in write(run)]
    names = list(dict.fromkeys(name for line in lines for name in line))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return buffer.getvalue()


def _names(run: Result) -> dict[str, Any]:
    return {
        "dataset": run.dataset,
        "model": run.model,
        "protocol": run.split,
        "split_hash": run.split_hash,
        "run": label(run),
        "identity": run.identity,
        "metric": run.metric,
    }


def _summary(run: Result) -> list[dict[str, Any]]:
    return [
        {
            **_names(run),
            **{f"test_{name}": value for name, value in asdict(run.test).items()},
            "val_mean": run.validation,
            "dataset_checksum": run.dataset_checksum,
            **{f"seconds_{name}": value for name, value in sorted(run.seconds.items())},
            "directory": str(run.directory),
        }
    ]


def _splits(run: Result) -> list[dict[str, Any]]:
    return [{**_names(run), **asdict(row), "directory": str(run.directory)} for row in run.per_run]
