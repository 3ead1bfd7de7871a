"""Finished runs, and which of them may be compared."""

import logging
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from longnn.runs.directory import RESULT, RunDirectoryError, check_schema, read_result

LOG = logging.getLogger(__name__)

_TEXTS = ("identity", "dataset", "dataset_checksum", "model", "split", "split_hash", "metric")


class Task(NamedTuple):
    """What two runs must share for their scores to stand in one column."""

    dataset: str
    checksum: str
    protocol: str
    split_hash: str
    metric: str


@dataclass(frozen=True)
class Run:
    """A run directory, the content of its ``result.json``, and when that was written."""

    directory: Path
    result: dict[str, Any]
    finished: float = 0.0

    @property
    def task(self) -> Task:
        """Data, splits and metric of the run."""
        names = ("dataset", "dataset_checksum", "split", "split_hash", "metric")
        return Task(*(self.result[name] for name in names))

    @property
    def model(self) -> str:
        """Name of the model's config."""
        return self.result["model"]

    @property
    def settings(self) -> str:
        """Eight hex digits that tell the run from every other."""
        return self.result["identity"][:8]

    @property
    def validation(self) -> float:
        """Mean validation score in percent, the only one that anything is chosen by."""
        return self.result["val"]["mean"]


def collect(folders: Iterable[Path]) -> list[Run]:
    """Every finished run below the folders, in order of path; each directory once.

    A result that cannot be read or has another layout is left out with a logged warning.

    Raises:
        FileNotFoundError: if a folder does not exist or holds no finished run that can be read.
    """
    found: dict[Path, Run] = {}
    for folder in folders:
        if not folder.is_dir():
            what = "is not a directory" if folder.exists() else "does not exist"
            raise FileNotFoundError(f"{folder} {what}; give a folder of run directories")
        files = sorted(folder.rglob(RESULT))
        read = [run for run in map(_read_or_warn, files) if run is not None]
        if not read:
            seen = f"all {len(files)} there were left out" if files else "none is there"
            raise FileNotFoundError(
                f"no finished run below {folder} ({seen}); "
                "train one first: longnn train"
            )
        found |= {run.directory.resolve(): run for run in read}
    return list(found.values())


def _read_or_warn(file: Path) -> Run | None:
    try:
        return read_run(file)
    except (OSError, RunDirectoryError) as error:
        LOG.warning("left out: %s", error)
        return None


def read_run(file: Path) -> Run:
    """Reads and checks a ``result.json``.

    Raises:
        RunDirectoryError: if it is truncated, of another layout, or lacks what tables need.
    """
    result = read_result(file)
    check_schema(file, result)
    problem = _problem(result)
    if problem:
        raise RunDirectoryError(f"{file} is damaged: {problem}; train that run again")
    return Run(file.parent, result, file.stat().st_mtime)


def _problem(result: dict[str, Any]) -> str | None:
    for name in _TEXTS:
        if not isinstance(result.get(name), str):
            return f"{name!r} should be text, it is {result.get(name)!r}"
    for name in ("test", "val"):
        found = result.get(name)
        if not isinstance(found, dict) or not _number(found.get("mean")) or "n" not in found:
            return f"{name!r} should hold a finite mean and n"
    rows = result.get("per_run")
    if not isinstance(rows, list) or not rows or not all(map(_is_scored, rows)):
        return "'per_run' should hold the split, seed, test and val of each run"
    for name in ("config", "seconds"):
        if not isinstance(result.get(name, {}), dict):
            return f"{name!r} should be an object"
    return None


def _is_scored(row: Any) -> bool:
    return isinstance(row, dict) and all(
        _number(row.get(name)) for name in ("split", "seed", "test", "val")
    )


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def tasks(runs: Iterable[Run]) -> dict[Task, list[Run]]:
    """Runs by what they may be compared on, sorted."""
    grouped: dict[Task, list[Run]] = defaultdict(list)
    for run in runs:
        grouped[run.task].append(run)
    return dict(sorted(grouped.items()))


def by_model(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """Runs of one task by model, sorted by name; within a model the best on validation first."""
    grouped: dict[str, list[Run]] = defaultdict(list)
    for run in sorted(runs, key=lambda run: (-run.validation, run.result["identity"])):
        grouped[run.model].append(run)
    return dict(sorted(grouped.items()))
