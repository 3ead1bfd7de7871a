"""Runs the entry points in this process, in a folder of their own."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import absl.logging
import pytest
from longnn.experiments.train import main

SMALL = (
    "dataset.nodes=60",
    "dataset.features=8",
    "split.count=2",
    "optim.max_epochs=12",
    "chunk=5",
)
"""Overrides of the embedded dataset that train in a moment."""


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Path]]:
    """``train(*overrides)`` runs experiments.train and lists the finished run directories."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "longnn.experiments.jobs.run.keep_compiled", lambda _: None
    )  # jax keeps it for good
    # Hydra closes all handlers, and this one closes a stream that pytest has put aside
    absl.logging.get_absl_handler().python_handler.stream = sys.__stderr__

    def call(*overrides: str) -> list[Path]:
        monkeypatch.setattr(sys, "argv", ["experiments.train", *overrides])
        main()
        return sorted(file.parent for file in tmp_path.rglob("result.json"))

    return call


def result_of(directory: Path) -> dict:
    return json.loads((directory / "result.json").read_text())
