"""What a job trains: its data, its trial, and the fits of the jobs of a group."""

from collections.abc import Iterator, Sequence
from typing import Any

from longnn.runs.configured import instantiate
from longnn.training import Fit, Problem, Trial, fit_each, problem_of
from longnn.training.check import check_metrics
from longnn.training.device_counts import groups_for
from longnn.training.processes import others_there

from ..config.checked import check_config
from .downloads import logged_warnings
from .job import Job, model_of
from .loading import load
from .optim import optim_of
from .outcome import Data
from .result import plain


def data_of(job: Job) -> Data:
    """The dataset and the splits of a job.

    Raises:
        ValueError: if they mean nothing.
    """
    sweep = None if job.sweep is None else job.directory.parent
    dataset = load(job.config, job.trust, sweep)
    with logged_warnings(sweep):
        protocol = instantiate(plain(job.config.split) | {"_partial_": True}, job.trust)
        return Data(dataset, protocol(dataset))


def trial_of(job: Job, data: Data) -> Trial:
    """What a job trains on its data.

    Raises:
        ValueError: if a setting, or a metric that it asks for, means nothing.
    """
    config, dataset = job.config, data.dataset
    check_config(config)
    _, settings = model_of(job)
    optim = optim_of(plain(config.optim), job.trust)
    check_metrics(
        list(config.metrics), dataset.metric, dataset.labels, data.splits, dataset.classes
    )
    return Trial(settings, optim, range(config.seed, config.seed + config.repeats))


def fits_of(
    job: Job, trials: Sequence[Trial], data: Data, problem: Problem, **options: Any
) -> Iterator[tuple[int, Fit | Exception]]:
    """The fits of jobs of one group, see ``longnn.training.fit_each``.

    Args:
        job: one of them.
        trials: of all of them.
        data: of the group.
        problem: of its dataset, see :func:`problem_of_job`.
        options: on_progress, prune and checkpoints.

    Raises:
        ConnectionError: if another process of the job is gone.
    """
    model, _ = model_of(job)
    with others_there():
        yield from fit_each(
            model,
            problem,
            data.splits,
            trials,
            classes=data.dataset.classes,
            metric=data.dataset.metric,
            chunk=job.config.chunk,
            memory_gb=job.config.memory_gb,
            devices=job.config.devices,
            **options,
        )


def problem_of_job(job: Job, data: Data, trials: Sequence[Trial]) -> Problem:
    """The operator, features and labels that a job trains on.

    Args:
        job: of a group.
        data: of the group.
        trials: of all of its jobs.

    Raises:
        ValueError: for a setting that means nothing, or more devices than there are.
    """
    model, _ = model_of(job)
    config, graph = job.config, job.config.graph
    runs = sum(len(trial.seeds) for trial in trials) * len(data.splits.part)
    return problem_of(
        data.dataset,
        self_loops=graph.self_loops,
        degree_exponent=graph.degree_exponent,
        operator=graph.operator,
        charge=graph.charge,
        backend=config.backend,
        order=graph.order,
        precision=config.precision,
        dtype=config.dtype,
        model=model,
        nodes_over=config.nodes_over,
        runs_over=groups_for(config.devices, config.nodes_over, runs),
    )
