"""Records of the phase diagram, one line for each graph, and what they say of the variants."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from longnn.runs.atomic import atomic_write

from . import phase_design as design
from .phase_design import Place

Entry = Mapping[str, Any]  # plain values of JSON


def place_of(entry: Entry) -> Place:
    """The place that a record is about."""
    return Place(*entry["place"])


def read(file: Path) -> list[Entry]:
    """The records of a file in the order of the plan; a last line that was torn is left out.

    Args:
        file: a `.jsonl` file, or none yet.

    Raises:
        ValueError: if another line is no record.
    """
    lines = file.read_text().split("\n") if file.exists() else [""]
    found = []
    for number, line in enumerate(lines[:-1], start=1):  # what follows the last end of a line
        try:
            entry = json.loads(line)
            if len(entry["test"]) != len(design.TRIALS):
                raise ValueError(f"it has {len(entry['test'])} variants")
            found.append(((entry["graph"], design.places().index(place_of(entry))), entry))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{file}, line {number} is no record of the phase diagram ({error}); it belongs to "
                "another design, or is damaged: move the file away"
            ) from error
    return [entry for _, entry in sorted(found, key=lambda pair: pair[0])]


def write(file: Path, entries: Sequence[Entry]) -> None:
    """Writes records; the file is whole or not there."""
    with atomic_write(file) as path:
        path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))


def append(file: Path, entry: Entry) -> None:
    """Adds a record."""
    with file.open("a") as out:
        out.write(json.dumps(entry) + "\n")


def scores(entry: Entry, variant: str) -> Float[np.ndarray, " S"]:
    """Test accuracy [S] of a variant by split; the chosen ones are those that validate best.

    Of equal ones the first counts, in the order of `design.STARTS`.
    """
    return _of(entry, "test", variant)


def epochs(entry: Entry, variant: str) -> Float[np.ndarray, " S"]:
    """The selected epoch [S] by split."""
    return _of(entry, "epoch", variant)


def norms(entry: Entry, variant: str) -> Float[np.ndarray, " S"]:
    """The root mean square [S] of the filter over lambda and channels, by split."""
    return _of(entry, "norm", variant)


def spread(entry: Entry, kind: str) -> Float[np.ndarray, " S"]:
    """Standard deviation [S] of the test accuracy over the starts of "fixed" or "learned"."""
    return np.std(_rows(entry, "test", kind), axis=0, ddof=1)


def _of(entry: Entry, what: str, variant: str) -> Float[np.ndarray, " S"]:
    kind, _, chosen = variant.partition(", ")
    if chosen == "chosen":
        best = np.argmax(_rows(entry, "val", kind), axis=0)
        return _rows(entry, what, kind)[best, np.arange(len(best))]
    name = f"{variant} 0" if variant in ("fixed", "learned") else variant
    return np.asarray(entry[what][design.TRIALS.index(name)], float)


def _rows(entry: Entry, what: str, kind: str) -> Float[np.ndarray, "starts S"]:
    rows = [design.TRIALS.index(f"{kind} {i}") for i in range(len(design.STARTS))]
    return np.asarray(entry[what], float)[rows]
