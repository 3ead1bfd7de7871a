"""Where a sweep stands, from its files alone."""

import shlex
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from longnn.runs import attempts

OPEN = ("missing", "killed", "stopped", "superseded")
"""States of a job that is still to be done."""

ORDER = ("done", "running", "failed", "pruned", "killed", "stopped", "missing")


class JobState(NamedTuple):
    """One job of a sweep."""

    name: str
    overrides: list[str]
    status: str
    message: str = ""


def job_state(directory: Path, name: str, overrides: list[str]) -> JobState:
    """State of the job whose directory is ``directory/name``."""
    found = attempts.status(directory / name)
    attempt = attempts.newest(directory / name) if found == "failed" else None
    if attempt is None:
        return JobState(name, overrides, found)
    message = f"{attempt.content['error']}: {attempt.content['message']}"
    return JobState(name, overrides, found, message)


def counted(states: Iterable[JobState]) -> str:
    """How many are done, running, failed, ..."""
    counts = Counter(state.status for state in states)
    counts["missing"] += counts.pop("superseded", 0)
    named = [f"{counts[name]} {name}" for name in ORDER if counts[name]]
    return f"{sum(counts.values())} jobs: {', '.join(named) or 'none'}"


def summary(directory: Path, states: list[JobState]) -> str:
    """The end of a sweep: counts, what failed and why, and what to do next."""
    lines = [counted(states)]
    failed = [state for state in states if state.status == "failed"]
    for state in failed:
        first = state.message.splitlines()[0] if state.message else ""
        lines.append(f"  failed: {shlex.join(state.overrides) or '(no overrides)'}: {first}")
        lines.append(f"          {directory / state.name}")
    if failed:
        lines.append(f"repeat them:  longnn sweep resume {directory} --failed")
    if any(state.status in OPEN for state in states):
        lines.append(f"go on:        longnn sweep resume {directory}")
    lines.append(f"the table:    longnn report {directory}")
    return "\n".join(lines)
