"""Opens the directory of a finished run: `run = longnn.load("runs/...")`."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from longnn.data.labels import kind_of
from longnn.data.splits import Splits
from longnn.runs import configured
from longnn.runs.agreement import check_config, check_counts
from longnn.runs.directory import PARAMETERS, RESULT, RunDirectoryError
from longnn.runs.parameters import check_fit, filled, in_features
from longnn.runs.prepared import read_prepared
from longnn.runs.result import Result, TrainedModel, read_result
from longnn.runs.saved import Run
from longnn.runs.stored import read_stored
from longnn.training import Fit, Optim, Trial
from longnn.training.builder import ModelClass, template
from longnn.training.dtypes import check_dtype
from longnn.training.loop import Program
from longnn.training.outputs import outputs_of

MOST = 2_000
"""Whole numbers in the config of a model are at most this, or the entries of its parameters."""


def load(directory: str | Path, *, trust: Iterable[str] = ()) -> Run:
    """Opens the directory of a finished run.

    Its config names the code of model and data: classes and functions of longnn, polybases and
    optax, and of the modules that you name; :func:`longnn.runs.read` gives the arrays without any.

    Args:
        directory: where the run lies, such as `runs/csbm_longnn_stratified-1f0c3a5e`.
        trust: names of modules whose code the config may name, such as ("mine",), besides those of
            the environment variable LONGNN_TRUST.

    Raises:
        FileNotFoundError: if there is no such directory, or no finished run in it.
        RunDirectoryError: if it is of another layout, or a file of it is missing or damaged.
        ValueError: if its config names code of a module that is not trusted, or if it was trained
            in float64 and jax is not set to compute in it.
    """
    folder = Path(directory).expanduser()
    result = read_result(folder)
    check_config(folder / RESULT, result.config)
    params, predictions, curves = read_stored(folder, result)
    outputs, part = _outputs(predictions, result.metric), predictions["part"]
    entries = sum(values.size for values in params.values())
    check_counts(folder / RESULT, "model", result.config["model"], max(MOST, entries))
    check_dtype(next(iter(params.values())).dtype)
    model, values = configured.model_of(result.config["model"], trust)
    if result.config["graph"].get("operator", "symmetric") != "symmetric":
        values = {"directed": True, **values}
    classes = outputs.shape[2]
    try:
        width, (program, state, settings) = _template(
            folder, result, model, values, params, classes
        )
    except RunDirectoryError:
        raise
    except Exception as error:  # code that a config names may raise anything
        raise RunDirectoryError(
            f"{folder / RESULT}: the model of its config cannot be built ({type(error).__name__}: "
            f"{error}); its code or the file has changed, train that run again with force=true"
        ) from error
    count = len(result.per_run)
    fit = Fit(
        program=program,
        runs=list(map(_of_training, result.per_run)),
        params=filled(state, params),
        settings=jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (count, *leaf.shape)), settings),
        curves=curves,
        outputs=outputs,
        seconds=dict(result.seconds),
        splits=Splits(result.split, part),
        metric=result.metric,
        title=result.title,
    )
    prepared = read_prepared(folder, result.config["dataset"], width)
    return Run(folder, result, part, (width, classes), fit, tuple(trust), prepared)


def _template(
    folder: Path,
    result: Result,
    model: ModelClass,
    values: dict[str, Any],
    params: dict[str, np.ndarray],
    classes: int,
) -> tuple[int, tuple[Program, nnx.State, nnx.State]]:
    """F, and the program, parameters and settings of one model before its first epoch."""
    dtype = next(iter(params.values())).dtype
    make = lambda features: model(features, classes, dtype=dtype, rngs=nnx.Rngs(0), **values)  # noqa: E731
    width = in_features(params, make)
    # before an array of the model is made, which could be of any size
    check_fit(folder / PARAMETERS, lambda: make(width), params, len(result.per_run))
    optim = result.config["optim"]
    adam = optim.get("transformation") is None  # which a transformation replaced, groups and all
    trial = Trial(values, Optim(rates=optim["groups"] if adam else None, decay=optim["decay"]))
    return width, template(model, (width, classes), trial, result.metric, dtype)


def _outputs(predictions: dict[str, np.ndarray], metric: str) -> np.ndarray:
    """[B, N, C] log-probabilities, log-odds, or values with C = 1."""
    if "values" in predictions:
        return predictions["values"][..., None]
    return outputs_of(predictions["probabilities"], kind_of(metric))


def _of_training(row: TrainedModel) -> dict[str, Any]:
    """What training says of a run: without the scores and exponents, which are read afterwards."""
    names = ("split", "seed", "best_epoch", "epochs", "diverged")
    return {name: getattr(row, name) for name in names}
