"""Named split protocols over graphs: whole graphs train, validate and test.

Graphs without a label, or without a labelled node, are in no part, whatever the protocol.

Example:
    >>> from longnn.data.many import families, splits
    >>> data = families.csbm(graphs=10, smallest=10, largest=20)
    >>> splits.random(data, count=2)
    GraphSplits('random', 2 of 10 graphs: train 7, val 2, test 1)
"""

from pathlib import Path
from typing import ClassVar

import numpy as np
from jaxtyping import Int, Integer

from longnn.data.archive import read_npz
from longnn.data.drawn import check_fractions, deal, drawn_parts
from longnn.data.errors import about
from longnn.data.labels import kind_of
from longnn.data.many.collection import GraphDataset, check_graphs
from longnn.data.partition import TEST, TRAIN, UNUSED, VAL, Splits
from longnn.graphs.checks import is_whole


class GraphSplits(Splits):
    """S splits of G graphs; see `longnn.data.Splits`, whose hash it has.

    Attributes:
        protocol: how they were made; results of different protocols are not comparable.
        part: [S, G] the part of each graph in each split: 0 train, 1 validation, 2 test, -1 in no
            part.
    """

    unit: ClassVar[str] = "graph"


def random(
    data: GraphDataset, train: float = 0.7, val: float = 0.15, count: int = 10, first_seed: int = 0
) -> GraphSplits:
    """Draws from all labelled graphs alike: round(train g) of them train, round(val g) validate.

    Args:
        data: G graphs.
        train, val: fractions for training and validation, positive, with a sum below 1.
        count: number of splits S.
        first_seed: random seed of the first split; split i is drawn with seed first_seed + i.

    Raises:
        ValueError: if no dataset of graphs is given, the fractions or the count are out of range,
            or a part comes out empty.
    """
    check_graphs(data)

    def draw(rng: np.random.Generator) -> np.ndarray:
        return _dealt(data, [rng.permutation(np.flatnonzero(data.labelled))], train, val)

    parts = drawn_parts(draw, (train, val), count, first_seed, "graph")
    return GraphSplits("random", parts)


def stratified(
    data: GraphDataset, train: float = 0.7, val: float = 0.15, count: int = 10, first_seed: int = 0
) -> GraphSplits:
    """Draws the same proportions inside every class of graphs.

    Arguments, result and errors are those of `random`; each graph needs one class.
    """
    check_graphs(data)
    members = _classes(data, "stratified")

    def draw(rng: np.random.Generator) -> np.ndarray:
        return _dealt(data, [rng.permutation(graphs) for graphs in members], train, val)

    parts = drawn_parts(draw, (train, val), count, first_seed, "graph")
    return GraphSplits("stratified", parts)


def folds(data: GraphDataset, count: int = 10, seed: int = 0) -> GraphSplits:
    """Cross-validation: split i tests on fold i, validates on the next one, trains on the others.

    The folds are of equal sizes up to one, and where each graph has one class, of equal classes.

    Args:
        data: G graphs.
        count: number of folds and splits S >= 3.
        seed: random seed of the folds.

    Raises:
        ValueError: if no dataset of graphs is given, or there are fewer than 3 folds or more than
            graphs.
    """
    check_graphs(data)
    known = int(data.labelled.sum())
    if not is_whole(count) or not 3 <= count <= known:
        raise ValueError(
            f"folds needs a whole number count in [3, {known}] for {known} labelled graphs, got "
            f"{count!r}"
        )
    rng = np.random.default_rng(seed)
    order = rng.permutation(np.flatnonzero(data.labelled))
    if data.targets is not None and kind_of(data.metric) == "classes":
        order = order[np.argsort(data.targets.labels[order], kind="stable")]
    fold = np.full(len(data), UNUSED)
    fold[order] = np.arange(known) % count
    number = np.arange(count)[:, None]
    part = np.where(fold == number, TEST, np.where(fold == (number + 1) % count, VAL, TRAIN))
    return GraphSplits("folds", np.where(fold < 0, UNUSED, part))


def permuted(
    data: GraphDataset, train: float = 0.7, val: float = 0.15, seed: int = 42
) -> GraphSplits:
    """One split by the first permutation of NumPy's legacy generator, as graph benchmarks draw it.

    The first train G graphs of the permutation train, the next val G validate, the others test.

    Args:
        data: G graphs, all labelled.
        train, val: fractions, see `random`.
        seed: of ``numpy.random.RandomState``.

    Raises:
        ValueError: see `random`; or if a graph has no label.
    """
    check_graphs(data)
    check_fractions(train, val, "graph")
    if not data.labelled.all():
        graph = int(np.flatnonzero(~data.labelled)[0])
        raise ValueError(
            f"graph {graph} of {data.name!r} has no label, but 'permuted' is of all graphs; use "
            "random"
        )
    order = np.random.RandomState(seed).permutation(len(data))
    return GraphSplits("permuted", _dealt(data, [order], train, val)[None])


def fixed(data: GraphDataset) -> GraphSplits:
    """Gives the splits that the dataset's file ships; a ValueError if it ships none."""
    check_graphs(data)
    if "fixed" not in data.shipped:
        raise ValueError(
            f"{data.name!r} ships no split of its graphs (it ships "
            f"{', '.join(data.shipped) or 'none'}); use random, folds or file"
        )
    return given(data, "fixed", data.shipped["fixed"])


def file(data: GraphDataset, path: str | Path) -> GraphSplits:
    """Reads splits over graphs from an npz file with an integer array part [S, G].

    Args:
        data: G graphs.
        path: of the file; 0 train, 1 validation, 2 test, -1 in no part.

    Raises:
        ValueError: if the array is missing, or of another shape or type.
        DataFileError: if the file is missing or damaged.
    """
    check_graphs(data)
    arrays = read_npz(path)
    if "part" not in arrays:
        raise ValueError(
            f"{path} has no array part, it holds {', '.join(arrays) or 'nothing'}; write it with "
            "numpy.savez(path, part=array), part integers [S, G]"
        )
    with about(path):
        return given(data, "file", arrays["part"])


def given(data: GraphDataset, protocol: str, part: Integer[np.ndarray, "S G"]) -> GraphSplits:
    """Splits of an array that somebody gives; graphs without a label are in no part.

    Args:
        data: G graphs.
        protocol: how the splits were made.
        part: [S, G] 0 train, 1 validation, 2 test, -1 in no part.

    Raises:
        ValueError: unless it holds such integers.
    """
    part = np.asarray(part)
    if part.ndim != 2 or part.shape[1] != len(data) or part.dtype.kind not in "iu":
        raise ValueError(
            f"split {protocol!r} is {part.dtype} of shape {part.shape}, expected integers of shape "
            f"[S, {len(data)}] for the graphs of {data.name!r}; use part[None] for one split"
        )
    return GraphSplits(protocol, np.where(data.labelled, part.astype(np.int64), UNUSED))


def _dealt(
    data: GraphDataset, members: list[Int[np.ndarray, " _"]], train: float, val: float
) -> np.ndarray:
    part = np.full(len(data), UNUSED)
    for graphs in members:
        deal(part, graphs, train, val)
    return part


def _classes(data: GraphDataset, protocol: str) -> list[Int[np.ndarray, " _"]]:
    """The graphs of each class."""
    if data.targets is None or kind_of(data.metric) != "classes":
        raise ValueError(
            f"the split protocol {protocol!r} needs one class a graph, but {data.name!r} has "
            f"labels of each {data.level} for metric {data.metric}; use random"
        )
    labels = data.targets.labels
    return [np.flatnonzero(labels == label) for label in range(data.classes)]
