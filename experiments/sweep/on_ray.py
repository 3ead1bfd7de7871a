"""Jobs as tasks of a Ray cluster: one task for each batch; jax is imported in its workers alone."""

import logging
import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.utils import JobReturn

from ..jobs.job import Job, likely_group_of
from .plan import Planned
from .together import grouped

if TYPE_CHECKING:
    import ray

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """How jobs are given to Ray.

    Attributes:
        address: of a cluster; None: one is started on this machine.
        num_cpus: processors that a task takes.
        num_gpus: GPUs that a task takes, or a part of one.
        batch: number of jobs of one program that a task trains together, at least 1.
    """

    address: str | None
    num_cpus: float
    num_gpus: float
    batch: int


def launch_planned(planned: Sequence[Planned], settings: Settings) -> list[JobReturn]:
    """Runs jobs and waits for all of them, whatever becomes of workers and nodes.

    A job whose worker or node is gone is told from the others by its directory, and started again
    by the sweep, as with every launcher.

    Args:
        planned: jobs, composed.
        settings: how they are given to Ray.

    Raises:
        SystemExit: with code 2 where Ray is not installed, or no cluster answers.
    """
    if find_spec("ray") is None:
        _exit('hydra/launcher=ray needs Ray: pip install "longnn[ray]"')
    if settings.batch < 1:
        _exit(f"hydra.launcher.batch must be at least 1, got {settings.batch}")
    import ray

    jobs = [one.job for one in planned if one.job is not None]
    pieces = [
        group[start : start + settings.batch]
        for group in grouped(jobs, likely_group_of)
        for start in range(0, len(group), settings.batch)
    ]
    started = not ray.is_initialized()
    if started:
        _join(settings.address)
    try:
        LOG.info(f"{len(jobs)} jobs in {len(pieces)} tasks on {_shown(ray.cluster_resources())}")
        return _run(pieces, settings)
    finally:
        if started:
            ray.shutdown()


def _join(address: str | None) -> None:
    import ray

    if address and ":" in address and not _answers(address):  # Ray itself would try for minutes
        _exit(f"no Ray cluster answers at hydra.launcher.address={address}")
    # what a worker says is in the logs of its runs
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.WARNING}
    try:
        ray.init(address or "local", **quiet)
    except (ConnectionError, ValueError, RuntimeError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        _exit(f"no Ray cluster answers at hydra.launcher.address={address}: {first}")


def _answers(address: str) -> bool:
    """Whether something listens at HOST:PORT."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except (OSError, ValueError, OverflowError):
        return False
    return True


def _run(pieces: Sequence[Sequence[Job]], settings: Settings) -> list[JobReturn]:
    import ray

    task = ray.remote(train).options(
        num_cpus=settings.num_cpus, num_gpus=settings.num_gpus, max_retries=0
    )
    waiting = {task.remote(list(piece), os.getcwd()): piece for piece in pieces}
    while waiting:
        (over,), _ = ray.wait(list(waiting), num_returns=1)
        piece = waiting.pop(over)
        _heard(over, piece)
    return []


def _heard(over: "ray.ObjectRef[list[str]]", piece: Sequence[Job]) -> None:
    import ray

    try:
        for error in ray.get(over):
            LOG.error(error)
    except ray.exceptions.RayError as error:
        names = ", ".join(job.directory.name for job in piece[:3])
        more = f" and {len(piece) - 3} more" if len(piece) > 3 else ""
        last = ([""] + [line for line in str(error).splitlines() if line.strip()])[-1]
        LOG.error(f"Ray's task of {names}{more}: {type(error).__name__}: {last}")


def train(jobs: list[Job], cwd: str) -> list[str]:
    """What a task does, in a process of a worker.

    Args:
        jobs: of one program, or of few.
        cwd: of the command, from which relative paths are read.

    Returns:
        The errors that were logged.
    """
    from ..config.cli import register_resolvers
    from ..config.here import import_from
    from .together import grouped, train_group

    if not Path(cwd).is_dir():
        raise FileNotFoundError(f"this node has no {cwd}, the folder that the sweep was started in")
    os.chdir(cwd)
    register_resolvers()
    import_from(cwd)
    root, errors = logging.getLogger(), _Errors()
    root.setLevel(logging.INFO)
    root.addHandler(errors)
    try:
        for group in grouped(jobs):
            train_group(group)
    finally:
        root.removeHandler(errors)
    return errors.messages


class _Errors(logging.Handler):
    """Keeps the messages of errors for the command, which sees no log of a worker."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def _shown(resources: dict[str, float]) -> str:
    nodes = sum(name.startswith("node:") and name != "node:__internal_head__" for name in resources)
    gpus = f", {resources['GPU']:g} GPUs" if resources.get("GPU") else ""
    return f"{nodes} Ray nodes with {resources.get('CPU', 0):g} CPUs{gpus}"


def _exit(message: str) -> None:
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(2)
