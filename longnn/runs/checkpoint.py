"""The file that says how far a run is: one `.npz` of plain arrays, written whole or not at all.

It bears a key, a hash of all that must be equal for a run to go on from it.
"""

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from longnn.runs.atomic import atomic_write
from longnn.runs.directory import CHECKPOINT, RunDirectoryError
from longnn.runs.npz import Arrays, opened

LOG = logging.getLogger(__name__)

KEY = "key"
"""The array that holds the key."""


def write(directory: Path, key: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes the checkpoint of a run, in place of an earlier one.

    Args:
        directory: the run directory.
        key: of the run.
        arrays: by name, none of them called "key".

    Raises:
        OSError: if it cannot be written, for instance since the disk is full.
    """
    with atomic_write(directory / CHECKPOINT) as path, path.open("wb") as file:
        # not compressed: parameters hardly get smaller, and training waits meanwhile
        np.savez(file, allow_pickle=False, **{KEY: np.array(key)}, **arrays)


def read(directory: Path, key: str) -> dict[str, np.ndarray] | None:
    """The arrays of the checkpoint of a run.

    Args:
        directory: the run directory.
        key: of the run.

    Returns:
        The arrays by name; None where there is no checkpoint, or one that is damaged or of another
        key, which is logged.
    """
    file = directory / CHECKPOINT
    if not file.exists():
        return None
    try:
        with opened(file) as stored:
            _check_size(stored, file.stat().st_size)
            if str(stored.read(KEY)) == key:
                return {name: stored.read(name) for name in stored.headers if name != KEY}
    except RunDirectoryError as error:
        cause = error.__cause__ or error
        message = f"{file} is damaged and ignored ({type(cause).__name__}: {cause})"
        LOG.warning(message, extra={"job": directory})
        return None
    LOG.info(
        f"{file} is ignored: it is of other settings, data, splits, versions or another device",
        extra={"job": directory},
    )
    return None


def _check_size(stored: Arrays, size: int) -> None:
    """Nothing is compressed here, so the arrays take no more memory than the file."""
    unpacked = sum(header.size for header in stored.headers.values())
    if unpacked > size:
        raise ValueError(f"{unpacked:,} bytes are packed into {size:,}, and no checkpoint is")


def written(directory: Path) -> int | None:
    """When the checkpoint of a run was written, in nanoseconds; None where there is none.

    Args:
        directory: the run directory.
    """
    try:
        return (directory / CHECKPOINT).stat().st_mtime_ns
    except OSError:
        return None


def remove(directory: Path) -> None:
    """Removes the checkpoint of a run, where there is one; a file that stays is logged.

    Args:
        directory: the run directory.
    """
    try:
        (directory / CHECKPOINT).unlink(missing_ok=True)
    except OSError as error:
        LOG.warning(f"cannot remove {directory / CHECKPOINT}: {error}", extra={"job": directory})
