"""What lies in a run directory, and reading it; imports no jax."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

SCHEMA = 2
"""Version of the layout of a run directory."""

RESULT = "result.json"
"""Written last: a directory that holds it is finished."""


class RunDirectoryError(ValueError):
    """A run directory holds something that must not be overwritten, or cannot be read."""


def read_result(file: Path) -> dict[str, Any]:
    """Parses a ``result.json``, of whichever layout.

    Raises:
        RunDirectoryError: if it is not one.
    """
    try:
        result = json.loads(file.read_text())
        result["identity"]
    except (json.JSONDecodeError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise RunDirectoryError(
            f"{file} is not a result of this program ({error}); move it away, or use force=true"
        ) from error
    return result


def check_schema(file: Path, result: dict[str, Any]) -> None:
    """Raises RunDirectoryError unless a result has the layout that this program reads."""
    schema = result.get("schema")
    if schema != SCHEMA:
        raise RunDirectoryError(
            f"{file} has layout {schema!r}, this program reads {SCHEMA}; train that run again"
        )


def finished_result(folder: Path) -> dict[str, Any]:
    """The result of a finished run.

    Raises:
        FileNotFoundError: if there is no such directory, or no finished run in it.
        RunDirectoryError: if its result cannot be read or has another layout.
    """
    file = folder / RESULT
    if not file.is_file():
        inside = sorted(path.parent for path in folder.glob(f"*/{RESULT}"))
        if not folder.is_dir():
            hint = "there is no such directory"
        elif inside:
            hint = f"it holds {len(inside)} of them; open one, for instance {inside[0]}"
        else:
            hint = f"no run has finished there ({RESULT}, which is written last, is missing)"
        raise FileNotFoundError(f"cannot open {folder} as a run: {hint}")
    result = read_result(file)
    check_schema(file, result)
    return result


def read_arrays(file: Path) -> dict[str, np.ndarray]:
    """The arrays of an ``.npz`` of a run directory.

    Raises:
        RunDirectoryError: if it is missing or damaged.
    """
    if not file.is_file():
        raise RunDirectoryError(
            f"{file.parent} lacks {file.name}; train that run again with force=true"
        )
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            return dict(arrays)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise RunDirectoryError(
            f"{file} is damaged ({error}); train that run again with force=true"
        ) from error
