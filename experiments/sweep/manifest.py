"""Which jobs a sweep consists of: ``sweep-HASH.json`` in its directory, one for each sweep."""

import json
import shlex
from pathlib import Path
from typing import Any, NamedTuple

from longnn.runs.atomic import atomic_write
from longnn.runs.directory import RunDirectoryError, parsed
from longnn.runs.kinds import is_count

from ..config.identity import hash_of

_PATTERN = "sweep-*.json"

MOST_TRIALS = 1_000_000
"""The number of trials that a search may have."""


class Manifest(NamedTuple):
    """A sweep that was started.

    Attributes:
        command: arguments after ``longnn train``.
        jobs: name of each job's directory -> its overrides.
        trials: of a search, how many there will be.
    """

    command: list[str]
    jobs: dict[str, list[str]]
    trials: int | None = None


def write(directory: Path, manifest: Manifest, name: str | None = None) -> Path:
    """Writes the file of a sweep; the command of one that was started before stays.

    Args:
        directory: of the sweep.
        manifest: its content.
        name: of the sweep; without one, equal jobs are an equal sweep.
    """
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / f"sweep-{name or hash_of(sorted(manifest.jobs))[:8]}.json"
    if file.exists():
        before = _parsed(file)
        trials = max(before.trials or 0, manifest.trials or 0) or None
        jobs = before.jobs | manifest.jobs
        manifest = Manifest(before.command, jobs, trials)
    with atomic_write(file) as path:
        path.write_text(json.dumps(manifest._asdict(), indent=1) + "\n")
    return file


def read(directory: Path) -> dict[Path, Manifest]:
    """All sweeps that were started in a directory.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if a file cannot be read.
    """
    files = sorted(directory.glob(_PATTERN))
    if not files:
        raise FileNotFoundError(
            f"no sweep was started in {directory} (it holds no {_PATTERN}); {_hint(directory)}"
        )
    return {file: _parsed(file) for file in files}


def _hint(directory: Path) -> str:
    """Where the sweeps below a directory are, or how one is started."""
    below = sorted({str(file.parent) for file in directory.glob(f"*/{_PATTERN}")})
    if below:
        return f"there are sweeps in {', '.join(below)}; name one of these directories"
    return f"start one: longnn train -m dataset=texas,cornell hydra.sweep.dir={directory}"


def command(arguments: list[str]) -> str:
    """A command line that starts a sweep."""
    return f"longnn train {shlex.join(arguments)}"


def _parsed(file: Path) -> Manifest:
    content: Any = parsed(file)
    problem = _problem(content)
    if problem is not None:
        raise RunDirectoryError(f"{file} is not a sweep ({problem}); move it away")
    return Manifest(content["command"], content["jobs"], content.get("trials"))


def _problem(content: object) -> str | None:
    """What is wrong with the content of a sweep's file."""
    if not isinstance(content, dict):
        return "it is no JSON object"
    if not _is_line(content.get("command")):
        return "command should be a list of text"
    jobs, trials = content.get("jobs"), content.get("trials")
    if not isinstance(jobs, dict) or not all(map(_is_line, jobs.values())):
        return "jobs should be an object of lists of text"
    for name in jobs:
        path = Path(name)
        if path.is_absolute() or ".." in path.parts or not path.parts or not name.isprintable():
            return f"jobs should be named by directories inside this one, one is {name!r}"
    if trials is not None and (not is_count(trials) or trials > MOST_TRIALS):
        return f"trials should be a whole number up to {MOST_TRIALS:,}, it is {trials!r}"
    return None


def _is_line(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)
