"""What is recorded of a run: ``result.json`` and the files beside it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
from omegaconf import DictConfig, OmegaConf

from longnn.data import Dataset, Splits
from longnn.data.download import digests
from longnn.operators import choose
from longnn.runs.directory import SCHEMA
from longnn.runs.record import save_arrays
from longnn.runs.saved import named
from longnn.training import Fit, score

from .catalogue import files
from .figures import figures
from .job import Job
from .summary import peak_memory, statistics, versions


def result_of(
    job: Job, dataset: Dataset, splits: Splits, trained: Fit, run_identity: str
) -> dict[str, Any]:
    """Content of ``result.json``; the test scores are read here, once."""
    config = job.config
    split_of = np.array([r["split"] for r in trained.runs])
    percent = partial(score, dataset.metric, trained.outputs, dataset.labels)
    val, test = 100 * percent(splits.val[split_of]), 100 * percent(splits.test[split_of])
    selected = np.array([r["best_epoch"] - 1 for r in trained.runs])
    at_selected = {
        name: trained.curves[name][np.arange(len(selected)), selected]
        for name in ("alpha", "beta")
        if name in trained.curves
    }
    per_run = [
        {k: v for k, v in r.items() if k != "trial"}
        | {"val": float(val[i]), "test": float(test[i])}
        | {name: float(values[i]) for name, values in at_selected.items()}
        for i, r in enumerate(trained.runs)
    ]
    return {
        "identity": run_identity,
        "schema": SCHEMA,
        "dataset": dataset.name,
        "dataset_checksum": dataset.checksum,
        "dataset_files": digests(files(config.dataset.get("about") or {})),
        "model": job.model,
        "split": splits.protocol,
        "split_hash": splits.hash,
        "metric": dataset.metric,
        "test": statistics(test),
        "val": statistics(val),
        "per_run": per_run,
        "diverged": sum(r["diverged"] for r in trained.runs),
        "seconds": {k: round(v, 3) for k, v in sorted(trained.seconds.items())},
        "memory": {"peak_gb": peak_memory()},
        "device": jax.devices()[0].device_kind,
        "backend": choose(config.backend),
        "versions": versions(),
        "config": OmegaConf.to_container(resolved(config)),
    }


def files_of(
    job: Job, dataset: Dataset, splits: Splits, trained: Fit, result: dict[str, Any]
) -> dict[str, Callable[[Path], None]]:
    """Writers of the other files of a run directory, by name."""
    return {
        "config.yaml": lambda path: path.write_text(OmegaConf.to_yaml(resolved(job.config))),
        "curves.npz": save_arrays(trained.curves),
        "parameters.npz": save_arrays(named(trained.params)),
        "predictions.npz": save_arrays(_predicted(dataset, trained) | {"part": splits.part}),
        **(figures(trained, dataset, result) if job.config.figures else {}),
    }


def line(result: dict[str, Any], directory: Path) -> str:
    """A run in one line; one that only chooses shows its validation score."""
    part = "test" if result["config"].get("show_test", True) else "val"
    scores = result[part]
    interval = "" if scores["ci95"] is None else f" +- {scores['ci95']:.2f}"
    shown = {"test": "test", "val": "validation"}[part]
    return (
        f"{result['model']} on {result['dataset']} ({result['split']}): {shown} {result['metric']} "
        f"{scores['mean']:.2f}{interval} % (95 % interval, n = {scores['n']}); files in {directory}"
    )


def resolved(config: DictConfig) -> DictConfig:
    """The config with every value in place; of the tuned values only those of this dataset."""
    plain = OmegaConf.create(OmegaConf.to_container(config, resolve=True))
    assert isinstance(plain, DictConfig)
    tuned = plain.pop("tuned", {}).get(config.dataset.name, {})
    plain.tuned = {"source": tuned.get("source", "none: defaults of model and optim")}
    return plain


def _predicted(dataset: Dataset, trained: Fit) -> dict[str, np.ndarray]:
    """What the runs say of each node: probabilities [B, N, C], or values [B, N]."""
    if dataset.regression:
        return {"values": trained.outputs[..., 0]}
    return {"probabilities": np.exp(trained.outputs)}
