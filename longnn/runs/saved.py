"""Finished runs, opened again: ``run = longnn.load("runs/...")``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from longnn.data import Dataset
from longnn.data.reduce import reduced
from longnn.runs import configured
from longnn.runs.directory import RunDirectoryError, finished_result, read_arrays
from longnn.training import Fit, Optim, Problem, Trial, problem_of
from longnn.training.batch import template
from longnn.training.loop import predict


@dataclass(frozen=True)
class Run:
    """A finished run directory: B trained models, ordered by seed, then split.

    Attributes:
        directory: where it lies.
        result: content of ``result.json``: scores, config, identity, versions.
        part: [S, N] int8, 0 train, 1 validation, 2 test, -1 none, of each split.
        shape: (F, C), features that the models take and outputs that they give.
        fit: what ``longnn.training.fit`` gave: parameters, curves, outputs.
    """

    directory: Path
    result: dict[str, Any]
    part: np.ndarray
    shape: tuple[int, int]
    fit: Fit

    @property
    def title(self) -> str:
        """model on dataset."""
        return f"{self.result['model']} on {self.result['dataset']}"

    @property
    def config(self) -> dict[str, Any]:
        """The resolved config, plain values."""
        return self.result["config"]

    @property
    def params(self) -> dict[str, np.ndarray]:
        """Parameters by path, for instance "filters.0.coefficients.w" -> [B, K+1, C]."""
        return named(self.fit.params)

    @property
    def outputs(self) -> np.ndarray:
        """[B, N, C] log-probabilities (or values, C = 1) at the selected epochs, as stored."""
        return self.fit.outputs

    def model(self, number: int = 0) -> Any:
        """The trained module of one of the B runs, a Flax NNX module.

        Raises:
            ValueError: if there is no such run.
        """
        if not 0 <= number < len(self.fit.runs):
            raise ValueError(f"{self.title} has runs 0 to {len(self.fit.runs) - 1}, got {number}")
        return self.fit.model(number)

    def dataset(self) -> Dataset:
        """The data that it was trained on, read again.

        Raises:
            RunDirectoryError: if they are not the same any more.
            DataFileError: if a file is missing.
        """
        node = {k: v for k, v in self.config["dataset"].items() if k != "about"}
        dataset = reduced(configured.made(node), self.config["graph"]["keep"])
        if dataset.checksum != self.result["dataset_checksum"]:
            raise RunDirectoryError(
                f"{self.directory} was trained on data {dataset.name!r} with checksum "
                f"{self.result['dataset_checksum'][:8]}, what is read now has "
                f"{dataset.checksum[:8]}: the files, or the code that reads them, have changed; "
                "train that run again, or give the dataset that you mean"
            )
        return dataset

    def problem(self, dataset: Dataset | None = None) -> Problem:
        """Operator, features and labels as the models want them.

        Args:
            dataset: another graph with the same F features and C classes; None: its own.

        Raises:
            ValueError: if it does not fit.
        """
        given = self.dataset() if dataset is None else dataset
        found = given.features.shape[1], given.classes
        if found != self.shape:
            raise ValueError(
                f"{self.title} takes {self.shape[0]} features and gives {self.shape[1]} outputs, "
                f"dataset {given.name!r} has {found[0]} features and {found[1]} classes; give a "
                "graph with the same features and classes"
            )
        graph = self.config["graph"]
        model, _ = configured.model_of(self.config["model"])
        return problem_of(
            given,
            self_loops=graph["self_loops"],
            degree_exponent=graph["degree_exponent"],
            model=model,
        )

    def predict(self, dataset: Dataset | None = None) -> np.ndarray:
        """Outputs [B, N, C] of all models, dropout off: log-probabilities, or values.

        Args:
            dataset: see :meth:`problem`; on its own data the result is ``outputs`` up to rounding.

        Raises:
            ValueError: if the dataset does not fit.
        """
        fit = self.fit
        return np.asarray(predict(fit.program, fit.params, fit.settings, self.problem(dataset)))


def load(directory: str | Path) -> Run:
    """Opens a finished run directory of ``experiments.train``.

    Its config names the code of model and data, which is imported: open only directories that you
    trust.

    Raises:
        FileNotFoundError: if there is no such directory, or no finished run in it.
        RunDirectoryError: if it is of another layout, or a file of it is missing or damaged.
    """
    folder = Path(directory).expanduser()
    result = finished_result(folder)
    files = ("parameters.npz", "predictions.npz", "curves.npz")
    params, predictions, curves = (read_arrays(folder / name) for name in files)
    if "values" in predictions:
        outputs = predictions["values"][..., None]
    else:
        with np.errstate(divide="ignore"):  # a probability that was rounded to 0
            outputs = np.log(predictions["probabilities"])
    model, values = configured.model_of(result["config"]["model"])
    classes, dtype = outputs.shape[2], next(iter(params.values())).dtype
    made = lambda width: model(width, classes, dtype=dtype, rngs=nnx.Rngs(0), **values)  # noqa: E731
    shape = _in_features(params, made), classes
    optim = result["config"]["optim"]
    trial = Trial(values, Optim(rates=optim["groups"], decay=optim["decay"]))
    program, state, settings = template(model, shape, trial, result["metric"], dtype)
    count = len(result["per_run"])
    fit = Fit(
        program,
        [{k: row[k] for k in row if k not in curves} for row in result["per_run"]],
        _filled(folder, state, params, count),
        jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (count, *leaf.shape)), settings),
        curves,
        outputs,
        dict(result["seconds"]),
    )
    return Run(folder, result, predictions["part"], shape, fit)


def named(params: nnx.State) -> dict[str, Any]:
    """Parameters by path, such as embedding.first.kernel -> [..., F, H]."""
    return {_name(path): variable.get_value() for path, variable in nnx.to_flat_state(params)}


def _name(path: tuple[Any, ...]) -> str:
    return ".".join(map(str, path))


def _in_features(params: Mapping[str, np.ndarray], made: Callable[[int], nnx.Module]) -> int:
    """F: the stored size of the axis that grows with it; 1 where no parameter has one."""
    unusual = 999_983  # no array of this size is made
    shapes = named(nnx.state(nnx.eval_shape(lambda: made(unusual)), nnx.Param))
    sizes = [
        params[name].shape[1 + leaf.shape.index(unusual)]
        for name, leaf in shapes.items()
        if unusual in leaf.shape and name in params and params[name].ndim == 1 + leaf.ndim
    ]
    return max(sizes, default=1)


def _filled(
    folder: Path, state: nnx.State, params: Mapping[str, np.ndarray], runs: int
) -> nnx.State:
    """The parameters of a batch, those of one run replaced by the stored ones."""
    wanted = {name: (runs, *leaf.shape) for name, leaf in named(state).items()}
    stored = {name: values.shape for name, values in params.items()}
    for name in sorted(wanted.keys() | stored.keys()):
        if wanted.get(name) != stored.get(name):
            raise RunDirectoryError(
                f"{folder}/parameters.npz does not fit the model of its config: {name} has shape "
                f"{stored.get(name)} there and {wanted.get(name)} in the model (None: it has no "
                "such parameter); the model's code has changed, train that run again"
            )
    return nnx.from_flat_state(
        [(path, leaf.replace(params[_name(path)])) for path, leaf in nnx.to_flat_state(state)]
    )
