"""Run directories made by hand."""

import hashlib
import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from longnn.experiments.report import Benchmark, by_benchmark

from longnn.runs.directory import SCHEMA
from longnn.runs.result import Result, from_json
from longnn.training.intervals import statistics


def result(
    dataset: str = "cora",
    model: str = "longnn",
    tests: tuple[float, ...] = (80.0, 90.0),
    val: float = 50.0,
    split: str = "per_class",
    split_hash: str = "a" * 64,
    seed: int = 0,
    **settings: Any,
) -> dict[str, Any]:
    """Content of a ``result.json``; ``settings`` are those of the model."""
    config = {
        "model": {"_target_": "made.Model", **settings},
        "split": {"_target_": f"longnn.data.splits.{split}", "count": len(tests)},
        "seed": seed,
    }
    told = json.dumps([dataset, model, split_hash, config], sort_keys=True)
    content = {
        "identity": hashlib.sha256(told.encode()).hexdigest(),
        "schema": SCHEMA,
        "dataset": dataset,
        "dataset_checksum": "d" * 64,
        "model": model,
        "split": split,
        "split_hash": split_hash,
        "metric": "accuracy",
        "per_run": [
            {"split": i, "seed": 0, "val": val, "test": test, "epochs": 5, "alpha": 0.5 * i}
            for i, test in enumerate(tests)
        ],
        "diverged": 0,
        "seconds": {"compile": 1.0, "setup": 0.25, "train": 2.0},
        "config": config,
    }
    return summarized(content)


def summarized(content: dict[str, Any]) -> dict[str, Any]:
    """A result whose summaries are those of its `per_run`."""
    scores = {part: [row[part] for row in content["per_run"]] for part in ("test", "val")}
    return content | {part: asdict(statistics(np.array(s))) for part, s in scores.items()}


def write(directory: Path, content: dict[str, Any], finished: float = 1e9) -> Path:
    """Makes a run directory that was finished at a given time."""
    directory.mkdir(parents=True)
    file = directory / "result.json"
    file.write_text(json.dumps(content))
    os.utime(file, (finished, finished))
    return directory


def run_of(content: dict[str, Any], directory: str = "r", written: float = 0.0) -> Result:
    """The run that a result describes, in a directory that is not on disk."""
    return replace(from_json(content), directory=Path(directory), written=written)


def grouped(*results: dict[str, Any]) -> dict[Benchmark, list[Result]]:
    """Runs by benchmark, in directories r0, r1, ... that are not on disk."""
    return by_benchmark(run_of(content, f"r{i}", float(i)) for i, content in enumerate(results))


def search(runs: int, **common: Any) -> list[dict[str, Any]]:
    """Results that differ in a rate, over decades, and in a dropout; the third is the best."""
    return [
        result(
            val=70.0 - abs(i - 2),
            tests=(60.0 + i, 62.0 + i),
            lr=1e-4 * 2**i,
            dropout=0.05 * i,
            **common,
        )
        for i in range(runs)
    ]
