"""A graph with labelled nodes on the host, checked when it is made."""

import hashlib
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Bool, Integer, Shaped

from longnn.data.labels import Labels, check_labels, check_metric, kind_of
from longnn.data.named import check_named
from longnn.data.preparation import Features, Preparation, check_finite, fitted
from longnn.graphs.digraph import Digraph
from longnn.graphs.graph import Graph


@dataclass(frozen=True, eq=False)
class Dataset:
    """A graph with node features and labels.

    Attributes:
        name: what reports call it.
        graph: the graph of the N nodes.
        features: [N, F] finite values, dense or `scipy.sparse.csr_array`.
        labels: [N] classes in [0, C), or -1 where a node has no label; for the metric "r2" real
            values, NaN where a node has no label. For a multi-label metric [N, C] int8: 1 where a
            node has a label, 0 where not, -1 where that is not known; a node of which nothing is
            known has no label.
        classes: number of classes or labels C; 1 for the metric "r2".
        metric: one of ``longnn.data.labels.METRICS``; scores and selection both use it, and it
            says what the labels are: "r2" of real values, "multilabel_micro_f1" and
            "multilabel_roc_auc" of any number of labels a node, the others of one class a node.
        shipped: the splits that came with the files, by the name of the protocol: [S, N] integers,
            0 train, 1 validation, 2 test, -1 in no part.
        checksum: sha256 over what the dataset was made of.
        class_names: the C names of the classes, "0" to "C-1" by default; none for the metric "r2".
        node_names: [N] distinct whole numbers or texts by which predictions name the nodes; None:
            0 to N-1.
        feature_names: the F names of the features, by which those of another graph are matched;
            none where they are not known.
        preparation: what was done to the features (see `prepared`), so that a trained model does
            the same to those of other nodes.
        digraph: the directed graph of the N nodes of which ``graph`` is the undirected one, where
            directions are kept; None elsewhere. Operators of directed graphs need it.

    Raises:
        ValueError: if shapes or types disagree, a feature is not finite, a label is out of range
            or not of the metric's kind, or the metric is unknown.
    """

    name: str
    graph: Graph
    features: Features
    labels: Labels
    classes: int
    metric: str = "accuracy"
    shipped: Mapping[str, Integer[np.ndarray, "_ N"]] = field(default_factory=dict)
    checksum: str = ""
    class_names: tuple[str, ...] = ()
    node_names: Shaped[np.ndarray, " N"] | None = None
    feature_names: tuple[str, ...] = ()
    preparation: Preparation = field(default_factory=Preparation)
    digraph: Digraph | None = None

    def __post_init__(self) -> None:
        what = f"dataset {self.name!r}"
        check_metric(self.metric, self.classes, what)
        _check_shapes(self)
        check_finite(self.features, f"features of {what}")
        check_labels(self.labels, self.graph.num_nodes, self.classes, self.metric, what)
        if not self.class_names and not self.regression:
            object.__setattr__(self, "class_names", tuple(map(str, range(self.classes))))
        _check_names(self)
        _check_named(self)

    @property
    def regression(self) -> bool:
        """Whether the labels are real values."""
        return kind_of(self.metric) == "values"

    @property
    def multilabel(self) -> bool:
        """Whether a node has any number of the C labels."""
        return kind_of(self.metric) == "multilabel"

    @property
    def labelled(self) -> Bool[np.ndarray, " N"]:
        """Which nodes have a label."""
        if self.regression:
            return ~np.isnan(self.labels)
        known = self.labels >= 0
        return np.asarray(known.any(axis=1) if self.multilabel else known)

    def with_label(self, label: int) -> Bool[np.ndarray, " N"]:
        """Which nodes are of a class, or have one of several labels.

        Args:
            label: its number, in [0, C).
        """
        return np.asarray(self.labels[:, label] == 1 if self.multilabel else self.labels == label)

    @property
    def names_of_nodes(self) -> Shaped[np.ndarray, " N"]:
        """The names of the nodes; where they have none, 0 to N-1."""
        return np.arange(self.graph.num_nodes) if self.node_names is None else self.node_names

    def prepared(self, how: str) -> "Dataset":
        """The dataset with its features scaled, which it remembers as its `preparation`.

        Args:
            how: "row", "standard" or "none", see `longnn.data.normalize`.

        Raises:
            ValueError: if `how` is another word.
        """
        preparation = fitted(self.features, how)
        return replace(self, features=preparation(self.features), preparation=preparation)

    def __repr__(self) -> str:
        plain = self.class_names == tuple(map(str, range(len(self.class_names))))
        names = "" if plain else f" {reprlib.repr(list(self.class_names))}"
        return (
            f"Dataset({self.name!r}, N={self.graph.num_nodes}, E={self.graph.num_edges}, "
            f"F={self.features.shape[1]}, C={self.classes}{names}, metric={self.metric!r}, "
            f"shipped={list(self.shipped)})"
        )


def check_dataset(given: object, also: str = "") -> None:
    """Raises a ValueError unless a dataset was given.

    Args:
        given: what came as a dataset.
        also: what else would do, for the message, such as " or a Problem".
    """
    if isinstance(given, Dataset):
        return
    name = repr(given) if isinstance(given, str) else "NAME"
    raise ValueError(
        f"expected a longnn.data.Dataset{also}, got {reprlib.repr(given)}; "
        f"longnn.data.load({name}) loads one by its name, longnn.data.own_dataset makes one of "
        "arrays"
    )


def check_labelled(given: object, also: str = "") -> None:
    """Raises a ValueError unless a dataset was given of which a node has a label.

    Args:
        given, also: see `check_dataset`.
    """
    check_dataset(given, also)
    if isinstance(given, Dataset) and not given.labelled.any():
        raise ValueError(
            f"no node of dataset {given.name!r} has a label, so that it can only be predicted on "
            "(run.predict, longnn predict); give the labels of some of its nodes to train on it"
        )


def checksum_of(*arrays: Shaped[np.ndarray, "..."]) -> str:
    """The sha256 over the sha256s of the arrays' bytes, for datasets that come from no file."""
    digests = [hashlib.sha256(array.tobytes()).hexdigest() for array in arrays]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _check_shapes(dataset: Dataset) -> None:
    nodes, name, features = dataset.graph.num_nodes, dataset.name, dataset.features
    if features.ndim != 2 or features.shape[0] != nodes or features.shape[1] == 0:
        raise ValueError(
            f"features of dataset {name!r} have shape {features.shape}, expected [{nodes}, F] "
            f"with F >= 1 for a graph of {nodes} nodes; one row per node"
        )
    if features.dtype != np.float32:
        raise ValueError(
            f"features of dataset {name!r} are {features.dtype}, expected float32; "
            "use .astype(numpy.float32)"
        )
    if dataset.digraph is not None and dataset.digraph.num_nodes != nodes:
        raise ValueError(
            f"the digraph of dataset {name!r} has {dataset.digraph.num_nodes} nodes, expected the "
            f"{nodes} of its graph"
        )
    for protocol, part in dataset.shipped.items():
        if part.ndim != 2 or part.shape[1] != nodes:
            raise ValueError(
                f"split {protocol!r} of dataset {name!r} has shape {part.shape}, "
                f"expected [S, {nodes}]; one column per node"
            )


def _check_named(dataset: Dataset) -> None:
    """Raises a ValueError unless names of nodes and features are as many, and distinct."""
    nodes, what = dataset.node_names, f"of dataset {dataset.name!r}"
    if nodes is not None:
        check_named(f"node_names {what}", nodes, (dataset.graph.num_nodes,), "node")
    if dataset.feature_names:
        names = np.array(dataset.feature_names)
        check_named(f"feature_names {what}", names, dataset.features.shape[1:], "feature")


def _check_names(dataset: Dataset) -> None:
    names = dataset.class_names
    count = 0 if dataset.regression else dataset.classes
    if len(names) != count or len(set(names)) != count:
        raise ValueError(
            f"dataset {dataset.name!r} has {len(set(names))} different class_names, expected "
            f"{count}, one a class; leave them out for numbers"
        )
