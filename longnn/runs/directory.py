"""The layout of a run directory: the names of its files and how they are read; imports no jax.

One process trains a run and writes `config.yaml`, `curves.npz`, `parameters.npz`, `predictions.npz`
and figures, each under a temporary name that is then moved into place, and `result.json` last. The
files `attempt-001.json`, ... say who worked on the run, and `train.log` what was logged.
"""

import json
import zipfile
from pathlib import Path
from typing import Any, cast

import numpy as np

SCHEMA = 3
"""The version of this layout; a run of another version has to be trained again."""

RESULT = "result.json"
"""Scores, config and versions. It is written last: a directory that holds it is finished."""

CONFIG = "config.yaml"
"""Every setting of the run, resolved."""

CURVES = "curves.npz"
"""Loss, validation score and learned exponents, each [B, epochs]."""

PARAMETERS = "parameters.npz"
"""The parameters at the selected epochs by their paths, each [B, ...]."""

PREDICTIONS = "predictions.npz"
"""The outputs [B, N, C] at the selected epochs, and the splits (`part`)."""

CHECKPOINT = "checkpoint.npz"
"""How far a run is that is being trained, or whose process was killed."""

TRAIN_LOG = "train.log"
"""What was logged while the run was trained."""

FILTER = "filter.png"
"""The figure of the learned filter, which reports show again."""


class RunDirectoryError(ValueError):
    """A run directory holds something that must not be overwritten or cannot be read."""


def parsed(file: Path) -> object:
    """What a JSON file holds; None where it is missing, torn, or not to be read by this user.

    Args:
        file: its path.
    """
    try:
        return cast(object, json.loads(file.read_bytes()))
    except (FileNotFoundError, NotADirectoryError, PermissionError, ValueError, RecursionError):
        return None


def read_identified(file: Path) -> dict[str, Any]:
    """Parses a JSON file that a finished run wrote last, of whichever layout.

    Args:
        file: path of a `result.json`.

    Raises:
        RunDirectoryError: if it is no JSON object with an identity.
    """
    try:
        content: dict[str, Any] = json.loads(file.read_text())
        content["identity"]
    except (json.JSONDecodeError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise RunDirectoryError(
            f"{file} is not a result of this program ({error}); move it away, or use force=true"
        ) from error
    return content


def result_file(folder: Path) -> Path:
    """The path of the result of a finished run.

    Args:
        folder: a run directory.

    Raises:
        FileNotFoundError: if there is no such directory, or no finished run in it.
    """
    file = folder / RESULT
    if file.is_file():
        return file
    inside = sorted(path.parent for path in folder.glob(f"*/{RESULT}"))
    if not folder.is_dir():
        hint = "there is no such directory"
    elif inside:
        hint = f"it holds {len(inside)} of them; open one, for instance {inside[0]}"
    else:
        hint = f"no run has finished there ({RESULT}, which is written last, is missing)"
    raise FileNotFoundError(f"cannot open {folder} as a run: {hint}")


def read_arrays(file: Path) -> dict[str, np.ndarray]:
    """Reads the arrays of an `.npz` file of a run directory.

    Args:
        file: path of the file.

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
