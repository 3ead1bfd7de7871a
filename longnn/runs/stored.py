"""What a finished run stored beside its result, read and held against it; imports no jax.

The files of a directory are one run's only if they agree: on the number of models B, nodes N,
outputs C, splits S and epochs, on the splits themselves, and on what was selected. The labels are
not among them, so scores are held against the curves and not computed again.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from jaxtyping import Float, Real
from numpy import ndarray

from longnn.data.labels import REGRESSION_METRICS
from longnn.runs import agreement
from longnn.runs.agreement import expect
from longnn.runs.directory import CURVES, PARAMETERS, PREDICTIONS
from longnn.runs.npz import Header, check_size, opened
from longnn.runs.result import Result

Headers = Mapping[str, Header]


class Stored(NamedTuple):
    """The arrays of a run of B models on N nodes in S splits.

    Attributes:
        parameters: path -> [B, ...] parameters at the selected epochs.
        predictions: "probabilities" [B, N, C] or "values" [B, N] at the selected epochs, and "part"
            [S, N] of each split and node: 0 train, 1 validation, 2 test, -1 none.
        curves: name -> [B, epochs], NaN after a model's end.
    """

    parameters: dict[str, Real[ndarray, "B ..."]]
    predictions: dict[str, Real[ndarray, "..."]]
    curves: dict[str, Float[ndarray, "B epochs"]]


def read_stored(folder: Path, result: Result) -> Stored:
    """Reads the arrays of a run directory.

    Parameters and predictions have to be finite in diverged models, too: a selected epoch is one
    before the loss stopped being finite.

    Args:
        folder: the run directory.
        result: what its `result.json` says.

    Raises:
        RunDirectoryError: if a file is missing or damaged, would take more memory than a run's, or
            does not agree with the result or with another file.
    """
    file = folder / PARAMETERS
    parameters = _read(file, partial(_check_parameters, file, result))
    agreement.check_finite(file, parameters)
    file = folder / PREDICTIONS
    predictions = _read(file, partial(_check_predictions, file, result))
    agreement.check_splits(file, predictions["part"], result)
    agreement.check_outputs(file, predictions, result.metric)
    file = folder / CURVES
    curves = _read(file, partial(_check_curves, file, result))
    agreement.check_curves(file, curves, result, predictions["part"])
    return Stored(parameters, predictions, curves)


def _read(file: Path, check: Callable[[Headers], None]) -> dict[str, ndarray]:
    """The arrays of a file, unpacked once their headers have been checked."""
    with opened(file) as stored:
        check_size(file, stored.headers)
        check(stored.headers)
        return {name: stored.read(name) for name in stored.headers}


def _check_parameters(file: Path, result: Result, headers: Headers) -> None:
    expect(file, bool(headers), "it holds no parameters")
    for name, header in headers.items():
        _check_real(file, name, header)
        models = header.shape[0] if header.shape else 0
        _check_models(file, name, models, result)


def _check_predictions(file: Path, result: Result, headers: Headers) -> None:
    outputs = "values" if result.metric in REGRESSION_METRICS else "probabilities"
    wanted = {"part", outputs}
    expect(
        file,
        headers.keys() == wanted,
        f"it holds {', '.join(sorted(headers)) or 'nothing'}; a run that is scored by "
        f"{result.metric} has {', '.join(sorted(wanted))}",
    )
    _check_real(file, outputs, headers[outputs])
    part, shape = headers["part"], headers[outputs].shape
    expect(file, part.dtype == "int8", f"part holds {part.dtype}, expected int8")
    axes = "[B, N, C]" if outputs == "probabilities" else "[B, N]"
    expect(
        file,
        len(shape) == axes.count(",") + 1 and 0 not in shape,
        f"{outputs} have shape {shape}, expected {axes}",
    )
    _check_models(file, outputs, shape[0], result)
    splits = 1 + max(row.split for row in result.per_run)
    expect(
        file,
        part.shape == (splits, shape[1]),
        f"part has shape {part.shape}, expected {(splits, shape[1])}: the splits of per_run in "
        f"result.json, and the nodes of {outputs}",
    )


def _check_curves(file: Path, result: Result, headers: Headers) -> None:
    expect(file, "val" in headers, "it lacks val, by which epochs were selected")
    longest = max(row.epochs for row in result.per_run)
    for name, header in headers.items():
        _check_real(file, name, header)
        expect(
            file,
            header.shape == (len(result.per_run), longest),
            f"{name} has shape {header.shape}, expected {(len(result.per_run), longest)}: the "
            "models and the most epochs of per_run in result.json",
        )


def _check_models(file: Path, name: str, models: int, result: Result) -> None:
    expect(
        file,
        models == len(result.per_run),
        f"{name} is of {models} models, per_run in result.json of {len(result.per_run)}",
    )


def _check_real(file: Path, name: str, header: Header) -> None:
    usual = header.dtype.kind == "f" and header.dtype.itemsize <= 8 and header.dtype.isnative
    expect(file, usual, f"{name} holds {header.dtype}, expected float32 or float64")
