"""Runs as CSV, for a spreadsheet or pandas."""

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from longnn.runs.result import Result, TrainedModel
from longnn.runs.text import printable

from .labels import label


def csv_text(runs: Sequence[Result], *, per_run: bool = False) -> str:
    """A header, and a line for each run directory or for each split and seed of each.

    Args:
        runs: in the order of the lines.
        per_run: whether each split and seed has a line.
    """
    write: Callable[[Result], list[dict[str, Any]]] = _splits if per_run else _summary
    return lines_text([line for run in runs for line in write(run)])


def lines_text(lines: Sequence[dict[str, Any]]) -> str:
    """A header with every name, and the lines; what a line lacks, and None, is empty.

    Args:
        lines: name -> value of each.
    """
    names = list(dict.fromkeys(name for line in lines for name in line))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: cell(value) for name, value in line.items()} for line in lines)
    return buffer.getvalue()


def cell(value: Any) -> Any:
    """A value that a spreadsheet takes for what it is, and not for a formula.

    Text that begins with =, +, -, @, a tab or a line break gets an apostrophe in front, which
    spreadsheets hide (OWASP, "CSV injection"). Characters that steer a terminal are written out.
    Numbers stay.

    Args:
        value: a number, or text such as the name of a dataset.

    Example:
        >>> cell("=1+1"), cell("-0.5"), cell(-0.5), cell("cora")
        ("'=1+1", '-0.5', -0.5, 'cora')
    """
    if not isinstance(value, str):
        return value
    text = printable(value)
    formula = value[:1] in _HIDING or value.lstrip()[:1] in _STARTING
    harmless = not value or value == "-" or _NUMBER.fullmatch(value)
    return text if harmless or not formula else f"'{text}"


_HIDING = ("\t", "\r", "\n")

_STARTING = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The signs that a formula begins with, and their wide forms, which some spreadsheets take, too."""

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


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
            **_beside(run),
            "dataset_checksum": run.dataset_checksum,
            **{f"seconds_{printable(name)}": value for name, value in sorted(run.seconds.items())},
            "directory": str(run.directory),
        }
    ]


def _splits(run: Result) -> list[dict[str, Any]]:
    return [{**_names(run), **_row(row), "directory": str(run.directory)} for row in run.per_run]


def _row(row: TrainedModel) -> dict[str, Any]:
    """A split and seed; each metric beside its score has a column for each part."""
    values = asdict(row)
    beside = values.pop("metrics") or {}
    return values | {f"{m}_{part}": v for m, parts in beside.items() for part, v in parts.items()}


def _beside(run: Result) -> dict[str, Any]:
    """Mean and interval of the metrics that were recorded beside the score."""
    return {
        f"{metric}_{part}_{name}": getattr(summary, name)
        for metric, parts in run.metrics.items()
        for part, summary in parts.items()
        for name in ("mean", "ci95")
    }
