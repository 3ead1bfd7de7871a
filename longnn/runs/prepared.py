"""`preparation.json`: how the features of a run were scaled, and their names."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from longnn.data.dataset import Dataset
from longnn.data.preparation import NORMALIZE, Preparation
from longnn.runs.agreement import expect
from longnn.runs.directory import PREPARATION, RunDirectoryError, read_json
from longnn.runs.kinds import is_number, is_text


class Prepared(NamedTuple):
    """What was done to the features of a run.

    Attributes:
        preparation: with its numbers.
        feature_names: the names of the F features; none where they were not known.
    """

    preparation: Preparation = Preparation()
    feature_names: tuple[str, ...] = ()

    @classmethod
    def of(cls, dataset: Dataset) -> "Prepared":
        """What was done to the features of a dataset."""
        return cls(dataset.preparation, dataset.feature_names)

    def to_json(self) -> str:
        """The content of the file; numbers are read back the same."""
        done, names = self.preparation, list(self.feature_names)
        columns = {"mean": done.mean, "scale": done.scale}
        content: dict[str, Any] = {"normalize": done.normalize, "minimum": done.minimum}
        content |= {name: v.tolist() for name, v in columns.items() if v is not None}
        return json.dumps(content | ({"feature_names": names} if names else {})) + "\n"


def read_prepared(folder: Path, dataset: Mapping[str, Any], width: int) -> Prepared | None:
    """Reads how the features of a run were scaled.

    Args:
        folder: the run directory.
        dataset: the config of its dataset, plain values.
        width: number of features F.

    Returns:
        None where only the data can say: of a run of before this file, whose features were scaled.

    Raises:
        RunDirectoryError: if the file is damaged, or is of another number of features.
    """
    file = folder / PREPARATION
    if not file.exists():
        return Prepared() if dataset.get("normalize", "none") == "none" else None
    try:
        content = read_json(file)
    except (OSError, ValueError) as error:
        raise RunDirectoryError(
            f"{file} is damaged ({error}); copy the directory again, or train that run again with "
            "force=true"
        ) from error
    return _checked(file, content, width)


def _checked(file: Path, content: Any, width: int) -> Prepared:  # whatever the file holds
    expect(file, isinstance(content, Mapping), "it is no object")
    how, minimum = content.get("normalize"), content.get("minimum", 0.0)
    known = isinstance(how, str) and how in NORMALIZE
    expect(file, known, f"normalize is {how!r}, expected one of {', '.join(NORMALIZE)}")
    expect(file, is_number(minimum), f"minimum is {minimum!r}, expected a number")
    names = content.get("feature_names", [])
    _check_list(file, "feature_names", names, len(names) if names == [] else width, is_text)
    preparation = Preparation(how, float(minimum))
    if how == "standard":
        for name in ("mean", "scale"):
            _check_list(file, name, content.get(name), width, is_number)
        mean, scale = np.array(content["mean"], float), np.array(content["scale"], float)
        expect(file, not (scale < 0).any(), "a scale is negative")
        preparation = Preparation(how, mean=mean, scale=scale)
    return Prepared(preparation, tuple(names))


def _check_list(file: Path, name: str, values: Any, length: int, check: Any) -> None:
    fits = isinstance(values, list) and len(values) == length and all(map(check, values))
    expect(file, fits, f"{name} is not a list of the {length} features of its models")
