"""What training on many graphs gives: a fit that scores and predicts other graphs, too."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import jax
import numpy as np
from jax.typing import DTypeLike
from jaxtyping import Bool, Integer

from longnn.data.labels import factor_of, kind_of
from longnn.data.many.collection import GraphDataset, Targets
from longnn.data.preparation import Preparation
from longnn.data.splits import Splits
from longnn.graphs.checks import check_word
from longnn.operators.choice import Backend
from longnn.training.graphs.outputs import all_outputs
from longnn.training.graphs.stored import Stored, stored_of
from longnn.training.inputs import runs_of
from longnn.training.predictions import Predictions
from longnn.training.result import Fit, Part
from longnn.training.scores import Score, checked_metric, score

Average = Literal["nodes", "graphs"]


@dataclass(frozen=True)
class Taken:
    """How graphs become what the models take.

    Attributes:
        features: F.
        preparation: of the features.
        self_loops, backend, dtype: see ``longnn.fit_graphs``.
        batch: graphs that go together.
    """

    features: int
    preparation: Preparation
    self_loops: float
    backend: Backend
    dtype: DTypeLike
    batch: int


@dataclass(frozen=True, repr=False)
class GraphFit(Fit):
    """A finished batch of B runs on G graphs.

    It is a :class:`longnn.training.Fit` whose outputs are [B, N, C] of all nodes of all graphs, or
    [B, G, C] where graphs have labels; its ``splits`` are those of these nodes or graphs.

    Attributes:
        sizes: [G] the number of nodes of each graph.
        level: what has labels, "node" or "graph".
        graph_splits: of the G graphs.
        taken: how graphs become what the models take.
        classes: the C names of the classes; empty for real values.
    """

    sizes: Integer[np.ndarray, " G"] = field(kw_only=True)
    level: str = field(kw_only=True)
    graph_splits: Splits = field(kw_only=True)
    taken: Taken = field(kw_only=True)
    classes: tuple[str, ...] = field(default=(), kw_only=True)

    def score(
        self, part: Part = "test", metric: str | None = None, average: Average = "nodes"
    ) -> Score:
        """The scores at the selected epochs; read those of the test graphs once, at the end.

        Args:
            part: "test", or "val" or "train" while choices are still being made.
            metric: see :meth:`longnn.training.Fit.score`.
            average: "nodes" pools the nodes of all graphs; "graphs" takes the metric of each graph
                and their mean.

        Raises:
            ValueError: for another word, or if there is one label a graph and an average of graphs.
        """
        if self._pools(average):
            return super().score(part, metric)
        labels, masks = self._known(part)
        name = checked_metric(metric, self.metric)
        return self._score(_of_graphs(name, self.outputs, labels, masks, self.sizes), part, name)

    def score_of(
        self,
        data: GraphDataset,
        graphs: Integer[np.ndarray, " n"] | Sequence[int] | None = None,
        *,
        metric: str | None = None,
        average: Average = "nodes",
    ) -> Score:
        """The scores on labelled graphs of another dataset, which training has not seen.

        Args:
            data: graphs with the same features and classes.
            graphs: [n] the numbers of those that are scored; None: all.
            metric, average: see :meth:`score`.

        Raises:
            ValueError: if the data does not fit, a graph is unknown, or no label is among them.
        """
        pools, name = self._pools(average), checked_metric(metric, self.metric)
        if (data.level, data.classes) != (self.level, len(self.classes) or 1):
            raise ValueError(
                f"these runs are of {len(self.classes) or 1} classes of each {self.level}, but "
                f"{data.name!r} has {data.classes} of each {data.level}"
            )
        chosen, of, outputs = self._outputs(data, graphs, None)
        owner = data.graph_of_node if data.level == "node" else np.arange(len(data))
        mask = np.isin(owner, chosen) & np.asarray(of.known)[:-1]
        if not mask.any():
            raise ValueError(f"none of these graphs of {data.name!r} has a label to score")
        masks = np.broadcast_to(mask, outputs.shape[:2])
        if pools:
            return self._score(score(name, outputs, data.labels, masks), data.name, name)
        found = _of_graphs(name, outputs, data.labels, masks, data.sizes)
        return self._score(found, data.name, name)

    def predict(  # type: ignore[override]  # there are many graphs, which are given together
        self,
        data: GraphDataset,
        graphs: Integer[np.ndarray, " n"] | Sequence[int] | None = None,
        *,
        runs: int | Sequence[int] | None = None,
    ) -> Predictions:
        """What the models say of graphs, whether training has seen them or not.

        Labels are not looked at. The features are prepared as those of training were.

        Args:
            data: graphs with the same features.
            graphs: [n] the numbers of those that are predicted; None: all.
            runs: the numbers of the runs whose mean is taken; None: all.

        Returns:
            Predictions of the nodes of these graphs, graph by graph in the order of ``data``, by
            their names or numbers in ``data``; or of the graphs by their numbers.

        Raises:
            ValueError: if the data does not fit, or a graph or run is unknown.
        """
        chosen, _, outputs = self._outputs(data, graphs, runs)
        names = np.arange(len(data))
        kept = np.isin(names, chosen)
        if self.level == "node":
            kept, names = np.repeat(kept, data.sizes), data.nodes.names_of_nodes
        several = kind_of(self.metric) == "multilabel"
        return Predictions(names[kept], outputs[:, kept], self.classes, self.title, several)

    def _outputs(
        self,
        data: GraphDataset,
        graphs: Integer[np.ndarray, " n"] | Sequence[int] | None,
        runs: int | Sequence[int] | None,
    ) -> tuple[Integer[np.ndarray, " n"], Stored, np.ndarray]:
        """The graphs, all of the data on the device, and the outputs."""
        if not isinstance(data, GraphDataset):
            raise ValueError(f"expected a longnn.data.GraphDataset, got {type(data).__name__}")
        chosen = np.arange(len(data)) if graphs is None else np.unique(np.asarray(graphs))
        if chosen.dtype.kind not in "iu" or not len(chosen) or chosen[0] < 0 or (
            chosen[-1] >= len(data)
        ):  # fmt: skip
            raise ValueError(f"graphs must be numbers in [0, {len(data)}), got {graphs!r}")
        of = self._stored(data)
        at = runs_of(runs, len(self.runs))
        params, settings = jax.tree.map(lambda leaf: leaf[at], (self.params, self.settings))
        return chosen, of, all_outputs(
            self.program, params, settings, of, chosen, self.taken.batch
        )  # fmt: skip

    def _stored(self, data: GraphDataset) -> Stored:
        taken, done = self.taken, data.nodes.preparation
        width = data.nodes.features.shape[1]
        if width != taken.features:
            raise ValueError(f"{data.name!r} has {width} features, but training {taken.features}")
        if done.normalize != "none" and done is not taken.preparation:
            raise ValueError(
                f"the features of {data.name!r} are prepared by {done.normalize!r} with numbers "
                "of their own; give them unprepared (normalize='none'), and those of training do "
                "the same to them"
            )
        preparation = taken.preparation if done is not taken.preparation else None
        return stored_of(
            _at_level(data, self.level),
            self_loops=taken.self_loops,
            backend=taken.backend,
            dtype=taken.dtype,
            preparation=preparation,
        )

    def _pools(self, average: Average) -> bool:
        check_word("average", average, Average)
        if average == "graphs" and self.level == "graph":
            raise ValueError(
                "average='graphs' is the mean of a metric of the nodes of each graph, but these "
                "graphs have one label each; leave it out"
            )
        return average == "nodes"

    def _score(self, values: np.ndarray, part: str, name: str) -> Score:
        split, seed = (np.array([run[key] for run in self.runs]) for key in ("split", "seed"))
        return Score(name, part, factor_of(name) * values, split, seed)


def _at_level(data: GraphDataset, level: str) -> GraphDataset:
    """The dataset with labels of nodes or of graphs, none of which is known if it has others."""
    if data.level == level:
        return data
    none = Targets(np.full(len(data), -1), 0)
    return replace(data, targets=none if level == "graph" else None)


def _of_graphs(
    name: str,
    outputs: np.ndarray,
    labels: np.ndarray,
    masks: Bool[np.ndarray, "B N"],
    sizes: Integer[np.ndarray, " G"],
) -> np.ndarray:
    """[B] the mean over the graphs with a node in the mask of the metric of each."""
    ends = np.cumsum(sizes)
    longest = int(sizes.max())
    place = (ends - sizes)[:, None] + np.arange(longest)
    inside = np.arange(longest) < sizes[:, None]
    place = np.where(inside, place, 0)
    total, count = np.zeros(len(outputs)), np.zeros(len(outputs))
    for rows, real in zip(place, inside, strict=True):
        mask = masks[:, rows] & real
        counts = mask.any(axis=1)
        if counts.any():
            found = score(name, outputs[:, rows], labels[rows], mask)
            total, count = total + np.where(counts, found, 0), count + counts
    return total / count
