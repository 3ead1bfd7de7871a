"""Records of runs, one JSON line each: what the tables of docs/results are made of."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from longnn.runs.atomic import atomic_write
from longnn.runs.result import Result, from_json

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
"""What a record keeps of a result: all that does not change with the paths of a machine."""


class Record(NamedTuple):
    """A run that a table is made of.

    Attributes:
        result: what is kept of its result.
        settings: what decided it: graph, model, optim, seed, repeats, and where tuned values came
            from ("published", "search" or a sentence).
    """

    result: Result
    settings: Mapping[str, Any]  # plain values of a config

    @property
    def searched(self) -> bool:
        """Whether a search of ours chose the hyperparameters."""
        return self.settings["tuned"] == "search"


def record_of(run: Result) -> Record:
    """The record of a run, without its directory and what its config says of this machine."""
    kept = run.to_json()
    settings = {p: run.config[p] for p in ("graph", "model", "optim", "seed", "repeats")}
    settings["tuned"] = run.config["tuned"]["source"]
    return Record(from_json({name: kept[name] for name in KEPT}), settings)


def write(file: Path, records: Iterable[Record]) -> None:
    """Writes records sorted by dataset, model and identity; the file is whole or not there.

    Args:
        file: a `.jsonl` file, in a folder that exists.
        records: in any order.
    """
    key = lambda r: (r.result.dataset, r.result.model, r.result.identity)  # noqa: E731
    with atomic_write(file) as path:
        path.write_text("".join(map(_line, sorted(records, key=key))))


def _line(record: Record) -> str:
    kept = record.result.to_json()
    content = {name: kept[name] for name in KEPT} | {"settings": record.settings}
    return json.dumps(content, sort_keys=True) + "\n"


def read(file: Path) -> list[Record]:
    """Reads the records of a file; there are none where there is no file yet.

    Args:
        file: a `.jsonl` file.

    Raises:
        ValueError: if a line is no record.
    """
    if not file.exists():
        return []
    found = []
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        try:
            content = json.loads(line)
            missing = {*KEPT, "settings"} - set(content)
            if missing:
                raise ValueError(f"it lacks {', '.join(sorted(missing))}")
            found.append(Record(from_json(content), content["settings"]))
        except (ValueError, TypeError) as error:
            raise ValueError(f"{file}, line {number} is no record of a run ({error})") from error
    return found


def merged(old: Iterable[Record], new: Iterable[Record]) -> list[Record]:
    """The records of both; of a run that is in both, the new one."""
    return list({r.result.identity: r for r in [*old, *new]}.values())
