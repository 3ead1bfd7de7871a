"""Where a sweep stands, from its files alone."""

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from longnn.runs import attempts
from longnn.runs.directory import RunDirectoryError
from longnn.runs.result import read_result
from longnn.runs.text import printable

from .claims import claims_of, numbered

OPEN = ("missing", "killed", "stopped", "superseded", "damaged")
"""States of a job that is still to be done."""

ORDER = ("done", "running", "failed", "pruned", "killed", "stopped", "damaged", "missing")

OVER = {"done", "failed", "pruned"}
"""States of a job that has ended, well or not."""

RUNNING = 3
"""Exit code where nothing is left to do here, but others still work on jobs."""


class JobState(NamedTuple):
    """One job of a sweep."""

    name: str
    overrides: list[str]
    status: str
    message: str = ""


def job_state(directory: Path, name: str, overrides: list[str]) -> JobState:
    """State of the job whose directory is ``directory/name``."""
    try:
        found = attempts.status(directory / name)
    except OSError as error:  # not to be read by this user
        return JobState(name, overrides, "damaged", str(error))
    if found == "damaged":
        return JobState(name, overrides, found, _damage(directory / name))
    attempt = attempts.newest(directory / name) if found == "failed" else None
    if attempt is None:
        return JobState(name, overrides, found)
    told = attempt.content
    message = f"{told.get('error', 'an error of no name')}: {told.get('message', '')}"
    return JobState(name, overrides, found, message)


def _damage(directory: Path) -> str:
    try:
        read_result(directory)
    except (OSError, RunDirectoryError) as error:
        return str(error)
    return "it has been repaired meanwhile"


def trial_states(
    directory: Path, name: str, wanted: int, jobs: Mapping[str, list[str]]
) -> list[JobState]:
    """The state of each trial of a search; trials of equal values share a job.

    Args:
        directory: of the sweep.
        name: of the search.
        wanted: how many trials there shall be.
        jobs: name of each job's directory -> its overrides.
    """
    folder = claims_of(directory, name)
    if not folder.is_dir():  # of an earlier version, which had a job for each trial
        states = [job_state(directory, job, overrides) for job, overrides in jobs.items()]
        return states + [JobState("", [], "missing")] * max(wanted - len(states), 0)
    known: dict[str, JobState] = {}
    states = []
    for status, job in numbered(folder, wanted):
        if status == "done" and job not in known:
            known[job] = job_state(directory, job, jobs.get(job, []))
        states.append(known[job] if status == "done" else JobState(job, [], status))
    return states


def exit_code(states: Iterable[JobState]) -> int:
    """0 where every job is done (or pruned), 1 where one failed or is missing, else RUNNING."""
    found = {state.status for state in states}
    if found & {"failed", *OPEN}:
        return 1
    return RUNNING if "running" in found else 0


def counted(states: Iterable[JobState]) -> str:
    """How many are done, running, failed, ..."""
    counts = Counter(state.status for state in states)
    counts["missing"] += counts.pop("superseded", 0)
    named = [f"{counts[name]} {name}" for name in ORDER if counts[name]]
    return f"{sum(counts.values())} jobs: {', '.join(named) or 'none'}"


def summary(directory: Path, states: list[JobState]) -> str:
    """The end of a sweep: counts, what failed and why, and what to do next."""
    lines = [counted(states)]
    failed = {state.name: state for state in states if state.status == "failed"}
    for state in failed.values():
        first = state.message.splitlines()[0] if state.message else ""
        lines.append(f"  failed: {shlex.join(state.overrides) or '(no overrides)'}: {first}")
        lines.append(f"          {directory / state.name}")
    damaged = {state.name: state for state in states if state.status == "damaged"}
    lines += [f"  damaged: {name}: {state.message}" for name, state in damaged.items()]
    if failed:
        lines.append(f"repeat them:  longnn sweep resume {directory} --failed")
    if any(state.status in (*OPEN, "running") for state in states):
        lines.append(f"go on:        longnn sweep resume {directory}")
    lines.append(f"the table:    longnn report {directory}")
    return "\n".join(map(printable, lines))
