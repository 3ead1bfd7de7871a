"""Checkpoints of jobs: a file in the directory of each, for the process that goes on with it."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence

import jax
import numpy as np

from longnn.operators import choose
from longnn.runs import attempts, checkpoint
from longnn.runs.attempts import Attempt
from longnn.training.keeper import Checkpoints
from longnn.training.processes import Agreed

from ..config.identity import hash_of
from .job import Job
from .outcome import Data, identity_of
from .summary import versions

LOG = logging.getLogger(__name__)

SHARE = 0.05
"""The most of the time that writing checkpoints may take."""


class JobCheckpoints:
    """What ``longnn.training.fit_each`` tells of jobs, counted as they are given here."""

    def __init__(
        self, jobs: Sequence[Job], held: Sequence[Attempt], keys: Sequence[str], seconds: float
    ):
        self._jobs, self._held, self._keys, self._seconds = jobs, held, keys, seconds
        self._next = time.monotonic() + seconds
        self._full = False  # whether a file could not be written

    def load(self, trial: int) -> dict[str, np.ndarray] | None:
        """The arrays of a job's file, if it is of this very run."""
        return checkpoint.read(self._jobs[trial].directory, self._keys[trial])

    def resumed(self, trial: int, epoch: int) -> None:
        """Logs it, and writes it into the attempt."""
        job = self._jobs[trial]
        LOG.info(
            f"{job.title} goes on from epoch {epoch} of an earlier attempt",
            extra={"job": job.directory},
        )
        attempts.tell(self._held[trial], resumed_from=epoch)

    def ignored(self, trial: int, why: str) -> None:
        """Logs it."""
        directory = self._jobs[trial].directory
        message = f"the checkpoint in {directory} is ignored: {why}"
        LOG.warning(message, extra={"job": directory})

    def save(self, make: Callable[[], Mapping[int, dict[str, np.ndarray]]]) -> None:
        """Writes the files if it is time."""
        began = time.monotonic()
        if began < self._next:
            return
        for trial, arrays in make().items():
            if attempts.owned(self._held[trial]):
                self._write(trial, arrays)
        now = time.monotonic()
        self._next = now + max(self._seconds, (now - began) / SHARE)

    def _write(self, trial: int, arrays: Mapping[str, np.ndarray]) -> None:
        directory = self._jobs[trial].directory
        try:
            checkpoint.write(directory, self._keys[trial], arrays)
        except OSError as error:
            if not self._full:
                LOG.warning(
                    f"cannot write a checkpoint into {directory}: {error}; training goes on"
                )
            self._full = True


def checkpoints_of(jobs: Sequence[Job], held: Sequence[Attempt], data: Data) -> Checkpoints | None:
    """The checkpoints of jobs of one group; None where their setting says that there are none.

    Args:
        jobs: of a group.
        held: the attempt at each of them.
        data: that they are trained on.
    """
    seconds = jobs[0].config.checkpoint_seconds
    if seconds is None:
        return None
    own = JobCheckpoints(jobs, held, [_key(job, data) for job in jobs], seconds)
    return own if jobs[0].config.distributed is None else Agreed(own)


def _key(job: Job, data: Data) -> str:
    """What must be equal for a job to go on.

    A run that is forced is made anew: it goes on from nothing but another forced one.
    """
    device = jax.devices()[0].device_kind
    ours = [identity_of(job, data), versions(), device, choose(job.config.backend)]
    return hash_of([*ours, job.config.force])
