"""Records of runs, one JSON line each: what the tables are made of."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from longnn.runs.atomic import atomic_write

from ..report.runs import Run

KEPT = (
    "identity",
    "dataset",
    "dataset_checksum",
    "model",
    "split",
    "split_hash",
    "metric",
    "test",
    "val",
    "per_run",
    "diverged",
    "seconds",
    "device",
    "backend",
    "versions",
)

Record = dict[str, Any]


def record_of(run: Run) -> Record:
    """A result with the settings that decide it, without what changes with the machine's paths."""
    config = run.result["config"]
    settings = {part: config[part] for part in ("graph", "model", "optim", "seed", "repeats")}
    settings["tuned"] = config["tuned"]["source"]
    return {name: run.result[name] for name in KEPT} | {"settings": settings}


def searched(record: Record) -> bool:
    """Whether a search of ours chose the hyperparameters."""
    return record["settings"]["tuned"] == "search"


def write(file: Path, records: Iterable[Record]) -> None:
    """Sorted by dataset, model and identity; whole or not at all."""
    ordered = sorted(records, key=lambda r: (r["dataset"], r["model"], r["identity"]))
    with atomic_write(file) as path:
        path.write_text("".join(json.dumps(r, sort_keys=True) + "\n" for r in ordered))


def read(file: Path) -> list[Record]:
    """The records of a file; none where there is no file yet.

    Raises:
        ValueError: if a line is no record.
    """
    if not file.exists():
        return []
    found = []
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        try:
            record = json.loads(line)
            missing = {*KEPT, "settings"} - set(record)
        except (json.JSONDecodeError, TypeError) as error:
            raise ValueError(f"{file}, line {number} is no record of a run ({error})") from error
        if missing:
            raise ValueError(f"{file}, line {number} lacks {', '.join(sorted(missing))}")
        found.append(record)
    return found


def merged(old: Iterable[Record], new: Iterable[Record]) -> list[Record]:
    """Both; of a run that is in both, the new record."""
    return list({r["identity"]: r for r in [*old, *new]}.values())
