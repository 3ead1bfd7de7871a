"""A dataset from a user's arrays, by stated rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TypeAlias

import numpy as np
from jaxtyping import Float32, Int64, Integer, Real, Shaped
from scipy import sparse

from longnn.data.dataset import Dataset, as_stored
from longnn.data.dataset import normalize as _normalize
from longnn.data.labels import REGRESSION_METRICS
from longnn.graphs.graph import Graph
from longnn.graphs.merge import Directions, Duplicates, SelfLoops

_Numbers: TypeAlias = Shaped[np.ndarray, " N"] | Sequence[float]
"""Labels as a user gives them; what they really are is checked below."""


@dataclass(frozen=True)
class Options:
    """How a graph of the user's is read.

    Attributes:
        metric: see `Dataset`.
        normalize: see `longnn.data.dataset.normalize`.
        directions, duplicates, self_loops: see `longnn.graphs.merge.undirected`.
    """

    metric: str = "accuracy"
    normalize: str = "none"
    directions: Directions = "either"
    duplicates: Duplicates = "largest"
    self_loops: SelfLoops = "drop"


def options_of(words: Mapping[str, str]) -> Options:
    """Makes `Options` of words by their names.

    Raises:
        TypeError: for a name that is no option. The words are checked where they are used.
    """
    known = [field.name for field in fields(Options)]
    for name in words:
        if name not in known:
            raise TypeError(f"unknown option {name!r}; the options are {', '.join(known)}")
    return Options(**words)  # type: ignore[arg-type]


def own_dataset(
    name: str,
    edges: Integer[np.ndarray, "E 2"],
    features: Shaped[np.ndarray, "N F"] | sparse.sparray | sparse.spmatrix,
    labels: _Numbers,
    *,
    weights: Real[np.ndarray, " E"] | None = None,
    shipped: Mapping[str, Integer[np.ndarray, "_ N"]] | None = None,
    checksum: str = "",
    options: Options = Options(),
) -> Dataset:
    """Makes a dataset of arrays, after checking them.

    Args:
        name: what reports and errors call it.
        edges: [E, 2] integers in [0, N).
        features: [N, F] numbers, dense or sparse.
        labels: [N] whole numbers, -1 for no label; for the metric "r2" floats, NaN for no label.
        weights: [E] positive numbers; None for an unweighted graph.
        shipped: splits that come with the data, [S, N] parts by the name of the protocol.
        checksum: sha256 of the origin.
        options: metric, normalisation, and the rules by which edges are merged.

    Raises:
        ValueError: if something is of wrong shape or type, not finite, there is no edge or only
            one class or value, or a rule is unknown.

    Example:
        >>> edges = np.array([[0, 1], [1, 2]])
        >>> own_dataset("path", edges, np.eye(3), [0, 1, 0])
        Dataset('path', N=3, E=2, F=3, C=2, metric='accuracy', shipped=[])
    """
    read = _real_numbers if options.metric in REGRESSION_METRICS else _whole_numbers
    values, classes = read(labels, name)
    if not len(edges):
        raise ValueError(f"{name} has no edge, so no spectrum to filter; check the edges given")
    return Dataset(
        name=name,
        graph=Graph.from_edges(
            edges,
            len(values),
            weights,
            directions=options.directions,
            duplicates=options.duplicates,
            self_loops=options.self_loops,
        ),
        features=_normalize(as_stored(features), options.normalize),
        labels=values,
        classes=classes,
        metric=options.metric,
        shipped=shipped or {},
        checksum=checksum,
    )


def _whole_numbers(labels: _Numbers, name: str) -> tuple[Int64[np.ndarray, " N"], int]:
    """The classes, and their number."""
    array = np.asarray(labels)
    if array.ndim != 1 or not len(array) or array.dtype.kind not in "iufb":
        raise ValueError(
            f"labels of {name} are {array.dtype} of shape {array.shape}, expected one whole number "
            "a node"
        )
    broken = np.flatnonzero(array != np.round(array))  # NaN is among them
    if broken.size:
        raise ValueError(
            f"label of node {broken[0]} of {name} is {array[broken[0]]}, expected a whole number; "
            "number the classes from 0 and write -1 for no label, or use metric r2 for real values"
        )
    if array.max() < 1:
        raise ValueError(
            f"{name} has {int(array.max()) + 1} class, nothing to tell apart; check the labels "
            "given"
        )
    return array.astype(np.int64), int(array.max()) + 1


def _real_numbers(labels: _Numbers, name: str) -> tuple[Float32[np.ndarray, " N"], int]:
    """The values, and one output."""
    array = np.asarray(labels)
    if array.ndim != 1 or array.dtype.kind != "f":
        raise ValueError(
            f"labels of {name} are {array.dtype} of shape {array.shape}, expected one float a node "
            "for a metric of real values, NaN for no label; use .astype(numpy.float32)"
        )
    known = array[~np.isnan(array)]
    if not len(known) or (known == known[0]).all():
        raise ValueError(
            f"the {len(known)} labels of {name} do not differ, nothing to predict; check the "
            "labels given"
        )
    return array.astype(np.float32), 1
