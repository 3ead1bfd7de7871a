"""What is recorded of a run: its result and the files beside it."""

from functools import partial
from typing import Any, cast, get_args

import jax
import numpy as np
from omegaconf import DictConfig, OmegaConf

from longnn.data import Dataset, Splits
from longnn.data.download import digests
from longnn.data.labels import kind_of
from longnn.operators import choose
from longnn.runs.directory import CONFIG, CONFUSION, CURVES, PARAMETERS, PREDICTIONS, PREPARATION
from longnn.runs.parameters import named
from longnn.runs.prepared import Prepared
from longnn.runs.record import Writer, save_arrays
from longnn.runs.result import Result, TrainedModel
from longnn.runs.text import printable
from longnn.training import Fit, score
from longnn.training.intervals import statistics
from longnn.training.result import Part

from ..config.identity import dataset_files
from .job import Job
from .summary import peak_memory, versions


def result_of(
    job: Job, dataset: Dataset, splits: Splits, trained: Fit, run_identity: str
) -> Result:
    """Summarizes a trained run; the test scores are read here, once.

    Args:
        job: that was trained.
        dataset: its data.
        splits: its splits.
        trained: the B trained models.
        run_identity: sha256 of the settings, data and splits.
    """
    config = job.config
    split_of = np.array([r["split"] for r in trained.runs])
    percent = partial(score, dataset.metric, trained.outputs, dataset.labels)
    val, test = 100 * percent(splits.val[split_of]), 100 * percent(splits.test[split_of])
    return Result(
        identity=run_identity,
        dataset=dataset.name,
        dataset_checksum=dataset.checksum,
        class_names=dataset.class_names,
        untested=_untested(dataset, splits),
        dataset_files=digests(dataset_files(config.dataset)),
        model=job.model,
        split=splits.protocol,
        split_hash=splits.hash,
        metric=dataset.metric,
        test=statistics(test),
        val=statistics(val),
        per_run=_models(trained, val, test, list(config.metrics)),
        diverged=sum(r["diverged"] for r in trained.runs),
        seconds={k: round(v, 3) for k, v in sorted(trained.seconds.items())},
        memory={"peak_gb": peak_memory()},
        device=jax.devices()[0].device_kind,
        backend=choose(config.backend),
        versions=versions(),
        config=plain(config),
        directory=job.directory,
    )


def _models(
    trained: Fit, val: np.ndarray, test: np.ndarray, metrics: list[str]
) -> tuple[TrainedModel, ...]:
    """The B models of a run with their scores [B] in percent and their learned exponents."""
    beside = {(m, p): trained.score(p, m).values for m in metrics for p in get_args(Part)}
    exponents = {
        name: getattr(trained, name) for name in ("alpha", "beta") if name in trained.curves
    }
    rows: list[dict[str, Any]] = [
        {name: value for name, value in run.items() if name != "trial"}
        | {"val": float(val[i]), "test": float(test[i])}
        | {name: float(values[i]) for name, values in exponents.items()}
        | ({"metrics": _beside(beside, i)} if metrics else {})
        for i, run in enumerate(trained.runs)
    ]
    return tuple(TrainedModel(**row) for row in rows)


def _untested(dataset: Dataset, splits: Splits) -> tuple[str, ...]:
    """The names of the classes with labelled nodes of which no test part holds one."""
    if dataset.regression or dataset.labels.ndim > 1:
        return ()
    tested = np.unique(dataset.labels[splits.test.any(axis=0)])
    here = np.unique(dataset.labels[dataset.labels >= 0])
    return tuple(dataset.class_names[label] for label in np.setdiff1d(here, tested))


def _beside(scores: dict[tuple[str, Part], np.ndarray], i: int) -> dict[str, dict[str, float]]:
    """What is recorded of run i beside its score, where it is defined."""
    found: dict[str, dict[str, float]] = {name: {} for name, _ in scores}
    for (name, part), values in scores.items():
        if np.isfinite(values[i]):
            found[name][part] = float(values[i])
    return found


def files_of(
    job: Job, dataset: Dataset, splits: Splits, trained: Fit, result: Result
) -> dict[str, Writer]:
    """Writers of the other files of a run directory, by name."""
    return {
        CONFIG: lambda path: path.write_text(OmegaConf.to_yaml(job.config, resolve=True)),
        CURVES: save_arrays(trained.curves),
        PARAMETERS: save_arrays(named(trained.params)),
        PREDICTIONS: save_arrays(_predicted(dataset, trained) | {"part": splits.part}),
        **_confusion(trained),
        PREPARATION: lambda path: path.write_text(Prepared.of(dataset).to_json()),
        **(_figures(trained, dataset, result) if job.config.figures else {}),
    }


def _confusion(trained: Fit) -> dict[str, Writer]:
    """The writer of the confusion matrices of classifiers."""
    if kind_of(trained.metric) != "classes":
        return {}
    return {CONFUSION: save_arrays({"counts": trained.confusion()})}


def _figures(trained: Fit, dataset: Dataset, result: Result) -> dict[str, Writer]:
    """Writers of the figures; matplotlib is imported where there are some."""
    from .figures import figure_writers

    return figure_writers(trained, dataset, result)


def line(result: Result) -> str:
    """A run in one line; a run of a search, which only chooses, shows its validation score."""
    chooses = not result.config.get("show_test", True)
    scores, shown = (result.val, "validation") if chooses else (result.test, "test")
    return printable(
        f"{result.title} ({result.split}): {shown} {result.metric} {scores} % "
        f"(95 % interval, n = {scores.n}); files in {result.directory}"
    )


def plain(config: DictConfig) -> dict[str, Any]:
    """The config as plain containers, with every interpolation replaced by its value."""
    return cast(dict[str, Any], OmegaConf.to_container(config, resolve=True))


def _predicted(dataset: Dataset, trained: Fit) -> dict[str, np.ndarray]:
    """The outputs of the models at each node: probabilities [B, N, C], or values [B, N]."""
    if dataset.regression:
        return {"values": trained.outputs[..., 0]}
    return {"probabilities": trained.probabilities}
