"""Split protocols that draw the parts at random."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from jaxtyping import Int

from longnn.data.coverage import covering
from longnn.data.dataset import Dataset, check_labelled
from longnn.data.partition import TEST, TRAIN, UNUSED, VAL, Splits
from longnn.graphs.checks import is_whole

_Part: TypeAlias = Int[np.ndarray, " N"]


def per_class(
    dataset: Dataset, train: float = 0.6, val: float = 0.2, count: int = 10, first_seed: int = 0
) -> Splits:
    """Draws the literature's "60/20/20": equally many training nodes of each class.

    These are not 60/20/20 of the nodes: round(train N / C) labelled nodes of each class train (all
    of a smaller class); round(val N) nodes, drawn uniformly from the rest, validate; what remains
    tests. N and C count all nodes, the unlabelled ones included, as the published routine does
    (Chien et al. 2021, arXiv 2101.07988).

    Args:
        dataset: N nodes, C classes.
        train, val: fractions for training and validation, positive, with a sum below 1.
        count: number of splits S.
        first_seed: random seed of the first split; split i is drawn with seed first_seed + i.

    Raises:
        ValueError: if no dataset is given, the fractions or the count are out of range, a part
            comes out empty, or the labels are real values or several a node.
    """
    _check_classes(dataset, "per_class")
    quota = round(train * len(dataset.labels) / dataset.classes)
    num_val = round(val * len(dataset.labels))

    def draw(rng: np.random.Generator) -> _Part:
        part = np.where(dataset.labelled, TEST, UNUSED)
        for nodes in _shuffled_classes(rng, dataset):
            part[nodes[:quota]] = TRAIN
        part[rng.permutation(np.flatnonzero(part == TEST))[:num_val]] = VAL
        return part

    return _drawn("per_class", draw, (train, val), count, first_seed, dataset)


def stratified(
    dataset: Dataset, train: float = 0.6, val: float = 0.2, count: int = 10, first_seed: int = 0
) -> Splits:
    """Draws the same proportions inside every class: round(train n_c), round(val n_c), the rest.

    Arguments, result and errors are those of `per_class`.
    """
    _check_classes(dataset, "stratified")

    def draw(rng: np.random.Generator) -> _Part:
        part = np.full(len(dataset.labels), UNUSED)
        for nodes in _shuffled_classes(rng, dataset):
            deal(part, nodes, train, val)
        return part

    return _drawn("stratified", draw, (train, val), count, first_seed, dataset)


def random(
    dataset: Dataset, train: float = 0.6, val: float = 0.2, count: int = 10, first_seed: int = 0
) -> Splits:
    """Draws from all labelled nodes alike: round(train n), round(val n), the rest.

    Arguments, result and errors are those of `per_class`, but the labels may be real values, or
    several a node.
    """
    check_labelled(dataset)

    def draw(rng: np.random.Generator) -> _Part:
        part = np.full(len(dataset.labels), UNUSED)
        deal(part, rng.permutation(np.flatnonzero(dataset.labelled)), train, val)
        return part

    return _drawn("random", draw, (train, val), count, first_seed, dataset)


def _drawn(
    protocol: str,
    draw: Callable[[np.random.Generator], _Part],
    fractions: tuple[float, float],
    count: int,
    first_seed: int,
    dataset: Dataset,
) -> Splits:
    return covering(dataset, Splits(protocol, drawn_parts(draw, fractions, count, first_seed)))


def drawn_parts(
    draw: Callable[[np.random.Generator], _Part],
    fractions: tuple[float, float],
    count: int,
    first_seed: int,
    unit: str = "node",
) -> Int[np.ndarray, "S N"]:
    """The parts of each node in each split.

    Args:
        draw: gives those of one split from a generator.
        fractions: of the training and of the validation nodes.
        count: number of splits S.
        first_seed: random seed of the first split; split i is drawn with seed first_seed + i.
        unit: what is split, "node" or "graph".

    Raises:
        ValueError: if the fractions or the count are out of range.
    """
    check_fractions(*fractions, unit)
    if not is_whole(count) or count < 1:
        raise ValueError(
            f"the number of splits must be a whole number and at least 1, got count={count!r}"
        )
    seeds = range(first_seed, first_seed + count)
    return np.stack([draw(np.random.default_rng(seed)) for seed in seeds])


def check_fractions(train: float, val: float, unit: str = "node") -> None:
    """Raises a ValueError unless something is left for the test.

    Args:
        train, val: fractions for training and validation.
        unit: what is split.
    """
    if not (train > 0 and val > 0 and train + val < 1):
        raise ValueError(
            f"split fractions must be positive with train + val < 1, so that {unit}s remain for "
            f"the test, got train={train}, val={val}"
        )


def deal(part: _Part, nodes: Int[np.ndarray, " n"], train: float, val: float) -> None:
    """Puts the first round(train n) nodes into training, the next into validation, and the rest."""
    cuts = np.cumsum([round(train * len(nodes)), round(val * len(nodes))])
    for number, members in enumerate(np.split(nodes, cuts)):
        part[members] = number


def _shuffled_classes(rng: np.random.Generator, dataset: Dataset) -> list[Int[np.ndarray, " _"]]:
    """The nodes of each class, class by class, in random order."""
    members = (np.flatnonzero(dataset.with_label(label)) for label in range(dataset.classes))
    return [rng.permutation(nodes) for nodes in members]


def _check_classes(dataset: Dataset, protocol: str) -> None:
    check_labelled(dataset)
    if dataset.regression or dataset.multilabel:
        has = "are real values" if dataset.regression else "are several a node"
        raise ValueError(
            f"the split protocol {protocol!r} needs one class a node, but the labels of dataset "
            f"{dataset.name!r} {has} (metric {dataset.metric}); use split=random"
        )
