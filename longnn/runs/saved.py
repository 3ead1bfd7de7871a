"""Finished runs, opened again: `run = longnn.load("runs/...")`."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Float, Int8, Real

from longnn.data.dataset import Dataset
from longnn.data.labels import kind_of
from longnn.data.reduce import reduced
from longnn.data.splits import Splits
from longnn.operators.protocol import Operator
from longnn.runs import configured
from longnn.runs.agreement import check_config, check_counts
from longnn.runs.directory import PARAMETERS, RESULT, RunDirectoryError
from longnn.runs.parameters import check_fit, filled, in_features, named
from longnn.runs.result import Result, TrainedModel, read_result
from longnn.runs.stored import read_stored
from longnn.runs.text import printable
from longnn.training import Fit, Optim, Problem, Trial, problem_of
from longnn.training.builder import ModelClass, template
from longnn.training.dtypes import check_dtype
from longnn.training.loop import Program, predict
from longnn.training.outputs import outputs_of
from longnn.training.scores import Score

MOST = 2_000
"""Whole numbers in the config of a model are at most this, or the entries of its parameters."""

LARGEST = 1_000_000
"""Whole numbers in the config of a dataset are at most this, or a hundred times its nodes."""


@dataclass(frozen=True, repr=False)
class Run:
    """A finished run directory: B trained models, ordered by seed, then split.

    Attributes:
        directory: where the run lies.
        result: what `result.json` says: scores, config, identity, versions.
        part: [S, N] of each split and node: 0 train, 1 validation, 2 test, -1 none.
        shape: (F, C), the features that the models take and the outputs that they give.
        fit: what training gave: parameters, curves, outputs.
        trust: names of modules whose code the config may name.
    """

    directory: Path
    result: Result
    part: Int8[np.ndarray, "S N"]
    shape: tuple[int, int]
    fit: Fit
    trust: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The model and the dataset in words."""
        return self.result.title

    @property
    def config(self) -> dict[str, Any]:  # plain values of any kind
        """The resolved config as plain values."""
        return self.result.config

    @property
    def params(self) -> dict[str, Real[np.ndarray, "B ..."]]:
        """Parameters by path, for instance "filters.0.coefficients.w" -> [B, K+1, C]."""
        return named(self.fit.params)

    @property
    def outputs(self) -> Float[np.ndarray, "B N C"]:
        """Log-probabilities (or values, C = 1; or log-odds) at the selected epochs, as stored."""
        return self.fit.outputs

    @property
    def alpha(self) -> Float[np.ndarray, " B"]:
        """The learned exponent at lambda = 0 of each model, at the selected epoch."""
        return self.fit.alpha

    @property
    def beta(self) -> Float[np.ndarray, " B"]:
        """The learned exponent at lambda = 2 of each model, at the selected epoch."""
        return self.fit.beta

    def score(self, part: str = "test") -> Score:
        """The scores that the run recorded of itself; no data are read.

        Args:
            part: "test" or "val".

        Raises:
            ValueError: for another part.
        """
        if part not in ("test", "val"):
            raise ValueError(f'part must be "test" or "val", which a run records, got {part!r}')
        rows = self.result.per_run
        values = np.array([row.test if part == "test" else row.val for row in rows])
        split, seed = np.array([row.split for row in rows]), np.array([row.seed for row in rows])
        return Score(self.result.metric, part, values, split, seed)

    def response(self, lam: Real[np.ndarray, " G"]) -> Float[np.ndarray, "B G C"]:
        """g(lambda), the learned filter of every model; see :meth:`longnn.training.Fit.response`.

        Args:
            lam: [G] eigenvalues of L = I - S, in [0, 2].
        """
        return self.fit.response(lam)

    def propagated_response(
        self,
        operator: Operator,
        eigenvectors: Float[np.ndarray, "N M"],
        channels: int | None = None,
    ) -> Float[np.ndarray, "B M channels"]:
        """<u_j, g(S) u_j> of every model; see :meth:`longnn.training.Fit.propagated_response`.

        Args:
            operator: S on N nodes.
            eigenvectors: [N, M] orthonormal eigenvectors u_j of S.
            channels: the number of channels that the filter works on; None: C.
        """
        return self.fit.propagated_response(operator, eigenvectors, channels)

    def model(self, number: int = 0) -> nnx.Module:
        """The trained module of one of the B runs.

        Args:
            number: the number of the run, in [0, B).

        Raises:
            ValueError: if there is no such run.
        """
        if not 0 <= number < len(self.fit.runs):
            raise ValueError(f"{self.title} has runs 0 to {len(self.fit.runs) - 1}, got {number}")
        return self.fit.model(number)

    def dataset(self) -> Dataset:
        """The data that the run was trained on, read again.

        Raises:
            RunDirectoryError: if they are not the same any more.
            DataFileError: if a file is missing.
        """
        most = max(LARGEST, 100 * self.part.shape[1])
        check_counts(self.directory / RESULT, "dataset", self.config["dataset"], most)
        dataset = reduced(
            configured.instantiate(self.config["dataset"], self.trust),
            self.config["graph"]["keep"],
        )
        if dataset.checksum != self.result.dataset_checksum:
            raise RunDirectoryError(
                f"{self.directory} was trained on data {dataset.name!r} with checksum "
                f"{self.result.dataset_checksum[:8]}, what is read now has "
                f"{dataset.checksum[:8]}: the files, or the code that reads them, have changed; "
                "train that run again, or give the dataset that you mean"
            )
        return dataset

    def problem(self, dataset: Dataset | None = None) -> Problem:
        """The operator, features and labels as the models take them.

        Args:
            dataset: another graph with the same F features and C classes; None: the run's own.

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
        names = self.result.class_names
        if names and given.class_names != names:
            raise ValueError(
                f"{self.title} was trained on the classes {', '.join(names)}, dataset "
                f"{given.name!r} has {', '.join(given.class_names)}; give a graph with the same "
                "classes, or class_names of the run if they mean the same"
            )
        graph = self.config["graph"]
        model, _ = configured.model_of(self.config["model"], self.trust)
        return problem_of(
            given,
            self_loops=graph["self_loops"],
            degree_exponent=graph["degree_exponent"],
            # runs of before these settings have none
            order=graph.get("order", "given"),
            precision=self.config.get("precision", "full"),
            dtype=self.config.get("dtype", "float32"),
            model=model,
        )

    def predict(self, dataset: Dataset | None = None) -> Float[np.ndarray, "B N C"]:
        """The outputs of all models with dropout off: log-probabilities, values, or log-odds.

        Args:
            dataset: see :meth:`problem`; on the run's own data the result is `outputs` up to
                rounding.

        Raises:
            ValueError: if the dataset does not fit.
        """
        fit = self.fit
        return np.asarray(predict(fit.program, fit.params, fit.settings, self.problem(dataset)))

    def __repr__(self) -> str:
        lines = [
            f"Run of {self.title}",
            f"directory: {self.directory}",
            f"split: {self.result.split} ({self.result.split_hash[:8]})",
            repr(self.score()),
            "next: .score(), .response(lam), .model(0), .predict(data), longnn.plot.response(run)",
        ]
        return "\n  ".join(map(printable, lines))


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
    return Run(folder, result, part, (width, classes), fit, tuple(trust))


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
    trial = Trial(values, Optim(rates=optim["groups"], decay=optim["decay"]))
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
