"""What trained models take: how a graph and its features become the problem that they know."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import jax
import numpy as np
from jaxtyping import Int64, Shaped
from scipy import sparse

from longnn.data.dataset import Dataset
from longnn.data.labels import REGRESSION_METRICS
from longnn.data.named import NodesAsked, columns_as, places_of
from longnn.data.own import Edges, FeaturesGiven, Options, column_names, graph_from
from longnn.data.preparation import Features, Preparation, as_stored, check_finite
from longnn.graphs.checks import is_whole
from longnn.graphs.convert import Rules
from longnn.graphs.graph import Graph
from longnn.stores.dataset import StoredDataset
from longnn.stores.graph import StoredGraph
from longnn.training.given import Given, in_memory, stored, stored_graph
from longnn.training.loop import Problem
from longnn.training.problem import Graphs, problem_of

GraphGiven = Edges | Dataset | StoredGraph | StoredDataset
"""What may be predicted."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """What the models of a fit take, and what their outputs mean.

    Attributes:
        features: how many features F they take.
        classes: the C names of their classes; empty for real values.
        graphs: how an operator is made of a graph.
        preparation: what is done to features first.
        feature_names: the names of the F features; none where they are not known.
        rules: by which the edges of another library's graph are merged.
        title: what was trained on what, for messages.
    """

    features: int
    classes: tuple[str, ...]
    graphs: Graphs
    preparation: Preparation = field(default_factory=Preparation)
    feature_names: tuple[str, ...] = ()
    rules: Rules = field(default_factory=Options().rules)
    title: str = "the model"

    def given(self, graph: GraphGiven, features: FeaturesGiven | None) -> Given:
        """What came to be predicted, checked as far as it is in memory.

        Args:
            graph: N nodes: a dataset, with labels or without, or a graph of ours, of scipy, of
                networkx, or edges [E, 2]; or a graph or a dataset on the disk.
            features: [N, F] numbers, dense or sparse, as they were before they were prepared; None
                for a dataset, which has its own.

        Raises:
            ValueError: if sizes do not fit, or a feature is not finite.
        """
        if isinstance(graph, Dataset | StoredDataset):
            if features is not None:
                raise ValueError(
                    "a dataset has features of its own; leave features out, or give .graph"
                )
            return in_memory(graph) if isinstance(graph, Dataset) else stored(graph)
        if features is None:
            raise ValueError(
                f"{self.title} takes {self.features} features of each node, none came; give "
                "features [N, F], or a Dataset"
            )
        if isinstance(graph, StoredGraph):
            return stored_graph(graph, features)
        return in_memory(self._unlabelled(graph, features))

    def problem(self, given: Given) -> Problem:
        """The problem of all nodes, prepared as those of training were.

        Args:
            given: what came.

        Raises:
            ValueError: if sizes do not fit, or it was prepared in another way.
        """
        data = given.whole()
        prepared = replace(data, features=self.prepared(data.features, given))
        graphs, groups = self.graphs.copy(), 1
        if "nodes_over" in graphs:
            # here there may be fewer devices; of several processes each takes part
            graphs["nodes_over"] = min(graphs["nodes_over"], jax.device_count(), len(given.names))
            groups = jax.device_count() // graphs["nodes_over"] if jax.process_count() > 1 else 1
        return problem_of(prepared, **graphs, runs_over=groups)

    def prepared(self, values: Features, given: Given) -> Features:
        """Features of any nodes, in the order and in the form that the models know.

        Args:
            values: [n, F] as they came.
            given: what they came with.

        Raises:
            ValueError: if they are others than those of training, or were prepared in another way.
        """
        order = columns_as(self.feature_names, given.feature_names, given.what)
        check_shape(values, self.features, self.title, given.what)
        values = values if order is None else values[:, order]
        if isinstance(values, sparse.csr_array):
            values.sort_indices()
        done, wanted = given.preparation.normalize, self.preparation.normalize
        if done not in ("none", wanted):
            raise ValueError(
                f"{given.what} was prepared with normalize={done!r}, {self.title} was trained on "
                f"features with normalize={wanted!r}; load it with normalize='none'"
            )
        return values if done == wanted else self.preparation(values)

    def _unlabelled(self, graph: Edges, features: FeaturesGiven) -> Dataset:
        """A dataset without labels, of features that are not prepared."""
        values = as_stored(features)
        check_shape(values, self.features, self.title, "what came")
        nodes = values.shape[0]
        rows = "rows of features, expected one row a node"
        rules = Options().rules() if isinstance(graph, Graph) else self.rules  # it is merged
        made = graph_from("the graph given", graph, nodes, None, rules, rows)
        labels = np.full(nodes, -1, np.int64)
        return Dataset(
            "the graph given",
            made,
            values,
            labels,
            classes=0,
            feature_names=column_names(features),
        )


def inputs_of(data: Dataset, graphs: Graphs, metric: str, classes: int, title: str) -> Inputs:
    """What models take that are trained on a dataset.

    Args:
        data: the dataset.
        graphs: how an operator is made of its graph.
        metric: that they are trained for.
        classes: C.
        title: of the fit.
    """
    numbers = tuple(map(str, range(classes)))
    names = data.class_names if len(data.class_names) == classes else numbers
    return Inputs(
        features=data.features.shape[1],
        classes=() if metric in REGRESSION_METRICS else names,
        graphs=graphs,
        preparation=data.preparation,
        feature_names=data.feature_names,
        title=title,
    )


def check_shape(features: Features, width: int, title: str, what: str) -> None:
    """Raises a ValueError unless features are [N, F], and finite.

    Args:
        features: that came.
        width: F.
        title: takes them, for the message.
        what: has them, for the message.
    """
    if features.ndim != 2 or features.shape[1] != width:
        shape = features.shape
        came = f"{shape[1]} features" if len(shape) == 2 else f"features of shape {shape}"
        raise ValueError(
            f"{title} takes {width} features of each node, {what} has {came}; give the columns of "
            "the training data"
        )
    check_finite(features, what)


def rows_of(names: Shaped[np.ndarray, " N"], nodes: NodesAsked | None) -> Int64[np.ndarray, " n"]:
    """The rows of the nodes that are asked for; all of them for None."""
    return np.arange(len(names)) if nodes is None else places_of(names, nodes, "the graph")


def runs_of(runs: int | Sequence[int] | None, count: int) -> Int64[np.ndarray, " b"]:
    """The numbers of the runs whose mean is taken.

    Args:
        runs: one number, or several; None: all.
        count: how many there are.

    Raises:
        ValueError: unless they are different numbers in [0, count).
    """
    if runs is None:
        return np.arange(count)
    asked = [runs] if is_whole(runs) else list(runs)  # type: ignore[arg-type]
    whole = all(is_whole(run) and 0 <= run < count for run in asked)
    if not asked or not whole or len(set(asked)) < len(asked):
        raise ValueError(
            f"runs must be different numbers from 0 to {count - 1}, of at least one, got {runs!r}"
        )
    return np.array(asked, np.int64)
