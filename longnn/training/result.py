"""What training gives: a batch of trained models, with their scores, exponents and filters."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import jax
import numpy as np
from flax import nnx
from jaxtyping import Bool, Float, Int64, Real, Shaped

from longnn.data.frames import frame
from longnn.data.labels import factor_of, kind_of
from longnn.data.named import NodesAsked
from longnn.data.own import FeaturesGiven
from longnn.data.splits import Splits
from longnn.graphs.checks import check_word
from longnn.graphs.device import on_device
from longnn.graphs.graph import Graph
from longnn.operators.protocol import Operator
from longnn.training.confusions import confusion_counts
from longnn.training.inputs import GraphGiven, Inputs, rows_of, runs_of
from longnn.training.loop import Program, predict
from longnn.training.near import near_problem
from longnn.training.outputs import probabilities_of
from longnn.training.predictions import Predictions
from longnn.training.responses import batch_response, propagated_response
from longnn.training.scores import Score, checked_metric, counted, score
from longnn.training.selective import Coverage, coverage
from longnn.training.shown import EXPONENTS, columns_of, filter_image, html_block

if TYPE_CHECKING:
    import pandas

Part = Literal["train", "val", "test"]


@dataclass(frozen=True, repr=False)
class Fit:
    """A finished batch of B runs, ordered by trial, then seed, then split.

    Attributes:
        program: what the models have in common.
        runs: per run: trial (where there are several), split, seed, best_epoch, epochs, diverged
            (whether the training loss stopped being finite, or ended above 100 times its first
            value).
        params: parameters at the selected epoch, leaves [B, ...] on the host.
        settings: traced hyperparameters, leaves [B, ...].
        curves: name -> [B, epochs], NaN after a run's end.
        outputs: [B, N, C] log-probabilities, values, or log-odds of several labels a node, at the
            selected epoch, dropout off; :attr:`probabilities` are made of them.
        seconds: how long compiling and training took.
        pruned: whether the training was given up before its end.
        splits: the splits it was trained on.
        labels: [N] of the nodes; [N, C] where a node has several.
        metric: the name of the metric that selected the epoch.
        title: what was trained on what, for figures.
        graph: the graph that was filtered on; None where only its operator was given.
        inputs: what the models take, for :meth:`predict`; None where only an operator was given.

    Example:
        >>> import longnn
        >>> data = longnn.data.csbm.generate(nodes=60, phi=-0.75)
        >>> splits = longnn.data.splits.stratified(data, count=2)
        >>> run = longnn.fit("longnn", data, splits, optim=longnn.Optim(max_epochs=5))
        >>> run.outputs.shape
        (2, 60, 2)
        >>> run.score("val").n
        2
    """

    program: Program
    runs: list[dict[str, Any]]  # numbers and flags; what an opened run adds to it is its own
    params: nnx.State
    settings: nnx.State
    curves: dict[str, Float[np.ndarray, "B epochs"]]
    outputs: Float[np.ndarray, "B N C"]
    seconds: dict[str, float] = field(default_factory=dict)
    pruned: bool = False
    splits: Splits | None = None
    labels: Real[np.ndarray, "N ..."] | None = None
    metric: str = "accuracy"
    title: str = ""
    graph: Graph | None = None
    inputs: Inputs | None = None

    def model(self, run: int = 0) -> nnx.Module:
        """The trained module of one run.

        Args:
            run: the number of the run, in [0, B).

        Raises:
            ValueError: if there is no such run.
        """
        if not 0 <= run < len(self.runs):
            raise ValueError(f"there are runs 0 to {len(self.runs) - 1}, got {run}")
        of_run = lambda leaf: on_device(leaf[run])  # noqa: E731
        params, settings = jax.tree.map(of_run, (self.params, self.settings))
        return self.program.model(params, settings)

    @property
    def probabilities(self) -> Float[np.ndarray, "B N C"]:
        """[B, N, C] of each class, which sum to 1; or of each label that a node may have.

        Raises:
            ValueError: if the outputs are values.
        """
        return probabilities_of(self.outputs, kind_of(self.metric))

    def score(self, part: Part = "test", metric: str | None = None) -> Score:
        """The scores at the selected epochs; read those of the test nodes once, at the end.

        Args:
            part: "test", or "val" or "train" while choices are still being made.
            metric: the name of any metric of the same kind of labels, such as "macro_f1" or "ece"
                (``longnn.training.METRICS``); None: the one that selected.

        Raises:
            ValueError: for another part or metric, or if the fit was made without labels and
                splits.
        """
        name = checked_metric(metric, self.metric)
        outputs, labels, masks = self._of(part)
        split, seed = (np.array([run[name] for run in self.runs]) for name in ("split", "seed"))
        values = factor_of(name) * score(name, outputs, labels, masks)
        return Score(name, part, values, split, seed)

    def confusion(self, part: Part = "test") -> Int64[np.ndarray, "B C C"]:
        """How many nodes of each class (rows) each run takes for which class (columns).

        Args:
            part: "test", "val" or "train".

        Raises:
            ValueError: for another part, if the fit was made without labels and splits, or if a
                node has no class or several labels.
        """
        return confusion_counts(*self._of(part))

    def coverage(
        self, thresholds: Real[np.ndarray, " T"] | None = None, part: Part = "test"
    ) -> Coverage:
        """What is answered above each threshold of confidence, and how well, in each run.

        Args:
            thresholds: [T] ascending, in [0, 1]; None: every confidence that occurs.
            part: "test", or "val" where a threshold is chosen.

        Raises:
            ValueError: for another part, or if the models predict no single class, or the fit was
                made without labels and splits.
        """
        outputs, labels, masks = self._of(part)
        if kind_of(self.metric) != "classes":
            raise ValueError("the models predict no single class for each node, so that there is "
                             "no confidence; give a run that classifies")  # fmt: skip
        right = outputs.argmax(axis=2) == labels
        return coverage(np.exp(outputs.max(axis=2)), right, masks, thresholds)

    def _of(
        self, part: Part
    ) -> tuple[Float[np.ndarray, "B n C"], Real[np.ndarray, "n ..."], Bool[np.ndarray, "B n"]]:
        """Outputs and labels of nodes, and which of them are in a part of each run's split."""
        return self.outputs, *self._known(part)

    def _known(self, part: Part) -> tuple[Real[np.ndarray, "N ..."], Bool[np.ndarray, "B N"]]:
        """The labels, and which nodes are in a part of each run's split."""
        check_word("part", part, Part)
        if self.splits is None or self.labels is None:
            raise ValueError("this fit knows no labels and splits to be scored on; use score of "
                             "longnn.training on its outputs")  # fmt: skip
        return self.labels, getattr(self.splits, part)[[run["split"] for run in self.runs]]

    def predict(
        self,
        graph: GraphGiven,
        features: FeaturesGiven | None = None,
        nodes: NodesAsked | None = None,
        *,
        runs: int | Sequence[int] | None = None,
    ) -> Predictions:
        """What the models say of the nodes of a graph: the same, one that has grown, or another.

        Labels are not looked at. The features are prepared as those of training were. Where few
        nodes are asked for, and the models say how far they look (a filter of order K looks K
        edges far), only the union of their neighbourhoods is computed, with the same outputs; of a
        graph on the disk, only its rows are read (``longnn.training.near``).

        Args:
            graph: N nodes: a dataset, with labels or without; or a ``longnn.Graph``, a sparse
                matrix of scipy, a graph of networkx, or edges [E, 2]; or a graph or a dataset of
                ``longnn.stores``, which is read into memory where all of it is needed.
            features: [N, F] numbers, dense or sparse, before any preparation, or a table of pandas,
                whose columns are matched by name; None for a dataset, which has its own and knows
                how they were prepared.
            nodes: the names of the nodes asked for, which are numbers in [0, N) where a dataset
                names none; None: all.
            runs: the numbers of the runs whose mean is taken; None: all.

        Raises:
            ValueError: if this was trained on a ``Problem``, sizes do not fit, a feature is not
                finite, a node or run is unknown, or a dataset was prepared in another way.

        Example:
            >>> import longnn
            >>> data = longnn.data.csbm.generate(nodes=60, phi=-0.75)
            >>> splits = longnn.data.splits.stratified(data, count=2)
            >>> run = longnn.fit("longnn", data, splits, optim=longnn.Optim(max_epochs=5))
            >>> found = run.predict(data.graph, data.features, nodes=[3, 5])
            >>> found.nodes, found.probabilities.shape
            (array([3, 5]), (2, 2))
        """
        if self.inputs is None:
            raise ValueError("this fit was trained on a Problem, which says nothing of graphs and "
                             "features; train it on a Dataset to predict other nodes")  # fmt: skip
        given = self.inputs.given(graph, features)
        rows, chosen = rows_of(given.names, nodes), runs_of(runs, len(self.runs))
        near = None
        if nodes is not None:
            near = near_problem(self.inputs, given, rows, self.model(int(chosen[0])))
        problem, places = (self.inputs.problem(given), rows) if near is None else near
        params, settings = jax.tree.map(lambda leaf: leaf[chosen], (self.params, self.settings))
        outputs = problem.fetched(predict(self.program, params, settings, problem), axis=1)
        several = kind_of(self.metric) == "multilabel"
        found, classes = outputs[:, places], self.inputs.classes
        return Predictions(given.names[rows], found, classes, self.title, several)

    @property
    def alpha(self) -> Float[np.ndarray, " B"]:
        """[B] learned exponent at lambda = 0, at the selected epochs."""
        return self._selected("alpha")

    @property
    def beta(self) -> Float[np.ndarray, " B"]:
        """[B] learned exponent at lambda = 2, at the selected epochs."""
        return self._selected("beta")

    def _selected(self, name: str) -> Float[np.ndarray, " B"]:
        if name not in self.curves:
            raise AttributeError(
                f"the runs of this fit have no {name}: {self._model_name} learns none; its curves "
                f"are {', '.join(sorted(self.curves))}"
            )
        at = np.array([run["best_epoch"] - 1 for run in self.runs])
        return self.curves[name][np.arange(len(at)), at]

    def response(self, lam: Real[np.ndarray, " G"]) -> Float[np.ndarray, "B G C"]:
        """g(lambda), the learned filter of every run, at the selected epochs.

        Args:
            lam: [G] eigenvalues of L = I - S, in [0, 2]: a grid, or those of a graph
                (``longnn.analysis.eigenvalues``).

        Returns:
            [B, G, C] in the units of the filter's output over its input; C = 1 if all channels
            share one filter.

        Raises:
            ValueError: if the model has no filter that is a function of lambda, or lam is no
                vector in [0, 2].
        """
        return batch_response(self.program, self.params, self.settings, lam)

    def propagated_response(
        self,
        operator: Operator,
        eigenvectors: Float[np.ndarray, "N M"],
        channels: int | None = None,
    ) -> Float[np.ndarray, "B M channels"]:
        """g(lambda_j) as what the filters make of a graph: <u_j, g(S) u_j>, no lambda involved.

        Args:
            operator: S on N nodes.
            eigenvectors: [N, M] orthonormal eigenvectors u_j of S.
            channels: the number of channels that the filter works on; None: C, the outputs.

        Returns:
            [B, M, channels].

        Raises:
            ValueError: if the model has no filters.
        """
        width = self.outputs.shape[2] if channels is None else channels
        through = [
            propagated_response(self.model(run), operator, eigenvectors, width)
            for run in range(len(self.runs))
        ]
        return np.stack(through)

    def columns(self) -> dict[str, Shaped[np.ndarray, " B"]]:
        """The runs as a table by columns: seed, split, val and test in percent, epoch, alpha, ...

        It holds the test scores, which are to be read once, at the end.
        """
        known = self.splits is not None and self.labels is not None
        parts: tuple[Part, ...] = ("val", "test") if known else ()
        scores: dict[str, np.ndarray] = {part: self.score(part).values for part in parts}
        learned = {name: self._selected(name) for name in EXPONENTS if name in self.curves}
        return columns_of(self.runs, scores, learned)

    def to_frame(self) -> "pandas.DataFrame":
        """The table of `columns` in pandas, one row for each run.

        Raises:
            ModuleNotFoundError: where pandas is not installed.
        """
        return frame(self.columns())

    @property
    def _model_name(self) -> str:
        return type(self.model()).__name__

    def _lines(self) -> list[str]:
        """What is known of the fit, the title first."""
        title = self.title or self._model_name
        lines = [f"Fit of {title}: {counted(len(self.runs), 'run')}"]
        if self.splits is not None and self.labels is not None:
            lines += [repr(self.score("val"))]
        diverged = sum(bool(run["diverged"]) for run in self.runs)
        lines += [f"{diverged} diverged: the training loss grew, see .curves"] if diverged else []
        lines += [
            f"{name} {np.mean(v):.3f} (from {np.min(v):.3f} to {np.max(v):.3f})"
            for name in EXPONENTS
            if name in self.curves
            for v in [self._selected(name)]
        ]
        seconds = ", ".join(f"{name} {spent:.1f} s" for name, spent in self.seconds.items())
        return lines + ([seconds] if seconds else [])

    def __repr__(self) -> str:
        after = "next: .score(), .response(lam), .model(0), .curves, longnn.plot.response(...)"
        return "\n  ".join([*self._lines(), after])

    def _repr_html_(self) -> str:
        return html_block(self._lines(), filter_image(self.response))
