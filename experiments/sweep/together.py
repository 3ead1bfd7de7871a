"""Jobs that differ in traced values alone, trained as one batch."""

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hydra.core.utils import JobReturn, JobStatus, configure_log
from omegaconf import DictConfig

from longnn.runs.directory import TRAIN_LOG

from ..jobs.job import Job, group_of
from .plan import Planned

LOG = logging.getLogger(__name__)

Prune = Callable[[Path, int, float], bool]


def launch_planned(
    config: DictConfig, planned: Sequence[Planned], prune: Prune | None = None
) -> list[JobReturn]:
    """Trains each group of jobs; every job gets the directory and files that it has alone.

    Args:
        config: of the sweep.
        planned: jobs, composed.
        prune: told (run directory, epoch, mean best validation score in percent) between chunks;
            True gives a job up.
    """
    configure_log(config.hydra.hydra_logging, config.hydra.verbose)
    jobs = [one.job for one in planned if one.job is not None]
    returned = []
    groups = grouped(jobs)
    LOG.info(f"{len(jobs)} jobs in {len(groups)} batches")
    for group in groups:
        returned += train_group(group, prune)
    return returned


def train_group(group: Sequence[Job], prune: Prune | None = None) -> list[JobReturn]:
    """Trains jobs of one program as one batch, each with a log of its own."""
    for job in group:
        with contextlib.suppress(OSError):  # the job fails for it, where that is reported
            job.directory.mkdir(parents=True, exist_ok=True)
    with logged([job.directory for job in group]):
        return _run(group, prune)


def grouped(jobs: Sequence[Job], key_of: Callable[[Job], str] = group_of) -> list[list[Job]]:
    """Jobs of equal groups together, in the order of the first of each."""
    groups: dict[str, list[Job]] = {}
    for number, job in enumerate(jobs):
        try:
            key = key_of(job)
        except Exception as error:  # a config that its model refuses fails where it is run
            LOG.debug(f"{job.directory.name} runs alone: {error}")
            key = str(number)
        groups.setdefault(key, []).append(job)
    return list(groups.values())


def _run(group: Sequence[Job], prune: Prune | None) -> list[JobReturn]:
    from ..jobs.run import run_together

    LOG.info(group[0].title if len(group) == 1 else f"{len(group)} x {group[0].title}")
    hook = None if prune is None else lambda job, *seen: prune(job.directory, *seen)
    returned = []
    for outcome in run_together(group, prune=hook):
        done = JobReturn(cfg=outcome.job.config, status=JobStatus.COMPLETED)
        done.return_value = {"status": outcome.status, "directory": str(outcome.job.directory)}
        returned.append(done)
        if outcome.error is not None and outcome.job.config.on_error == "raise":
            raise SystemExit(1)
    return returned


@contextmanager
def logged(directories: Sequence[Path]) -> Iterator[None]:
    """What is logged inside also goes into ``train.log`` of the directories."""
    handler = _Everywhere(directories)
    handler.setFormatter(logging.Formatter("[%(asctime)s][%(name)s][%(levelname)s] - %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)


class _Everywhere(logging.Handler):
    """Appends records to the logs of all directories, or of the one that a record is about."""

    def __init__(self, directories: Sequence[Path]):
        super().__init__(logging.INFO)
        self._directories = directories

    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record) + "\n"
        of_one = getattr(record, "job", None)
        for directory in self._directories if of_one is None else [of_one]:
            # a log that cannot be written (a full disk) is no reason to lose the run
            with contextlib.suppress(OSError), (directory / TRAIN_LOG).open("a") as out:
                out.write(text)
