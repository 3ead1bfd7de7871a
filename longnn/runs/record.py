"""Run directories are written: each file whole or not at all, `result.json` last."""

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from longnn.runs.atomic import PARTIAL, atomic_write
from longnn.runs.directory import RESULT, RunDirectoryError, parsed, read_identified
from longnn.runs.text import printable

LOG = logging.getLogger(__name__)

DAMAGED = "result.damaged.json"
"""The name that a result which cannot be read is given before the run is made again."""

Writer = Callable[[Path], object]
"""Writes one file at the path that it is given."""


def finished(
    directory: Path,
    identity: str,
    *,
    force: bool,
    problem: Callable[[object], str | None] = lambda _: None,
) -> dict[str, Any] | None:
    """The content of `result.json` if this very run has finished in a directory, else None.

    Runs of training and fits of responses have results of their own kinds; both have an identity.
    A result that is damaged is put aside and counts as none.

    Args:
        directory: a run directory.
        identity: the sha256 of the run that is about to start.
        force: whether a result that is there is to be replaced, so that it does not count.
        problem: says what is wrong with a result of this identity, None if nothing is.

    Raises:
        RunDirectoryError: if the directory holds another run's result and `force` is not set.
    """
    file = directory / RESULT
    if force or not file.exists():
        return None
    if file.is_file() and parsed(file) is None:  # torn by a full disk or a loss of power
        _put_aside(file, "cannot be read")
        return None
    content = read_identified(file)
    if content["identity"] != identity:
        raise RunDirectoryError(
            f"{directory} holds the result of another run (identity {content['identity'][:8]}, "
            f"this one is {identity[:8]}: other settings, data or split); choose another "
            "hydra.run.dir, or force=true to replace it"
        )
    reason = problem(content)
    if reason is not None:
        _put_aside(file, f"is damaged ({reason})")
        return None
    return content


def _put_aside(file: Path, reason: str) -> None:
    aside = file.replace(file.with_name(DAMAGED))
    message = f"{file} {reason}; it is now {aside.name}, and the run is made again"
    LOG.warning(printable(message))


def write_run(directory: Path, files: Mapping[str, Writer], result: Mapping[str, Any]) -> None:
    """Writes every file under a temporary name, moves them into place, and the result last.

    Args:
        directory: the run directory, which is made if it is missing.
        files: name -> function that writes the file at a path.
        result: the content of `result.json`.

    Raises:
        ValueError: if the result holds a number that is not finite.
    """
    directory.mkdir(parents=True, exist_ok=True)
    (directory / RESULT).unlink(missing_ok=True)
    for left in directory.glob(f"{PARTIAL}*"):  # of a writer that was killed
        left.unlink(missing_ok=True)
    for name, write in files.items():
        with atomic_write(directory / name) as path:
            write(path)
    with atomic_write(directory / RESULT) as path:
        path.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")


def save_arrays(arrays: Mapping[str, np.ndarray]) -> Writer:
    """A writer of a compressed `.npz` file of these arrays."""

    def write(path: Path) -> None:
        with path.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)

    return write
