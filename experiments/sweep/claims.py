"""Where the processes of a search write down which trials are theirs; imports no Optuna."""

from collections.abc import Iterator
from pathlib import Path

from longnn.runs import attempts
from longnn.runs.attempts import Attempt

JOB = "directory"
"""Attribute of a trial, and of a claim that has ended: the directory of its job."""


def claims_of(directory: Path, name: str) -> Path:
    """The folder of the claims of a search.

    Args:
        directory: of the sweep.
        name: of the search, ``search-HASH``.
    """
    return directory / f"{name}-trials"


def claim_folder(folder: Path, number: int) -> Path:
    """The folder of the attempts at one trial.

    Args:
        folder: of the claims.
        number: of the trial, from 0 on.
    """
    return folder / f"{number:04d}"


def numbered(folder: Path, wanted: int) -> Iterator[tuple[str, str]]:
    """The state of each trial from its claims, and the directory of its job where it has ended.

    Args:
        folder: of the claims.
        wanted: how many trials there shall be.
    """
    for number in range(wanted):
        claim = attempts.newest(claim_folder(folder, number))
        job = "" if claim is None else _job_of(claim)
        if claim is None:
            yield "missing", ""
        elif claim.alive:
            yield "running", job
        else:
            ended = str(claim.content["status"])
            yield "killed" if ended in ("running", attempts.UNREADABLE) else ended, job


def _job_of(claim: Attempt) -> str:
    """The directory of the job that a claim names; empty where it names none."""
    job = claim.content.get(JOB)
    return job if isinstance(job, str) and job.isprintable() else ""
