"""Run directories made by hand."""

import json
from pathlib import Path

import numpy as np
from flax import nnx

from longnn.data.partition import Splits
from longnn.runs.directory import SCHEMA
from longnn.runs.parameters import named
from longnn.runs.result import Result, TrainedModel
from longnn.training.intervals import Statistics
from tests.longnn.models.cases import MODELS, randomized
from tests.toy import C, N

RUNS, EPOCHS = 2, 3

PART = np.arange(N, dtype=np.int8)[None] % 3

RESULT = Result(
    identity="0123456789abcdef" * 4,
    dataset="texas",
    dataset_checksum="d" * 64,
    model="longnn",
    split="stratified",
    split_hash="5" * 64,
    metric="accuracy",
    test=Statistics(85.0, 7.07, 63.5, 2),
    val=Statistics(90.0, 0.0, 0.0, 2),
    per_run=(
        TrainedModel(0, 3, val=90.0, test=80.0, best_epoch=7, epochs=9, alpha=0.5, beta=-0.5),
        TrainedModel(1, 3, val=90.0, test=90.0, best_epoch=2, epochs=9, diverged=True),
    ),
    config={"seed": 3, "model": {"order": 10}},
    seconds={"train": 1.5},
    diverged=1,
    memory={"peak_gb": None},
    versions={"jax": "0.10"},
)
"""A result whose values of every kind are there."""


def written(folder: Path, name: str) -> list[nnx.Module]:
    """A run directory of two models with parameters far from the initial ones.

    Returns:
        The models.
    """
    model, settings, _ = MODELS[name]
    models = [randomized(name, scale=0.1 * (1 + run)) for run in range(RUNS)]
    params = [named(nnx.state(made, nnx.Param)) for made in models]
    folder.mkdir(exist_ok=True)
    save(folder / "parameters.npz", {key: np.stack([p[key] for p in params]) for key in params[0]})
    probabilities = np.full((RUNS, N, C), 1 / C)
    save(folder / "predictions.npz", {"probabilities": probabilities, "part": PART})
    losses = np.ones((RUNS, EPOCHS))
    val = np.array([[0.25, 0.5, 0.5]] * RUNS)
    exponents = np.array([[0.0, 0.1, 0.2], [1.0, 1.1, 1.2]])
    curves = {"loss": losses, "val_loss": losses, "val": val, "alpha": exponents}
    save(folder / "curves.npz", curves | {"beta": -exponents})
    target = {"_target_": f"longnn.models.{model.__name__}"}
    plain = {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in settings.items()}
    (folder / "result.json").write_text(json.dumps(_result(name, target | plain)))
    return models


def _result(name: str, model: dict[str, object]) -> dict[str, object]:
    groups = ("mlp", "decomposition", "coefficients", "basis")
    return {
        "identity": "0" * 64,
        "schema": SCHEMA,
        "model": name,
        "dataset": "toy",
        "dataset_checksum": "d" * 64,
        "split": "stratified",
        "split_hash": Splits("stratified", PART).hash,
        "metric": "accuracy",
        "test": {"mean": 55.0, "std": 7.0711, "ci95": 63.531, "n": RUNS},
        "val": {"mean": 50.0, "std": 0.0, "ci95": 0.0, "n": RUNS},
        "per_run": [
            {"split": 0, "seed": run, "val": 50.0, "test": 50.0 + 10 * run}
            | {"best_epoch": 2, "epochs": EPOCHS, "alpha": run + 0.1, "beta": -run - 0.1}
            for run in range(RUNS)
        ],
        "seconds": {"train": 1.0},
        "config": {
            "dataset": {"_target_": "longnn.data.csbm.generate"},
            "model": model,
            "optim": {
                "groups": {group: {"lr": 0.1, "weight_decay": 0.0} for group in groups},
                "decay": "factors",
            },
            "graph": {"keep": "all", "self_loops": 0.0, "degree_exponent": 0.5},
        },
    }


def save(file: Path, arrays: dict[str, np.ndarray]) -> None:
    """Writes an npz file, compressed as those of runs."""
    np.savez_compressed(file, allow_pickle=False, **arrays)


def change_arrays(file: Path, **changes: np.ndarray | None) -> None:
    """Puts arrays into an npz file in place of its own; None takes one away."""
    with np.load(file) as stored:
        arrays = dict(stored) | changes
    save(file, {name: values for name, values in arrays.items() if values is not None})


def change_result(folder: Path, **changes: object) -> None:
    """Puts values into a `result.json` in place of its own."""
    file = folder / "result.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
