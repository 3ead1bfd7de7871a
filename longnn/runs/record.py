"""The files of a run directory: written whole or not at all, ``result.json`` last."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from longnn.runs.atomic import PARTIAL, atomic_write
from longnn.runs.directory import RESULT, RunDirectoryError, read_result


def finished(directory: Path, identity: str, *, force: bool) -> dict[str, Any] | None:
    """The result in ``directory`` if this very run has finished there, else None.

    Raises:
        RunDirectoryError: if it holds another run's result, or one that cannot be read, and
            ``force`` is not set.
    """
    file = directory / RESULT
    if force or not file.exists():
        return None
    result = read_result(file)
    if result["identity"] != identity:
        raise RunDirectoryError(
            f"{directory} holds the result of another run (identity {result['identity'][:8]}, "
            f"this one is {identity[:8]}: other settings, data or split); choose another "
            "hydra.run.dir, or force=true to replace it"
        )
    return result


def write_run(directory: Path, files: dict[str, Callable[[Path], None]], result: dict) -> None:
    """Writes every file under a temporary name, moves them into place, and the result last.

    Args:
        directory: run directory; made if missing.
        files: name -> function that writes the file at a path.
        result: content of ``result.json``.
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


def save_arrays(arrays: dict[str, np.ndarray]) -> Callable[[Path], None]:
    """A writer of a compressed npz file."""

    def write(path: Path) -> None:
        with path.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)

    return write
