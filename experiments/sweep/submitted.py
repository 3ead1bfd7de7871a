"""Jobs on submitit's executors, each waited for, although another of them was killed.

Hydra's own submitit launchers stop waiting at the first job that was killed. They are asked for
their settings and for the function that a job runs; submitting and waiting is done here.
"""

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn

from .slurm import QUEUE, Queue

if TYPE_CHECKING:
    import submitit
    from omegaconf import DictConfig

LOG = logging.getLogger(__name__)

CLUSTERS = {"LocalLauncher": "local", "SlurmLauncher": "slurm"}
"""The launchers of Hydra's plugin, and what submitit calls their executors."""

PLUGIN = "hydra_plugins.hydra_submitit_launcher.submitit_launcher"

OF_FOLDER = ("submitit_folder", "max_num_timeout")
"""Settings of an executor itself; the others are of each of its jobs."""


SHARED = (
    *("name", "timeout_min", "mem_gb", "nodes", "tasks_per_node", "cpus_per_task"),
    *("gpus_per_node", "stderr_to_stdout"),
)
"""Settings of a job that all clusters take; submitit wants the cluster before the others' names."""


class Submitting(Protocol):
    """What is asked of a launcher of Hydra's plugin, which a job is also called with.

    Attributes:
        params: settings of the launcher.
        config: of the sweep.
    """

    params: dict[str, Any]  # of any kind, as submitit takes them
    config: "DictConfig"

    def __call__(self, *arguments: object) -> JobReturn:
        """Runs one job in its process."""


def is_submitit(launcher: object) -> TypeGuard[Submitting]:
    """Whether a launcher is one of Hydra's for submitit."""
    return type(launcher).__module__ == PLUGIN and type(launcher).__name__ in CLUSTERS


def submit(
    launcher: Submitting, names: Sequence[str], overrides: Sequence[Sequence[str]]
) -> list[JobReturn | None]:
    """Runs jobs and waits for all of them.

    A job that is still in SLURM's queue from a command that was killed is not submitted again.

    Args:
        launcher: of Hydra's, set up.
        names: of each job's directory in the sweep's.
        overrides: of each job.

    Returns:
        What each job returned; None for one that was killed.
    """
    directory = Path(str(launcher.config.hydra.sweep.dir))
    directory.mkdir(parents=True, exist_ok=True)
    on_slurm = type(launcher).__name__ == "SlurmLauncher"
    queue = Queue(directory / QUEUE) if on_slurm else None
    known = queue.waiting(names) if queue else {}
    new = [(name, one) for name, one in zip(names, overrides, strict=True) if name not in known]
    state = Singleton.get_state()
    arguments = [
        (list(one), "hydra.sweep.dir", number, f"job_id_for_{number}", state)
        for number, (_, one) in enumerate(new)
    ]
    jobs: dict[str, submitit.Job[JobReturn]] = {}
    if new:
        submitted = _executor(launcher).map_array(launcher, *zip(*arguments, strict=True))
        jobs = {name: job for (name, _), job in zip(new, submitted, strict=True)}
    if queue:
        queue.add({name: job.job_id for name, job in jobs.items()})
        queue.wait(directory, known | {name: job.job_id for name, job in jobs.items()})
    return [
        _returned(jobs[name]) if name in jobs and (not queue or _told(jobs[name])) else None
        for name in names
    ]


def _told(job: "submitit.Job[JobReturn]") -> bool:
    """Whether a job of SLURM's wrote what it returned; waits a little for a slow file system."""
    for _ in range(10):
        if job.paths.result_pickle.exists():
            return True
        time.sleep(0.2)
    LOG.error(f"SLURM's job {job.job_id} was killed; see {job.paths.folder}")
    return False


def _executor(launcher: Submitting) -> "submitit.AutoExecutor":
    import submitit

    cluster, params = CLUSTERS[type(launcher).__name__], launcher.params
    timeouts: dict[str, Any] = {
        f"{cluster}_max_num_timeout": params[name] for name in OF_FOLDER[1:] if name in params
    }
    executor = submitit.AutoExecutor(params["submitit_folder"], cluster=cluster, **timeouts)
    executor.update_parameters(
        **{
            name if name in SHARED else f"{cluster}_{name}": value
            for name, value in params.items()
            if name not in OF_FOLDER
        }
    )
    return executor


def _returned(job: "submitit.Job[JobReturn]") -> JobReturn | None:
    from submitit.core.utils import FailedJobError, UncompletedJobError

    try:
        return job.results()[0]
    except (FailedJobError, UncompletedJobError) as error:
        first = str(error).splitlines()[0] if str(error) else ""
        LOG.error(f"submitit: {type(error).__name__}: {first}; see {job.paths.folder}")
        return None
