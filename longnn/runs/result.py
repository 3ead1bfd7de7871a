"""The content of `result.json`, typed: one place knows its keys and checks them. No jax."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from longnn.runs.directory import SCHEMA, RunDirectoryError, read_identified, result_file
from longnn.runs.kinds import problem_of
from longnn.runs.text import printable
from longnn.training.intervals import Statistics, statistics

Json = dict[str, Any]
"""A JSON object, whose values are of any kind."""


@dataclass(frozen=True)
class TrainedModel:
    """One of the B models of a run: trained from one seed on one split.

    Attributes:
        split: number of the split, from 0 on.
        seed: random seed of the initial parameters and of dropout.
        val: validation score at the selected epoch, in percent.
        test: test score there, in percent.
        best_epoch: the selected epoch, from 1 on.
        epochs: how many epochs were trained.
        diverged: whether the training loss stopped being finite, or ended above 100 times its first
            value; the scores are of the selected epoch.
        alpha: learned exponent at the selected epoch; None for a model without.
        beta: likewise.
        metrics: name of each metric that ``metrics`` asked for -> "train", "val", "test" -> value,
            in percent unless it is a loss; a part in which it is not defined is left out.
    """

    split: int
    seed: int
    val: float
    test: float
    best_epoch: int = 0
    epochs: int = 0
    diverged: bool = False
    alpha: float | None = None
    beta: float | None = None
    metrics: dict[str, dict[str, float]] | None = None


@dataclass(frozen=True)
class Result:
    """What a finished run recorded of itself.

    Attributes:
        identity: sha256 of the settings, data and splits; equal for equal runs alone.
        dataset: name of the dataset.
        dataset_checksum: sha256 of its content.
        model: name of the model's config.
        split: name of the split protocol.
        split_hash: sha256 of the splits.
        metric: name of the score.
        test: summary of the test scores.
        val: summary of the validation scores.
        per_run: the B trained models, ordered by seed, then split.
        config: every setting, resolved, as plain values.
        seconds: wall-clock seconds by part (setup, compile, train).
        diverged: how many of the B models diverged.
        memory: peak memory, with the unit at the end of each name.
        device: kind of the device.
        backend: operator backend.
        versions: version by package.
        dataset_files: digest of each file that was read.
        class_names: name of each class, in the order of the outputs; empty for real values, and
            in results that are older than this entry.
        untested: the names of the classes that no test part holds.
        directory: where the run lies; not part of the file.
        written: when the file was written, in seconds since 1970; not part of the file.
    """

    identity: str
    dataset: str
    dataset_checksum: str
    model: str
    split: str
    split_hash: str
    metric: str
    test: Statistics
    val: Statistics
    per_run: tuple[TrainedModel, ...]
    config: Json = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    diverged: int = 0
    memory: dict[str, float | None] = field(default_factory=dict)
    device: str = "-"
    backend: str = "-"
    versions: dict[str, str] = field(default_factory=dict)
    dataset_files: dict[str, str] = field(default_factory=dict)
    class_names: tuple[str, ...] = ()
    untested: tuple[str, ...] = ()
    directory: Path = Path()
    written: float = 0.0

    @property
    def title(self) -> str:
        """The model and the dataset in words."""
        return printable(f"{self.model} on {self.dataset}")

    @property
    def metrics(self) -> dict[str, dict[str, Statistics]]:
        """Name of each metric that was recorded beside the score -> part -> its summary."""
        rows = [row.metrics or {} for row in self.per_run]
        found: dict[str, dict[str, Statistics]] = {}
        for name, parts in rows[0].items():
            every = [part for part in parts if all(part in row.get(name, {}) for row in rows)]
            found[name] = {p: statistics(np.array([row[name][p] for row in rows])) for p in every}
        return found

    @property
    def settings(self) -> str:
        """The eight hex digits of the identity that tables show."""
        return self.identity[:8]

    @property
    def validation(self) -> float:
        """The mean validation score in percent, the only one that anything is chosen by."""
        return self.val.mean

    def to_json(self) -> Json:
        """The content of `result.json`."""
        found = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        for name in ("directory", "written"):
            del found[name]
        found |= {part: dataclasses.asdict(found[part]) for part in ("test", "val")}
        for name in ("class_names", "untested"):
            found[name] = list(found[name])
        found["per_run"] = [_without_none(dataclasses.asdict(row)) for row in self.per_run]
        return {"schema": SCHEMA} | found


def from_json(content: object) -> Result:
    """The result that a JSON object describes; keys that are not known are left out.

    Args:
        content: a parsed `result.json`, or a record that was taken from one.

    Raises:
        ValueError: if a value is missing, of another kind than it should be, or does not agree
            with another.
    """
    problem = problem_of(content)
    if problem is not None:
        raise ValueError(problem)
    assert isinstance(content, Mapping)
    values = {name: content[name] for name in _NAMES & content.keys()}
    values |= {part: Statistics(**content[part]) for part in ("test", "val")}
    rows = [TrainedModel(**{k: row[k] for k in _OF_ROW & row.keys()}) for row in values["per_run"]]
    names = {name: tuple(values.get(name, ())) for name in ("class_names", "untested")}
    return Result(**values | {"per_run": tuple(rows)} | names)


def read_result(path: str | Path) -> Result:
    """Reads and checks the result of a finished run.

    Args:
        path: a run directory, or its `result.json`.

    Returns:
        The result, with its directory and the time when it was written.

    Raises:
        FileNotFoundError: if there is no such directory, or no finished run in it.
        RunDirectoryError: if the file is truncated, of another layout, or lacks a value.
    """
    given = Path(path).expanduser()
    file = given if given.is_file() else result_file(given)
    content = read_identified(file)
    if content.get("schema") != SCHEMA:
        raise RunDirectoryError(
            f"{file} has layout {content.get('schema')!r}, this program reads {SCHEMA}; {_AGAIN}"
        )
    try:
        found = from_json(content)
    except ValueError as error:
        raise RunDirectoryError(f"{file} is damaged: {error}; {_AGAIN}") from error
    return dataclasses.replace(found, directory=file.parent, written=file.stat().st_mtime)


_AGAIN = "train that run again with force=true"
_NAMES = {f.name for f in dataclasses.fields(Result)} - {"directory", "written"}
_OF_ROW = {f.name for f in dataclasses.fields(TrainedModel)}


def recorded_score(row: TrainedModel, part: str, metric: str | None) -> float | None:
    """A score that a run recorded; None where it did not.

    Args:
        row: one of the models of the run.
        part: "train", "val" or "test".
        metric: its name; None: the one that selected.
    """
    own = {"val": row.val, "test": row.test} if metric is None else {}
    return (own or (row.metrics or {}).get(metric or "", {})).get(part)


def _without_none(row: Json) -> Json:
    return {name: value for name, value in row.items() if value is not None}
