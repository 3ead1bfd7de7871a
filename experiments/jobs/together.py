"""One job in several processes: the first reads, writes and says what is done, the others train."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import jax

from longnn.training.processes import Agreed, is_first, others_there, told

from .compiled import keep_compiled
from .device import check_device, computing_in
from .fits import data_of, fits_of, problem_of_job, trial_of
from .job import Job


def is_other(job: Job) -> bool:
    """Whether another process reads and writes the files of a job.

    Raises:
        ValueError: if its processes have not joined.
    """
    if job.config.distributed is None:
        return False
    if not jax.distributed.is_initialized():
        raise ValueError(
            f"distributed={job.config.distributed} has to stand on the command line itself: "
            "processes join before configs are read"
        )
    return not is_first()


def follow(job: Job) -> None:
    """Trains what the first process trains, and keeps nothing of it.

    Args:
        job: the same as there.

    Raises:
        ConnectionError: if another process is gone.
    """
    with computing_in(job.config.dtype), others_there():
        check_device()
        keep_compiled(job.config.compilation_cache)
        data = data_of(job)
        trial = trial_of(job, data)
        problem = problem_of_job(job, data, [trial])
        if told():
            checkpoints = None if job.config.checkpoint_seconds is None else Agreed(None)
            for _ in fits_of(job, [trial], data, problem, checkpoints=checkpoints):
                pass


@contextmanager
def leading(job: Job) -> Iterator[Callable[[], None]]:
    """Tells the other processes of a job whether there is something to train.

    Yields:
        To be called where there is, before training.
    """
    said = job.config.distributed is None

    def begin() -> None:
        nonlocal said
        if not said:
            said = told(True)

    with others_there():
        yield begin
        if not said:
            told(False)
