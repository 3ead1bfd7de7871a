"""Finished runs, opened again: `run = longnn.load("runs/...")`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from flax import nnx
from jaxtyping import Float, Int8, Int64, Real, Shaped

from longnn.data.dataset import Dataset
from longnn.data.frames import frame
from longnn.data.named import NodesAsked
from longnn.data.own import FeaturesGiven
from longnn.data.reduce import reduced
from longnn.graphs.checks import check_word
from longnn.operators.protocol import Operator
from longnn.runs import configured
from longnn.runs.agreement import check_counts
from longnn.runs.directory import RESULT, RunDirectoryError
from longnn.runs.link import page_link
from longnn.runs.parameters import named
from longnn.runs.predicting import check_classes, graphs_of, inputs_of_run
from longnn.runs.prepared import Prepared
from longnn.runs.result import Result, recorded_score
from longnn.runs.text import printable
from longnn.training import Fit, Predictions, Problem, problem_of
from longnn.training.inputs import GraphGiven, Inputs
from longnn.training.problem import graph_of
from longnn.training.result import Part
from longnn.training.scores import Score, checked_metric
from longnn.training.selective import Coverage
from longnn.training.shown import EXPONENTS, columns_of, filter_image, html_block

if TYPE_CHECKING:
    import pandas

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
        prepared: how features were scaled; None where only the data can say.
    """

    directory: Path
    result: Result
    part: Int8[np.ndarray, "S N"]
    shape: tuple[int, int]
    fit: Fit
    trust: tuple[str, ...] = ()
    prepared: Prepared | None = None

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

    def score(self, part: Part = "test", metric: str | None = None) -> Score:
        """The scores that the run recorded of itself; for others its data are read again.

        Args:
            part: "test", "val" or "train".
            metric: the name of any metric of the same kind of labels, such as "macro_f1" or "ece";
                None: the one that selected.

        Raises:
            ValueError: for another part or metric.
            RunDirectoryError: if data are needed, and are not the same any more.
            DataFileError: if they are needed, and a file is missing.
        """
        check_word("part", part, Part)
        name = checked_metric(metric, self.result.metric)
        rows = self.result.per_run
        values = [
            recorded_score(row, part, None if name == self.result.metric else name) for row in rows
        ]
        if None in values:
            return self.known().score(part, name)
        split, seed = np.array([row.split for row in rows]), np.array([row.seed for row in rows])
        return Score(name, part, np.array(values), split, seed)

    def known(self) -> Fit:
        """What training gave, with labels and graph of the run's data, which are read again.

        Raises:
            RunDirectoryError: if the data are not the same any more.
            DataFileError: if a file is missing.
        """
        data = self.dataset()
        graph = graph_of(data, self.config["graph"]["self_loops"])
        found = replace(self.fit, labels=np.asarray(data.labels), graph=graph)
        return found if found.inputs is not None else replace(found, inputs=self.inputs)

    def confusion(self, part: Part = "test") -> Int64[np.ndarray, "B C C"]:
        """How many nodes of each class (rows) each model takes for which; the data are read again.

        Args:
            part: "test", "val" or "train".

        Raises:
            ValueError: for another part, or if a node has no class or several labels.
            RunDirectoryError: if the data are not the same any more.
            DataFileError: if a file is missing.
        """
        return self.known().confusion(part)

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

    @property
    def inputs(self) -> Inputs:
        """What the models take; of a run of before it was recorded, its data are read again."""
        prepared = Prepared.of(self.dataset()) if self.prepared is None else self.prepared
        return inputs_of_run(self.result, self.shape, prepared, self.trust)

    def problem(self, dataset: Dataset | None = None) -> Problem:
        """The operator, features and labels as the models take them.

        Args:
            dataset: another graph with the same F features and C classes; None: the run's own.

        Raises:
            ValueError: if it does not fit.
        """
        given = self.dataset() if dataset is None else dataset
        check_classes(given, self.result, self.shape)
        return problem_of(given, **graphs_of(self.config, self.trust))

    def predict(
        self,
        graph: GraphGiven | None = None,
        features: FeaturesGiven | None = None,
        nodes: NodesAsked | None = None,
        *,
        runs: int | Sequence[int] | None = None,
    ) -> Predictions:
        """What the models say of the nodes of a graph; see :meth:`longnn.training.Fit.predict`.

        Args:
            graph: a dataset, with labels or without, or a graph, which needs features, also on the
                disk; None: the data that the run was trained on.
            features: [N, F] as they were before they were prepared; None for a dataset.
            nodes: the names of the nodes asked for; None: all.
            runs: the numbers of the runs whose mean is taken; None: all.

        Raises:
            ValueError: if it does not fit.
            DataFileError: if the run's own data are needed, and missing.
        """
        given = self.dataset() if graph is None else graph
        return replace(self.fit, inputs=self.inputs).predict(given, features, nodes, runs=runs)

    def coverage(
        self, thresholds: Real[np.ndarray, " T"] | None = None, part: Part = "test"
    ) -> Coverage:
        """What is answered above each threshold; see :meth:`longnn.training.Fit.coverage`.

        The labels are those of the run's data, which are read again.

        Args:
            thresholds: [T] ascending, in [0, 1]; None: every confidence that occurs.
            part: "test", or "val" where a threshold is chosen.

        Raises:
            ValueError: if the models predict no single class.
            DataFileError: if a file of the data is missing.
        """
        labels = np.asarray(self.dataset().labels)
        return replace(self.fit, labels=labels).coverage(thresholds, part)

    def columns(self) -> dict[str, Shaped[np.ndarray, " B"]]:
        """The runs as a table by columns: seed, split, val and test in percent, epoch, alpha, ...

        They are what `result.json` records, further metrics as "test macro_f1"; no data are read.
        """
        scores = {part: self.score(part).values for part in ("val", "test")}
        rows = [asdict(row) for row in self.result.per_run]
        exponents = {
            name: np.array([row[name] for row in rows], float)
            for name in EXPONENTS
            if any(row[name] is not None for row in rows)
        }
        beside = {
            f"{part} {name}": np.array([row["metrics"][name][part] for row in rows])
            for name, parts in self.result.metrics.items()
            for part in parts
        }
        return columns_of(rows, scores, exponents) | beside

    def to_frame(self) -> "pandas.DataFrame":
        """The table of `columns` in pandas, one row for each run.

        Raises:
            ModuleNotFoundError: where pandas is not installed.
        """
        return frame(self.columns())

    def _lines(self) -> list[str]:
        """What is known of the run, the title first."""
        lines = [
            f"Run of {self.title}",
            f"directory: {self.directory}",
            f"split: {self.result.split} ({self.result.split_hash[:8]})",
            repr(self.score()),
        ]
        return list(map(printable, lines))

    def __repr__(self) -> str:
        after = (
            "next: .score(), .response(lam), .model(0), .predict(data), longnn.plot.response(run)"
        )
        return "\n  ".join([*self._lines(), after])

    def _repr_html_(self) -> str:
        return html_block(self._lines(), filter_image(self.response), page_link(self.directory))
