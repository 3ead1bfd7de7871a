"""One run: load, train, record."""

import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from experiments import identity
from experiments.catalogue import files
from experiments.compiled import keep_compiled
from experiments.figures import figures
from experiments.loading import load, logged_warnings
from experiments.progress import shown
from experiments.record import finished, save_arrays, write_run
from experiments.summary import statistics, versions
from longnn.data import Dataset, Splits
from longnn.data.download import digests
from longnn.features import as_features
from longnn.operators import Operator, choose, normalized_adjacency
from longnn.similar import similar
from longnn.training import Fit, Optim, Problem, fit, score

LOG = logging.getLogger(__name__)


def run(config: DictConfig) -> dict[str, Any]:
    """Trains what ``config`` says, unless this very run has finished, and records it.

    Returns:
        Content of ``result.json``.
    """
    started = time.perf_counter()
    keep_compiled(config.compilation_cache)
    directory = Path(HydraConfig.get().runtime.output_dir)
    dataset = load(config)
    with logged_warnings():
        splits: Splits = _partial(config.split)(dataset)
    run_identity = identity.hash_of(
        [identity.settings(config), dataset.checksum, splits.hash, identity.SCHEMA]
    )
    done = finished(directory, run_identity, force=config.force)
    if done is not None:
        LOG.info(f"finished before, not repeated (force=true repeats it): {_line(done, directory)}")
        return done
    trained = _train(config, dataset, splits, time.perf_counter() - started)
    result = _result(config, dataset, splits, trained, run_identity)
    written = {
        "config.yaml": lambda path: path.write_text(OmegaConf.to_yaml(_resolved(config))),
        "curves.npz": save_arrays(trained.curves),
        "parameters.npz": save_arrays(_named(trained.params)),
        "predictions.npz": save_arrays(
            {"probabilities": np.exp(trained.log_probabilities), "part": splits.part}
        ),
        **(figures(trained, dataset, result) if config.figures else {}),
    }
    write_run(directory, written, result)
    instantiate(config.logger, _partial_=True)(result, directory)
    if result["diverged"]:
        LOG.warning(
            f"{result['diverged']} of {len(result['per_run'])} runs ended in a loss that is not "
            'finite; their scores are of the epochs before ("diverged" in result.json)'
        )
    LOG.info(_line(result, directory))
    return result


def _partial(node: DictConfig) -> Callable[..., Any]:
    return instantiate(node, _partial_=True)


def _train(config: DictConfig, dataset: Dataset, splits: Splits, setup: float) -> Fit:
    started = time.perf_counter()
    model = _partial(config.model)
    problem = Problem(
        _operator(config, dataset),
        as_features(dataset.features, backend=config.backend),
        jnp.asarray(dataset.labels, jnp.int32),
    )
    optim = Optim(
        rates=OmegaConf.to_container(config.optim.groups, resolve=True),  # type: ignore[arg-type]
        max_epochs=config.optim.max_epochs,
        patience=config.optim.patience,
        decay=config.optim.decay,
        dropout_bits=config.optim.dropout_bits,
    )
    setup += time.perf_counter() - started
    with shown(f"{_choice('model')} on {dataset.name}") as on_progress:
        trained = fit(
            model.func,  # type: ignore[attr-defined]
            problem,
            splits,
            classes=dataset.classes,
            optim=optim,
            settings=model.keywords,  # type: ignore[attr-defined]
            metric=dataset.metric,
            seeds=range(config.seed, config.seed + config.repeats),
            chunk=config.chunk,
            memory_gb=config.memory_gb,
            on_progress=on_progress,
        )
    trained.seconds["setup"] = setup
    return trained


def _operator(config: DictConfig, dataset: Dataset) -> Operator:
    loops = config.graph.self_loops
    graph = dataset.graph.with_self_loops(loops) if loops else dataset.graph
    return similar(normalized_adjacency(graph, backend=config.backend), graph, config.graph.r)


def _result(
    config: DictConfig, dataset: Dataset, splits: Splits, trained: Fit, run_identity: str
) -> dict[str, Any]:
    split_of = np.array([r["split"] for r in trained.runs])
    percent = partial(score, dataset.metric, trained.log_probabilities, dataset.labels)
    val, test = 100 * percent(splits.val[split_of]), 100 * percent(splits.test[split_of])
    selected = np.array([r["best_epoch"] - 1 for r in trained.runs])
    at_selected = {
        name: trained.curves[name][np.arange(len(selected)), selected]
        for name in ("alpha", "beta")
        if name in trained.curves
    }
    per_run = [
        {**r, "val": float(val[i]), "test": float(test[i])}
        | {name: float(values[i]) for name, values in at_selected.items()}
        for i, r in enumerate(trained.runs)
    ]
    return {
        "identity": run_identity,
        "schema": identity.SCHEMA,
        "dataset": dataset.name,
        "dataset_checksum": dataset.checksum,
        "dataset_files": digests(files(config.dataset.get("about") or {})),
        "model": _choice("model"),
        "split": splits.protocol,
        "split_hash": splits.hash,
        "metric": dataset.metric,
        "test": statistics(test),
        "val": statistics(val),
        "per_run": per_run,
        "diverged": sum(r["diverged"] for r in trained.runs),
        "seconds": {k: round(v, 3) for k, v in sorted(trained.seconds.items())},
        "device": jax.devices()[0].device_kind,
        "backend": choose(config.backend),
        "versions": versions(),
        "config": OmegaConf.to_container(_resolved(config)),
    }


def _resolved(config: DictConfig) -> DictConfig:
    """The config with every value in place; of the tuned values only those of this dataset."""
    resolved = OmegaConf.create(OmegaConf.to_container(config, resolve=True))
    assert isinstance(resolved, DictConfig)
    tuned = resolved.pop("tuned", {}).get(config.dataset.name, {})
    resolved.tuned = {"source": tuned.get("source", "none: defaults of model and optim")}
    return resolved


def _choice(group: str) -> str:
    """The option chosen from a config group."""
    return str(HydraConfig.get().runtime.choices[group])


def _named(params: nnx.State) -> dict[str, np.ndarray]:
    """Parameters by path, such as embedding.first.kernel -> [B, F, H]."""
    return {
        ".".join(map(str, path)): np.asarray(variable[...])
        for path, variable in nnx.to_flat_state(params)
    }


def _line(result: dict[str, Any], directory: Path) -> str:
    test = result["test"]
    interval = "" if test["ci95"] is None else f" +- {test['ci95']:.2f}"
    return (
        f"{result['model']} on {result['dataset']} ({result['split']}): test {result['metric']} "
        f"{test['mean']:.2f}{interval} % (95 % interval, n = {test['n']}); files in {directory}"
    )
