"""Reports jobs that have ended to MLflow; the only file that knows it."""

import logging
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

from ..config.identity import hash_of
from .sinks import Ended, mean_curves, summary_of

BATCH = {"metrics": 1000, "params": 100, "tags": 100}
"""What MLflow takes at once."""

LONGEST = 500
"""Characters of a parameter; every store takes so many."""

IDENTITY = "longnn.identity"
"""The tag by which a repeated job finds what it replaces."""

STATUS = {"done": "FINISHED", "failed": "FAILED", "pruned": "KILLED"}
"""How a job ended -> what MLflow calls it."""


def to_mlflow(job: Ended, *, experiment: str = "longnn", uri: str | None = None) -> None:
    """One MLflow run with parameters, mean curves by epoch, scores and tags, or the error.

    A job that is repeated (it failed, was killed, or force=true) replaces its run: the earlier one
    is deleted, so that no epoch appears twice.

    Args:
        job: the job that has ended.
        experiment: the name of MLflow's experiment.
        uri: of the store; None: the SQLite file ``mlflow.db`` beside the run directory, which
            ``mlflow ui --backend-store-uri sqlite:///runs/mlflow.db`` shows.

    Raises:
        ModuleNotFoundError: if mlflow is not installed.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlflow import MlflowClient

    for noisy in ("mlflow", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    beside = job.directory.absolute().parent
    client = MlflowClient(tracking_uri=uri or f"sqlite:///{beside / 'mlflow.db'}")
    number = _experiment(client, experiment, (beside / "mlruns").as_uri())
    identity = hash_of([job.identity, job.sweep])
    for old in client.search_runs([number], f"tags.`{IDENTITY}` = '{identity}'"):
        client.delete_run(old.info.run_id)
    run = client.create_run(number, run_name=job.directory.name).info.run_id
    try:
        _log(client, run, job, identity)
    finally:
        client.set_terminated(run, STATUS[job.status])


def _experiment(client: Any, name: str, artifacts: str) -> str:
    """The number of an experiment, which is made where there is none."""
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    try:
        return str(client.create_experiment(name, artifact_location=artifacts))
    except MlflowException:  # another process was faster
        found = client.get_experiment_by_name(name)
        if found is None:
            raise
        return str(found.experiment_id)


def _log(client: Any, run: str, job: Ended, identity: str) -> None:
    """Parameters, tags and numbers, as many at once as MLflow takes."""
    from mlflow.entities import Metric, Param, RunTag

    now, said = int(1000 * time.time()), summary_of(job)
    numbers = {name: value for name, value in said.items() if isinstance(value, int | float)}
    words = {
        IDENTITY: identity,
        "directory": job.directory,
        "sweep": job.sweep,
        **{name: said[name] for name in ("status", "error", "message")},
    }
    content: dict[str, list[object]] = {
        "params": [Param(name, str(value)[:LONGEST]) for name, value in _flat(job.config)],
        "tags": [RunTag(name, str(value)) for name, value in words.items() if value is not None],
        "metrics": [Metric(name, float(value), now, 0) for name, value in numbers.items()],
    }
    for name, values in mean_curves(job.curves or {}).items():
        pairs = enumerate(values, start=1)
        content["metrics"] += [Metric(name, float(v), now, epoch) for epoch, v in pairs]
    for kind, rows in content.items():
        for start in range(0, len(rows), BATCH[kind]):
            client.log_batch(run, **{kind: rows[start : start + BATCH[kind]]})


def _flat(node: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted name, value) of every setting."""
    for name, value in node.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
