"""What a finished run recorded, as numbers and arrays: nothing is built, and no code is run."""

from pathlib import Path
from typing import NamedTuple

from jaxtyping import Int8, Num
from numpy import ndarray

from longnn.runs.result import Result, read_result
from longnn.runs.stored import read_stored


class Recorded(NamedTuple):
    """The content of a run directory: B trained models, ordered by seed, then split.

    Attributes:
        result: what `result.json` says: scores, config, identity, versions.
        parameters: path -> [B, ...] parameters at the selected epochs.
        predictions: "probabilities" [B, N, C] or "values" [B, N] at the selected epochs, and
            "part" [S, N] of each split and node: 0 train, 1 validation, 2 test, -1 none.
        curves: name -> [B, epochs] loss, validation score and learned exponents, NaN after the end
            of a run.
    """

    result: Result
    parameters: dict[str, Num[ndarray, "B ..."]]
    predictions: dict[str, Num[ndarray, "B ..."] | Int8[ndarray, "S N"]]
    curves: dict[str, Num[ndarray, "B epochs"]]


def read(directory: str | Path) -> Recorded:
    """Reads scores, parameters, predictions and curves of a finished run.

    The config of the run is given as it stands; nothing that it names is imported or built, so
    that the directory may be anybody's. :func:`longnn.load` builds the models.

    Args:
        directory: where the run lies, such as `runs/csbm_longnn_stratified-1f0c3a5e`.

    Raises:
        FileNotFoundError: if there is no such directory, or no finished run in it.
        RunDirectoryError: if it is of another layout, or a file of it is missing, damaged, or of
            another run.
    """
    folder = Path(directory).expanduser()
    result = read_result(folder)
    return Recorded(result, *read_stored(folder, result))
