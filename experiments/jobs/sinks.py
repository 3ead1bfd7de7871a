"""Reports jobs that have ended to a tracking service; the only file that knows wandb."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from longnn.runs.result import Result

from ..config.identity import hash_of, settings_hash
from .job import Job
from .result import plain


class Ended(NamedTuple):
    """What is reported of a job.

    Attributes:
        directory: the run directory.
        status: "done", "pruned" or "failed".
        config: every setting, as in ``config.yaml``.
        identity: hash of the settings that decide the result.
        sweep: name of the sweep's directory; None for a job of its own.
        result: what was recorded of a job that is done.
        curves: name -> values of each run by epoch [B, epochs]; none of a job that failed.
        error: what made it fail.
    """

    directory: Path
    status: str
    config: dict[str, Any]
    identity: str
    sweep: str | None = None
    result: Result | None = None
    curves: dict[str, np.ndarray] | None = None
    error: BaseException | None = None


def ended(job: Job, status: str, **content: Any) -> Ended:
    """The report of a job; ``content`` is result, curves or error."""
    identity = settings_hash(job.config)
    return Ended(job.directory, status, plain(job.config), identity, job.sweep, **content)


def no_sink(job: Ended) -> None:
    """Reports nothing: the run directory is the record."""


def to_wandb(
    job: Ended,
    *,
    project: str = "longnn",
    group: str | None = None,
    mode: Literal["offline", "online"] = "offline",
) -> None:
    """One Weights & Biases run with config, mean curves, scores and figures, or the error.

    It is tagged with the job's status, and marked as failed where the job failed. Offline runs lie
    in ``directory/wandb`` for ``wandb sync``. Its id comes from the settings and the group, so that
    a job that is repeated (it failed, was killed, or force=true) does not appear twice: its run is
    resumed, the summary replaced, and the curves added over the same axis, ``epoch``.

    Args:
        job: the job that has ended.
        project: name of the wandb project.
        group: name that gathers the runs of a sweep; the sweep's directory by default.
        mode: "offline" or "online".

    Raises:
        ModuleNotFoundError: if wandb is not installed.
    """
    try:
        import wandb
    except ModuleNotFoundError as error:
        message = 'logger=wandb needs wandb: pip install "longnn[wandb]"'
        raise ModuleNotFoundError(message) from error
    os.environ.setdefault("WANDB_SILENT", "true")
    group = job.sweep if group is None else group
    run = wandb.init(
        project=project,
        group=group,
        id=hash_of([job.identity, group])[:16],
        resume="allow",
        name=job.directory.name,
        tags=[job.status],
        config=job.config,
        dir=str(job.directory),
        mode=mode,
        reinit="finish_previous",  # the jobs of a sweep may share a process
    )
    try:
        _log_curves(run, job.curves or {})
        run.summary.update(summary_of(job))
        if job.result is not None:
            for figure in sorted(job.directory.glob("*.png")):
                run.log({figure.stem: wandb.Image(str(figure))})
    finally:
        run.finish(exit_code=int(job.status == "failed"))


def _log_curves(run: Any, curves: dict[str, np.ndarray]) -> None:
    """Logs means over runs by epoch; wandb's own step never goes back when a run is resumed."""
    run.define_metric("epoch", hidden=True)
    run.define_metric("*", step_metric="epoch")
    means = mean_curves(curves)
    for epoch in range(max(map(len, means.values()), default=0)):
        run.log({"epoch": epoch + 1} | {name: float(v[epoch]) for name, v in means.items()})


def mean_curves(curves: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """name -> [epochs] the mean over the runs that still train at an epoch."""
    return {name: np.nanmean(values, axis=0) for name, values in curves.items()}


def summary_of(job: Ended) -> dict[str, Any]:
    """Scores and error by name; None where there is none."""
    found = job.result
    scores = {} if found is None else {"val": asdict(found.val), "test": asdict(found.test)}
    names = ("mean", "std", "ci95", "n")
    beside = {} if found is None else found.metrics
    return {
        "status": job.status,
        "error": None if job.error is None else type(job.error).__name__,
        "message": None if job.error is None else str(job.error),
        **{f"{part}_{k}": scores.get(part, {}).get(k) for part in ("val", "test") for k in names},
        **{f"{part}_{m}": each.mean for m, parts in beside.items() for part, each in parts.items()},
    }
