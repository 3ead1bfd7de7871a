"""The layout of a run directory: the names of its files and how they are read; imports no jax.

One process trains a run and writes `config.yaml`, `curves.npz`, `parameters.npz`,
`predictions.npz`, `confusion.npz`, `preparation.json` and figures, each under a temporary name that
is then moved into place, and `result.json` last. The files `attempt-001.json`, ... say who worked
on the run, and `train.log` what was logged.
"""

import json
import os
from pathlib import Path
from typing import Any, cast

from longnn.runs.text import printable

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

CONFUSION = "confusion.npz"
"""How many test nodes of each class each model takes for which: `counts` [B, C, C], rows true."""

PREPARATION = "preparation.json"
"""How the features were scaled, and their names, so that those of other nodes follow."""

CHECKPOINT = "checkpoint.npz"
"""How far a run is that is being trained, or whose process was killed."""

TRAIN_LOG = "train.log"
"""What was logged while the run was trained."""

FILTER = "filter.png"
"""The figure of the learned filter, which reports show again."""


CURVES_PNG = "curves.png"
"""The figure of the training curves."""

CONFUSION_PNG = "confusion.png"
"""The figure of the mean confusion matrix."""

EXPONENTS_PNG = "exponents.png"
"""The figure of the path of alpha and beta."""

PAGE = "report.html"
"""The page of a run, which ``longnn report RUN`` writes."""


class RunDirectoryError(ValueError):
    """A run directory holds something that must not be overwritten or cannot be read.

    Args:
        message: what came, what was expected and what to do; it is made printable, since it may
            quote names that a file held.
    """

    def __init__(self, message: str):
        super().__init__(printable(message))


TEXT_LIMIT = 1 << 26
"""The number of bytes that a JSON file of a run may have; a result of 10,000 models has 3 MB."""


def parsed(file: Path) -> object:
    """What a JSON file holds; None where it is missing, torn, or not to be read by this user.

    Args:
        file: its path.
    """
    try:
        return read_json(file)
    except (OSError, ValueError):
        return None


def read_identified(file: Path) -> dict[str, Any]:
    """Parses a JSON file that a finished run wrote last, of whichever layout.

    Args:
        file: path of a `result.json`.

    Raises:
        RunDirectoryError: if it cannot be read, or is no JSON object with an identity.
    """
    try:
        content = read_json(file)
    except (OSError, ValueError) as error:
        raise _not_a_result(file, str(error)) from error
    if not isinstance(content, dict) or not isinstance(content.get("identity"), str):
        raise _not_a_result(file, "it is no JSON object with an identity")
    return cast(dict[str, Any], content)


def _not_a_result(file: Path, reason: str) -> RunDirectoryError:
    return RunDirectoryError(
        f"{file} is not a result of this program ({reason}); move it away, or use force=true"
    )


def read_json(file: Path) -> object:
    """What a JSON file holds, which may be of any kind.

    Args:
        file: its path.

    Raises:
        OSError: if it is missing or cannot be read.
        ValueError: if it is no JSON, is not a file, or has more than `TEXT_LIMIT` bytes.
    """
    if file.exists() and not file.is_file():
        raise ValueError("it is not a file")  # to read a pipe would wait without end
    size = file.stat().st_size
    if size > TEXT_LIMIT:
        raise ValueError(
            f"it has {size:,} bytes, more than the {TEXT_LIMIT:,} that a file of a run may have"
        )
    return from_text(file.read_bytes())


def from_text(text: str | bytes) -> object:
    """What JSON stands for.

    Args:
        text: as it was read.

    Raises:
        ValueError: if it is no JSON, or its brackets are nested too deeply.
    """
    try:
        return cast(object, json.loads(text))
    except RecursionError as error:
        raise ValueError("its brackets are nested too deeply") from error


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
    if os.path.lexists(file):
        hint = f"{RESULT} is not a file, or a link to nothing"
    elif not folder.is_dir():
        hint = "there is no such directory"
    elif inside:
        hint = f"it holds {len(inside)} of them; open one, for instance {inside[0]}"
    else:
        hint = f"no run has finished there ({RESULT}, which is written last, is missing)"
    raise FileNotFoundError(printable(f"cannot open {folder} as a run: {hint}"))
